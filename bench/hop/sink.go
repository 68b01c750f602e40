package hop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/valyala/fasthttp"
)

// EchoHeader makes a Sink answer with the body that reaches it.
const EchoHeader = "X-Bench-Echo"

// Sink is the upstream of every log protocol, in this process: an HTTP server that
// takes all requests, and listeners that take bytes and gRPC calls.
type Sink struct {
	HTTP, Stream, Calls string // addresses

	server  *fasthttp.Server
	streams net.Listener
	calls   *callSink
	ended   chan []byte // what a connection brought, when it ends
	served  chan error
}

// NewSink starts a Sink.
func NewSink() (*Sink, error) {
	s := &Sink{ended: make(chan []byte, 1), served: make(chan error, 1)}
	web, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if s.streams, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, errors.Join(err, web.Close())
	}
	if s.calls, err = newCallSink(); err != nil {
		return nil, errors.Join(err, web.Close(), s.streams.Close())
	}
	s.HTTP, s.Stream, s.Calls = web.Addr().String(), s.streams.Addr().String(), s.calls.addr
	s.server = &fasthttp.Server{Handler: answer, MaxRequestBodySize: 64 << 20, NoDefaultServerHeader: true, NoDefaultDate: true}
	go func() { s.served <- s.server.Serve(web) }()
	go s.take()
	return s, nil
}

// Close stops s. The connections to it must have ended.
func (s *Sink) Close() error {
	s.calls.server.Stop()
	ctx, cancel := context.WithTimeout(context.Background(), stopTime)
	defer cancel()
	return errors.Join(s.streams.Close(), s.server.ShutdownWithContext(ctx), <-s.served)
}

func answer(ctx *fasthttp.RequestCtx) {
	ctx.SetStatusCode(http.StatusOK)
	ctx.SetContentType("application/json")
	if len(ctx.Request.Header.Peek(EchoHeader)) > 0 {
		ctx.Response.SetBody(ctx.Request.Body())
		return
	}
	ctx.Response.SetBodyString("{}")
}

// take serves one connection after the other.
func (s *Sink) take() {
	buf := make([]byte, 64<<10)
	for {
		c, err := s.streams.Accept()
		if err != nil {
			return
		}
		var got bytes.Buffer
		for err == nil {
			var n int
			n, err = c.Read(buf)
			got.Write(buf[:n])
			if got.Len() > maxKept {
				got.Truncate(maxKept)
			}
		}
		_ = c.Close()
		s.ended <- got.Bytes()
	}
}

// maxKept is how much of what a connection brings a Sink keeps, in bytes.
const maxKept = 4 << 20

// drainTime is how long what was sent may be on its way.
const drainTime = 30 * time.Second

// Send sends messages over one connection to addr again and again for that long, at
// least once, and waits until all has reached s, by way of whoever listens there. It
// returns how often it sent them, and the beginning of what came.
func (s *Sink) Send(addr string, messages []byte, duration time.Duration) (times int, got []byte, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return 0, nil, err
	}
	defer c.Close()
	for end := time.Now().Add(duration); times == 0 || time.Now().Before(end); times++ {
		if _, err := c.Write(messages); err != nil {
			return times, nil, err
		}
	}
	if err := c.(*net.TCPConn).CloseWrite(); err != nil {
		return times, nil, err
	}
	select {
	case got = <-s.ended:
		return times, got, nil
	case <-time.After(drainTime):
		return times, nil, io.ErrNoProgress
	}
}
