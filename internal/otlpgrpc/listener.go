// Package otlpgrpc takes OTLP over gRPC (https://opentelemetry.io/docs/specs/otlp/): it
// has the requests for logs, traces and metrics scrubbed, and hands them on to an
// upstream of the same protocol or to the embedded store. Messages are never decoded
// and written anew: they pass as the bytes they are, but for what Host changes.
//
// Metadata, deadlines and the statuses of the upstream pass both ways; listener.go opens
// and closes, call.go is one call, uplink.go the way to the upstream.
package otlpgrpc

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/netutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	_ "google.golang.org/grpc/encoding/gzip" // what every sender may use
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/stats"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/relay"
)

// Protocol is what configuration calls the protocol.
const Protocol = "otlp-grpc"

// Host is the process that a listener runs in. It is safe for concurrent use.
type Host interface {
	relay.Owner
	// Request returns what is to go on of a request, which OTLP/HTTP has at path. The
	// findings are on the trail when it returns. On an error nothing may go on:
	// ErrTooLarge says that it never could, any other that the sender may try again. from
	// is who called, the same for all of a connection.
	Request(from netip.AddrPort, path string, body []byte) ([]byte, error)
	// Response is Request for the answer.
	Response(from netip.AddrPort, path string, body []byte) ([]byte, error)
	// Message is Response for what the upstream says of a failure.
	Message(from netip.AddrPort, text string) (string, error)
	// Store gives a request to the embedded store, which answers as over HTTP.
	Store(ctx context.Context, r *dialect.Request) (*dialect.Response, error)
	// Guest returns what serves a connection of the process itself, and what takes a
	// request, as OTLP/HTTP has it at path, in the place of the upstream.
	Guest(guest any) (host Host, take func(path string, body []byte) error)
}

// Options are what a Listener is made of.
type Options struct {
	Config *config.Listener
	Host   Host
	Log    *slog.Logger
}

// Listener is the sockets of one listener, with their connections.
type Listener struct {
	cfg     *config.Listener // as opened
	host    Host
	log     *slog.Logger
	plain   *grpc.Server
	secure  *grpc.Server // of tls:// addresses
	sockets []net.Listener
	tls     []bool // of the socket of that index
	serving sync.WaitGroup
	ctx     context.Context
	cut     context.CancelFunc // ends what did not end in time
	up      uplink
}

// pingTime is how often a client may ask whether the connection lives; those of
// OpenTelemetry can be told to ask often.
const pingTime = 5 * time.Second

// maxHeaderList bounds, in bytes, the metadata of a call.
const maxHeaderList = 64 << 10

// Open opens every socket of a listener, or none.
func Open(o Options) (*Listener, error) {
	l := &Listener{cfg: o.Config, host: o.Host, log: o.Log.With("listener", o.Config.Name)}
	l.ctx, l.cut = context.WithCancel(context.Background())
	l.up.l = l
	l.plain = l.server()
	front := func(ln net.Listener) net.Listener { return doorListener{ln, o.Host.Door()} }
	for i, text := range o.Config.Listen {
		a := config.ParseAddress(text)
		ln, err := net.Listen("tcp", a.Host)
		if err != nil {
			l.closeSockets()
			l.cut()
			return nil, fmt.Errorf("listener.%s.listen[%d]: %w", o.Config.Name, i, err)
		}
		l.sockets = append(l.sockets, netutil.LimitListener(front(ln), max(o.Config.MaxConnections, 1)))
		l.tls = append(l.tls, a.Scheme == "tls")
		if a.Scheme == "tls" && l.secure == nil {
			l.secure = l.server(grpc.Creds(credentials.NewTLS(&tls.Config{
				MinVersion: tls.VersionTLS12,
				NextProtos: []string{"h2"},
				GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
					c := l.host.ServerTLS().Clone()
					c.NextProtos = []string{"h2"}
					return c, nil
				},
			})))
		}
	}
	return l, nil
}

func (l *Listener) server(options ...grpc.ServerOption) *grpc.Server {
	s := grpc.NewServer(append(options,
		grpc.ForceServerCodec(rawCodec{}),
		grpc.MaxRecvMsgSize(int(l.cfg.MaxMessage)),
		grpc.MaxHeaderListSize(maxHeaderList),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: pingTime, PermitWithoutStream: true}),
		grpc.StatsHandler(connections{l}),
		experimental.BufferPool(mem.NopBufferPool{}), // memory of messages is not shared between calls
	)...)
	for i := range signals {
		s.RegisterService(&grpc.ServiceDesc{
			ServiceName: signals[i].service, HandlerType: (*any)(nil),
			Methods: []grpc.MethodDesc{{MethodName: "Export", Handler: signals[i].export}},
		}, l)
	}
	return s
}

// connections counts those of clients.
type connections struct{ l *Listener }

func (connections) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }
func (connections) HandleRPC(context.Context, stats.RPCStats)                       {}

func (c connections) TagConn(ctx context.Context, info *stats.ConnTagInfo) context.Context {
	return c.l.tag(ctx, info.RemoteAddr)
}

func (c connections) HandleConn(ctx context.Context, s stats.ConnStats) {
	host := c.l.of(ctx).host
	switch s.(type) {
	case *stats.ConnBegin:
		host.Count(relay.Connected, 1)
	case *stats.ConnEnd:
		host.Count(relay.Connected, -1)
	}
}

// Addrs returns the addresses in the order of the configuration.
func (l *Listener) Addrs() (addrs []net.Addr) {
	for _, s := range l.sockets {
		addrs = append(addrs, s.Addr())
	}
	return addrs
}

// Serve takes calls until Stop is called. It returns at once.
func (l *Listener) Serve() {
	for i, socket := range l.sockets {
		server := l.plain
		if l.tls[i] {
			server = l.secure
		}
		l.serving.Go(func() {
			if err := server.Serve(socket); err != nil {
				l.log.Error("listener failed", "error", err)
			}
		})
	}
}

// Stop takes no new calls and waits for those in flight until ctx ends; then it cuts
// them off, and returns an error. It may be called before Serve and more than once.
func (l *Listener) Stop(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, s := range l.servers() {
			s.GracefulStop()
		}
	}()
	var err error
	select {
	case <-done:
	case <-ctx.Done():
		err = fmt.Errorf("listener %s: calls in flight were cut off after the shutdown timeout", l.cfg.Name)
		l.cut()
		for _, s := range l.servers() {
			s.Stop()
		}
		<-done
	}
	l.closeSockets() // those that were never served
	l.serving.Wait()
	l.cut()
	l.up.close()
	return err
}

func (l *Listener) servers() []*grpc.Server {
	if l.secure == nil {
		return []*grpc.Server{l.plain}
	}
	return []*grpc.Server{l.plain, l.secure}
}

func (l *Listener) closeSockets() {
	for _, s := range l.sockets {
		_ = s.Close()
	}
}
