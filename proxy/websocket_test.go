package proxy

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"github.com/redactd/redactd/internal/config"
)

// wsBackend is an upstream that says of each message what it got.
func wsBackend(t *testing.T, serve func(*websocket.Conn)) string {
	t.Helper()
	srv := httptest.NewServer(websocket.Handler(serve))
	t.Cleanup(srv.Close)
	return srv.URL
}

func wsSettings(url string) *config.Config {
	cfg := settings(url)
	cfg.Routes["main"].Upgrade = "scrub"
	return cfg
}

func wsDial(t *testing.T, h *hop) *websocket.Conn {
	t.Helper()
	c, err := websocket.Dial("ws://"+h.addr+"/chat", "", "http://"+h.addr+"/")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	return c
}

func wsSay(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := websocket.Message.Send(c, text); err != nil {
		t.Fatal(err)
	}
}

func wsHear(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	var text string
	if err := websocket.Message.Receive(c, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

func TestWebSocketMessagesAreScrubbed(t *testing.T) {
	url := wsBackend(t, func(c *websocket.Conn) {
		for {
			var text string
			if websocket.Message.Receive(c, &text) != nil {
				return
			}
			_ = websocket.Message.Send(c, fmt.Sprintf("got %q, have %s", text, secret))
		}
	})
	for _, tt := range []struct {
		request, response config.Scope
		want              string
		events            int
	}{
		{config.ScopeAll, config.ScopeAll, fmt.Sprintf("got %q, have %s", "my "+placeholder, placeholder), 2},
		{config.ScopeNone, config.ScopeAll, fmt.Sprintf("got %q, have %s", "my "+placeholder, placeholder), 1}, // twice in the answer
		{config.ScopeAll, config.ScopeErrors, fmt.Sprintf("got %q, have %s", "my "+placeholder, secret), 1},
		{config.ScopeNone, config.ScopeErrors, fmt.Sprintf("got %q, have %s", "my "+secret, secret), 0},
	} {
		cfg := wsSettings(url)
		cfg.Routes["main"].Request, cfg.Routes["main"].Response = tt.request, tt.response
		h := start(t, cfg)
		c := wsDial(t, h)
		for range 2 {
			wsSay(t, c, "my "+secret)
			if got := wsHear(t, c); got != tt.want {
				t.Errorf("%s, %s: got %q, want %q", tt.request, tt.response, got, tt.want)
			}
		}
		if n := len(h.trail.all()); n != 2*tt.events {
			t.Errorf("%s, %s: %d events", tt.request, tt.response, n)
		}
		_ = c.Close()
	}
}

func TestWebSocketKeepsCleanMessages(t *testing.T) {
	url := wsBackend(t, func(c *websocket.Conn) { _, _ = io.Copy(c, c) })
	h := start(t, wsSettings(url))
	c := wsDial(t, h)
	for _, text := range []string{"a", strings.Repeat("é", 70), strings.Repeat("x", 70_000)} {
		wsSay(t, c, text)
		got := wsHear(t, c)
		for len(got) < len(text) { // the echo cuts as it reads
			got += wsHear(t, c)
		}
		if got != text {
			t.Errorf("%d bytes changed", len(text))
		}
	}
	binary := bytes.Repeat([]byte{0, 1, 2, 3, 0xff}, 20_000)
	if err := websocket.Message.Send(c, binary); err != nil {
		t.Fatal(err)
	}
	eventually(t, "binary is counted", func() bool {
		return h.metric("redactd_uninspected_bytes_total", "reason", "binary message", "direction", "request") == float64(len(binary))
	})
}

func TestWebSocketWithholds(t *testing.T) {
	for _, tt := range []struct {
		text string
		fail error
		kind string
		code uint16
	}{
		{budgetMark, nil, "budget", wsInternalError},
		{strings.Repeat("x", 1<<20+1), nil, "limit", wsTooBig},
		{secret, io.ErrClosedPipe, "audit", wsInternalError},
	} {
		got := make(chan string, 10)
		url := wsBackend(t, func(c *websocket.Conn) {
			for {
				var text string
				if websocket.Message.Receive(c, &text) != nil {
					close(got)
					return
				}
				got <- text
			}
		})
		cfg := wsSettings(url)
		cfg.Audit.Required = true
		h := start(t, cfg)
		h.trail.mu.Lock()
		h.trail.err = tt.fail
		h.trail.mu.Unlock()
		conn, br := wsRaw(t, h)
		_, _ = conn.Write(appendMessage(nil, wsText, []byte(tt.text), true))
		f, err := readFrame(br, false)
		if err != nil || f.opcode != wsClose || f.length != 2 {
			t.Fatalf("%s: got %+v (%v)", tt.kind, f, err)
		}
		code := make([]byte, 2)
		_, _ = io.ReadFull(br, code)
		if binary.BigEndian.Uint16(code) != tt.code {
			t.Errorf("%s: closed with %d", tt.kind, binary.BigEndian.Uint16(code))
		}
		if rest, _ := io.ReadAll(br); len(rest) > 0 {
			t.Errorf("%s: then %q", tt.kind, rest)
		}
		for text := range got {
			t.Errorf("%s: upstream got %d bytes", tt.kind, len(text))
		}
		if n := h.metric("redactd_blocked_total", "kind", tt.kind, "direction", "request"); n != 1 {
			t.Errorf("%s: blocked %v", tt.kind, n)
		}
	}
}

func TestWebSocketPassesWhatTheOperatorLets(t *testing.T) {
	url, _ := wsRawUpstream(t, "", func(c net.Conn, r *bufio.Reader) {
		for total := int64(0); ; {
			f, err := readFrame(r, true)
			if err != nil || (f.opcode == wsContinuation) != (total > 0) {
				return
			}
			_, _ = io.CopyN(io.Discard, r, f.length)
			if total += f.length; f.fin {
				_, _ = c.Write(appendMessage(nil, wsText, fmt.Append(nil, total), false))
				total = 0
			}
		}
	})
	cfg := wsSettings(url)
	cfg.Routes["main"].OnFailure = config.FailPass
	h := start(t, cfg)
	conn, br := wsRaw(t, h)
	for _, sent := range []struct {
		frames []byte
		want   string
	}{
		{appendMessage(nil, wsText, []byte(budgetMark), true), "8"},
		{appendMessage(nil, wsText, bytes.Repeat([]byte{'x'}, 1<<20+1), true), "1048577"},
		{fragments(1<<19, 1<<19, 1<<19, 5), "1572869"},
		{appendMessage(nil, wsText, []byte("again "+secret), true), fmt.Sprint(6 + len(placeholder))},
	} {
		_, _ = conn.Write(sent.frames)
		f, err := readFrame(br, false)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, f.length)
		_, _ = io.ReadFull(br, got)
		if string(got) != sent.want {
			t.Errorf("got %q, want %s", got, sent.want)
		}
	}
}

// fragments returns a text message in frames of those lengths.
func fragments(lengths ...int) (frames []byte) {
	for i, n := range lengths {
		at := len(frames)
		opcode := byte(wsText)
		if i > 0 {
			opcode = wsContinuation
		}
		frames = appendMessage(frames, opcode, bytes.Repeat([]byte{'x'}, n), true)
		if i < len(lengths)-1 {
			frames[at] &^= 0x80
		}
	}
	return frames
}

// wsRaw opens a connection and leaves its frames to the caller.
func wsRaw(t *testing.T, h *hop) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(5 * time.Second))
	_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\nOrigin: http://a/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-extensions: permessage-deflate\r\n\r\n")
	br := bufio.NewReader(c)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != 101 || resp.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Fatal(resp, err)
	}
	return c, br
}

// wsRawUpstream accepts a connection and hands its frames to serve.
func wsRawUpstream(t *testing.T, fields string, serve func(net.Conn, *bufio.Reader)) (url string, heads chan string) {
	heads = make(chan string, 4)
	return rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		heads <- head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n"+fields+"\r\n")
		serve(c, r)
	}), heads
}

func TestWebSocketFragmentsAndControlFrames(t *testing.T) {
	var sent []byte
	half := len(secret) / 2
	begin := appendMessage(nil, wsText, []byte("a "+secret[:half]), false)
	begin[0] &^= 0x80
	sent = append(sent, begin...)
	sent = appendMessage(sent, wsPing, []byte("ping"), false)
	sent = appendMessage(sent, wsContinuation, []byte(secret[half:]+" b"), false)
	sent = appendMessage(sent, wsPing, []byte(secret), false)
	sent = appendMessage(sent, wsClose, append([]byte{3, 0xe8}, secret...), false)
	url, heads := wsRawUpstream(t, "X-A: "+secret+"\r\n", func(c net.Conn, r *bufio.Reader) {
		_, _ = c.Write(sent)
		_, _ = io.Copy(io.Discard, r)
	})
	h := start(t, wsSettings(url))
	conn, br := wsRaw(t, h)
	var got []string
	for range 4 {
		f, err := readFrame(br, false)
		if err != nil {
			t.Fatal(got, err)
		}
		text := make([]byte, f.length)
		_, _ = io.ReadFull(br, text)
		got = append(got, fmt.Sprintf("%d %v %q", f.opcode, f.fin, text))
	}
	want := []string{`9 true "ping"`, fmt.Sprintf("1 true %q", "a "+placeholder+" b"), `9 true ""`, `8 true "\x03\xe8"`}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if asked := <-heads; strings.Contains(strings.ToLower(asked), "extensions") {
		t.Errorf("asked for extensions: %q", asked)
	}
	if n := len(h.trail.all()); n != 4 { // with the header field
		t.Errorf("%d events", n)
	}
	_ = conn.Close()
}

func TestWebSocketRefusesOtherSwitches(t *testing.T) {
	url, _ := wsRawUpstream(t, "Sec-WebSocket-Extensions: permessage-deflate\r\n", func(c net.Conn, r *bufio.Reader) {})
	h := start(t, wsSettings(url))
	const ask = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: %s\r\n\r\n"
	if got := h.raw(fmt.Sprintf(ask, "websocket")); !strings.HasPrefix(got, "HTTP/1.1 502") {
		t.Errorf("an extension nobody asked for: %q", got)
	}
	if got := h.raw(fmt.Sprintf(ask, "tls/1.0")); !strings.HasPrefix(got, "HTTP/1.1 501") {
		t.Errorf("another protocol: %q", got)
	}
}

// TestWebSocketHostileFrames asks that what is no frame ends the connection on both sides.
func TestWebSocketHostileFrames(t *testing.T) {
	mask := "\x00\x00\x00\x00"
	for name, frames := range map[string]string{
		"not masked":                  "\x81\x01a",
		"reserved bit":                "\xc1\x81" + mask + "a",
		"unknown opcode":              "\x83\x80" + mask,
		"fragmented control":          "\x09\x80" + mask,
		"long control":                "\x89\xfe\x00\x7e" + mask + strings.Repeat("a", 126),
		"continuation of nothing":     "\x80\x81" + mask + "a",
		"message within a message":    "\x01\x81" + mask + "a\x81\x81" + mask + "b",
		"binary within a message":     "\x01\x81" + mask + "a\x82\x81" + mask + "b",
		"length not in shortest form": "\x81\xfe\x00\x01" + mask + "a",
		"64 bits where 16 will do":    "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff" + mask,
		"negative length":             "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00" + mask,
		"close with half a code":      "\x88\x81" + mask + "a",
	} {
		ended := make(chan []byte, 1)
		url, _ := wsRawUpstream(t, "", func(c net.Conn, r *bufio.Reader) {
			b, _ := io.ReadAll(r)
			ended <- b
		})
		h := start(t, wsSettings(url))
		conn, br := wsRaw(t, h)
		_, _ = io.WriteString(conn, frames)
		if got, _ := io.ReadAll(br); string(got) != "\x88\x02\x03\xea" {
			t.Errorf("%s: client got %q", name, got)
		}
		got := <-ended
		if f, err := readFrame(bufio.NewReader(bytes.NewReader(got)), true); err != nil || f.opcode != wsClose || len(got) != 8 {
			t.Errorf("%s: upstream got %q", name, got)
		}
		_ = h.stop()
	}
}

func TestWebSocketHugeLengthTakesNoMemory(t *testing.T) {
	url, _ := wsRawUpstream(t, "", func(c net.Conn, r *bufio.Reader) { _, _ = io.Copy(io.Discard, r) })
	h := start(t, wsSettings(url))
	conn, br := wsRaw(t, h)
	_, _ = io.WriteString(conn, "\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00abc")
	if got, _ := io.ReadAll(br); string(got) != "\x88\x02\x03\xf1" {
		t.Errorf("client got %q", got)
	}
}

// FuzzFrame reads anything as frames: a header that is taken is written again the same.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("\x81\x01a"), false)
	f.Add([]byte("\x81\x81\x01\x02\x03\x04a"), true)
	f.Add([]byte("\x82\x7e\x01\x00"), false)
	f.Add([]byte("\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00abcd"), true)
	f.Add([]byte("\x88\x02\x03\xe8\x89\x00"), false)
	f.Fuzz(func(t *testing.T, data []byte, fromClient bool) {
		src := bytes.NewReader(data)
		r := bufio.NewReader(src)
		for {
			before := len(data) - src.Len() - r.Buffered()
			fr, err := readFrame(r, fromClient)
			if err != nil {
				return
			}
			after := len(data) - src.Len() - r.Buffered()
			if again := appendFrame(nil, &fr); !bytes.Equal(again, data[before:after]) {
				t.Fatalf("%x is written as %x", data[before:after], again)
			}
			if fr.length < 0 || fr.masked != fromClient || fr.control() && fr.length > maxControl {
				t.Fatalf("%+v", fr)
			}
			if n, _ := r.Discard(int(min(fr.length, 1<<20))); int64(n) < fr.length {
				return
			}
		}
	})
}
