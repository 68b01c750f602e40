package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// failure is one row of docs/FAILURES.md.
type failure struct {
	name    string
	up      http.HandlerFunc
	url     string // instead of up
	cfg     func(*config.Config)
	trail   error
	request []string // method, path, body, headers...
	status  int
	retry   bool // Retry-After is sent
	series  []string
	asked   bool // the upstream saw the request
}

func post(body string, headers ...string) []string {
	return append([]string{"POST", "/", body}, headers...)
}

func answering(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func failures(t *testing.T) []failure {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadURL := "http://" + dead.Addr().String()
	_ = dead.Close()
	hang := rawUpstream(t, func(_ net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
	garbage := rawUpstream(t, func(c net.Conn, r *bufio.Reader) { head(r); _, _ = io.WriteString(c, "SSH-2.0-x\r\n\r\n") })
	short := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
	})
	return []failure{
		{name: "no route", cfg: func(c *config.Config) { c.Routes["main"].PathPrefix = "/api" },
			request: post("x"), status: 404, series: []string{"redactd_errors_total", "kind", "no_route"}},
		{name: "body over max_body", request: post(strings.Repeat("x", 2<<20)), status: 413,
			series: []string{"redactd_errors_total", "kind", "too_large"}},
		{name: "broken coding", request: post(codingMark, "Content-Encoding", "gzip"), status: 400,
			series: []string{"redactd_blocked_total", "kind", "coding"}},
		{name: "unknown coding", request: post(codingMark, "Content-Encoding", "lz99"), status: 503, retry: true,
			series: []string{"redactd_errors_total", "kind", "unknown_coding"}},
		{name: "decoded too large", request: post(bombMark, "Content-Encoding", "gzip"), status: 413,
			series: []string{"redactd_blocked_total", "kind", "limit"}},
		{name: "not of its format", request: post(formatMark), status: 503, retry: true,
			series: []string{"redactd_blocked_total", "kind", "format"}},
		{name: "rule gave up", request: post(budgetMark), status: 503, retry: true,
			series: []string{"redactd_blocked_total", "kind", "budget"}},
		{name: "signed body", request: post(secret, "Authorization", "SharedKey a:b"), status: 503, retry: true,
			series: []string{"redactd_blocked_total", "kind", "signed"}},
		{name: "signed for another host", request: post("clean", "Authorization",
			"AWS4-HMAC-SHA256 Credential=a/20261122/r/es/aws4_request, SignedHeaders=host, Signature=0"), status: 503, retry: true,
			series: []string{"redactd_blocked_total", "kind", "signed"}},
		{name: "signed, and passed unread", cfg: func(c *config.Config) { c.Routes["main"].Signed = config.SignedPass },
			request: post(secret, "Authorization", "SharedKey a:b"), status: 200, asked: true,
			series: []string{"redactd_uninspected_bytes_total", "reason", "signed"}},
		{name: "audit refuses", cfg: func(c *config.Config) { c.Audit.Required = true }, trail: errors.New("disk full"),
			request: post(secret), status: 503, retry: true, series: []string{"redactd_audit_failures_total"}},
		{name: "panic", request: post(panicMark), status: 503, retry: true,
			series: []string{"redactd_errors_total", "kind", "internal"}},
		{name: "upgrade refused", request: []string{"GET", "/", "", "Connection", "Upgrade", "Upgrade", "websocket"}, status: 501,
			series: []string{"redactd_errors_total", "kind", "upgrade"}},
		{name: "upstream dead", url: deadURL, request: post("x"), status: 502,
			series: []string{"redactd_errors_total", "kind", "connect"}},
		{name: "upstream silent", url: hang, request: post("x"), status: 504,
			series: []string{"redactd_errors_total", "kind", "timeout"}},
		{name: "upstream not HTTP", url: garbage, request: post("x"), status: 502,
			series: []string{"redactd_errors_total", "kind", "broken"}},
		{name: "upstream breaks off an inspected answer", url: short, request: post("x"), status: 502,
			series: []string{"redactd_errors_total", "kind", "broken"}},
		{name: "store does not answer", cfg: func(c *config.Config) { c.Routes["main"].Upstream = config.StoreUpstream },
			request: post("x"), status: 503, retry: true, series: []string{"redactd_errors_total", "stage", "store"}},
		{name: "error answer can't be scrubbed", up: answering(500, budgetMark), request: post("x"), status: 500, asked: true,
			series: []string{"redactd_blocked_total", "direction", "response", "kind", "budget"}},
		{name: "success can't be scrubbed", up: answering(200, codingMark), request: post("x"), status: 502, asked: true,
			series: []string{"redactd_blocked_total", "direction", "response", "kind", "coding"}},
		{name: "audit refuses an answer", cfg: func(c *config.Config) { c.Audit.Required = true }, trail: errors.New("disk full"),
			up: answering(404, secret), request: post("x"), status: 404, asked: true,
			series: []string{"redactd_blocked_total", "direction", "response", "kind", "audit"}},
		{name: "answer over max_response", up: answering(200, strings.Repeat("x", 2<<20)), request: post("x"), status: 502, asked: true,
			series: []string{"redactd_blocked_total", "direction", "response", "kind", "limit"}},
		{name: "on_failure pass", cfg: func(c *config.Config) { c.Routes["main"].OnFailure = config.FailPass },
			request: post(budgetMark), status: 200, asked: true,
			series: []string{"redactd_uninspected_bytes_total", "reason", "budget"}},
	}
}

func TestFailures(t *testing.T) {
	page, err := os.ReadFile("../docs/FAILURES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range failures(t) {
		t.Run(f.name, func(t *testing.T) {
			up := newBackend(t, f.up)
			url := up.URL
			if f.url != "" {
				url = f.url
			}
			cfg := settings(url)
			cfg.Upstreams["up"].Timeout = config.Duration(200 * time.Millisecond)
			if f.cfg != nil {
				f.cfg(cfg)
			}
			h := start(t, cfg)
			h.trail.mu.Lock()
			h.trail.err = f.trail
			h.trail.mu.Unlock()
			r := h.do(f.request[0], f.request[1], f.request[2], f.request[3:]...)
			if r.StatusCode != f.status || (r.Header.Get("Retry-After") != "") != f.retry {
				t.Errorf("got %d, Retry-After %q, %q", r.StatusCode, r.Header.Get("Retry-After"), r.body)
			}
			for _, mark := range []string{secret, budgetMark, codingMark, bombMark, formatMark, panicMark} {
				if strings.Contains(r.body, mark) || strings.Contains(h.logs.String(), mark) {
					t.Errorf("the payload is quoted: %q %s", r.body, h.logs)
				}
			}
			if (up.count() > 0) != f.asked {
				t.Errorf("upstream was asked %d times", up.count())
			}
			if h.metric(f.series[0], f.series[1:]...) == 0 {
				t.Errorf("no %v", f.series)
			}
			// The hop goes on after every failure.
			h.trail.mu.Lock()
			h.trail.err = nil
			h.trail.mu.Unlock()
			if f.url == "" && f.up == nil && f.cfg == nil {
				if r := h.do("POST", "/", "fine"); r.StatusCode != 200 {
					t.Errorf("afterwards: %d", r.StatusCode)
				}
			}
			// The table has a row of this name with this status and series.
			row := fmt.Sprintf("| %s | %d", f.name, f.status)
			i := strings.Index(string(page), row)
			if i < 0 {
				t.Fatalf("docs/FAILURES.md has no row %q", row)
			}
			line, _, _ := strings.Cut(string(page)[i:], "\n")
			if strings.Contains(line, "Retry-After") != f.retry || !strings.Contains(line, f.series[0]) {
				t.Errorf("docs/FAILURES.md says something else: %s", line)
			}
		})
	}
}

func TestUpstreamHangsMidBody(t *testing.T) {
	for _, scope := range []config.Scope{config.ScopeNone, config.ScopeAll} {
		url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
			head(r)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n5\r\npart\n\r\n")
			_, _ = io.Copy(io.Discard, r)
		})
		cfg := settings(url)
		cfg.Upstreams["up"].Timeout = config.Duration(200 * time.Millisecond)
		cfg.Routes["main"].Response = scope
		h := start(t, cfg)
		r := h.do("GET", "/", "")
		if r.StatusCode != 200 || r.body != "part\n" || r.err == nil {
			t.Errorf("%s: the client sees a complete answer: %d %q %v", scope, r.StatusCode, r.body, r.err)
		}
		eventually(t, "the abort is counted", func() bool { return h.metric("redactd_errors_total", "kind", "aborted") == 1 })
	}
}

func TestStreamThatTurnsUnsureIsBrokenOff(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			w.Header().Set("Content-Type", "application/x-ndjson")
			for range 10 {
				_, _ = io.WriteString(w, strings.Repeat("x", 1000)+"\n")
			}
			_, _ = io.WriteString(w, budgetMark+"\n")
			w.(http.Flusher).Flush()
			_, _ = io.WriteString(w, "rest\n")
		}
	})
	h := start(t, settings(up.URL))
	r := h.do("GET", "/down", "")
	if r.err == nil || strings.Contains(r.body, budgetMark) || strings.Contains(r.body, "rest") {
		t.Errorf("got %.100q %v", r.body, r.err)
	}
	r = h.do("POST", "/up", strings.Repeat(strings.Repeat("x", 99)+"\n", 5000)+budgetMark+"\n", "Content-Type", "application/x-ndjson")
	if r.StatusCode != 503 {
		t.Errorf("upload: got %d %q", r.StatusCode, r.body)
	}
	up.mu.Lock()
	defer up.mu.Unlock()
	for i, req := range up.seen {
		if req.URL.Path == "/up" && (!strings.Contains(up.body[i], "!") || strings.Contains(up.body[i], budgetMark)) {
			t.Errorf("upstream took %d bytes as complete", len(up.body[i]))
		}
	}
}

func TestUpstreamAnswersEarly(t *testing.T) {
	// The upstream refuses a large upload without reading it. Its answer, and
	// not a broken pipe, is what the sender must see.
	for _, scope := range []config.Scope{config.ScopeNone, config.ScopeAll} {
		url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
			head(r)
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig")
			_ = c.(*net.TCPConn).CloseWrite()
			_, _ = io.CopyN(io.Discard, r, 1<<20) // a polite server lingers
		})
		cfg := settings(url)
		cfg.Routes["main"].Request = scope
		cfg.Server.MaxBody = 64 << 20
		h := start(t, cfg)
		r := h.do("POST", "/", strings.Repeat(strings.Repeat("x", 99)+"\n", 150_000), "Content-Type", "application/x-ndjson")
		if r.StatusCode != 413 && r.StatusCode != 502 || r.StatusCode == 413 && r.body != "big" {
			t.Errorf("%s: got %d %q", scope, r.StatusCode, r.body)
		}
	}
}

func TestSlowClients(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Server.ReadTimeout = config.Duration(200 * time.Millisecond)
	h := start(t, cfg)
	for name, text := range map[string]string{
		"head": "GET / HTTP/1.1\r\nHost:",
		"body": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nx",
	} {
		if got := h.raw(text); !strings.HasPrefix(got, "HTTP/1.1 408") && !strings.HasPrefix(got, "HTTP/1.1 400") {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if up.count() != 0 {
		t.Error("the upstream was asked")
	}
}

// TestDrippingHeader sends a header that never ends, a byte before each time-out.
func TestDrippingHeader(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Server.ReadTimeout = config.Duration(100 * time.Millisecond)
	h := start(t, cfg)
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nX-A: ")
	for range 1000 {
		if _, err := io.WriteString(c, "a"); err != nil {
			return // the connection was ended
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Error("the connection was never ended")
}

// TestClientThatDoesNotRead asks that an answer which nobody takes is broken off.
func TestClientThatDoesNotRead(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		for range 4096 {
			if _, err := io.WriteString(w, strings.Repeat("0123456\n", 4<<10)); err != nil {
				return
			}
		}
	})
	cfg := settings(up.URL)
	cfg.Server.WriteTimeout = config.Duration(200 * time.Millisecond)
	h := start(t, cfg)
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
	eventually(t, "the answer is broken off", func() bool {
		return h.metric("redactd_errors_total", "stage", "response", "kind", "aborted") == 1
	})
}

func TestHeaderTooLarge(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Server.MaxHeaderBytes = 8 << 10
	h := start(t, cfg)
	if got := h.raw("GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 20<<10) + "\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 431") {
		t.Errorf("got %.100q", got)
	}
}
