package adminui

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/gate"
)

// readEvent returns the next event of a stream, nil where it has ended.
func readEvent(t *testing.T, in *bufio.Reader) *event {
	t.Helper()
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil
		}
		if data, ok := strings.CutPrefix(line, "data: "); ok {
			var e event
			if err := json.Unmarshal([]byte(data), &e); err != nil {
				t.Fatalf("%v: %s", err, data)
			}
			return &e
		}
	}
}

// A stream tells how things are, goes on telling, is one of a few, outlives the time that
// the server has for reading a request, and ends with the console.
func TestEvents(t *testing.T) {
	g, c := behind(t, Sources{Leaks: fill(t), Metrics: counted(), Policy: fixed{}}, config.Admin{Page: config.PageLocal})
	server := httptest.NewUnstartedServer(g)
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() { c.Run(ctx); close(ran) }()
	listen := func() (*http.Response, *bufio.Reader) {
		t.Helper()
		answer, err := http.Get(server.URL + "/events")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer, bufio.NewReader(answer.Body)
	}
	answer, in := listen()
	if answer.Header.Get("Content-Type") != "text/event-stream" || answer.Header.Get("X-Accel-Buffering") != "no" {
		t.Errorf("a stream is %v", answer.Header)
	}
	first := readEvent(t, in)
	if first == nil || len(first.Tiles) < 5 || first.Tiles[0].ID != "requests" {
		t.Fatalf("it begins with %+v", first)
	}
	time.Sleep(100 * time.Millisecond) // beyond the time for reading
	c.events.tell([]byte(`{"at":"2026-03-01T12:00:00Z"}`))
	if next := readEvent(t, in); next == nil || next.At.Year() != 2026 || next.Tiles != nil {
		t.Fatalf("it goes on with %+v", next)
	}
	for range maxListeners - 1 {
		if answer, _ := listen(); answer.StatusCode != http.StatusOK {
			t.Fatalf("one of few streams: %d", answer.StatusCode)
		}
	}
	if answer, _ := listen(); answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d %v", answer.StatusCode, answer.Header)
	}
	if status, head, body := get(t, g, "/events?once"); status != http.StatusOK || head.Get("Content-Type") != "application/json" || !json.Valid([]byte(body)) {
		t.Errorf("once: %d %s", status, body)
	}
	stop()
	<-ran
	if last := readEvent(t, in); last != nil {
		t.Errorf("after the end: %+v", last)
	}
	if answer, _ := listen(); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a stream after the end: %d", answer.StatusCode)
	}
}

// A stream ends when who listens may listen no more.
func TestEventsEndWithTheToken(t *testing.T) {
	const name = "eyes"
	token := strings.Repeat("planted-", 4)
	compile := func(a config.Admin) *gate.Rules {
		t.Helper()
		rules, err := gate.Compile(&a)
		if err != nil {
			t.Fatal(err)
		}
		return rules
	}
	var rules atomic.Pointer[gate.Rules]
	rules.Store(compile(config.Admin{Tokens: map[string]*config.AdminToken{name: {Value: config.Secret(token), Role: config.RoleViewer}}}))
	g := gate.New(rules.Load, slog.New(slog.DiscardHandler))
	c := Register(g, Sources{})
	server := httptest.NewServer(g)
	defer server.Close()
	r, err := http.NewRequest(http.MethodGet, server.URL+"/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	in := bufio.NewReader(answer.Body)
	if readEvent(t, in) == nil {
		t.Fatalf("no event: %d", answer.StatusCode)
	}
	c.events.tell([]byte(`{}`))
	if readEvent(t, in) == nil {
		t.Fatal("no second event")
	}
	rules.Store(compile(config.Admin{Tokens: map[string]*config.AdminToken{name: {Value: config.Secret("other " + token), Role: config.RoleViewer}}}))
	c.events.tell([]byte(`{}`))
	if readEvent(t, in) != nil {
		t.Error("it goes on without a token")
	}
}

func TestRing(t *testing.T) {
	var r ring
	start := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	const samples = 2000
	for i := range samples {
		f := &figures{at: start.Add(time.Duration(i) * ringStep)}
		f.covered.Inspected.Bytes, f.covered.Uninspected.Bytes = 900, 100
		f.requests[0], f.requests[3] = float64(50*i), float64(10*i)
		f.latency = []bucket{{.001, 0}, {.01, float64(90 * i)}, {math.Inf(1), float64(100 * i)}}
		r.add(f)
	}
	all := r.all()
	if n := int(ringTime/ringStep) + 1; len(all) != n || cap(all) > 2*n {
		t.Fatalf("%d samples are kept in room for %d, want %d", len(all), cap(all), n)
	}
	last := all[len(all)-1]
	if f := r.ago(last.at, time.Hour); last.at.Sub(f.at) != time.Hour {
		t.Errorf("an hour ago was %v ago", last.at.Sub(f.at))
	}
	for _, p := range r.plots() {
		if len(p.Times) == 0 || len(p.Times) > plotPoints || !p.Times[len(p.Times)-1].Equal(last.at) {
			t.Errorf("%s has %d points until %v", p.ID, len(p.Times), p.Times[len(p.Times)-1])
		}
		want := map[string]float64{"2xx": 5, "3xx": 0, "4xx": 0, "5xx": 1, "messages": 0, "half within": 1 + 9*50./90, "95 % within": 10, "99 % within": 10, "share": 10}
		for _, s := range p.Series {
			if len(s.Values) != len(p.Times) || s.Values[3] == nil || math.Abs(*s.Values[3]-want[s.Name]) > 1e-9 {
				t.Errorf("%s, %s: %v", p.ID, s.Name, s.Values[3])
			}
		}
	}
	var empty ring
	if empty.ago(start, 0) != nil || len(empty.plots()) != len(livePlots) {
		t.Error("an empty ring has something")
	}
}

func TestQuantile(t *testing.T) {
	b := func(counts ...float64) []bucket {
		bounds := []float64{1, 2, 4, math.Inf(1)}
		var list []bucket
		for i, n := range counts {
			list = append(list, bucket{bounds[i], n})
		}
		return list
	}
	for _, tt := range []struct {
		q           float64
		before, now []bucket
		want        float64
	}{
		{.5, nil, b(0, 10, 10, 10), 1.5}, {.5, b(0, 10, 10, 10), b(0, 10, 20, 20), 3}, {.99, nil, b(0, 0, 0, 10), 4},
		{.5, nil, nil, math.NaN()}, {.5, b(5, 5, 5, 5), b(5, 5, 5, 5), math.NaN()}, {1, nil, b(10, 10, 10, 10), 1},
	} {
		got := quantile(tt.q, tt.before, tt.now)
		if math.Abs(got-tt.want) > 1e-9 || math.IsNaN(got) != math.IsNaN(tt.want) {
			t.Errorf("%v of %v since %v: %v, want %v", tt.q, tt.now, tt.before, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for v, want := range map[float64]string{0: "0", .00045: "0.00045", .5: "0.5", 3: "3", 12.34: "12.3", 1234.5: "1\u202f234", 12345678: "12\u202f345\u202f678"} {
		if got := decimal(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
	if got := decimal(math.NaN()); got != "–" {
		t.Errorf("nothing is %q", got)
	}
	if got := fmt.Sprintf("%s %s %s", number(-1234), number(123), number(uint64(1000))); got != "-1\u202f234 123 1\u202f000" {
		t.Errorf("numbers are %q", got)
	}
}

// What is copied from others is the version that the notice says, with its licence.
func TestVendored(t *testing.T) {
	notice, err := os.ReadFile("../../THIRD-PARTY.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"uPlot.iife.min.js": "uPlot (v1.6.32)", "uPlot.min.css": ".uplot", "uPlot.LICENSE.txt": "MIT License"} {
		text, err := files.ReadFile("assets/" + name)
		if err != nil || !strings.Contains(string(text), want) || !strings.Contains(string(notice), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !strings.Contains(string(notice), "uPlot 1.6.32") {
		t.Error("the notice says another version")
	}
}
