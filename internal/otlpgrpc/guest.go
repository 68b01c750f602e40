package otlpgrpc

import (
	"context"
	"errors"
	"log/slog"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"crypto/tls"

	"github.com/redactd/redactd/internal/door"
)

// doorListener has each connection that could be of the process itself carry its pass, in
// its address: of the connection, handlers see no more than that.
type doorListener struct {
	net.Listener
	door *door.Door
}

func (l doorListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if pass := l.door.Admit(c); pass != nil {
		c = passConn{c, pass}
	}
	return c, nil
}

type passConn struct {
	net.Conn
	pass *door.Pass
}

func (c passConn) RemoteAddr() net.Addr { return passAddr{c.Conn.RemoteAddr(), c.pass} }

type passAddr struct {
	net.Addr
	pass *door.Pass
}

type guestKey struct{}

// tag notes in the context of a connection who serves it, where that is not l.
func (l *Listener) tag(ctx context.Context, from net.Addr) context.Context {
	a, ok := from.(passAddr)
	if !ok {
		return ctx
	}
	guest := a.pass.Wait()
	if guest == nil {
		return ctx
	}
	of := &Listener{cfg: l.cfg, log: slog.New(slog.DiscardHandler), ctx: l.ctx, cut: l.cut}
	host, take := l.host.Guest(guest)
	of.host, of.up.l, of.up.guest = host, of, taken(take)
	return context.WithValue(ctx, guestKey{}, of)
}

// of returns what serves the connection of ctx.
func (l *Listener) of(ctx context.Context) *Listener {
	if of, ok := ctx.Value(guestKey{}).(*Listener); ok {
		return of
	}
	return l
}

// taken is an upstream that is a function.
type taken func(path string, body []byte) error

func (t taken) Invoke(_ context.Context, method string, args, _ any, _ ...grpc.CallOption) error {
	body, ok := args.(*[]byte)
	for _, s := range signals {
		if ok && s.method() == method {
			return t(s.path, *body)
		}
	}
	return status.Error(codes.Unimplemented, "")
}

func (taken) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unimplemented, "")
}

// Send makes a call with a request, as OTLP/HTTP has it at path, over a connection that
// dial opens, and closes that. It uses TLS, with whatever certificate there is, if secure.
// Compression is the name of one, "" for none.
func Send(ctx context.Context, dial func(context.Context) (net.Conn, error), secure bool, path string, body []byte, compression string) error {
	creds := insecure.NewCredentials()
	if secure {
		creds = credentials.NewTLS(&tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2"}}) //nolint:gosec // it is our own
	}
	conn, err := grpc.NewClient("passthrough:///listener", grpc.WithTransportCredentials(creds), grpc.WithNoProxy(),
		grpc.WithDisableRetry(), grpc.WithDisableServiceConfig(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return dial(ctx) }))
	if err != nil {
		return err
	}
	defer conn.Close()
	options := []grpc.CallOption{grpc.ForceCodec(rawCodec{})}
	if compression != "" {
		options = append(options, grpc.UseCompressor(compression))
	}
	for _, s := range signals {
		if s.path == path {
			var answer []byte
			return conn.Invoke(ctx, s.method(), &body, &answer, options...)
		}
	}
	return errors.New("otlpgrpc: no such path")
}
