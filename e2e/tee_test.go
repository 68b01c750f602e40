//go:build e2e

package e2e

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// tee passes TCP connections on and keeps every byte of both directions.
type tee struct {
	addr  string
	mu    sync.Mutex
	conns []*teeConn
}

// teeConn is what was sent over one connection.
type teeConn struct {
	mu         sync.Mutex
	sent, back bytes.Buffer
	taken      int // exchanges that take has returned
	over       bool
}

// message is one request or response as it was on the wire.
type message struct {
	head    string // first line and header fields, with the empty line
	start   string // first line
	fields  []field
	body    []byte // without framing, with its content coding
	request *http.Request
}

type field struct{ name, value string }

// exchange is a request and its response.
type exchange struct{ request, response message }

func newTee(t *testing.T, target string) *tee {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &tee{addr: l.Addr().String()}
	var wg sync.WaitGroup
	done, end := context.WithCancel(context.Background())
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { e.pass(c, target, done) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		end()
		wg.Wait()
	})
	return e
}

func (e *tee) pass(client net.Conn, target string, done context.Context) {
	defer func() { _ = client.Close() }()
	server, err := net.DialTimeout("tcp", target, 5*time.Second)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	c := &teeConn{}
	e.mu.Lock()
	e.conns = append(e.conns, c)
	e.mu.Unlock()
	var wg sync.WaitGroup
	copyAll := func(dst, src net.Conn, keep *bytes.Buffer) {
		buf := make([]byte, 32<<10)
		for {
			n, err := src.Read(buf)
			c.mu.Lock() // kept before it is sent, so that who has it can find it here
			keep.Write(buf[:n])
			c.mu.Unlock()
			// Some clients leave before the end of an answer. The rest of it
			// is kept all the same.
			_, _ = dst.Write(buf[:n])
			if err != nil {
				_ = dst.(*net.TCPConn).CloseWrite()
				return
			}
		}
	}
	wg.Go(func() { copyAll(server, client, &c.sent) })
	wg.Go(func() { copyAll(client, server, &c.back) })
	stop := context.AfterFunc(done, func() {
		_ = client.Close()
		_ = server.Close()
	})
	wg.Wait()
	stop()
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
}

// take returns the exchanges since the last call, once all are over.
func (e *tee) take(t *testing.T) []exchange {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		all, err := e.fresh()
		if err == nil {
			return all
		}
		if time.Now().After(deadline) {
			t.Fatalf("what passed the tee is not HTTP: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// answered returns how many exchanges are over, those taken included.
func (e *tee) answered() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, c := range e.conns {
		if got, err := c.exchanges(); err == nil {
			n += len(got)
		}
	}
	return n
}

func (e *tee) fresh() ([]exchange, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []exchange
	counts := make([]int, len(e.conns))
	for i, c := range e.conns {
		got, err := c.exchanges()
		if err != nil {
			return nil, err
		}
		all = append(all, got[c.taken:]...)
		counts[i] = len(got)
	}
	for i, c := range e.conns {
		c.taken = counts[i]
	}
	return all, nil
}

func (c *teeConn) exchanges() ([]exchange, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent, back := c.sent.Bytes(), c.back.Bytes()
	var all []exchange
	for len(sent) > 0 {
		req, rest, err := parse(sent, nil)
		if err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		if c.over && len(back) == 0 && len(all) > 0 {
			break // closed just as the request went out, which is not told apart from never sent
		}
		res, more, err := parse(back, req.request)
		if err != nil {
			return nil, fmt.Errorf("response: %w", err)
		}
		all = append(all, exchange{req, res})
		sent, back = rest, more
	}
	return all, nil
}

// parse cuts a message off p: a response if the request it answers is given.
func parse(p []byte, to *http.Request) (m message, rest []byte, err error) {
	end := bytes.Index(p, []byte("\r\n\r\n"))
	if end < 0 {
		return m, nil, io.ErrUnexpectedEOF
	}
	m.head = string(p[:end+4])
	lines := strings.Split(string(p[:end]), "\r\n")
	m.start = lines[0]
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		m.fields = append(m.fields, field{name, strings.TrimSpace(value)})
	}
	source := bytes.NewReader(p)
	r := bufio.NewReaderSize(source, 16)
	var body io.ReadCloser
	if to == nil {
		if m.request, err = http.ReadRequest(r); err == nil {
			body = m.request.Body
		}
	} else {
		var res *http.Response
		if res, err = http.ReadResponse(r, to); err == nil {
			body = res.Body
		}
	}
	if err != nil {
		return m, nil, err
	}
	m.body, err = io.ReadAll(body)
	return m, p[len(p)-source.Len()-r.Buffered():], err
}

// field returns the value of the first field of that name, "" if there is none.
func (m *message) field(name string) string {
	for _, f := range m.fields {
		if strings.EqualFold(f.name, name) {
			return f.value
		}
	}
	return ""
}

// text returns the body with its content coding undone.
func (m *message) text(t *testing.T) []byte {
	t.Helper()
	switch coding := m.field("Content-Encoding"); coding {
	case "":
		return m.body
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(m.body))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		return text
	default:
		t.Fatalf("content coding %q", coding)
		return nil
	}
}
