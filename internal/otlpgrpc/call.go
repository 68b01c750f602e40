package otlpgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/relay"
)

// signal is a service with its one method, and the path that it has over HTTP.
type signal struct{ service, path string }

var signals = []signal{
	{"opentelemetry.proto.collector.logs.v1.LogsService", "/v1/logs"},
	{"opentelemetry.proto.collector.trace.v1.TraceService", "/v1/traces"},
	{"opentelemetry.proto.collector.metrics.v1.MetricsService", "/v1/metrics"},
}

func (s signal) method() string { return "/" + s.service + "/Export" }

// ErrTooLarge says that a request is larger than what is scrubbed.
var ErrTooLarge = errors.New("otlpgrpc: request too large")

// retryAfter is what senders are asked to wait.
const retryAfter = 5 * time.Second

// refuse is an answer of redactd's own, after which the sender keeps its data and tries
// again.
func refuse(why string) error {
	s := status.New(codes.Unavailable, why)
	if detailed, err := s.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(retryAfter)}); err == nil {
		s = detailed
	}
	return s.Err()
}

// rawCodec passes messages on as bytes.
type rawCodec struct{}

func (rawCodec) Name() string { return "proto" }

func (rawCodec) Marshal(v any) ([]byte, error) {
	p, ok := v.(*[]byte)
	if !ok {
		return nil, errors.New("otlpgrpc: not bytes")
	}
	return *p, nil
}

func (rawCodec) Unmarshal(data []byte, v any) error {
	p, ok := v.(*[]byte)
	if !ok {
		return errors.New("otlpgrpc: not bytes")
	}
	*p = append([]byte(nil), data...)
	return nil
}

// export is the handler of the method.
func (s signal) export(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
	var body []byte
	if err := decode(&body); err != nil {
		return nil, err
	}
	return srv.(*Listener).of(ctx).call(ctx, s, body)
}

// caller returns who made the call of ctx.
func caller(ctx context.Context) netip.AddrPort {
	if p, ok := peer.FromContext(ctx); ok {
		if a, ok := p.Addr.(*net.TCPAddr); ok {
			return a.AddrPort()
		}
	}
	return netip.AddrPort{}
}

// call is one call. What a panic says can quote a message and is not logged.
func (l *Listener) call(ctx context.Context, s signal, body []byte) (answer *[]byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			l.host.Count(relay.Panicked, 1)
			l.log.Error("panic while a call was handled", "type", fmt.Sprintf("%T", r), "stack", string(debug.Stack()))
			answer, err = nil, refuse("an internal error happened")
		}
	}()
	l.host.Count(relay.Received, 1)
	l.host.Count(relay.ReceivedBytes, len(body))
	settings := l.host.Settings()
	if len(body) > int(settings.MaxMessage) {
		return nil, status.Error(codes.ResourceExhausted, "the request is larger than this server accepts")
	}
	body, err = l.host.Request(caller(ctx), s.path, body)
	switch {
	case errors.Is(err, ErrTooLarge):
		return nil, status.Error(codes.ResourceExhausted, "the request is larger than this server accepts once decoded")
	case err != nil:
		return nil, refuse("the request could not be inspected")
	}
	ctx, cancel := l.bound(ctx, settings)
	defer cancel()
	var out []byte
	if settings.Upstream == config.StoreUpstream {
		err = l.store(ctx, s, body)
	} else {
		out, err = l.forward(ctx, s, body, settings)
	}
	if err != nil {
		return nil, err
	}
	l.host.Count(relay.SentBytes, len(body))
	return &out, nil
}

// bound ends ctx when the listener does, and after the upstream's time.
func (l *Listener) bound(ctx context.Context, settings *config.Listener) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(settings.Timeout))
	stop := context.AfterFunc(l.ctx, cancel)
	return ctx, func() {
		stop()
		cancel()
	}
}

// store gives a request to the embedded store.
func (l *Listener) store(ctx context.Context, s signal, body []byte) error {
	incoming, _ := metadata.FromIncomingContext(ctx)
	res, err := l.host.Store(ctx, &dialect.Request{
		Method: http.MethodPost, Path: s.path, ContentType: "application/x-protobuf", Body: body,
		Header: func(name string) string {
			if values := incoming.Get(name); len(values) > 0 {
				return values[0]
			}
			return ""
		},
	})
	switch {
	case err != nil || res == nil || res.Status >= http.StatusInternalServerError:
		l.host.Count(relay.StoreFailed, 1)
		return refuse("the store does not accept records at the moment")
	case res.Status >= http.StatusBadRequest:
		return status.Error(codes.InvalidArgument, "the message is not an export request")
	}
	return nil
}

// passes reports whether metadata goes on: not what belongs to the connection or to
// gRPC itself.
func passes(name string) bool {
	return !strings.HasPrefix(name, ":") && !strings.HasPrefix(name, "grpc-") &&
		name != "content-type" && name != "user-agent" && name != "te"
}

// pass returns the metadata that goes on.
func pass(md metadata.MD) metadata.MD {
	out := metadata.MD{}
	for name, values := range md {
		if passes(name) {
			out[name] = values
		}
	}
	return out
}

// received returns the compression of the request, "" for none.
func received(ctx context.Context) string {
	if s, ok := grpc.ServerTransportStreamFromContext(ctx).(interface{ RecvCompress() string }); ok {
		return s.RecvCompress()
	}
	return ""
}

// forward sends a request on, compressed as it came, and returns the answer.
func (l *Listener) forward(ctx context.Context, s signal, body []byte, settings *config.Listener) ([]byte, error) {
	conn, err := l.up.conn(settings)
	if err != nil {
		l.host.Count(relay.UpstreamFailed, 1)
		return nil, refuse("the upstream can't be reached")
	}
	var header, trailer metadata.MD
	options := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	if c := received(ctx); c != "" && c != "identity" {
		options = append(options, grpc.UseCompressor(c))
	}
	incoming, _ := metadata.FromIncomingContext(ctx)
	var answer []byte
	err = conn.Invoke(metadata.NewOutgoingContext(ctx, pass(incoming)), s.method(), &body, &answer, options...)
	_ = grpc.SetHeader(ctx, pass(header))
	_ = grpc.SetTrailer(ctx, pass(trailer))
	if err != nil {
		return nil, l.failure(ctx, err, len(header)+len(trailer) > 0)
	}
	out, err := l.host.Response(caller(ctx), s.path, answer)
	if err != nil {
		return nil, nil // the request was taken: an empty answer says so
	}
	return out, nil
}

// failure is what a failed call is answered with: the status of the upstream, details
// and all, with its message scrubbed. What this side's library says when there is no
// upstream names addresses, and is not passed on.
func (l *Listener) failure(ctx context.Context, err error, answered bool) error {
	s, _ := status.FromError(err)
	p := s.Proto()
	if !answered && s.Code() == codes.Unavailable && len(p.Details) == 0 {
		l.host.Count(relay.UpstreamFailed, 1)
		l.log.Warn("upstream failed")
		return refuse("the upstream can't be reached")
	}
	message, err := l.host.Message(caller(ctx), p.Message)
	if err != nil {
		message = "the message could not be inspected and was withheld"
	}
	p.Message = message
	return status.ErrorProto(p)
}
