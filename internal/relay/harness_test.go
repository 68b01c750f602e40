package relay

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/door"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

const (
	secret = "s3cret-value"
	masked = "[REDACTED:fake]"
	// broken is what the host of the tests can't scrub.
	broken = "un-scrubbable"
)

// fakeHost scrubs one kind of secret and keeps records and counts in memory.
type fakeHost struct {
	door   door.Door
	cfg    *config.Listener
	policy *scrub.Policy
	tls    *tls.Config // of both sides

	mu       sync.Mutex
	counts   map[Event]int
	records  []dialect.Record
	later    int // so many times the trail takes no events
	noStore  int // so many times the store keeps nothing
	logLines bytes.Buffer
}

func (h *fakeHost) Settings() *config.Listener { return h.cfg }
func (h *fakeHost) ServerTLS() *tls.Config     { return h.tls }
func (h *fakeHost) ClientTLS() *tls.Config     { return h.tls }
func (h *fakeHost) Door() *door.Door           { return &h.door }

func (h *fakeHost) Guest(guest any) (Host, func() (net.Conn, error)) {
	v := guest.(*visit)
	return v.host, func() (net.Conn, error) { return v.upstream, nil }
}

// visit is a connection of the process itself.
type visit struct {
	host     *fakeHost
	upstream *taker
}

// taker is a connection that takes what is written to it, and answers nothing.
type taker struct {
	net.Conn
	mu     sync.Mutex
	data   []byte
	closed chan struct{}
	once   sync.Once
}

func newTaker() *taker { return &taker{closed: make(chan struct{})} }

func (c *taker) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data = append(c.data, p...)
	return len(p), nil
}

func (c *taker) Read([]byte) (int, error)         { <-c.closed; return 0, net.ErrClosed }
func (c *taker) Close() error                     { c.once.Do(func() { close(c.closed) }); return nil }
func (c *taker) SetWriteDeadline(time.Time) error { return nil }

func (c *taker) taken() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return string(c.data)
}

func (h *fakeHost) Scrub(dst, payload []byte, coding string, _ netip.AddrPort, probe bool) ([]byte, error) {
	h.mu.Lock()
	later := h.later > 0
	h.later--
	h.mu.Unlock()
	if later {
		return dst, ErrLater
	}
	if bytes.Contains(payload, []byte(broken)) {
		return dst, errors.New("broken")
	}
	s := scrub.Acquire(h.policy, nil)
	defer s.Release()
	res, err := s.Body(payload, scrub.Meta{ContentEncoding: coding})
	if err != nil {
		return dst, err
	}
	return append(dst, res.Body...), nil
}

func (h *fakeHost) Store(_ context.Context, _ string, records []dialect.Record) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.noStore--; h.noStore >= 0 {
		return errors.New("disk full")
	}
	for _, r := range records {
		r.Data = bytes.Clone(r.Data)
		h.records = append(h.records, r)
	}
	return nil
}

func (h *fakeHost) Count(e Event, n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[e] += n
}

func (h *fakeHost) count(e Event) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.counts[e]
}

func (h *fakeHost) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.logLines.Write(p)
}

func (h *fakeHost) logs() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.logLines.String()
}

// running is a listener at work.
type running struct {
	*Listener
	host *fakeHost
	t    testing.TB
}

// begin starts a listener of a protocol with listen addresses of those schemes.
func begin(t testing.TB, protocol, upstream string, schemes []string, edit ...func(*fakeHost)) *running {
	t.Helper()
	set, err := redact.Compile([]redact.Rule{{ID: "fake", Pack: "test", Pattern: secret}}, redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	codecs := map[string]string{"syslog": "syslog", "gelf": "gelf", "forward": "forward"}
	h := &fakeHost{
		cfg: &config.Listener{
			Name: "test", Protocol: protocol, Upstream: upstream, MaxMessage: 1 << 20, MaxDatagram: 8 << 10, MaxConnections: 64,
			ConnectTimeout: config.Duration(5 * time.Second), Timeout: config.Duration(5 * time.Second),
		},
		policy: &scrub.Policy{Set: set, Codec: codecs[protocol]}, counts: map[Event]int{}, tls: testTLS(t),
	}
	for _, s := range schemes {
		h.cfg.Listen = append(h.cfg.Listen, s+"://127.0.0.1:0")
	}
	for _, e := range edit {
		e(h)
	}
	l, err := Open(Options{Config: h.cfg, Host: h, Log: slog.New(slog.NewTextHandler(h, nil))})
	if err != nil {
		t.Fatal(err)
	}
	l.Serve()
	r := &running{l, h, t}
	t.Cleanup(func() {
		r.end()
		if logs := h.logs(); strings.Contains(logs, secret) || strings.Contains(logs, broken) {
			t.Errorf("the log quotes a message: %s", logs)
		}
	})
	return r
}

// end stops the listener in good order.
func (r *running) end() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := r.Stop(ctx); err != nil {
		r.t.Error(err)
	}
	if n := r.host.count(Connected); n != 0 {
		r.t.Errorf("%d connections are open", n)
	}
}

func (r *running) dialTCP() net.Conn {
	r.t.Helper()
	c, err := net.Dial("tcp", r.Addrs()[0].String())
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	return c
}

// send opens a connection, writes each part and closes it.
func (r *running) send(parts ...string) {
	r.t.Helper()
	c := r.dialTCP()
	for _, p := range parts {
		if _, err := io.WriteString(c, p); err != nil {
			r.t.Fatal(err)
		}
	}
	c.Close()
}

// streamServer is an upstream: each connection goes to serve.
type streamServer struct {
	ln    net.Listener
	conns chan net.Conn
}

func upstreamTCP(t testing.TB, addr string, secure bool) *streamServer {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if secure {
		ln = tls.NewListener(ln, testTLS(t))
	}
	s := &streamServer{ln, make(chan net.Conn, 64)}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			s.conns <- c
		}
	}()
	return s
}

func (s *streamServer) url() string { return "tcp://" + s.ln.Addr().String() }

const patience = 10 * time.Second

// next returns the next connection.
func (s *streamServer) next(t testing.TB) net.Conn {
	t.Helper()
	select {
	case c := <-s.conns:
		_ = c.SetDeadline(time.Now().Add(patience))
		t.Cleanup(func() { c.Close() })
		return c
	case <-time.After(patience):
		t.Fatal("nobody connects to the upstream")
		return nil
	}
}

// all returns what comes over the next connection up to its end.
func (s *streamServer) all(t testing.TB) string {
	t.Helper()
	data, err := io.ReadAll(s.next(t))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// expect reads just as much as want is long.
func expect(t testing.TB, c io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c, got)
	if string(got[:n]) != want {
		t.Fatalf("got %q, %v; want %q", got[:n], err, want)
	}
}

// until waits for something that other goroutines bring about.
func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: it does not happen", what)
		}
	}
}

var testTLS = func() func(testing.TB) *tls.Config {
	var once sync.Once
	var conf *tls.Config
	return func(t testing.TB) *tls.Config {
		once.Do(func() {
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			template := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
				IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
			}
			der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
			if err != nil {
				t.Fatal(err)
			}
			cert, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			pool := x509.NewCertPool()
			pool.AddCert(cert)
			conf = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, RootCAs: pool, MinVersion: tls.VersionTLS12}
		})
		return conf
	}
}()

// upstreamUDP returns a socket and its address.
func upstreamUDP(t testing.TB) (*net.UDPConn, string) {
	t.Helper()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, "udp://" + c.LocalAddr().String()
}

// datagram returns the next datagram.
func datagram(t testing.TB, c *net.UDPConn) string {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	var b [64 << 10]byte
	n, err := c.Read(b[:])
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// sendUDP sends datagrams to the listener's socket.
func (r *running) sendUDP(datagrams ...string) {
	r.t.Helper()
	addrs := r.Addrs()
	c, err := net.Dial("udp", addrs[len(addrs)-1].String())
	if err != nil {
		r.t.Fatal(err)
	}
	defer c.Close()
	for _, d := range datagrams {
		if _, err := io.WriteString(c, d); err != nil {
			r.t.Fatal(err)
		}
	}
}

// counted puts the length in front of messages.
func counted(messages ...string) (s string) {
	for _, m := range messages {
		s += fmt.Sprintf("%d %s", len(m), m)
	}
	return s
}

// clean is what becomes of a message. In structured data a bracket is escaped.
func clean(s string) string {
	s = strings.ReplaceAll(s, `="`+secret+`"]`, `="`+strings.ReplaceAll(masked, "]", `\]`)+`"]`)
	return strings.ReplaceAll(s, secret, masked)
}
