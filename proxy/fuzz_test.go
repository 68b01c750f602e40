package proxy

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// FuzzAnswer lets an upstream answer anything. What the client gets must be
// HTTP, or broken off; the secret must not be in it, nor a panic behind it.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n" + secret,
		"HTTP/1.1 500 " + secret + "\r\nX-A: " + secret + "\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\nc\r\n" + secret + "\r\n0\r\nX-T: " + secret + "\r\n\r\n",
		"HTTP/1.0 200 OK\r\n\r\n" + secret,
		"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n\r\na\n" + secret + "\n",
		"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\nhello",
		"HTTP/1.1 101 Switching Protocols\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: a\r\n b\r\n\r\nok",
		"\x00", "",
	} {
		f.Add([]byte(s))
	}
	var answer atomic.Pointer[[]byte]
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
			_ = c.SetDeadline(time.Now().Add(time.Second))
			head(bufio.NewReader(c))
			_, _ = c.Write(*answer.Load())
			_ = c.Close()
		}
	}()
	cfg := settings("http://" + ln.Addr().String())
	cfg.Upstreams["up"].Timeout = config.Duration(500 * time.Millisecond)
	cfg.Upstreams["up"].FailAfter = 0
	h := start(f, cfg)
	f.Fuzz(func(t *testing.T, data []byte) {
		answer.Store(&data)
		got := rawExchange(t, h.addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		checkAnswer(t, fmt.Sprintf("upstream said %q", data), got)
		resp, err := http.ReadResponse(bufio.NewReader(strings.NewReader(got)), nil)
		if err != nil {
			t.Fatalf("upstream said %q, client got %q: %v", data, got, err)
		}
		body, err := io.ReadAll(resp.Body)
		if strings.Contains(string(body), secret) {
			t.Errorf("upstream said %q, client got %q (%v)", data, got, err)
		}
		if strings.Contains(h.logs.String(), "panic") {
			t.Fatalf("upstream said %q: %s", data, h.logs)
		}
	})
}

// FuzzRequest sends anything. The upstream must only ever see one well-formed
// request for each that the hop answered as such.
func FuzzRequest(f *testing.F) {
	for _, s := range []string{
		"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"GET http://x/y HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
		"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
		"OPTIONS * HTTP/1.0\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	var asked atomic.Int64
	up := &http.Server{Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		asked.Add(1)
	}), ReadTimeout: time.Second}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		f.Fatal(err)
	}
	go func() { _ = up.Serve(ln) }()
	defer up.Close()
	cfg := settings("http://" + ln.Addr().String())
	cfg.Server.ReadTimeout = config.Duration(200 * time.Millisecond)
	cfg.Upstreams["up"].FailAfter = 0
	h := start(f, cfg)
	f.Fuzz(func(t *testing.T, data []byte) {
		before := asked.Load()
		c, err := net.Dial("tcp", h.addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(2 * time.Second))
		_, _ = c.Write(data)
		_ = c.(*net.TCPConn).CloseWrite()
		got, _ := io.ReadAll(c)
		if n, answers := asked.Load()-before, int64(bytes.Count(got, []byte("HTTP/1.1 "))); n > answers {
			t.Errorf("%q: upstream was asked %d times, client got %d answers: %q", data, n, answers, got)
		}
		if strings.Contains(h.logs.String(), "panic") {
			t.Fatalf("%q: %s", data, h.logs)
		}
	})
}
