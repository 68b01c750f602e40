package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// stated returns what statements in a trail come to: "route direction reason" and how
// many payloads and bytes.
func stated(t *testing.T, dir string) map[string]audit.Passed {
	t.Helper()
	got := map[string]audit.Passed{}
	c, err := audit.NewReader(dir, 0).Read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Events {
		e := &c.Events[i]
		if e.Statement() != audit.StatementCoverage {
			continue
		}
		var facts audit.Coverage
		if err := json.Unmarshal(e.Facts, &facts); err != nil || facts.To.Before(facts.From) || e.ConfigDigest == "" {
			t.Fatalf("%v: %s", err, e.Facts)
		}
		for _, r := range facts.Rows {
			name := fmt.Sprintf("%s %s %s", r.Route, r.Direction, r.Reason)
			p := got[name]
			got[name] = audit.Passed{Payloads: p.Payloads + r.Payloads, Bytes: p.Bytes + r.Bytes}
		}
	}
	return got
}

func TestCoverageIsStated(t *testing.T) {
	large := strings.Repeat("x", 300<<10)
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/out/stream":
			_, _ = io.WriteString(w, large)
			w.(http.Flusher).Flush() // so that its length is not known
			_, _ = io.WriteString(w, "end")
		case "/main/fails":
			w.WriteHeader(500)
			_, _ = io.WriteString(w, "fails")
		}
	})
	cfg := settings(up.URL)
	cfg.Audit = config.Audit{Dir: t.TempDir(), Required: true}
	route := func(name string, change func(r *config.Route)) {
		r := *cfg.Routes["main"]
		r.Name, r.PathPrefix = name, "/"+name
		change(&r)
		cfg.Routes[name] = &r
	}
	route("out", func(r *config.Route) { r.Request, r.Response = config.ScopeNone, config.ScopeNone })
	route("shadow", func(r *config.Route) { r.Mode = config.ModeShadow })
	route("pass", func(r *config.Route) { r.OnFailure = config.FailPass })
	h := start(t, cfg, ownTrail)
	h.do("POST", "/main", "clean")
	h.do("POST", "/main", secret)
	h.do("GET", "/main/fails", "")
	h.do("POST", "/main", "\x00"+large, "Content-Type", "application/octet-stream")
	h.do("POST", "/main", budgetMark) // withheld
	h.do("POST", "/out/stream", large)
	h.do("GET", "/out", "")
	h.do("POST", "/shadow", secret+"!")
	h.do("POST", "/pass", budgetMark)
	if n := h.metric("redactd_inspected_ratio", "route", "pass"); n != 0 {
		t.Errorf("ratio of pass: %v", n)
	}
	if n := h.metric("redactd_inspected_ratio", "route", "out"); n != 1 {
		t.Errorf("ratio of out: %v", n)
	}
	if n := h.metric("redactd_inspected_ratio", "route", "main"); n <= 0 || n >= 0.1 {
		t.Errorf("ratio of main: %v", n)
	}
	if n := h.metric("redactd_out_of_scope_bytes_total", "direction", "response"); n != float64(len(large)+3) {
		t.Errorf("%v bytes out of scope", n)
	}
	h.stateCoverage(t.Context())
	h.do("POST", "/main", "clean")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	want := map[string]audit.Passed{
		"main request ":             {Payloads: 3, Bytes: uint64(2*len("clean") + len(secret))},
		"main response ":            {Payloads: 1, Bytes: uint64(len("fails"))},
		"main request binary":       {Payloads: 1, Bytes: uint64(1 + len(large))},
		"out request out of scope":  {Payloads: 1, Bytes: uint64(len(large))},
		"out response out of scope": {Payloads: 1, Bytes: uint64(len(large) + 3)},
		"shadow request shadow":     {Payloads: 1, Bytes: uint64(len(secret) + 1)},
		"pass request budget":       {Payloads: 1, Bytes: uint64(len(budgetMark))},
	}
	if got := stated(t, cfg.Audit.Dir); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if rep, err := audit.Verify(cfg.Audit.Dir); err != nil || !rep.OK || rep.Statements < 2 {
		t.Errorf("%+v, %v", rep, err)
	}
}

// A trail that takes no statement gets it later.
func TestCoverageIsOwed(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	m := &staterOf{}
	h := start(t, cfg, func(o *Options) { o.recorder = m })
	h.do("POST", "/", "clean")
	m.set(true)
	h.stateCoverage(t.Context())
	h.do("POST", "/", "clean")
	m.set(false)
	h.stateCoverage(t.Context())
	h.stateCoverage(t.Context()) // nothing
	if got := m.sum(); got != (audit.Passed{Payloads: 2, Bytes: 10}) {
		t.Errorf("stated %+v", got)
	}
}

// staterOf is a recorder whose statements fail on request.
type staterOf struct {
	memory
	failing bool
	said    audit.CoverageSum
}

func (s *staterOf) set(failing bool) { s.mu.Lock(); defer s.mu.Unlock(); s.failing = failing }

func (s *staterOf) sum() audit.Passed { s.mu.Lock(); defer s.mu.Unlock(); return s.said.Inspected }

func (s *staterOf) State(_ context.Context, _ string, facts ...any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failing {
		return errAudit
	}
	for _, f := range facts {
		for _, r := range f.(audit.Coverage).Rows {
			s.said.Add(r)
		}
	}
	return nil
}

// A stream that does not end is counted while it goes on, and no byte twice.
func TestCoverageOfStreams(t *testing.T) {
	event := "data: {\"text\":\"" + realSecret + "\"}\n\n"
	next, binary := make(chan bool), strings.Repeat("\x00\x01\x02\xff", 4<<10)
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		if r.Method == "POST" {
			return
		}
		for <-next {
			_, _ = io.WriteString(w, event)
			w.(http.Flusher).Flush()
		}
	})
	cfg := settings(up.URL)
	cfg.Server.BufferBody = 4 << 10
	h := start(t, cfg, real)
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: a\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(c)
	passed := func() audit.CoverageSum { return h.m.cover.Recent()["main"] }
	const events = 5
	for i := range uint64(events) {
		next <- true
		for line := ""; !strings.Contains(line, "REDACTED"); {
			var err error
			if line, err = br.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		// What is read ahead of the first is not told apart.
		if got := passed().Inspected; got.Payloads != 0 || i > 0 && got.Bytes == 0 || got.Bytes > (i+1)*uint64(len(event)) {
			t.Errorf("%d: %+v", i, got)
		}
	}
	close(next)
	want := audit.Passed{Payloads: 1, Bytes: events * uint64(len(event))}
	eventually(t, "all is counted", func() bool { return passed().Inspected == want })
	h.do("POST", "/", binary, "Content-Type", "application/octet-stream")
	if got := passed(); got.Inspected != want || got.Uninspected != (audit.Passed{Payloads: 1, Bytes: uint64(len(binary))}) {
		t.Errorf("%+v", got)
	}
}

// What went to an upstream that did not answer has passed; what none was reached for has
// not.
func TestCoverageOfFailures(t *testing.T) {
	up := newBackend(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		panic(http.ErrAbortHandler)
	})
	cfg := settings(up.URL)
	cfg.Audit = config.Audit{Dir: t.TempDir(), Required: true}
	cfg.Routes["main"].Request = config.ScopeNone
	dead, gone := *cfg.Upstreams["up"], *cfg.Routes["main"]
	dead.Name, dead.URLs = "dead", []string{"http://127.0.0.1:1"}
	gone.Name, gone.PathPrefix, gone.Upstream = "gone", "/gone", "dead"
	cfg.Upstreams["dead"], cfg.Routes["gone"] = &dead, &gone
	h := start(t, cfg, ownTrail)
	large := strings.Repeat("x", 300<<10)
	for _, r := range []reply{h.do("POST", "/", "short"), h.do("POST", "/", large), h.do("POST", "/gone", "short")} {
		if r.StatusCode != http.StatusBadGateway {
			t.Errorf("status %d", r.StatusCode)
		}
	}
	_ = h.stop()
	want := map[string]audit.Passed{"main request out of scope": {Payloads: 2, Bytes: 5 + 300<<10}}
	if got := stated(t, cfg.Audit.Dir); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
