package hop_test

import (
	"bytes"
	"net"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/bench/hop"
)

func startUpstream(t *testing.T) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fasthttp.Server{Handler: hop.NewUpstream()}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Shutdown(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func TestUpstreamAndClient(t *testing.T) {
	c := hop.NewClient(startUpstream(t), 3)
	defer c.Close()
	leaky, planted := hop.ErrorBody()
	got, err := c.Do(&hop.Request{Method: "GET", Path: hop.ErrorPath, Status: 500})
	if err != nil || !bytes.Equal(got, leaky) {
		t.Errorf("the error came with %v and %d bytes of %d", err, len(got), len(leaky))
	}
	for _, secret := range planted {
		if !bytes.Contains(leaky, secret) {
			t.Error("a planted secret is not in the error")
		}
	}
	text, _ := hop.LogsBody(0)
	echo := hop.Request{Method: "POST", Path: hop.EchoPath, Body: text, ContentType: "application/x-ndjson", Status: 200}
	if got, err = c.Do(&echo); err != nil || !bytes.Equal(got, text) {
		t.Errorf("the echo came with %v and %d bytes of %d", err, len(got), len(text))
	}
	load, err := c.Run(&echo, 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if load.Requests < 3 || load.PerSecond <= 0 || load.P50 <= 0 || load.P99 < load.P50 {
		t.Errorf("the load came to %+v", load)
	}
}

// A server that refuses would otherwise be the fastest.
func TestOtherStatusIsAnError(t *testing.T) {
	c := hop.NewClient(startUpstream(t), 2)
	defer c.Close()
	r := hop.Request{Method: "GET", Path: "/nowhere", Status: 200}
	if _, err := c.Do(&r); err == nil {
		t.Error("Do takes 404 for 200")
	}
	if _, err := c.Run(&r, time.Millisecond); err == nil {
		t.Error("Run takes 404 for 200")
	}
}

// What is sent over a connection arrives whole, and is counted by how often it was
// sent.
func TestSinkTakesStreams(t *testing.T) {
	s, err := hop.NewSink()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	message := []byte("one message\n")
	n, got, err := s.Send(s.Stream, message, time.Millisecond)
	if err != nil || n < 1 || !bytes.Equal(got, bytes.Repeat(message, n)) {
		t.Errorf("%d messages came as %d bytes, %v", n, len(got), err)
	}
	for _, compressed := range []bool{false, true} {
		n, got, err := s.Call(t.Context(), s.Calls, message, compressed, time.Millisecond)
		if err != nil || n < 1 || !bytes.Equal(got, message) {
			t.Errorf("%d calls, the last of %d bytes, %v", n, len(got), err)
		}
	}
}
