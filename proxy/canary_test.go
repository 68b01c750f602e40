package proxy

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// fewRules are rules with examples, which keep runs short.
var fewRules = []redact.Rule{
	{ID: "test-token", Pack: "test", Pattern: `tok-[a-z0-9]{16}`, Severity: redact.High, Examples: []string{"key «tok-{anl:16}» used"}},
	{ID: "test-password", Pack: "test", Keys: []string{"password"}, Examples: []string{"«{alnum:20}»"}},
}

func few(o *Options) {
	o.newScrubber = nil
	o.Rules = fewRules
}

func builtin(o *Options) {
	o.newScrubber = nil
	o.Rules, o.DefaultPacks = nil, nil
	for _, p := range patterns.Builtin() {
		o.Rules = append(o.Rules, patterns.Rules([]patterns.Pack{p})...)
		if p.Default {
			o.DefaultPacks = append(o.DefaultPacks, p.Name)
		}
	}
}

// flown sends canaries through a hop once, without pauses.
func flown(t *testing.T, h *hop) *canaryResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	r, err := h.canaries.run(ctx, h.canaries.twin.policy.Load(), canaryPace{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// follow has canaries follow the configuration without being sent of themselves.
func follow(t *testing.T, h *hop) {
	t.Helper()
	if err := h.canaries.twin.follow(h.policy.Load(), h.canaries.sink.connect); err != nil {
		t.Fatal(err)
	}
}

// total sums up all rows.
func (r *canaryResult) total() (sum canary.Count) {
	for _, row := range r.rows {
		sum.Add(row.count)
	}
	return sum
}

// silent is an upstream that must not be asked for anything.
func silent(t *testing.T) (url string) {
	up := newBackend(t, func(http.ResponseWriter, *http.Request) { t.Error("the upstream was asked") })
	return up.URL
}

// TestCanariesOfDefaults asks that none of the rules that are on by default lets anything
// through in any dialect and coding.
func TestCanariesOfDefaults(t *testing.T) {
	h := start(t, settings(silent(t)), builtin)
	follow(t, h)
	r := flown(t, h)
	for key, row := range r.rows {
		for o, n := range row.count {
			if n > 0 && canary.Outcome(o) != canary.Clean {
				t.Errorf("%v: %v: %d %v", key, canary.Outcome(o), n, row.rules())
			}
		}
	}
	sum := r.total()
	if sum[canary.Clean] < 10000 {
		t.Errorf("%d canaries were sent", sum[canary.Clean])
	}
	t.Logf("%d canaries in %v", sum[canary.Clean], r.took)
}

// A wrong configuration is seen in the run after it came into force, and says where.
func TestCanariesOfWrongConfigurations(t *testing.T) {
	up := silent(t)
	var now atomic.Pointer[config.Config]
	load := func(edit func(*config.Route, *config.Config)) {
		cfg := settings(up)
		if edit != nil {
			edit(cfg.Routes["main"], cfg)
		}
		now.Store(cfg)
	}
	load(nil)
	h := start(t, now.Load(), few, func(o *Options) { o.Load = func() (*config.Config, error) { return now.Load(), nil } })
	for _, c := range []struct {
		name string
		edit func(*config.Route, *config.Config)
		// worst is the outcome that some canary must have, and none a worse one; rules are
		// those that leaked, and dialects those in which.
		worst    canary.Outcome
		rules    string
		dialects string
	}{
		{"healthy", nil, canary.Clean, "", ""},
		{"rule off", func(r *config.Route, _ *config.Config) { r.DisableRule = []string{"test-token"} }, canary.Off, "", ""},
		{"mode", func(r *config.Route, _ *config.Config) { r.Mode = config.ModeShadow }, canary.Shadow, "", ""},
		{"requests out of scope", func(r *config.Route, _ *config.Config) { r.Request = config.ScopeNone }, canary.Off, "", ""},
		{"answers out of scope", func(r *config.Route, _ *config.Config) { r.Response = config.ScopeNone }, canary.Off, "", ""},
		{"allowed too widely", func(_ *config.Route, cfg *config.Config) {
			cfg.Allow = map[string]*config.Allow{"all": {Patterns: []string{"^tok-"}}}
		}, canary.Leaked, "test-token", ""},
		{"path allowed", func(_ *config.Route, cfg *config.Config) {
			cfg.Allow = map[string]*config.Allow{"all": {Paths: []string{"breadcrumbs.**"}}}
		}, canary.Leaked, "test-password test-token", "sentry-envelope"},
		{"codec forced", func(r *config.Route, _ *config.Config) { r.Codec = "text" }, canary.Leaked, "test-password", ""},
		{"replaced", func(r *config.Route, _ *config.Config) { r.Actions = map[string]string{"test-token": "replace:gone"} }, canary.Clean, "", ""},
		{"removed", func(r *config.Route, _ *config.Config) { r.Action = "remove" }, canary.Clean, "", ""},
		{"in part", func(r *config.Route, _ *config.Config) { r.Action = "partial:2,2" }, canary.Clean, "", ""},
		{"too small", func(r *config.Route, cfg *config.Config) {
			r.Response = config.ScopeNone
			cfg.Server.MaxBody = 10
		}, canary.Off, "", ""},
		{"small", func(r *config.Route, cfg *config.Config) {
			cfg.Server.MaxBody, cfg.Upstreams["up"].MaxResponse = 1000, 1000
			cfg.Allow = map[string]*config.Allow{"all": {Patterns: []string{"^tok-"}}}
		}, canary.Leaked, "test-token", ""},
		{"other methods", func(r *config.Route, cfg *config.Config) {
			r.Methods = []string{"PUT"}
			cfg.Allow = map[string]*config.Allow{"all": {Patterns: []string{"^tok-"}}}
		}, canary.Leaked, "test-token", "answer-html answer-json answer-text cloudevents firehose http-csv http-form http-json http-logfmt http-multipart http-ndjson http-text http-xml"},
		{"all sampled", func(r *config.Route, _ *config.Config) { r.ShadowPercent = 100 }, canary.Shadow, "", ""},
		{"some sampled", func(r *config.Route, _ *config.Config) { r.ShadowPercent = 99 }, canary.Clean, "", ""},
		{"rule watched", func(r *config.Route, _ *config.Config) { r.ShadowRules = []string{"test-token"} }, canary.Shadow, "", ""},
		{"healthy again", nil, canary.Clean, "", ""},
	} {
		load(c.edit)
		if err := h.Reload(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		follow(t, h)
		r := flown(t, h)
		worst, rules, dialects := canary.Clean, map[string]bool{}, map[string]bool{}
		for key, row := range r.rows {
			for o, n := range row.count {
				if n > 0 {
					worst = max(worst, canary.Outcome(o))
				}
			}
			for id := range row.leaked {
				rules[id], dialects[key.dialect] = true, true
			}
		}
		if got := strings.Join(slices.Sorted(maps.Keys(rules)), " "); worst != c.worst || got != c.rules {
			t.Errorf("%s: the worst is %v, leaked are %q; want %v, %q", c.name, worst, got, c.worst, c.rules)
		}
		if got := strings.Join(slices.Sorted(maps.Keys(dialects)), " "); c.dialects != "" && got != c.dialects {
			t.Errorf("%s: leaked in %s, want %s", c.name, got, c.dialects)
		}
	}
}

// Of what canaries do, nothing is to be seen where clients' exchanges are: not in metrics
// but their own, not in the trail, the log, or at the upstream.
func TestCanariesLeaveNoTrace(t *testing.T) {
	cfg := settings(silent(t))
	cfg.Canary.Every = config.Duration(time.Hour)
	cfg.Routes["main"].Mode = config.ModeShadow
	h := start(t, cfg, few)
	wait(t, func() bool { return h.metric("redactd_canary_last_run_timestamp_seconds") > 0 })
	for _, name := range []string{"redactd_requests_total", "redactd_request_duration_seconds", "redactd_scanned_bytes_total",
		"redactd_findings_total", "redactd_uninspected_bytes_total", "redactd_errors_total", "redactd_error_responses_total",
		"redactd_upstream_failures_total", "redactd_audit_events_total", "redactd_in_flight_requests"} {
		if n := h.metric(name); n != 0 {
			t.Errorf("%s is %v", name, n)
		}
	}
	if h.metric("redactd_canary_results", "outcome", "shadow") == 0 || h.metric("redactd_canary_runs_total", "result", "complete") != 1 {
		t.Error("the run is not shown")
	}
	if events := h.trail.all(); len(events) != 0 {
		t.Errorf("the trail has %+v", events)
	}
	if log := h.logs.String(); strings.Contains(log, "tok-") {
		t.Errorf("the log holds a canary: %s", log)
	}
}

func wait(t *testing.T, done func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it does not come")
		}
	}
}

// Requests of clients are never taken for canaries, not while those fly either, and a hop
// that ends in the middle of a run ends in order.
func TestCanariesBesideClients(t *testing.T) {
	var got atomic.Int64
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		got.Add(1)
		if r.Header.Get("X-Mine") == "" {
			t.Error("the upstream got a canary")
		}
	})
	cfg := settings(up.URL)
	cfg.Canary.Every = config.Duration(time.Millisecond)
	h := start(t, cfg, few)
	const n = 200
	for i := range n {
		r := h.do("POST", fmt.Sprintf("/x/%d", i), `{"password":"hunter2hunter2"}`, "X-Mine", "1", "Content-Type", "application/json")
		if r.StatusCode != http.StatusOK {
			t.Fatal(r.StatusCode, r.body)
		}
	}
	wait(t, func() bool { return h.metric("redactd_canary_runs_total") > 0 })
	if got.Load() != n || h.trail.findings() != n {
		t.Errorf("%d requests arrived, %d findings were recorded, want %d", got.Load(), h.trail.findings(), n)
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
}

// A statement tells of each run.
func TestCanariesAreStated(t *testing.T) {
	cfg := settings(silent(t))
	cfg.Canary.Every = config.Duration(time.Hour)
	cfg.Allow = map[string]*config.Allow{"all": {Patterns: []string{"^tok-"}}}
	told := &audit.Memory{}
	h := start(t, cfg, few, func(o *Options) { o.recorder = told })
	wait(t, func() bool { return len(told.Events()) > 0 })
	_ = h.stop()
	var rows []audit.CanaryRow
	for _, e := range told.Events() {
		if e.Statement() != audit.StatementCanaries {
			t.Errorf("the trail has %+v", e)
		}
		var c audit.Canaries
		if err := json.Unmarshal(e.Facts, &c); err != nil || c.Run == "" || c.Took <= 0 {
			t.Errorf("%s: %v", e.Facts, err)
		}
		rows = append(rows, c.Rows...)
	}
	if len(rows) < 20 || rows[0].Dialect != "" || rows[0].Outcomes["leaked"] == 0 || rows[0].Outcomes["clean"] == 0 {
		t.Fatalf("%+v", rows)
	}
	for _, row := range rows[1:] {
		if row.Outcomes["leaked"] != 1 && row.Coding == "" || !slices.Equal(row.Rules, []string{"test-token"}) {
			t.Errorf("%+v", row)
		}
	}
	log := h.logs.String()
	if !strings.Contains(log, "canaries got through") || !strings.Contains(log, "test-token") || strings.Contains(log, "tok-") && strings.Contains(log, "key tok-") {
		t.Errorf("the log says %s", log)
	}
}

// A listener that serves nobody else at the moment has no outcome made up, and what gets
// through another one is shown all the same.
func TestCanariesOfBusyListener(t *testing.T) {
	up := newBackend(t, func(http.ResponseWriter, *http.Request) {})
	cfg := settings(up.URL)
	cfg.Server.MaxConnections = 1
	cfg.Listeners = map[string]*config.Listener{"syslog": listenerOf("syslog", "tcp://127.0.0.1:1", "tcp")}
	cfg.Allow = map[string]*config.Allow{"all": {Patterns: []string{"^tok-"}}}
	h := start(t, cfg, few)
	c, err := net.Dial("tcp", h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := fmt.Fprintf(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(c), nil); err != nil { // its connection is the one
		t.Fatal(err)
	}
	follow(t, h)
	r, err := h.canaries.run(t.Context(), h.canaries.twin.policy.Load(), canaryPace{})
	if err == nil || len(r.rows) != 1 || r.rows[canaryKey{"syslog", "syslog", ""}] == nil {
		t.Errorf("%v, %+v", err, r.rows)
	}
	h.canaries.report(t.Context(), r, err)
	if n := h.metric("redactd_canary_leaks"); n == 0 || h.metric("redactd_canary_last_run_timestamp_seconds") != 0 || len(h.trail.all()) > 0 {
		t.Errorf("%v leaks, and the run counts as whole", n)
	}
}

// A listener for all addresses is reached without IPv6, too.
func TestCanariesReachListeners(t *testing.T) {
	for addr, want := range map[string]string{
		"127.0.0.1:80": "127.0.0.1:80", "[::ffff:10.0.0.1]:80": "10.0.0.1:80", "0.0.0.0:80": "127.0.0.1:80",
		"[::]:80": "[::1]:80 127.0.0.1:80", "[fe80::1%lo]:80": "[fe80::1%lo]:80",
	} {
		if got := strings.Join(reachable(netip.MustParseAddrPort(addr)), " "); got != want {
			t.Errorf("%s is reached by %s, want %s", addr, got, want)
		}
	}
	h := start(t, settings(silent(t)), few)
	at := netip.MustParseAddrPort(h.addr)
	c, err := h.canaries.connect(t.Context(), &net.TCPAddr{IP: net.IPv6unspecified, Port: int(at.Port())}, h.canaries)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.Close()
}
