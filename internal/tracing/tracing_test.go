package tracing

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

type nobody struct{ t *testing.T }

func (nobody) Ended() {}

func (n nobody) Exported(int) { n.t.Error("spans were sent") }

func (nobody) Lost(int, error) {}

func TestSpanOff(t *testing.T) {
	var tracer *Tracer
	s, continues := tracer.Request("GET main", time.Now(), []byte("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
	if s.On() || continues {
		t.Error("no tracer makes spans")
	}
	work := func() {
		c := s.Child("scrub request")
		c.Text("redactd.route", "main")
		c.Int("redactd.findings", 3)
		c.Fail("format")
		s.Call("upstream").End()
		c.End()
	}
	if n := testing.AllocsPerRun(100, work); n > 0 {
		t.Errorf("a span that is off allocates %v times", n)
	}
	if err := tracer.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestSampling counts what of traces without a caller's word is recorded.
func TestSampling(t *testing.T) {
	for ratio, most := range map[float64][2]int{0: {0, 0}, 0.25: {150, 350}, 1: {1000, 1000}} {
		tracer := New(Options{URL: "http://127.0.0.1:1", Ratio: ratio, Observer: nobody{t}, Every: time.Hour})
		n := 0
		for range 1000 {
			if s, _ := tracer.Request("GET main", time.Now(), nil); s.On() {
				n++
			}
		}
		if n < most[0] || n > most[1] {
			t.Errorf("ratio %v: %d of 1000", ratio, n)
		}
		if err := tracer.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestClosedBeforeItBegan(t *testing.T) {
	tracer := New(Options{URL: "http://127.0.0.1:1", Ratio: 1, Observer: nobody{t}})
	if err := tracer.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s, _ := tracer.Request("GET main", time.Now(), nil); s.On() {
		t.Error("a span after the end")
	}
}

func TestTracesURL(t *testing.T) {
	for in, want := range map[string]string{
		"http://c:4318": "http://c:4318/v1/traces", "http://c:4318/": "http://c:4318/v1/traces",
		"https://c/otlp": "https://c/otlp/v1/traces", "https://c/v1/traces": "https://c/v1/traces",
	} {
		if got := tracesURL(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestErrorsQuoteNoURL(t *testing.T) {
	inner := &url.Error{Op: "Post", URL: "http://user:password@c", Err: errors.New("connection refused")}
	if err := sendError(inner); strings.Contains(err.Error(), "password") || err.Error() != "connection refused" {
		t.Error(err)
	}
	if err := sendError(&url.Error{Op: "Post", URL: "http://user:password@c", Err: context.DeadlineExceeded}); strings.Contains(err.Error(), "password") {
		t.Error(err)
	}
	c := newClient(&Options{URL: "http://c"})
	if c.http.CheckRedirect(nil, nil) != http.ErrUseLastResponse {
		t.Error("a redirect is followed")
	}
}
