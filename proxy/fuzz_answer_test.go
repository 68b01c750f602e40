package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
)

// fuzzAnswer is an answer that a fuzzer makes of its choices.
type fuzzAnswer struct {
	status  int
	head    string
	codings string
	wire    []byte // framed
	whole   bool   // its framing is right
}

var (
	fuzzTypes = []string{"", "text/plain", "application/json", "text/html", "application/xml", "text/event-stream", "application/x-ndjson",
		"text/csv", "text/plain; charset=utf-16", "application/octet-stream", "multipart/form-data; boundary=b", "application/problem+json"}
	fuzzCodings = []string{"", "gzip", "br", "zstd", "deflate", "deflate-raw", "gzip, br"}
	fuzzFields  = []string{"", "ETag: \"1\"\r\n", "X-A: " + realSecret + "\r\n", "Content-MD5: AAAA\r\n", "Trailer: X-T\r\n", "Content-Range: bytes 0-1/2\r\n",
		"Connection: x-a\r\nX-A: b\r\n", "Cache-Control: no-transform\r\n", "Retry-After: 7\r\n"}
)

func (a *fuzzAnswer) make(t testing.TB, status uint16, choices uint32, before, behind []byte) bool {
	pick := func(list []string) string {
		s := list[choices%uint32(len(list))]
		choices /= uint32(len(list))
		return s
	}
	a.status = 200 + int(status)%400
	contentType, field := pick(fuzzTypes), pick(fuzzFields)
	a.codings = pick(fuzzCodings)
	body := append(append(append([]byte{}, before...), realSecret...), behind...)
	var err error
	if body, err = codec.Encode(nil, body, a.codings); err != nil {
		t.Fatal(err)
	}
	a.head = field
	if contentType != "" {
		a.head += "Content-Type: " + contentType + "\r\n"
	}
	if a.codings != "" {
		a.head += "Content-Encoding: " + strings.TrimSuffix(a.codings, "-raw") + "\r\n"
	}
	a.whole = true
	if a.status == 204 || a.status == 304 {
		body = nil
	}
	switch framing := choices % 6; framing {
	case 0:
		a.wire = fmt.Appendf(nil, "Content-Length: %d\r\n\r\n%s", len(body), body)
	case 1:
		a.wire = fmt.Appendf(nil, "Connection: close\r\n\r\n%s", body)
	case 2: // breaks off
		a.whole = false
		a.wire = fmt.Appendf(nil, "Content-Length: %d\r\n\r\n%s", len(body)+1, body)
	default:
		size := 1 + int(choices/6)%64
		a.wire = []byte("Transfer-Encoding: chunked\r\n\r\n")
		for rest := body; len(rest) > 0; {
			n := min(size, len(rest))
			a.wire = fmt.Appendf(a.wire, "%x\r\n%s\r\n", n, rest[:n])
			rest = rest[n:]
		}
		a.wire = fmt.Appendf(a.wire, "0\r\nX-T: %s\r\n\r\n", realSecret)
		if framing == 5 {
			a.wire, a.whole = a.wire[:len(a.wire)-len(a.wire)/3], false
		}
	}
	return true
}

// FuzzAnswerShapes has an upstream answer with a secret in the middle of anything, under any
// status, media type, coding and framing. What the client gets must be HTTP with the right
// length, the status the same or that of an answer that is withheld, and the secret gone.
func FuzzAnswerShapes(f *testing.F) {
	for i := range uint32(12) {
		f.Add(uint16(i*37), i*1234567, []byte("before "), []byte(" behind"))
	}
	f.Add(uint16(0), uint32(2), []byte(`{"a":"`), []byte(`","b":1}`))
	f.Add(uint16(300), uint32(3), []byte("<!doctype html><p>"), []byte("</p>"))
	f.Add(uint16(6), uint32(5), []byte("data: "), []byte("\n\n"))
	var answer atomic.Pointer[fuzzAnswer]
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			_ = c.SetDeadline(time.Now().Add(2 * time.Second))
			head(bufio.NewReader(c))
			a := answer.Load()
			_, _ = fmt.Fprintf(c, "HTTP/1.1 %d Said\r\n%s%s", a.status, a.head, a.wire)
			_ = c.Close()
		}
	}()
	cfg := settings("http://" + ln.Addr().String())
	cfg.Upstreams["up"].FailAfter = 0
	cfg.Server.BufferBody = 4 << 10
	cfg.Routes["main"].MaxDelay = config.Duration(50 * time.Millisecond)
	h := start(f, cfg, real)
	f.Fuzz(func(t *testing.T, status uint16, choices uint32, before, behind []byte) {
		if len(before)+len(behind) > 16<<10 {
			return
		}
		a := &fuzzAnswer{}
		a.make(t, status, choices, before, behind)
		answer.Store(a)
		got := rawExchange(t, h.addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		what := fmt.Sprintf("upstream said %d %q %.300q", a.status, a.head, a.wire)
		checkAnswer(t, what, got)
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
		if err != nil {
			t.Fatal(what, err)
		}
		if resp.StatusCode != a.status && !(a.status < 400 && resp.StatusCode == 502) {
			t.Fatalf("%s: client got %d", what, resp.StatusCode)
		}
		if head, _, _ := strings.Cut(got, "\r\n\r\n"); strings.Contains(head, realSecret) {
			t.Fatalf("%s: client got header %q", what, head)
		}
		body, err := io.ReadAll(resp.Body)
		if err == nil && !a.whole && resp.StatusCode == a.status && a.status < 400 {
			t.Fatalf("%s: client took a part as the whole: %.300q", what, got)
		}
		if coding := resp.Header.Get("Content-Encoding"); coding != "" {
			if decoded, derr := codec.Decode(nil, body, codec.Resolve(coding, body), 1<<20); derr == nil {
				body = decoded
			} else if err == nil && len(body) > 0 {
				t.Fatalf("%s: client got what is not %s: %v", what, coding, derr)
			}
		}
		// What is no text by its looks, and not said to be, passes and is counted.
		if strings.Contains(string(body), realSecret) && codec.Detect("", resp.Header.Get("Content-Type"), body) != nil {
			t.Fatalf("%s: client got %.300q", what, body)
		}
		if strings.Contains(h.logs.String(), "panic") {
			t.Fatalf("%s: %s", what, h.logs)
		}
	})
}
