package proxy

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// withListener adds a syslog listener to settings.
func withListener(cfg *config.Config, upstream string) *config.Listener {
	l := &config.Listener{
		Name: "syslog", Protocol: "syslog", Listen: []string{"tcp://127.0.0.1:0", "udp://127.0.0.1:0"}, Upstream: upstream,
		ConnectTimeout: config.Duration(time.Second), Timeout: config.Duration(2 * time.Second),
		MaxMessage: 1 << 20, MaxDatagram: 8 << 10, MaxConnections: 8,
		Policy: config.Policy{Mode: config.ModeEnforce, OnFailure: config.FailBlock},
	}
	cfg.Listeners = map[string]*config.Listener{"syslog": l}
	return l
}

// say sends text to the i-th address of the listener.
func (h *hop) say(i int, text string) {
	h.t.Helper()
	addr := h.relays["syslog"].Addrs()[i]
	c, err := net.Dial(addr.Network(), addr.String())
	if err != nil {
		h.t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		h.t.Fatal(err)
	}
}

// TestListenerStore takes messages over both transports through to the store, the
// trail and the metrics.
func TestListenerStore(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	withListener(cfg, config.StoreUpstream)
	dir := t.TempDir()
	cfg.Store.Dir = filepath.Join(dir, "store")
	cfg.Audit = config.Audit{Dir: filepath.Join(dir, "audit"), Required: true}
	cfg.Token.Keys = []config.Secret{config.Secret(strings.Repeat("k", 32))}
	h := start(t, cfg, real)
	h.say(0, "<13>Oct 11 22:14:15 web app[1]: {\"password\":\"hunter2\"}\n<13>plain\n")
	eventually(t, "two records", func() bool { return h.metric("redactd_store_records_total") == 2 })
	h.say(1, "<13>1 2026-01-02T03:04:05Z web app 1 - - token "+realSecret)
	eventually(t, "three records", func() bool { return h.metric("redactd_store_records_total") == 3 })
	for name, want := range map[string]float64{
		"redactd_listener_messages_total": 3, "redactd_findings_total": 2, "redactd_listener_dropped_total": 0,
	} {
		if got := h.metric(name, "route", "syslog"); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if h.metric("redactd_scanned_bytes_total", "route", "syslog", "direction", "request") == 0 {
		t.Error("no bytes are counted")
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	var records []string
	for _, line := range linesIn(t, cfg.Store.Dir, "*.ndjson") {
		var rec struct{ Route, Dialect, Record string }
		if err := json.Unmarshal([]byte(line), &rec); err != nil || rec.Route != "syslog" || rec.Dialect != "syslog" {
			t.Fatalf("%v: %s", err, line)
		}
		records = append(records, rec.Record)
	}
	want := []string{
		`<13>Oct 11 22:14:15 web app[1]: {"password":"[REDACTED:test-password]"}`, "<13>plain",
		"<13>1 2026-01-02T03:04:05Z web app 1 - - token [REDACTED:test-token]",
	}
	if fmt.Sprint(records) != fmt.Sprint(want) {
		t.Errorf("got %q", records)
	}
	trail := strings.Join(linesIn(t, cfg.Audit.Dir, "*.ndjson"), "\n")
	if strings.Count(trail, `"route":"syslog","direction":"request","rule"`) != 2 || strings.Contains(trail, realSecret) {
		t.Errorf("trail: %s", trail)
	}
	if logs := h.logs.String(); strings.Contains(logs, realSecret) || strings.Contains(logs, "hunter2") {
		t.Error("the log quotes a message")
	}
}

// linesIn returns the lines of the files of a directory that fit.
func linesIn(t *testing.T, dir, pattern string) (lines []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, dir, err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Split(strings.TrimSpace(string(data)), "\n")...)
	}
	return lines
}

// TestListenerFailure asks that on_failure holds for messages that can't be scrubbed,
// as a rule gives up.
func TestListenerFailure(t *testing.T) {
	up := newBackend(t, nil)
	for _, choice := range []config.OnFailure{config.FailBlock, config.FailPass} {
		server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer server.Close()
		cfg := settings(up.URL)
		withListener(cfg, "udp://"+server.LocalAddr().String()).OnFailure = choice
		h := start(t, cfg, real, func(o *Options) {
			o.Rules = append(o.Rules, redact.Rule{ID: "slow", Pack: "test", Pattern: `slow=(?=(\w+)+!)\w+`})
		})
		slow := "<13>slow=" + strings.Repeat("a", 60)
		h.say(1, slow)
		h.say(1, "<13>next")
		_ = server.SetReadDeadline(time.Now().Add(10 * time.Second))
		buf := make([]byte, 64<<10)
		n, err := server.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		blocked := h.metric("redactd_blocked_total", "route", "syslog", "direction", "request", "kind", "budget")
		passed := h.metric("redactd_uninspected_payloads_total", "route", "syslog", "direction", "request", "reason", "budget")
		if choice == config.FailBlock && (string(buf[:n]) != "<13>next" || blocked != 1) {
			t.Errorf("block: got %.40q, %v blocked", buf[:n], blocked)
		}
		if choice == config.FailPass && (string(buf[:n]) != slow || passed != 1) {
			t.Errorf("pass: got %.40q, %v passed", buf[:n], passed)
		}
		if err := h.stop(); err != nil {
			t.Error(err)
		}
	}
}

// TestListenerReload asks that rules and the upstream's address change with a reload,
// and that what belongs to open sockets can't.
func TestListenerReload(t *testing.T) {
	up := newBackend(t, nil)
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	addr := "udp://" + server.LocalAddr().String()
	cfg := settings(up.URL)
	withListener(cfg, addr)
	var next *config.Config
	h := start(t, cfg, real, func(o *Options) { o.Load = func() (*config.Config, error) { return next, nil } })
	check := func(server *net.UDPConn, want string) {
		t.Helper()
		h.say(1, "<13>"+realSecret)
		_ = server.SetReadDeadline(time.Now().Add(10 * time.Second))
		buf := make([]byte, 1024)
		if n, err := server.Read(buf); err != nil || string(buf[:n]) != want {
			t.Fatalf("got %q, %v; want %q", buf[:n], err, want)
		}
	}
	check(server, "<13>[REDACTED:test-token]")
	next = settings(up.URL)
	withListener(next, addr).DisableRule = []string{"test-token"}
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	check(server, "<13>"+realSecret)
	other, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	next = settings(up.URL)
	withListener(next, "udp://"+other.LocalAddr().String())
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	check(other, "<13>[REDACTED:test-token]")
	for key, edit := range map[string]func(*config.Config){
		"listener":                        func(c *config.Config) { c.Listeners = nil },
		"listener.syslog.listen":          func(c *config.Config) { c.Listeners["syslog"].Listen = []string{"tcp://127.0.0.1:1"} },
		"listener.syslog.upstream":        func(c *config.Config) { c.Listeners["syslog"].Upstream = "tcp://127.0.0.1:1" },
		"listener.syslog.max_connections": func(c *config.Config) { c.Listeners["syslog"].MaxConnections = 1 },
		"listener.syslog.packs[0]":        func(c *config.Config) { c.Listeners["syslog"].Packs = []string{"nix"} },
		"listener.syslog.tls_cert":        func(c *config.Config) { c.Listeners["syslog"].TLSCert = "/does/not/exist" },
	} {
		next = settings(up.URL)
		withListener(next, addr)
		edit(next)
		if err := h.Reload(); err == nil || !strings.Contains(err.Error(), key+": ") {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestListenerPortTaken asks that nothing stays open where a listener can't be opened.
func TestListenerPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	cfg := settings("http://127.0.0.1:1")
	withListener(cfg, "udp://127.0.0.1:1").Listen = []string{"udp://127.0.0.1:0", "tcp://" + taken.Addr().String()}
	p, err := New(Options{Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "listener.syslog.listen[1]: ") {
		t.Error(err)
	}
}

// TestListenerTLS takes messages over TLS from a client that must show a certificate,
// and hands them on over TLS to an upstream that wants one too.
func TestListenerTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := writeCert(t, dir, "a")
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool, err := certPool(cert)
	if err != nil {
		t.Fatal(err)
	}
	server, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{
		Certificates: []tls.Certificate{pair}, ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	cfg := settings("http://127.0.0.1:1")
	l := withListener(cfg, "tls://"+server.Addr().String())
	l.Listen = []string{"tls://127.0.0.1:0"}
	l.TLSCert, l.TLSKey, l.TLSClientCA = cert, key, cert
	l.UpstreamTLSCA, l.UpstreamTLSCert, l.UpstreamTLSKey = cert, cert, key
	h := start(t, cfg, real)
	client := &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	addr := h.relays["syslog"].Addrs()[0].String()
	if c, err := tls.Dial("tcp", addr, client); err == nil {
		_ = c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err = c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("without a certificate: %v", err)
		}
		c.Close()
	}
	client.Certificates = []tls.Certificate{pair}
	c, err := tls.Dial("tcp", addr, client)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "<13>"+realSecret+"\n"); err != nil {
		t.Fatal(err)
	}
	c.Close()
	up, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer up.Close()
	_ = up.SetDeadline(time.Now().Add(10 * time.Second))
	if got, err := io.ReadAll(up); err != nil || string(got) != "<13>[REDACTED:test-token]\n" {
		t.Errorf("got %q, %v", got, err)
	}
}
