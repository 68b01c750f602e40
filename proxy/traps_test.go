package proxy

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// The numbers are those of the project's list of traps for HTTP hops that
// change bodies.

func TestTrap01ContentLength(t *testing.T) {
	for _, tt := range []struct{ name, framing, body string }{
		{"length", fmt.Sprintf("Content-Length: %d\r\n", len(secret)+2), "a" + secret + "b"},
		{"chunked", "Transfer-Encoding: chunked\r\n", fmt.Sprintf("%x\r\na%sb\r\n0\r\n\r\n", len(secret)+2, secret)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			heads := make(chan string, 1)
			url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
				heads <- head(r)
				_, _ = io.CopyN(io.Discard, r, int64(len(placeholder)+2))
				_, _ = fmt.Fprintf(c, "HTTP/1.1 500 Oops\r\nContent-Length: %d\r\nConnection: close\r\n\r\nx%sy", len(secret)+2, secret)
			})
			h := start(t, settings(url))
			got := h.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nConnection: close\r\n" + tt.framing + "\r\n" + tt.body)
			sent := <-heads
			want := fmt.Sprintf("Content-Length: %d\r\n", len(placeholder)+2)
			if strings.Count(sent, want) != 1 || strings.Contains(sent, "Transfer-Encoding") {
				t.Errorf("upstream got head %q", sent)
			}
			if strings.Count(got, want) != 1 || strings.Contains(got, "Transfer-Encoding") || !strings.HasSuffix(got, "\r\n\r\nx"+placeholder+"y") {
				t.Errorf("client got %q", got)
			}
			if !strings.HasPrefix(got, "HTTP/1.1 500 Oops\r\n") {
				t.Errorf("status line changed: %q", got)
			}
		})
	}
}

func TestTrap02SignedBodyIsNotChanged(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	h := start(t, cfg)
	auth := []string{"Authorization", "AWS4-HMAC-SHA256 Credential=x", "Content-Type", "text/plain"}
	if r := h.do("POST", "/", secret, auth...); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || up.count() != 0 {
		t.Errorf("got %d, upstream asked %d times", r.StatusCode, up.count())
	}
	if r := h.do("POST", "/", "clean", auth...); r.StatusCode != 200 || up.count() != 1 {
		t.Errorf("clean signed body: got %d", r.StatusCode)
	}
}

func TestTrap04Ranges(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Accept-Ranges", "bytes")
		_, _ = io.WriteString(w, secret)
	})
	cfg := settings(up.URL)
	h := start(t, cfg)
	r := h.do("GET", "/", "", "Range", "bytes=0-3", "If-Range", `"x"`)
	req, _ := up.last(t)
	if req.Header.Get("Range") != "" || req.Header.Get("If-Range") != "" || r.Header.Get("Accept-Ranges") != "" || r.body != placeholder {
		t.Errorf("range got through: %v, client %v %q", req.Header, r.Header, r.body)
	}
	cfg = settings(up.URL)
	cfg.Routes["main"].Response = config.ScopeErrors
	h = start(t, cfg)
	r = h.do("GET", "/", "", "Range", "bytes=0-3")
	if req, _ = up.last(t); req.Header.Get("Range") == "" || r.Header.Get("Accept-Ranges") == "" {
		t.Error("a route that inspects only errors lost its ranges")
	}
}

func TestTrap05HeadNotModifiedNoContent(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		switch r.URL.Path {
		case "/304":
			w.WriteHeader(304)
		case "/204":
			w.WriteHeader(204)
		default:
			w.Header().Set("Content-Length", "1234")
		}
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].Response = config.ScopeErrors
	h := start(t, cfg)
	get := func(method, path string) string {
		return h.raw(method + " " + path + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	}
	if got := get("HEAD", "/"); !strings.Contains(got, "Content-Length: 1234\r\n") || strings.Contains(got, "Transfer-Encoding") || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("HEAD: %q", got)
	}
	for _, path := range []string{"/304", "/204"} {
		if got := get("GET", path); !strings.HasSuffix(got, "\r\n\r\n") || strings.Contains(got, "Transfer-Encoding") || !strings.Contains(got, `"1"`) {
			t.Errorf("%s: %q", path, got)
		}
	}
	cfg = settings(up.URL)
	h = start(t, cfg)
	if got := get("HEAD", "/"); strings.Contains(got, "1234") {
		t.Errorf("HEAD on an inspected route promises a length: %q", got)
	}
}

func TestTrap05HeadBodyIsNotTheNextAnswer(t *testing.T) {
	url := rawUpstream(t, func(c net.Conn, br *bufio.Reader) {
		headed := false
		for {
			req, err := http.ReadRequest(br)
			if err != nil {
				return
			}
			body := "good"
			if headed {
				body = "late"
			}
			if headed = req.Method == "HEAD"; headed {
				body = ""
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"+body)
		}
	})
	h := start(t, settings(url))
	for range 3 {
		h.do("HEAD", "/", "")
		if r := h.do("GET", "/", ""); r.body != "good" {
			t.Errorf("after HEAD the answer was %q", r.body)
		}
	}
}

func TestTrap05ContinueAndInterim(t *testing.T) {
	heads := make(chan string, 1)
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		heads <- head(r)
		_, _ = io.CopyN(io.Discard, r, 5)
		_, _ = io.WriteString(c, "HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
	})
	for _, expect := range []string{"Expect: 100-continue", "expect: 100-Continue"} {
		h := start(t, settings(url))
		c, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(3 * time.Second))
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n"+expect+"\r\n\r\n")
		br := bufio.NewReader(c)
		if got := head(br); got != "HTTP/1.1 100 Continue\r\n\r\n" {
			t.Fatalf("%s: got %q", expect, got)
		}
		_, _ = io.WriteString(c, "hello")
		rest, _ := io.ReadAll(br)
		if !strings.HasPrefix(string(rest), "HTTP/1.1 200 OK") || !strings.HasSuffix(string(rest), "ok") {
			t.Errorf("got %q", rest)
		}
		if sent := <-heads; strings.Contains(strings.ToLower(sent), "expect") {
			t.Errorf("Expect went on: %q", sent)
		}
	}
}

func TestTrap05ExpectTooLarge(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	got := h.raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 413") || strings.Contains(got, "100 Continue") {
		t.Errorf("got %q", got)
	}
}

func TestTrap06NoTransformIsOverriddenAndCounted(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "private, no-transform")
		_, _ = io.WriteString(w, secret)
	})
	h := start(t, settings(up.URL))
	r := h.do("GET", "/", "")
	if r.body != placeholder || r.Header.Get("Cache-Control") != "private, no-transform" {
		t.Errorf("got %q %v", r.body, r.Header)
	}
	if n := h.metric("redactd_no_transform_overridden_total", "direction", "response"); n != 1 {
		t.Errorf("counted %v", n)
	}
}

func TestTrap07CleanStaysCompressed(t *testing.T) {
	var z bytes.Buffer
	zw := gzip.NewWriter(&z)
	_, _ = zw.Write([]byte("clean"))
	_ = zw.Close()
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("ETag", `"1"`)
		_, _ = w.Write(z.Bytes())
	})
	h := start(t, settings(up.URL))
	r := h.do("POST", "/", z.String(), "Content-Encoding", "gzip", "Content-Type", "text/plain")
	req, body := up.last(t)
	if body != z.String() || req.Header.Get("Content-Encoding") != "gzip" {
		t.Error("the request changed")
	}
	if r.body != z.String() || r.Header.Get("Content-Encoding") != "gzip" || r.Header.Get("ETag") != `"1"` {
		t.Error("the answer changed")
	}
}

func TestTrap07AcceptEncodingIsNarrowed(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"gzip, deflate, br, zstd", "gzip, deflate, br, zstd"},
		{"gzip,deflate", "gzip,deflate"},
		{"gzip,dcb,br", "gzip, br"},
		{"snappy, gzip;q=0.5", "gzip;q=0.5"},
		{"dcb", "identity"},
		{"*", "identity"},
	} {
		if got := string(narrowAccept([]byte(tt.in))); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.in, got, tt.want)
		}
	}
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Accept-Encoding", "snappy, zstd") })
	cfg := settings(up.URL)
	h := start(t, cfg)
	r := h.do("GET", "/", "", "Accept-Encoding", "dcb, gzip")
	req, _ := up.last(t)
	if req.Header.Get("Accept-Encoding") != "gzip" || r.Header.Get("Accept-Encoding") != "zstd" {
		t.Errorf("upstream got %q, client %q", req.Header.Get("Accept-Encoding"), r.Header.Get("Accept-Encoding"))
	}
	cfg = settings(up.URL)
	cfg.Routes["main"].Response = config.ScopeNone
	h = start(t, cfg)
	h.do("GET", "/", "", "Accept-Encoding", "dcb")
	if req, _ = up.last(t); req.Header.Get("Accept-Encoding") != "dcb" {
		t.Error("narrowed on a route that inspects no answers")
	}
}

func TestTrap08TruncatedStreamsAreNotTakenAsComplete(t *testing.T) {
	t.Run("client breaks off a fixed length", func(t *testing.T) { truncatedUpload(t, "Content-Length: 500000\r\n\r\n") })
	t.Run("client breaks off between chunks", func(t *testing.T) {
		truncatedUpload(t, fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n5\r\nline\n\r\n%x\r\n", 5*40000), "\r\n")
	})
	t.Run("upstream breaks off between chunks", func(t *testing.T) {
		for _, scope := range []config.Scope{config.ScopeAll, config.ScopeErrors} {
			url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
				head(r)
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
			})
			cfg := settings(url)
			cfg.Routes["main"].Response = scope
			h := start(t, cfg)
			if r := h.do("GET", "/", ""); r.StatusCode == 200 && r.err == nil {
				t.Errorf("scope %s: the client took %q as complete", scope, r.body)
			}
		}
	})
	t.Run("client breaks off in a chunk", func(t *testing.T) { truncatedUpload(t, "Transfer-Encoding: chunked\r\n\r\n7a120\r\n") })
}

func truncatedUpload(t *testing.T, framing string, behind ...string) {
	for _, scope := range []config.Scope{config.ScopeAll, config.ScopeNone} {
		up := newBackend(t, nil)
		cfg := settings(up.URL)
		cfg.Routes["main"].Request = scope
		h := start(t, cfg)
		c, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n"+framing)
		_, _ = io.WriteString(c, strings.Repeat("line\n", 40000)+strings.Join(behind, ""))
		_ = c.Close()
		eventually(t, "the exchange ends", func() bool { return h.metric("redactd_requests_total") > 0 })
		up.mu.Lock()
		for _, body := range up.body {
			if !strings.Contains(body, "!") {
				t.Errorf("scope %s: upstream took %d bytes as complete", scope, len(body))
			}
		}
		up.mu.Unlock()
	}
}

func TestTrap09EventStream(t *testing.T) {
	step := make(chan struct{})
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range 3 {
			_, _ = fmt.Fprintf(w, "id: %d\ndata: %s\n\n", i, secret)
			w.(http.Flusher).Flush()
			<-step
		}
	})
	h := start(t, settings(up.URL))
	resp, err := client().Get("http://" + h.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	br := bufio.NewReader(resp.Body)
	for i := range 3 {
		// Each event arrives before the upstream is allowed to send the next.
		var got string
		for range 3 {
			line, err := br.ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			got += line
		}
		if want := fmt.Sprintf("id: %d\ndata: %s\n\n", i, placeholder); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		step <- struct{}{}
	}
	if rest, err := io.ReadAll(br); err != nil || len(rest) > 0 {
		t.Errorf("end: %q %v", rest, err)
	}
	eventually(t, "three events", func() bool { return h.trail.findings() == 3 })
}

func TestTrap09UnreadBodyIsNotTheNextRequest(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	smuggled := "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
	body := strings.Repeat(smuggled, 100_000)
	for _, framing := range []string{
		fmt.Sprintf("Content-Length: %d\r\n\r\n", len(body)),
		fmt.Sprintf("Transfer-Encoding: chunked\r\n\r\n%x\r\n", len(body)),
	} {
		c, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(5 * time.Second))
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = io.WriteString(c, "POST / HTTP/1.1\r\nHost: a\r\n"+framing+body)
		}()
		got, _ := io.ReadAll(c)
		_ = c.Close()
		<-done
		if strings.Count(string(got), "HTTP/1.1 ") != 1 || !strings.HasPrefix(string(got), "HTTP/1.1 413") {
			t.Errorf("got %.200q", got)
		}
	}
	if n := up.count(); n != 0 {
		t.Errorf("upstream was asked %d times", n)
	}
}

func TestTrap09Upgrade(t *testing.T) {
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		got := strings.ToLower(head(r))
		if !strings.Contains(got, "connection: upgrade") || !strings.Contains(got, "upgrade: websocket") {
			_, _ = io.WriteString(c, "HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n")
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nhi")
		_, _ = io.CopyN(c, r, 4)
	})
	const ask = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\nping"
	cfg := settings(url)
	h := start(t, cfg)
	if got := h.raw("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 501") {
		t.Errorf("CONNECT: %q", got)
	}
	if got := h.raw(strings.Replace(ask, "\r\n\r\nping", "\r\nConnection: close\r\n\r\n", 1)); !strings.HasPrefix(got, "HTTP/1.1 501") {
		t.Errorf("refused upgrade: %q", got)
	}
	cfg = settings(url)
	cfg.Routes["main"].Upgrade = "pass"
	h = start(t, cfg)
	got := h.raw(ask)
	if !strings.HasPrefix(got, "HTTP/1.1 101 ") || !strings.HasSuffix(got, "\r\n\r\nhiping") {
		t.Errorf("passed upgrade: %q", got)
	}
	eventually(t, "uninspected bytes", func() bool {
		return h.metric("redactd_uninspected_bytes_total", "reason", "upgraded") == 10
	})
}

func TestTrap10TrailersAreDropped(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Trailer", "X-Sum")
		_, _ = io.WriteString(w, "body")
		w.(http.Flusher).Flush()
		w.Header().Set("X-Sum", secret)
	})
	h := start(t, settings(up.URL))
	got := h.raw("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nTrailer: X-T\r\n\r\n4\r\nbody\r\n0\r\nX-T: " + secret + "\r\n\r\n")
	if strings.Contains(got, secret) || strings.Contains(got, "X-Sum") || !strings.Contains(got, "body") {
		t.Errorf("client got %q", got)
	}
	req, body := up.last(t)
	if len(req.Trailer) > 0 || body != "body" {
		t.Errorf("upstream got trailers %v, body %q", req.Trailer, body)
	}
}

func TestTrap12Smuggling(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	for name, request := range map[string]string{
		"length and chunked":     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"chunked and length":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
		"two lengths":            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
		"length list":            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\nx",
		"signed length":          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx",
		"odd transfer encoding":  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
		"identity":               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
		"two transfer encodings": "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"folded line":            "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n b\r\n\r\n",
		"folded with tab":        "GET / HTTP/1.1\r\nHost: a\r\nX: a\r\n\tTransfer-Encoding: chunked\r\n\r\n",
		"bare line feed":         "GET / HTTP/1.1\r\nHost: a\r\nX: a\nY: b\r\n\r\n",
		"bare carriage return":   "GET / HTTP/1.1\r\nHost: a\r\nX: a\rY: b\r\n\r\n",
		"space before colon":     "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 1\r\n\r\nx",
		"space in name":          "GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n",
		"two hosts":              "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"no host":                "GET / HTTP/1.1\r\n\r\n",
		"fragment":               "GET /#x HTTP/1.1\r\nHost: a\r\n\r\n",
		"userinfo":               "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n",
		"chunked in 1.0":         "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"bad chunk":              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n",
		"nul in value":           "GET / HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
	} {
		got := h.raw(request + "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n")
		if !strings.HasPrefix(got, "HTTP/1.1 400") || strings.Count(got, "HTTP/1.1 ") != 1 {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if n := up.count(); n != 0 {
		t.Errorf("upstream was asked %d times", n)
	}
}

func TestTrap12HeadersArriveAsSent(t *testing.T) {
	heads := make(chan string, 1)
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		heads <- head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nx-lower: 1\r\nX-UPPER: 2\r\nDate: Mon, 01 Jan 2001 00:00:00 GMT\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: x-gone, close\r\nX-Gone: 1\r\nKeep-Alive: 5\r\nContent-Length: 0\r\n\r\n")
	})
	h := start(t, settings(url))
	got := h.raw("GET //a/%2e%2e/b%2Fc?x=%20&& HTTP/1.1\r\nHost: Example:80\r\nx-lower: 1\r\nX-UPPER: 2\r\ncookie: a=1;b=2\r\nCookie: c\r\nAccept: a\r\nAccept: b\r\n" +
		"Connection: close, X-Gone, Authorization\r\nX-Gone: 1\r\nTE: trailers\r\nKeep-Alive: 1\r\nProxy-Authorization: x\r\nAuthorization: y\r\n\r\n")
	sent := <-heads
	for _, want := range []string{"GET //a/%2e%2e/b%2Fc?x=%20&& HTTP/1.1\r\n", "x-lower: 1\r\nX-UPPER: 2\r\ncookie: a=1;b=2\r\nCookie: c\r\nAccept: a\r\nAccept: b\r\n",
		"Authorization: y\r\n", "X-Forwarded-For: 127.0.0.1\r\n", "X-Forwarded-Proto: http\r\n", "X-Forwarded-Host: Example:80\r\n"} {
		if !strings.Contains(sent, want) {
			t.Errorf("upstream misses %q in %q", want, sent)
		}
	}
	for _, gone := range []string{"X-Gone", "TE:", "Keep-Alive", "Proxy-Authorization", "Connection", "User-Agent", "Content-Type"} {
		if strings.Contains(sent, gone) {
			t.Errorf("upstream got %q in %q", gone, sent)
		}
	}
	for _, want := range []string{"x-lower: 1\r\n", "X-UPPER: 2\r\n", "Date: Mon, 01 Jan 2001 00:00:00 GMT\r\n", "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("client misses %q in %q", want, got)
		}
	}
	if strings.Contains(got, "X-Gone") || strings.Contains(got, "Keep-Alive") || strings.Contains(got, "Content-Type") || strings.Contains(got, "Server") {
		t.Errorf("client got %q", got)
	}
}

func TestTrap12AbsoluteFormAndAsterisk(t *testing.T) {
	heads := make(chan string, 2)
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		heads <- head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
	})
	cfg := settings(url)
	cfg.Upstreams["up"].KeepHost = true
	h := start(t, cfg)
	h.raw("GET http://real.example/p?u=http://x/y HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
	if sent := <-heads; !strings.HasPrefix(sent, "GET /p?u=http://x/y HTTP/1.1\r\nHost: real.example\r\n") {
		t.Errorf("upstream got %q", sent)
	}
	h.raw("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if sent := <-heads; !strings.HasPrefix(sent, "OPTIONS * HTTP/1.1\r\n") {
		t.Errorf("upstream got %q", sent)
	}
}

func TestTrap13BytesThatAreNotText(t *testing.T) {
	body := "\xff\xfe\x00a\xed\xa0\x80" + secret + "\x00\xc0\xaf"
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	h := start(t, settings(up.URL))
	r := h.do("POST", "/", body)
	want := strings.ReplaceAll(body, secret, placeholder)
	if _, got := up.last(t); got != want || r.body != want {
		t.Errorf("bytes changed: %q %q", got, r.body)
	}
}

func TestTrap14CleanJSONIsUntouched(t *testing.T) {
	body := "\xef\xbb\xbf{\"a\" :1e0,\"a\":9007199254740993 , \"b\":\"\\u0041\\/\"}\n\n{}"
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
	h := start(t, settings(up.URL))
	r := h.do("POST", "/", body, "Content-Type", "application/json")
	if _, got := up.last(t); got != body || r.body != body {
		t.Errorf("changed: %q %q", got, r.body)
	}
}

func TestTrap17StatusAndSignalsStay(t *testing.T) {
	signals := map[string]string{"Retry-After": "7", "X-Ratelimit-Remaining": "0", "Www-Authenticate": "Bearer", "Allow": "GET",
		"X-Sentry-Rate-Limits": "60:error", "X-Elastic-Product": "Elasticsearch"}
	for _, body := range []string{secret, budgetMark} {
		for _, status := range []int{401, 404, 405, 429, 500, 503, 599} {
			up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range signals {
					w.Header().Set(k, v)
				}
				w.WriteHeader(status)
				_, _ = io.WriteString(w, body)
			})
			h := start(t, settings(up.URL))
			r := h.do("GET", "/", "")
			if r.StatusCode != status || strings.Contains(r.body, body) {
				t.Errorf("%d: got %d %q", status, r.StatusCode, r.body)
			}
			for k, v := range signals {
				if got := r.Header[k]; len(got) != 1 || got[0] != v {
					t.Errorf("%d %s: %s is %q", status, body, k, got)
				}
			}
		}
	}
}

func TestTrap17RefusalsKeepTheData(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	for path, want := range map[string]string{
		"/any": `"title"`, "/logs/_bulk": `"error"`, "/services/collector/event": `"code":9`,
		"/v1/logs": `"code":14`, "/api/v2/logs": `"errors"`,
	} {
		r := h.do("POST", path, budgetMark, "Content-Type", "application/json")
		if r.StatusCode != 503 || r.Header.Get("Retry-After") == "" || !strings.Contains(r.body, want) {
			t.Errorf("%s: got %d %v %q", path, r.StatusCode, r.Header, r.body)
		}
	}
	if up.count() != 0 {
		t.Error("the upstream was asked")
	}
}

func TestTrap18AnswerComesFromUpstreamAndNothingIsSentTwice(t *testing.T) {
	conns := make(chan struct{}, 10)
	url := rawUpstream(t, func(_ net.Conn, r *bufio.Reader) {
		conns <- struct{}{}
		head(r) // and closes without an answer
	})
	cfg := settings(url)
	cfg.Upstreams["up"].URLs = []string{url, url}
	h := start(t, cfg)
	for _, method := range []string{"POST", "GET"} {
		if r := h.do(method, "/", ""); r.StatusCode != 502 {
			t.Errorf("%s: got %d", method, r.StatusCode)
		}
		if n := len(conns); n != 1 {
			t.Errorf("%s: sent %d times", method, n)
		}
		<-conns
	}
}

func TestTrap18UnsentGoesToTheNextURL(t *testing.T) {
	dead, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deadURL := "http://" + dead.Addr().String()
	_ = dead.Close()
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Upstreams["up"].URLs = []string{deadURL, up.URL}
	h := start(t, cfg)
	for range 6 {
		if r := h.do("POST", "/", "x"); r.StatusCode != 200 {
			t.Errorf("got %d", r.StatusCode)
		}
	}
	if up.count() != 6 {
		t.Errorf("upstream got %d", up.count())
	}
	if h.metric("redactd_upstream_up", "url", deadURL) != 0 || h.metric("redactd_upstream_up", "url", up.URL) != 1 {
		t.Error("health is not shown")
	}
	if n := h.metric("redactd_upstream_failures_total", "url", deadURL); n != 2 {
		t.Errorf("the dead URL was tried %v times, want fail_after = 2", n)
	}
}

func TestTrap18IdleConnectionClosedByUpstream(t *testing.T) {
	// Each connection serves one request and is then closed without a word,
	// as servers do with idle connections. A POST must not fail for that.
	closed := make(chan struct{}, 8)
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
		_ = c.Close()
		closed <- struct{}{}
	})
	h := start(t, settings(url))
	for i := range 5 {
		if r := h.do("POST", "/", ""); r.StatusCode != 200 {
			t.Errorf("request %d: got %d", i, r.StatusCode)
		}
		<-closed
	}
}

func TestTrap19MultipartIsLeftToTheCodec(t *testing.T) {
	body := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\r\nclean\r\n--b--\r\n"
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	h.do("POST", "/", body, "Content-Type", "multipart/form-data; boundary=b")
	if req, got := up.last(t); got != body || req.Header.Get("Content-Type") != "multipart/form-data; boundary=b" {
		t.Errorf("upstream got %q", got)
	}
}

func TestTrap20NoSecretInOwnOutput(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, secret+budgetMark)
	})
	cfg := settings("http://user:" + secret + "@" + strings.TrimPrefix(up.URL, "http://"))
	cfg.Token.Keys = []config.Secret{config.Secret("0123456789abcdef" + secret)}
	h := start(t, cfg)
	bodies := []string{h.do("GET", "/?"+secret, "", "X-A", secret, "X-Request-Id", "a="+secret).body, h.do("POST", "/", secret+panicMark).body,
		h.raw("BAD " + secret + "\r\n\r\n"), h.raw("GET /\x01" + secret + " HTTP/1.1\r\nHost: a\r\n\r\n")}
	for _, path := range []string{"/metrics", "/-/config", "/-/ready"} {
		resp, err := client().Get(h.admin + path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		bodies = append(bodies, string(b))
	}
	bodies = append(bodies, h.logs.String(), fmt.Sprintf("%+v", h.trail.all()))
	for i, b := range bodies {
		if b == "" || strings.Contains(b, secret) {
			t.Errorf("output %d: %q", i, b)
		}
	}
	if req, _ := up.last(t); req.Header.Get("Authorization") == "" {
		t.Error("the URL's credentials were not used")
	}
}

func TestTrap21PlaceholdersPass(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	body := "[REDACTED:fake] tok_e1_abc [REDACTED:" + strings.Repeat("x", 100) + "]"
	h.do("POST", "/", body)
	if _, got := up.last(t); got != body || len(h.trail.all()) != 0 {
		t.Errorf("got %q, events %v", got, h.trail.all())
	}
}

func TestTrap22BudgetWithholds(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/down" {
			_, _ = io.WriteString(w, budgetMark)
		}
	})
	h := start(t, settings(up.URL))
	if r := h.do("POST", "/up", budgetMark); r.StatusCode != 503 || up.count() != 0 {
		t.Errorf("request: got %d", r.StatusCode)
	}
	if r := h.do("GET", "/down", ""); r.StatusCode != 502 || strings.Contains(r.body, budgetMark) {
		t.Errorf("answer: got %d %q", r.StatusCode, r.body)
	}
	for _, dir := range []string{"request", "response"} {
		if n := h.metric("redactd_blocked_total", "direction", dir, "kind", "budget"); n != 1 {
			t.Errorf("%s: blocked %v", dir, n)
		}
	}
}

func TestTrap23TwoHops(t *testing.T) {
	up := newBackend(t, nil)
	inner := start(t, settings(up.URL))
	outer := start(t, settings("http://"+inner.addr))
	outer.do("POST", "/?q="+secret, "x"+secret, "X-Request-Id", "id-1")
	req, body := up.last(t)
	if body != "x"+placeholder || req.URL.RawQuery != "q="+placeholder || len(inner.trail.all()) != 0 {
		t.Errorf("got %q %q, inner events %v", body, req.URL.RawQuery, inner.trail.all())
	}
	var events []audit.Event = outer.trail.all()
	if len(events) != 2 || events[0].RequestID != "id-1" || req.Header.Get("X-Request-Id") != "id-1" {
		t.Errorf("outer events %v", events)
	}
}
