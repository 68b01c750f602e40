package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// Traps, numbered as in traps_test.go, that show only with the real kernel and codecs.

const realMask = "[REDACTED:test-token]"

func TestTrap03ChunkedSignatures(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real)
	fields := []string{"Content-Type", "text/plain", "Authorization", "AWS4-HMAC-SHA256 Credential=x", "Content-Encoding", "aws-chunked",
		"X-Amz-Content-Sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "X-Amz-Decoded-Content-Length"}
	body := func(text string) string {
		return fmt.Sprintf("%x;chunk-signature=%064x\r\n%s\r\n0;chunk-signature=%064x\r\n\r\n", len(text), 1, text, 2)
	}
	// A secret cut by the frames of chunks is one, and nothing signed goes on changed.
	text := "a " + realSecret
	framed := fmt.Sprintf("6;chunk-signature=%064x\r\n%s\r\n%x;chunk-signature=%064x\r\n%s\r\n0;chunk-signature=%064x\r\n\r\n", 1, text[:6], len(text)-6, 2, text[6:], 3)
	for _, bad := range []string{body(text), framed} {
		if r := h.do("PUT", "/", bad, append(fields, fmt.Sprint(len(text)))...); r.StatusCode != 503 || up.count() != 0 {
			t.Errorf("got %d, upstream asked %d times", r.StatusCode, up.count())
		}
	}
	clean := body("nothing")
	if r := h.do("PUT", "/", clean, append(fields, "7")...); r.StatusCode != 200 {
		t.Errorf("clean: got %d", r.StatusCode)
	}
	if _, got := up.last(t); got != clean {
		t.Errorf("upstream got %q", got)
	}
}

func TestTrap04PartsThatNobodyAskedFor(t *testing.T) {
	half := len(realSecret) / 2
	for name, answer := range map[string]http.HandlerFunc{
		"one part": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes 0-%d/%d", half-1, len(realSecret)))
			w.WriteHeader(206)
			_, _ = io.WriteString(w, realSecret[:half])
		},
		"several": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "multipart/byteranges; boundary=b")
			w.WriteHeader(206)
			_, _ = fmt.Fprintf(w, "--b\r\nContent-Range: bytes 0-%d/%d\r\n\r\n%s\r\n--b--\r\n", half-1, len(realSecret), realSecret[:half])
		},
	} {
		up := newBackend(t, answer)
		h := start(t, settings(up.URL), real)
		if r := h.do("GET", "/", "", "Range", fmt.Sprintf("bytes=0-%d", half-1)); r.StatusCode != 502 || strings.Contains(r.body, realSecret[:half]) {
			t.Errorf("%s: got %d %q", name, r.StatusCode, r.body)
		}
	}
}

func TestTrap05NoContentOfOtherKinds(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusResetContent)
	})
	h := start(t, settings(up.URL), real)
	got := h.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 205 ") || !strings.HasSuffix(got, "\r\n\r\n") || strings.Contains(got, "chunked") {
		t.Errorf("got %q", got)
	}
}

func TestTrap06Validators(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		w.Header().Set("Last-Modified", "Sat, 21 Nov 2026 00:00:00 GMT")
		w.Header().Set("Content-Digest", "sha-256=:AAAA:")
		w.Header().Set("Vary", "Accept")
		_, _ = io.WriteString(w, strings.TrimPrefix(r.URL.Path, "/"))
	})
	h := start(t, settings(up.URL), real)
	r := h.do("GET", "/"+realSecret, "")
	if r.body != realMask || r.Header.Get("ETag") != "" || strings.Contains(r.Header.Get("Content-Digest"), "AAAA") ||
		r.Header.Get("Last-Modified") == "" || r.Header.Get("Vary") != "Accept" {
		t.Errorf("changed: %q %v", r.body, r.Header)
	}
	r = h.do("GET", "/clean", "")
	if r.Header.Get("ETag") != `"1"` || r.Header.Get("Content-Digest") != "sha-256=:AAAA:" {
		t.Errorf("clean: %v", r.Header)
	}
}

func TestTrap07Codings(t *testing.T) {
	text := "a " + realSecret + " b"
	want := "a " + realMask + " b"
	code := func(codings, text string) string {
		out, err := codec.Encode(nil, []byte(text), codings)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	for _, tt := range []struct{ declared, body, decoded string }{
		{"gzip, br", code("gzip, br", text), want},
		{"deflate", code("deflate", text), want},
		{"deflate", code("deflate-raw", text), want},
		{"x-gzip", code("gzip", text), want},
		{"zstd, identity", code("zstd", text), want},
		{"gzip", code("gzip", text) + code("gzip", " "+text), want + " " + want},
		{"", code("gzip", text), want},
		{"br", code("gzip", text), ""},
		{"gzip", text, ""},
		{"gzip", code("gzip", text)[:30], ""},
		{"gzip", code("gzip", text) + "rest", ""},
		{"dcz", text, ""},
		{"gzip, gzip, gzip, gzip, gzip, gzip, gzip, gzip", code("gzip", text), ""},
		{"gzip", code("gzip", strings.Repeat("\x00a", 8<<20)), ""},
		{"gzip, gzip", code("gzip, gzip", strings.Repeat("a", 16<<20)), ""},
	} {
		up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Content-Type"] = []string{"text/plain"}
			if tt.declared != "" {
				w.Header().Set("Content-Encoding", tt.declared)
			}
			_, _ = io.WriteString(w, tt.body)
		})
		h := start(t, settings(up.URL), real)
		r := h.do("GET", "/", "")
		if tt.decoded == "" {
			if r.StatusCode != 502 || strings.Contains(r.body, realSecret) {
				t.Errorf("%q of %d bytes: got %d %.80q", tt.declared, len(tt.body), r.StatusCode, r.body)
			}
			continue
		}
		codings := tt.declared
		if codings == "" {
			codings = "gzip"
		}
		if r.StatusCode != 200 || r.Header.Get("Content-Encoding") != tt.declared || decode(t, codec.Resolve(codings, []byte(r.body)), r.body) != tt.decoded {
			t.Errorf("%q of %d bytes: got %d %v", tt.declared, len(tt.body), r.StatusCode, r.Header)
		}
		_ = h.stop()
	}
}

// TestTrap08ChunkBoundaries cuts streams at each place in and around a secret.
func TestTrap08ChunkBoundaries(t *testing.T) {
	pad := strings.Repeat("ordinary text of no interest\n", 200)
	for _, tt := range []struct{ contentType, before, behind string }{
		{"text/plain", pad, "\n" + pad},
		{"application/json", `{"pad":` + fmt.Sprintf("%q", pad) + `,"v":"`, `","w":1}`},
		{"application/x-ndjson", `{"pad":` + fmt.Sprintf("%q", pad) + "}\n" + `{"v":"`, "\"}\n{\"w\":1}\n"},
		{"text/html", "<!doctype html><p>" + pad + "</p><p title=\"", "\">x</p>"},
		{"text/csv", "id,v\n" + strings.Repeat("1,some text\n", 500) + "2,\"", "\"\n3,x\n"},
		{"application/xml", "<a><b>" + pad + "</b><c>", "</c></a>"},
		{"text/event-stream", ": " + strings.ReplaceAll(pad, "\n", "\n: ") + "\ndata: ", "\n\ndata: x\n\n"},
	} {
		t.Run(tt.contentType, func(t *testing.T) {
			body := tt.before + realSecret + tt.behind
			cut := make(chan int, 1)
			url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
				for {
					if head(r) == "" {
						return
					}
					at := <-cut
					_, _ = fmt.Fprintf(c, "HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n", tt.contentType, at, body[:at])
					_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n0\r\n\r\n", len(body)-at, body[at:])
				}
			})
			cfg := settings(url)
			cfg.Server.BufferBody = 4 << 10
			h := start(t, cfg, real)
			for at := len(tt.before) - 2; at <= len(tt.before)+len(realSecret)+1; at++ {
				cut <- at
				if r := h.do("GET", "/", ""); r.body != tt.before+realMask+tt.behind {
					t.Fatalf("cut at %d: %v, %q", at-len(tt.before), r.err, r.body[max(0, min(len(r.body), len(tt.before)-20)):])
				}
			}
		})
	}
}

// TestTrap09SecretOverEvents has an upstream stop in the middle of a secret until the
// client has what came before.
func TestTrap09SecretOverEvents(t *testing.T) {
	step := make(chan struct{}, 1)
	defer close(step)
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		say := func(text string) {
			_, _ = fmt.Fprintf(w, "event: delta\ndata: {\"id\":\"x-1\",\"delta\":{\"text\":%q}}\n\n", text)
			w.(http.Flusher).Flush()
		}
		say("key " + realSecret[:9])
		_, _ = io.WriteString(w, ": ping\n\n")
		w.(http.Flusher).Flush()
		<-step
		say(realSecret[9:12])
		say(realSecret[12:] + " end")
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].MaxDelay = config.Duration(20 * time.Millisecond)
	h := start(t, cfg, real)
	resp, err := client().Get("http://" + h.addr + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	const format = "event: delta\ndata: {\"id\":\"x-1\",\"delta\":{\"text\":%q}}\n\n"
	first := fmt.Sprintf(format, "key "+realMask) + ": ping\n\n"
	got := make([]byte, len(first))
	if _, err := io.ReadFull(resp.Body, got); err != nil || string(got) != first {
		t.Fatalf("got %q (%v)", got, err)
	}
	step <- struct{}{}
	rest, err := io.ReadAll(resp.Body)
	if want := fmt.Sprintf(format, "") + fmt.Sprintf(format, " end"); err != nil || string(rest) != want {
		t.Errorf("then %q (%v)", rest, err)
	}
}

func TestTrap11OtherVersions(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real)
	for _, text := range []string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/3\r\nHost: a\r\n\r\n"} {
		if got := h.raw(text); got != "" && !strings.HasPrefix(got, "HTTP/1.1 400") && !strings.HasPrefix(got, "HTTP/1.1 505") {
			t.Errorf("%q: got %q", text, got)
		}
	}
	if up.count() != 0 {
		t.Error("the upstream was asked")
	}
	got := h.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n")
	req, _ := up.last(t)
	if !strings.HasPrefix(got, "HTTP/1.1 200") || req.Header.Get("Upgrade") != "" || req.Header.Get("HTTP2-Settings") != "" {
		t.Errorf("h2c: client got %q, upstream %v", got, req.Header)
	}
}

func wide(text string, bigEndian, bom bool) string {
	var b []byte
	units := utf16.Encode([]rune(text))
	if bom {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if bigEndian {
			b = append(b, byte(u>>8), byte(u))
		} else {
			b = append(b, byte(u), byte(u>>8))
		}
	}
	return string(b)
}

func TestTrap13Charsets(t *testing.T) {
	for name, tt := range map[string]struct{ contentType, body, want string }{
		"UTF-16 with a mark":        {"text/plain", wide("é "+realSecret+" 💡", false, true), wide("é "+realMask+" 💡", false, true)},
		"UTF-16, big-endian":        {"text/plain; charset=utf-16be", wide("é "+realSecret, true, false), wide("é "+realMask, true, false)},
		"UTF-16 in JSON":            {"application/json", wide(`{"a":"`+realSecret+`"}`, true, true), wide(`{"a":"`+realMask+`"}`, true, true)},
		"Latin-1":                   {"text/plain; charset=iso-8859-1", "caf\xe9 " + realSecret + "\xff", "caf\xe9 " + realMask + "\xff"},
		"not UTF-8":                 {"text/plain; charset=utf-8", "\xff\xc0\xaf " + realSecret + "\xed\xa0\x80", "\xff\xc0\xaf " + realMask + "\xed\xa0\x80"},
		"not UTF-8 in JSON":         {"application/json", "{\"a\":\"\xff " + realSecret + "\xc3\"}", "{\"a\":\"\xff " + realMask + "\xc3\"}"},
		"escapes of JSON":           {"application/json", `{"a":"\u0074ok\u002d` + realSecret[4:] + `\/"}`, `{"a":"` + realMask + `\/"}`},
		"character references":      {"text/html", "<!doctype html><p>&#x74;ok&#45;" + realSecret[4:] + "&amp;</p>", "<!doctype html><p>" + realMask + "&amp;</p>"},
		"colours in the middle":     {"text/plain", "\x1b[31m" + realSecret[:6] + "\x1b[0m" + realSecret[6:] + "\n", ""},
		"CDATA":                     {"application/xml", "<a><![CDATA[" + realSecret + "]]></a>", "<a><![CDATA[" + realMask + "]]></a>"},
		"a charset that is unknown": {"text/plain; charset=x-none", realSecret, ""},
		"zeros between":             {"text/plain", wide(realSecret+strings.Repeat(" and more", 20), false, false), ""},
	} {
		up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", tt.contentType)
			_, _ = io.WriteString(w, tt.body)
		})
		h := start(t, settings(up.URL), real)
		r := h.do("GET", "/", "")
		bare := strings.NewReplacer("\x00", "", "\x1b[0m", "", "\x1b[31m", "").Replace(r.body)
		if tt.want != "" && r.body != tt.want || strings.Contains(bare, realSecret) {
			t.Errorf("%s: got %d %q, want %q", name, r.StatusCode, r.body, tt.want)
		}
	}
}

func TestTrap15LengthGrowth(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a "+realSecret+" b") })
	for action, want := range map[string]string{"replace:***": "a *** b", "remove": "a  b"} {
		cfg := settings(up.URL)
		cfg.Routes["main"].Action = action
		h := start(t, cfg, real)
		if r := h.do("GET", "/", ""); r.body != want || r.ContentLength != int64(len(want)) {
			t.Errorf("%s: got %q of %d bytes", action, r.body, r.ContentLength)
		}
	}
}

func TestTrap16IdentifiersStay(t *testing.T) {
	const hex = "4bf92f3577b34da6a3ce929d0e0e4736"
	ids := map[string]string{
		"Traceparent": "00-" + hex + "-00f067aa0ba902b7-01", "Tracestate": "a=" + hex, "B3": hex + "-00f067aa0ba902b7",
		"X-B3-Traceid": hex, "X-Request-Id": hex, "X-Correlation-Id": hex, "Sentry-Trace": hex + "-00f067aa0ba902b7",
	}
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, value := range ids {
			w.Header().Set(name, value)
		}
		w.Header().Set("ETag", `"`+hex+`"`)
		w.Header().Set("X-Other", hex)
	})
	h := start(t, settings(up.URL), real, func(o *Options) {
		o.Rules = []redact.Rule{{ID: "test-token", Pack: "test", Pattern: `\b[0-9a-f]{32}\b`}}
	})
	fields := []string{"X-Other", hex}
	for name, value := range ids {
		fields = append(fields, name, value)
	}
	r := h.do("GET", "/", "", fields...)
	req, _ := up.last(t)
	for name, value := range ids {
		if req.Header.Get(name) != value || r.Header.Get(name) != value {
			t.Errorf("%s: upstream got %q, client %q", name, req.Header.Get(name), r.Header.Get(name))
		}
	}
	if r.Header.Get("ETag") != `"`+hex+`"` || r.Header.Get("X-Other") != realMask || req.Header.Get("X-Other") != realMask {
		t.Errorf("client got %v, upstream %v", r.Header, req.Header)
	}
}

func TestTrap19Multipart(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real)
	body := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\nContent-Type: text/plain\r\n\r\nx " + realSecret + "\r\n--b\r\n" +
		"Content-Disposition: form-data; name=\"password\"\r\n\r\nhunter2hunter2\r\n--b\r\nContent-Disposition: form-data; name=\"i\"; filename=\"i.png\"\r\n" +
		"Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\x00\x00\r\n--b--\r\n"
	h.do("POST", "/", body, "Content-Type", "multipart/form-data; boundary=b")
	want := strings.NewReplacer(realSecret, realMask, "hunter2hunter2", "[REDACTED:test-password]").Replace(body)
	if _, got := up.last(t); got != want {
		t.Errorf("upstream got %q", got)
	}
}

func TestTrap21PlaceholdersHideNothing(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real)
	for body, want := range map[string]string{
		realMask + " and [REDACTED:unknown]":                       realMask + " and [REDACTED:unknown]",
		"[REDACTED:" + realSecret + "]":                            "[REDACTED:" + realMask + "]",
		"[REDACTED:test-token" + realSecret + "]":                  "[REDACTED:test-token" + realMask + "]",
		"[REDACTED:test-token:e1-" + strings.Repeat("a", 26) + "]": "[REDACTED:test-token:e1-" + strings.Repeat("a", 26) + "]",
	} {
		h.do("POST", "/", body, "Content-Type", "text/plain")
		if _, got := up.last(t); got != want {
			t.Errorf("%q: got %q, want %q", body, got, want)
		}
	}
	if n := len(h.trail.all()); n != 0 {
		t.Errorf("%d events", n) // of the fake trail, which the real scrubber does not use
	}
}

// TestTrap22CraftedText asks that text on which a rule would work for ever exceeds the
// budget that is counted, not timed, and is withheld; and that ordinary text does not.
func TestTrap22CraftedText(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real, func(o *Options) {
		o.Rules = []redact.Rule{{ID: "test-token", Pack: "test", Pattern: `ab(?:[ab]{1,30}){20,30}c`, Window: 1 << 15}}
	})
	if r := h.do("POST", "/", strings.Repeat("ab", 200_000), "Content-Type", "text/plain"); r.StatusCode != 503 || up.count() != 0 {
		t.Errorf("crafted: got %d", r.StatusCode)
	}
	if n := h.metric("redactd_blocked_total", "kind", "budget"); n != 1 {
		t.Errorf("blocked %v", n)
	}
	if r := h.do("POST", "/", strings.Repeat("about a cab\n", 20_000), "Content-Type", "text/plain"); r.StatusCode != 200 {
		t.Errorf("ordinary: got %d", r.StatusCode)
	}
}

func TestTrap24CookiesCORSAndIntegrity(t *testing.T) {
	const page = `<!doctype html><html><head><script src="/a.js" integrity="sha384-oqVuAfXRKap7fdgcCY5uykM6" crossorigin></script>` +
		`<style nonce="rAnd0m">p{}</style></head><body><p>%s</p><script>let a = 1 && 2;</script></body></html>`
	fields := map[string][]string{
		"Set-Cookie":                  {"sid=abcdef0123456789; HttpOnly", "theme=dark; Path=/"},
		"Content-Security-Policy":     {"script-src 'sha256-B2yPHKaXnvFWtRChIbabYmUBFZdVfKKXHbWtWidDVF8=' 'nonce-rAnd0m'"},
		"Access-Control-Allow-Origin": {"https://app.example"}, "Access-Control-Expose-Headers": {"retry-after"},
	}
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range fields {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprintf(w, page, realSecret)
	})
	h := start(t, settings(up.URL), real)
	r := h.do("GET", "/", "")
	if want := fmt.Sprintf(page, realMask); r.body != want {
		t.Errorf("got %q", r.body)
	}
	for name, values := range fields {
		if fmt.Sprint(r.Header[name]) != fmt.Sprint(values) {
			t.Errorf("%s: %q", name, r.Header[name])
		}
	}
}

func TestTrap12UpstreamFramesInTwoWays(t *testing.T) {
	for name, answer := range map[string]string{
		"length and chunked": "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"two lengths":        "Content-Length: 5\r\nContent-Length: 3\r\n\r\nhello",
		"folded":             "X-A: a\r\n b\r\nContent-Length: 5\r\n\r\nhello",
		"coding and chunked": "Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"bare line feeds":    "X-A: a\nContent-Length: 5\n\nhello",
	} {
		url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
			head(r)
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+answer+"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled")
		})
		cfg := settings(url)
		cfg.Upstreams["up"].FailAfter = 0
		h := start(t, cfg, real)
		for range 2 {
			got := h.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
			checkAnswer(t, name, got)
			if strings.Contains(got, "smuggled") {
				t.Errorf("%s: got %q", name, got)
			}
		}
	}
}

func TestTrap12HeaderLimits(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real)
	for name, fields := range map[string]string{
		"many":      strings.Repeat("X-A: b\r\n", 20_000),
		"long":      "X-A: " + strings.Repeat("b", 1<<20) + "\r\n",
		"long name": strings.Repeat("x", 1<<17) + ": a\r\n",
	} {
		c, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n"+fields+"\r\n") }()
		var got bytes.Buffer
		_, _ = io.CopyN(&got, c, 12)
		_ = c.Close()
		if s := got.String(); s != "HTTP/1.1 431" && s != "" {
			t.Errorf("%s: got %q", name, s)
		}
	}
	if up.count() != 0 {
		t.Error("the upstream was asked")
	}
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\n"+strings.Repeat("X-A: b\r\n", 200_000)+"Content-Length: 0\r\n\r\n")
	})
	cfg := settings(url)
	cfg.Server.MaxHeaderBytes = config.Size(16 << 10)
	h = start(t, cfg, real)
	if r := h.do("GET", "/", ""); r.StatusCode != 502 {
		t.Errorf("of an upstream: got %d", r.StatusCode)
	}
}
