package otlpgrpc

import (
	"errors"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/experimental"
	"google.golang.org/grpc/mem"

	"github.com/redactd/redactd/internal/config"
)

// uplink is the connection to the upstream, which is opened when it is first used and
// again when settings have changed. Those before are closed at the end, as calls could
// be in flight; they hold nothing once the upstream has closed them.
type uplink struct {
	l *Listener

	mu     sync.Mutex
	client *grpc.ClientConn
	of     *config.Listener   // what it was opened with
	old    []*grpc.ClientConn // with calls in flight, maybe
	closed bool
	guest  grpc.ClientConnInterface // in place of all that; nil for clients
}

var errClosed = errors.New("otlpgrpc: closed")

// reconnectMost bounds the time between two attempts to connect.
const reconnectMost = 10 * time.Second

// conn returns the connection for settings, which are compared by their address: a
// reload makes new ones.
func (u *uplink) conn(settings *config.Listener) (grpc.ClientConnInterface, error) {
	if u.guest != nil {
		return u.guest, nil
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return nil, errClosed
	}
	if u.client != nil && (u.of == settings || sameUpstream(u.of, settings)) {
		return u.client, nil
	}
	client, err := u.dial(settings)
	if err != nil {
		return nil, err
	}
	if u.client != nil {
		u.old = append(u.old, u.client)
	}
	u.client, u.of = client, settings
	return client, nil
}

// sameUpstream reports whether a connection for a serves b as well.
func sameUpstream(a, b *config.Listener) bool {
	return a.Upstream == b.Upstream && a.UpstreamTLSCA == b.UpstreamTLSCA && a.UpstreamTLSCert == b.UpstreamTLSCert &&
		a.UpstreamTLSKey == b.UpstreamTLSKey && a.UpstreamTLSServerName == b.UpstreamTLSServerName &&
		a.UpstreamInsecureSkipVerify == b.UpstreamInsecureSkipVerify && a.ConnectTimeout == b.ConnectTimeout
}

func (u *uplink) dial(settings *config.Listener) (*grpc.ClientConn, error) {
	a := config.ParseAddress(settings.Upstream)
	creds := insecure.NewCredentials()
	if a.Scheme == "tls" {
		creds = credentials.NewTLS(u.l.host.ClientTLS())
	}
	reconnect := backoff.DefaultConfig
	reconnect.MaxDelay = reconnectMost
	return grpc.NewClient("dns:///"+a.Host,
		grpc.WithTransportCredentials(creds),
		grpc.WithNoProxy(),
		grpc.WithDisableRetry(), // the sender tries again, and knows how often
		grpc.WithDisableServiceConfig(),
		grpc.WithUserAgent("redactd"),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: time.Duration(settings.ConnectTimeout)}),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(rawCodec{}), grpc.MaxCallRecvMsgSize(maxAnswer), grpc.MaxCallSendMsgSize(int(settings.MaxMessage)*2)),
		experimental.WithBufferPool(mem.NopBufferPool{}),
	)
}

// maxAnswer bounds an answer in bytes, as the specification of OTLP advises.
const maxAnswer = 4 << 20

func (u *uplink) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for _, c := range append(u.old, u.client) {
		if c != nil {
			_ = c.Close()
		}
	}
}
