package relay

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// What the process sends itself is served by the guest's host and goes where the guest
// says, whatever the upstream is, and leaves nothing where clients' messages are.
func TestGuest(t *testing.T) {
	syslogIn, gelfIn := counted("<13>my "+secret), `{"version":"1.1","short_message":"my `+secret+`"}`
	for _, tt := range []struct {
		protocol, scheme, upstream, in, want string
	}{
		{"syslog", "tcp", "tcp://127.0.0.1:1", syslogIn, counted("<13>my " + masked)},
		{"syslog", "tcp", "udp://127.0.0.1:1", syslogIn, "<13>my " + masked},
		{"syslog", "tls", "tls://127.0.0.1:1", syslogIn, counted("<13>my " + masked)},
		{"syslog", "udp", "tcp://127.0.0.1:1", "<13>my " + secret, counted("<13>my " + masked)},
		{"syslog", "udp", "udp://127.0.0.1:1", "<13>my " + secret, "<13>my " + masked},
		{"gelf", "tcp", "tcp://127.0.0.1:1", gelfIn + "\x00", clean(gelfIn) + "\x00"},
		{"gelf", "udp", "udp://127.0.0.1:1", gelfIn, clean(gelfIn)},
		{"forward", "tcp", "tcp://127.0.0.1:1", "\x93\xa1t\x01\x81\xa1m\xac" + secret, "\x93\xa1t\x01\x81\xa1m\xaf" + masked},
		{"syslog", "udp", config.StoreUpstream, "<13>my " + secret, "<13>my " + masked},
		{"syslog", "tcp", config.StoreUpstream, syslogIn, "<13>my " + masked},
	} {
		r := begin(t, tt.protocol, tt.upstream, []string{tt.scheme})
		v := &visit{&fakeHost{cfg: r.host.cfg, policy: r.host.policy, tls: r.host.tls, counts: map[Event]int{}}, newTaker()}
		c := call(t, r, tt.scheme, v)
		if _, err := io.WriteString(c, tt.in); err != nil {
			t.Fatal(err)
		}
		if tt.scheme != "udp" {
			_ = c.Close()
		}
		got := func() string {
			if tt.upstream != config.StoreUpstream {
				return v.upstream.taken()
			}
			v.host.mu.Lock()
			defer v.host.mu.Unlock()
			var all strings.Builder
			for _, r := range v.host.records {
				all.Write(r.Data)
			}
			return all.String()
		}
		for end := time.Now().Add(10 * time.Second); got() != tt.want && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		if got() != tt.want {
			t.Errorf("%s over %s to %s: %q arrives, want %q", tt.protocol, tt.scheme, tt.upstream, got(), tt.want)
		}
		_ = c.Close()
		r.end()
		for e := range relayEvents {
			if n := r.host.count(e); n != 0 {
				t.Errorf("%s over %s to %s: %d events %d are counted as a client's", tt.protocol, tt.scheme, tt.upstream, n, e)
			}
		}
		if r.host.logs() != "" || len(r.host.records) > 0 {
			t.Errorf("%s over %s to %s: told as a client's: %s", tt.protocol, tt.scheme, tt.upstream, r.host.logs())
		}
	}
}

// relayEvents is how many events there are.
const relayEvents = Panicked + 1

func call(t *testing.T, r *running, scheme string, guest any) net.Conn {
	t.Helper()
	addr := r.Addrs()[0].String()
	if scheme == "udp" {
		s, err := r.host.door.Packets(addr, guest)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := r.host.door.Dial(ctx, addr, guest)
	if err != nil {
		t.Fatal(err)
	}
	if scheme == "tls" {
		conf := r.host.tls.Clone()
		conf.ServerName, conf.NextProtos = "127.0.0.1", nil
		return tls.Client(c, conf)
	}
	return c
}
