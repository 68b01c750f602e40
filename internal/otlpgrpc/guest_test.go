package otlpgrpc

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/relay"
)

// visit is a connection of the process itself.
type visit struct {
	host   *testHost
	got    []string
	answer error
}

// What the process sends itself is served by the guest's host and taken by the guest, and
// leaves nothing where clients' calls are.
func TestGuest(t *testing.T) {
	cfg := &config.Listener{
		Name: "test", Protocol: Protocol, Listen: []string{"tcp://127.0.0.1:0"}, Upstream: "tcp://127.0.0.1:1", MaxConnections: 10,
		MaxMessage: 1 << 20, ConnectTimeout: config.Duration(time.Second), Timeout: config.Duration(5 * time.Second),
	}
	h := &testHost{settings: cfg, events: map[relay.Event]int{}}
	l, err := Open(Options{Config: cfg, Host: h, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	l.Serve()
	v := &visit{host: &testHost{settings: cfg, events: map[relay.Event]int{}}}
	dial := func(ctx context.Context) (net.Conn, error) { return h.door.Dial(ctx, l.Addrs()[0].String(), v) }
	send := func(body, compression string) error {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		return Send(ctx, dial, false, "/v1/logs", []byte(body), compression)
	}
	for _, compression := range []string{"", "gzip", "zstd"} {
		if err := send("a secret", compression); err != nil {
			t.Error(err)
		}
	}
	v.answer = status.Error(codes.Internal, "my secret")
	if err := send("another secret", ""); status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") {
		t.Error(err)
	}
	if err := send("never", ""); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if want := []string{"/v1/logs a /v1/logs", "/v1/logs a /v1/logs", "/v1/logs a /v1/logs", "/v1/logs another /v1/logs"}; !slices.Equal(v.got, want) {
		t.Errorf("%q arrived", v.got)
	}
	if err := Send(t.Context(), dial, false, "/v1/none", nil, ""); err == nil {
		t.Error("a path of no signal")
	}
	if err := l.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := send("late", ""); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	for e, n := range h.events {
		if n != 0 {
			t.Errorf("%d events %d are counted as a client's", n, e)
		}
	}
	if v.host.count(relay.Received) != 5 || v.host.count(relay.Connected) != 0 {
		t.Errorf("the guest's events are %v", v.host.events)
	}
}
