package otlpgrpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/door"
	"github.com/redactd/redactd/internal/relay"
)

// testHost replaces words; what holds "never" can't be scrubbed.
type testHost struct {
	door     door.Door
	mu       sync.Mutex
	settings *config.Listener
	events   map[relay.Event]int
	stored   []string
	answer   *dialect.Response
}

func (h *testHost) Settings() *config.Listener { h.mu.Lock(); defer h.mu.Unlock(); return h.settings }
func (h *testHost) ServerTLS() *tls.Config     { return &tls.Config{} }
func (h *testHost) ClientTLS() *tls.Config     { return &tls.Config{} }
func (h *testHost) Door() *door.Door           { return &h.door }
func (h *testHost) Guest(guest any) (Host, func(string, []byte) error) {
	v := guest.(*visit)
	return v.host, func(path string, body []byte) error {
		v.got = append(v.got, path+" "+string(body))
		return v.answer
	}
}
func (h *testHost) Request(_ netip.AddrPort, path string, body []byte) ([]byte, error) {
	switch {
	case bytes.Contains(body, []byte("never")):
		return nil, errors.New("no")
	case bytes.Contains(body, []byte("bomb")):
		return nil, ErrTooLarge
	case bytes.Contains(body, []byte("panic")):
		panic("secret")
	}
	return bytes.ReplaceAll(body, []byte("secret"), []byte(path)), nil
}
func (h *testHost) Response(_ netip.AddrPort, _ string, body []byte) ([]byte, error) {
	if bytes.Contains(body, []byte("never")) {
		return nil, errors.New("no")
	}
	return bytes.ReplaceAll(body, []byte("secret"), []byte("x")), nil
}
func (h *testHost) Message(_ netip.AddrPort, text string) (string, error) {
	return strings.ReplaceAll(text, "secret", "x"), nil
}
func (h *testHost) Store(_ context.Context, r *dialect.Request) (*dialect.Response, error) {
	h.stored = append(h.stored, r.Path+" "+r.Header("x-tenant")+" "+string(r.Body))
	if h.answer == nil {
		return nil, errors.New("full")
	}
	return h.answer, nil
}
func (h *testHost) Count(e relay.Event, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events[e] += n
}

func (h *testHost) count(e relay.Event) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.events[e]
}

// upstream is a server that takes any message.
type upstream struct {
	addr string
	// handle answers a call.
	handle func(ctx context.Context, body []byte) ([]byte, error)
}

func startUpstream(t *testing.T) *upstream {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: ln.Addr().String()}
	s := grpc.NewServer(grpc.ForceServerCodec(rawCodec{}))
	for _, sig := range signals {
		s.RegisterService(&grpc.ServiceDesc{ServiceName: sig.service, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{
			MethodName: "Export", Handler: func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
				var body []byte
				if err := decode(&body); err != nil {
					return nil, err
				}
				out, err := u.handle(ctx, body)
				return &out, err
			},
		}}}, u)
	}
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(ln) }()
	t.Cleanup(func() { s.Stop(); <-done })
	return u
}

func start(t *testing.T, to string) (*testHost, *grpc.ClientConn) {
	t.Helper()
	cfg := &config.Listener{
		Name: "test", Protocol: Protocol, Listen: []string{"tcp://127.0.0.1:0"}, Upstream: to, MaxConnections: 10,
		MaxMessage: 1 << 20, ConnectTimeout: config.Duration(time.Second), Timeout: config.Duration(5 * time.Second),
	}
	h := &testHost{settings: cfg, events: map[relay.Event]int{}}
	l, err := Open(Options{Config: cfg, Host: h, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l.Serve()
	c, err := grpc.NewClient("passthrough:///"+l.Addrs()[0].String(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})), grpc.WithDisableRetry())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Close()
		for range 2 {
			if err := l.Stop(context.Background()); err != nil {
				t.Error(err)
			}
		}
	})
	return h, c
}

func call(t *testing.T, c *grpc.ClientConn, s signal, body string, options ...grpc.CallOption) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer t", "x-tenant", "acme", "some-bin", "\x00\xff"), 10*time.Second)
	defer cancel()
	in, out := []byte(body), []byte(nil)
	err := c.Invoke(ctx, s.method(), &in, &out, options...)
	return string(out), err
}

func TestForward(t *testing.T) {
	u := startUpstream(t)
	h, c := start(t, "tcp://"+u.addr)
	for _, compression := range []string{"", "gzip", "zstd", "snappy"} {
		for _, s := range signals {
			var got string
			u.handle = func(ctx context.Context, body []byte) ([]byte, error) {
				got = string(body)
				md, _ := metadata.FromIncomingContext(ctx)
				if _, ok := ctx.Deadline(); !ok || strings.Join(md.Get("authorization"), ",") != "Bearer t" || strings.Join(md.Get("some-bin"), ",") != "\x00\xff" {
					t.Errorf("deadline %v, metadata %v", ok, md)
				}
				if received(ctx) != compression {
					t.Errorf("compressed with %q, want %q", received(ctx), compression)
				}
				_ = grpc.SetHeader(ctx, metadata.Pairs("h", "1"))
				_ = grpc.SetTrailer(ctx, metadata.Pairs("t", "2"))
				return []byte("answer with a secret"), nil
			}
			var header, trailer metadata.MD
			options := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
			if compression != "" {
				options = append(options, grpc.UseCompressor(compression))
			}
			answer, err := call(t, c, s, "a secret", options...)
			if err != nil || got != "a "+s.path || answer != "answer with a x" {
				t.Errorf("%s %q: %q, %q, %v", s.path, compression, got, answer, err)
			}
			if strings.Join(header.Get("h"), "") != "1" || strings.Join(trailer.Get("t"), "") != "2" {
				t.Errorf("header %v, trailer %v", header, trailer)
			}
		}
	}
	u.handle = func(context.Context, []byte) ([]byte, error) { return []byte("never"), nil }
	if answer, err := call(t, c, signals[0], "x"); answer != "" || err != nil {
		t.Errorf("withheld answer: %q, %v", answer, err)
	}
	if h.count(relay.Received) != 13 || h.count(relay.ReceivedBytes) != 12*8+1 || h.count(relay.SentBytes) == 0 || h.count(relay.Connected) != 1 || h.count(relay.UpstreamFailed) != 0 {
		t.Error(h.events)
	}
}

// TestStatusPasses asks that the status of the upstream reaches the sender with its
// details as they were.
func TestStatusPasses(t *testing.T) {
	u := startUpstream(t)
	_, c := start(t, "tcp://"+u.addr)
	want := status.New(codes.ResourceExhausted, "quota of secret").Proto()
	detailed, err := status.FromProto(want).WithDetails(&errdetails.ErrorInfo{Reason: "secret"})
	if err != nil {
		t.Fatal(err)
	}
	u.handle = func(context.Context, []byte) ([]byte, error) { return nil, detailed.Err() }
	_, err = call(t, c, signals[0], "x")
	got := status.Convert(err).Proto()
	want = detailed.Proto()
	want.Message = "quota of x"
	if !proto.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	u.handle = func(context.Context, []byte) ([]byte, error) {
		return nil, status.Error(codes.InvalidArgument, "no")
	}
	if _, err = call(t, c, signals[0], "x"); status.Code(err) != codes.InvalidArgument {
		t.Error(err)
	}
}

// retries reports whether err asks to come again, with a time to wait.
func retries(err error) bool {
	s := status.Convert(err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return s.Code() == codes.Unavailable && info.RetryDelay.AsDuration() == retryAfter
		}
	}
	return false
}

func TestRefusals(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	dead := ln.Addr().String()
	_ = ln.Close()
	h, c := start(t, "tcp://"+dead)
	if _, err := call(t, c, signals[0], "x"); !retries(err) || strings.Contains(err.Error(), dead) || h.count(relay.UpstreamFailed) != 1 {
		t.Error("dead upstream: ", err)
	}
	if _, err := call(t, c, signals[0], "never"); !retries(err) {
		t.Error("not scrubbed: ", err)
	}
	if _, err := call(t, c, signals[0], "panic"); !retries(err) || strings.Contains(err.Error(), "secret") || h.count(relay.Panicked) != 1 {
		t.Error("panic: ", err)
	}
	for _, body := range []string{"bomb", strings.Repeat("x", 1<<20+1)} {
		if _, err := call(t, c, signals[0], body); status.Code(err) != codes.ResourceExhausted {
			t.Error("too large: ", err)
		}
	}
	if _, err := call(t, c, signal{"opentelemetry.proto.collector.profiles.v1development.ProfilesService", ""}, "x"); status.Code(err) != codes.Unimplemented {
		t.Error("unknown service: ", err)
	}
}

func TestStore(t *testing.T) {
	h, c := start(t, config.StoreUpstream)
	h.answer = &dialect.Response{Status: 200}
	if answer, err := call(t, c, signals[2], "a secret"); err != nil || answer != "" || h.stored[0] != "/v1/metrics acme a /v1/metrics" {
		t.Error(answer, err, h.stored)
	}
	for code, want := range map[int]codes.Code{400: codes.InvalidArgument, 503: codes.Unavailable} {
		h.answer = &dialect.Response{Status: code}
		if _, err := call(t, c, signals[0], "x"); status.Code(err) != want {
			t.Errorf("%d: %v", code, err)
		}
	}
	h.answer = nil
	if _, err := call(t, c, signals[0], "x"); !retries(err) || h.count(relay.StoreFailed) != 2 {
		t.Error(err)
	}
}

// TestStopCutsOff asks that a call that does not end is ended with the time to stop.
func TestStopCutsOff(t *testing.T) {
	u := startUpstream(t)
	cfg := &config.Listener{
		Name: "test", Listen: []string{"tcp://127.0.0.1:0"}, Upstream: "tcp://" + u.addr, MaxConnections: 10,
		MaxMessage: 1 << 20, ConnectTimeout: config.Duration(time.Second), Timeout: config.Duration(time.Minute),
	}
	l, err := Open(Options{Config: cfg, Host: &testHost{settings: cfg, events: map[relay.Event]int{}}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l.Serve()
	c, err := grpc.NewClient("passthrough:///"+l.Addrs()[0].String(), grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{})))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	began := make(chan struct{})
	u.handle = func(ctx context.Context, _ []byte) ([]byte, error) { close(began); <-ctx.Done(); return nil, ctx.Err() }
	ended := make(chan error, 1)
	go func() {
		in, out := []byte("x"), []byte(nil)
		ended <- c.Invoke(t.Context(), signals[0].method(), &in, &out)
	}()
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Stop(ctx); err == nil {
		t.Error("no error")
	}
	if err := <-ended; err == nil {
		t.Error("the call succeeded")
	}
}
