package proxy

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// eventsIn returns the findings of a trail.
func eventsIn(t *testing.T, dir string) (list []audit.Event) {
	t.Helper()
	c, err := audit.NewReader(dir, 0).Read(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range c.Events {
		if e.Note == "" {
			list = append(list, e)
		}
	}
	return list
}

// TestShadowRules watches one rule, and enforces another, in all that passes: bodies,
// streams, header fields and the query, both ways.
func TestShadowRules(t *testing.T) {
	line := `{"text":"` + realSecret + `","password":"hunter2"}` + "\n"
	want := strings.Replace(line, "hunter2", "[REDACTED:test-password]", 1)
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("X-Debug", realSecret)
		if r.Method == "POST" {
			_, _ = io.WriteString(w, line)
			w.(http.Flusher).Flush() // so that it is a stream
		}
		_, _ = io.WriteString(w, line)
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].ShadowRules = []string{"secret"} // by its tag
	cfg.Audit = config.Audit{Dir: filepath.Join(t.TempDir(), "audit"), Required: true}
	cfg.Server.BufferBody = 4 << 10
	h := start(t, cfg, real)
	long := strings.Repeat(line, 1000)
	for _, body := range []string{line, long} {
		r := h.do("POST", "/?q="+realSecret, body, "Content-Type", "application/x-ndjson", "X-Note", realSecret)
		req, got := up.last(t)
		if got != strings.ReplaceAll(body, line, want) || req.URL.RawQuery != "q="+realSecret || req.Header.Get("X-Note") != realSecret {
			t.Errorf("%d bytes: got %.200q, %s, %s", len(body), got, req.URL.RawQuery, req.Header.Get("X-Note"))
		}
		if r.body != want+want || r.Header.Get("X-Debug") != realSecret {
			t.Errorf("answer %q %s", r.body, r.Header.Get("X-Debug"))
		}
	}
	if n := h.metric("redactd_findings_total", "rule", "test-token"); n != 1001+2*2+2*3 {
		t.Errorf("%v findings of the watched rule", n)
	}
	if n := h.metric("redactd_inspected_ratio", "route", "main"); n != 1 {
		t.Errorf("ratio %v", n)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	counts := map[string]uint64{}
	for _, e := range eventsIn(t, cfg.Audit.Dir) {
		counts[fmt.Sprint(e.Rule, e.Shadow)] += e.N()
	}
	if len(counts) != 2 || counts["test-tokentrue"] != 1001+2*2+2*3 || counts["test-passwordfalse"] != 1001+2*2 {
		t.Errorf("events %v", counts)
	}
}

// The operator's copy of an error holds no secret, though the caller's does.
func TestShadowRulesConceal(t *testing.T) {
	leak := `{"detail":"` + realSecret + `","password":"hunter2","trace":"x"}`
	h, log := errorHop(t, "4xx = \"scrub\"\n5xx = \"scrub\"\n", says(500, leak, "Content-Type", "application/json"),
		func(cfg *config.Config) { cfg.Routes["main"].ShadowRules = []string{"test-token"} })
	if r := h.do("GET", "/"+realSecret, ""); r.body != strings.Replace(leak, "hunter2", "[REDACTED:test-password]", 1) {
		t.Errorf("answer %s", r.body)
	}
	all := log.take()
	if len(all) != 1 || !strings.Contains(string(all[0].Original), "[REDACTED:test-token]") || strings.Contains(fmt.Sprintf("%s%+v", all[0].Original, all), realSecret) {
		t.Errorf("reports %+v", all)
	}
}

// TestShadowPercent has a share of the exchanges in shadow mode, both ways alike.
func TestShadowPercent(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		_, _ = io.WriteString(w, realSecret)
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].ShadowPercent = 30
	cfg.Audit = config.Audit{Dir: filepath.Join(t.TempDir(), "audit")}
	h := start(t, cfg, real)
	shadowed := map[string]bool{}
	const exchanges = 300
	for i := range 2 * exchanges {
		id := fmt.Sprint("id-", i%exchanges)
		r := h.do("POST", "/", realSecret, "X-Request-Id", id)
		_, body := up.last(t)
		passed := body == realSecret
		if (r.body == realSecret) != passed || !passed && body != "[REDACTED:test-token]" {
			t.Fatalf("%s: request %q, answer %q", id, body, r.body)
		}
		if was, again := shadowed[id]; again && was != passed {
			t.Errorf("%s: another choice for the same id", id)
		}
		shadowed[id] = passed
	}
	n := 0
	for _, passed := range shadowed {
		if passed {
			n++
		}
	}
	if n < exchanges/10 || n > exchanges/2 {
		t.Errorf("%d of %d are in shadow mode", n, exchanges)
	}
	if got := h.metric("redactd_uninspected_payloads_total", "reason", "sampled"); got != float64(4*n) {
		t.Errorf("%v payloads are counted as sampled, of %d exchanges twice", got, n)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	var marked uint64
	for _, e := range eventsIn(t, cfg.Audit.Dir) {
		if e.Shadow {
			marked += e.N()
		}
	}
	if marked != uint64(4*n) {
		t.Errorf("%d findings are marked", marked)
	}
}

// TestShadowPercentOfConnections is the same for a listener: all of a connection alike.
func TestShadowPercentOfConnections(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	l := withListener(cfg, config.StoreUpstream)
	l.ShadowPercent, l.ShadowRules, l.MaxConnections = 50, []string{"test-password"}, 100
	cfg.Store.Dir = filepath.Join(t.TempDir(), "store")
	h := start(t, cfg, real)
	const conns = 60
	addr := h.relays["syslog"].Addrs()[0].String()
	for range conns {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for range 2 {
			if _, err := io.WriteString(c, "<13>"+c.LocalAddr().String()+" "+realSecret+"\n"); err != nil {
				t.Fatal(err)
			}
		}
	}
	eventually(t, "all records", func() bool { return h.metric("redactd_store_records_total") == 2*conns })
	if n := h.metric("redactd_findings_total", "route", "syslog"); n != 2*conns {
		t.Errorf("%v findings", n)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
	for _, line := range linesIn(t, cfg.Store.Dir, "*.ndjson") {
		_, rest, _ := strings.Cut(line, "<13>")
		from, _, _ := strings.Cut(rest, " ")
		if passed[from] += 1; strings.Contains(line, realSecret) {
			passed[from] += 10
		}
	}
	n := 0
	for from, count := range passed {
		switch count {
		case 2:
		case 22:
			n++
		default:
			t.Errorf("%s: %d", from, count)
		}
	}
	if len(passed) != conns || n == 0 || n == conns {
		t.Errorf("%d of %d connections are in shadow mode", n, len(passed))
	}
}
