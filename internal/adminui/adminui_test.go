package adminui

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/records"
)

// hostile is what names of leaks and errors may be: markup, what turns text around, control
// characters, and without an end.
var hostile = `<script>alert("x")</script>` + "\u202e\u2066\x01\x1b[2J\u0085" + strings.Repeat("W", 400)

// fill returns a database with one error whose every text is hostile.
func fill(t *testing.T) *records.DB {
	t.Helper()
	db, err := records.Open(records.Options{DSN: "sqlite:" + filepath.Join(t.TempDir(), "records.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(context.Background()) })
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	id := strings.Repeat("ab12", 16)
	_, err = db.AddErrors(context.Background(), &records.ErrorBatch{
		Groups: []records.ErrorGroup{{
			ID: id, Route: hostile, Upstream: hostile, Framework: "django", Exception: "Refused" + hostile, Status: 500, StatusClass: "5xx",
			Frames: []records.Frame{{Function: "charge" + hostile, File: "/srv/app/ledger.py", Line: "7"}}, FirstSeen: at, LastSeen: at.Add(time.Hour), Count: 42,
		}},
		Occurrences: []records.ErrorOccurrence{
			{Group: id, Reference: "ref-1" + hostile, Time: at, Status: 500, Method: "GET", Path: "/pay" + hostile,
				Original: records.Pack([]byte("Traceback of "+hostile+" \xff"), "text/plain", 1<<20)},
			{Group: id, Reference: "ref-2", Time: at.Add(time.Hour), Status: 500, Method: "GET", Path: "/pay"}, // its original was not kept
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	addLeaks(t, db, 1, func(l *records.Leak) {
		l.Rule, l.Secret = "aws"+hostile, hostile
		l.Places = []records.LeakPlace{{Route: hostile, Direction: "request", Path: hostile, Service: "checkout" + hostile, Version: "1.8.2" + hostile,
			Logger: hostile, Environment: hostile, Destination: hostile, FirstSeen: at, LastSeen: at, Count: 7}}
	})
	if err := db.SetLeakState(context.Background(), 1, records.LeakChange{Time: at, State: records.LeakAcknowledged, By: "eve" + hostile, Note: "note" + hostile}); err != nil {
		t.Fatal(err)
	}
	addStatements(t, db)
	return db
}

// addStatements has redactd say that of what it got a tenth went unread, and that canaries
// got through.
func addStatements(t *testing.T, db *records.DB) {
	t.Helper()
	hour := time.Now().UTC().Truncate(time.Hour)
	_, err := db.AddTrail(context.Background(), &records.TrailBatch{Source: "trail/statements", Seq: 2, Statements: []records.Statement{
		records.CoverageCounts{
			{Hour: hour, Route: "api" + hostile, Direction: "request", Payloads: 9, Bytes: 900},
			{Hour: hour, Route: "api" + hostile, Direction: "request", Reason: "binary", Payloads: 1, Bytes: 100},
		},
		records.CanaryRuns{{ID: "run", Time: hour, Took: 1500 * time.Millisecond, Results: []records.CanaryResult{
			{Route: "msg" + hostile, Outcome: "leaked", Canaries: 2}, {Route: "msg" + hostile, Outcome: "clean", Canaries: 600},
			{Route: "msg" + hostile, Dialect: "loki" + hostile, Coding: "gzip", Outcome: "leaked", Canaries: 2, Rules: []string{"acme-token"}},
		}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// addLeaks puts n leaks into db, each made otherwise by edit.
func addLeaks(t *testing.T, db *records.DB, n int, edit func(*records.Leak)) {
	t.Helper()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	b := records.TrailBatch{Source: fmt.Sprintf("trail/%d", n), Seq: uint64(n)}
	for i := range n {
		when := at.Add(-time.Duration(i) * time.Minute)
		l := records.Leak{
			Fingerprint: fmt.Sprintf("e1-%026d", i), Rule: "stripe-secret-key", Severity: "critical", FirstSeen: when, LastSeen: when, Count: 7,
			Places: []records.LeakPlace{{Route: "logs", Direction: "request", Path: "msg", Service: "checkout", FirstSeen: when, LastSeen: when, Count: 7}},
		}
		if edit != nil {
			edit(&l)
		}
		b.Leaks = append(b.Leaks, l)
	}
	if _, err := db.AddTrail(context.Background(), &b); err != nil {
		t.Fatal(err)
	}
}

// over returns the console over what a database holds, for who is local.
func over(t *testing.T, db *records.DB) http.Handler {
	t.Helper()
	g, _ := behind(t, Sources{Errors: db, Leaks: db, Policy: fixed{}, Audit: fixed{}, Explain: fixed{}, Coverage: fixed{}, Statements: db, Metrics: counted()},
		config.Admin{Page: config.PageLocal})
	return g
}

// behind returns the console over sources, behind a gate.
func behind(t *testing.T, s Sources, a config.Admin) (*gate.Gate, *Console) {
	t.Helper()
	a.Listen = "127.0.0.1:9090"
	rules, err := gate.Compile(&a)
	if err != nil {
		t.Fatal(err)
	}
	g := gate.New(func() *gate.Rules { return rules }, slog.New(slog.DiscardHandler))
	return g, Register(g, s)
}

// post sends a form that a page of h could have sent.
func post(t *testing.T, h http.Handler, target string, form url.Values) (int, http.Header, string) {
	t.Helper()
	_, _, page := get(t, h, "/audit")
	token := regexp.MustCompile(`name="form" value="([^"]+)"`).FindStringSubmatch(page)
	if form = maps.Clone(form); token != nil {
		form.Set(gate.FormField, token[1])
	}
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(form.Encode()))
	r.Host = "localhost:9090"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code, w.Header(), w.Body.String()
}

func get(t *testing.T, h http.Handler, target string) (int, http.Header, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Host = "localhost:9090"
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, w.Header(), string(body)
}

func TestPages(t *testing.T) {
	h := over(t, fill(t))
	for target, want := range map[string][]string{
		"/errors":                    {"Refused&lt;script", "42", "charge&lt;script", "2026-03-01 13:00:00", `href="/errors/ab12ab12ab12"`},
		"/errors?state=open":         {"Refused"},
		"/errors?framework=rails":    {"No errors are recorded that fit the filter."},
		"/errors/ab12ab12ab12":       {"ref-1&lt;script", "ref-2", "/srv/app/ledger.py:7", "Traceback of &lt;script", "django", "GET /pay"},
		"/leaks":                     {"aws&lt;script", ">1</a>", "acknowledged"},
		"/leaks/1":                   {"note&lt;script", "eve&lt;script", "1.8.2&lt;script", "Leaking as of 2026-03-01 12:00:00", "[U+202E]"},
		"/":                          {"Open leaks", "half within", "Findings by rule", "Refused&lt;script", "http://10.0.0.1:8080/&lt;script", "out after failures", "below the objective: api", ">10 %<"},
		"/rules":                     {"aws&lt;script", "acme-token", "1 234 567", "2 routes", ">never<"},
		"/rules?show=hit":            {"aws&lt;script"},
		"/rules?text=acme&sort=cost": {"acme-token"},
		"/rules?text=nothing":        {"No rule fits the filter."},
		"/rules/acme-token":          {"acme_<mark>{alnum:20}</mark>", "1 234 567 ns", "api, logs", "acme_[a-z]&#43;&lt;script"},
		"/coverage":                  {"90 %", "below the objective", "No text format is known to be in it", "msg&lt;script", "signed = &#34;pass&#34;&lt;script", "2 got through in the last run", "1.5s", `<a href="/rules/acme-token">`, "lost"},
		"/try?route=api":             {"<option>logs</option>", `<option selected>api</option>`},
		"/policy":                    {"0123456789abcdef", "dsn = &#34;x&#34; &lt;script", "is withheld", ">passes<", ">shadow<"},
		"/audit":                     {"It was not verified here", "/var/lib/audit&lt;script", "webhook&lt;script"},
		"/leaks?state=rotated":       {"No leaks are recorded that fit the filter."},
	} {
		status, head, body := get(t, h, target)
		if status != http.StatusOK || head.Get("Content-Type") != "text/html; charset=utf-8" || head.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d %v", target, status, head)
		}
		if !strings.Contains(head.Get("Content-Security-Policy"), "default-src 'none'") || strings.Contains(body, "<script>alert") || strings.Contains(body, "\xff") || strings.ContainsAny(body, "\u202e\u2066\x01\x1b\u0085") {
			t.Errorf("%s: what the database holds is not written as text", target)
		}
		for _, text := range want {
			if !strings.Contains(body, text) {
				t.Errorf("%s does not say %q", target, text)
			}
		}
	}
	for target, want := range map[string]int{
		"/errors/ffffffffffff": 404, "/errors/x": 404, "/assets/page.css": 200, "/assets/none.css": 404, "/errors/../metrics": 307, "/other": 404,
		"/rules/none": 404, "/leaks/2": 404, "/leaks/x": 404, "/leaks?offset=-1": 200, "/leaks?offset=999999": 200,
	} {
		if status, _, _ := get(t, h, target); status != want {
			t.Errorf("%s: %d, want %d", target, status, want)
		}
	}
}

// What a database says of itself stays out of the answer. One that is not there yet holds
// no errors.
func TestUnreadable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret-name")
	if err := os.WriteFile(file, []byte("no database, whatever its name says"), 0o600); err != nil {
		t.Fatal(err)
	}
	for dsn, want := range map[string]struct {
		status int
		text   string
	}{
		"sqlite:" + file:           {http.StatusServiceUnavailable, "The records can&#39;t be read at the moment."},
		"sqlite:" + file + "-none": {http.StatusOK, "No errors are recorded."},
	} {
		db, err := records.Open(records.Options{DSN: dsn, Existing: true})
		if err != nil {
			t.Fatal(err)
		}
		status, _, body := get(t, over(t, db), "/errors")
		if status != want.status || !strings.Contains(body, want.text) || strings.Contains(body, "secret-name") {
			t.Errorf("%s: %d %q", dsn, status, body)
		}
	}
}

// slow is a database that answers nothing.
type slow struct{ *records.DB }

func (slow) FindingCounts(ctx context.Context, _, _ time.Time) ([]records.FindingCount, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (slow) RuleTotals(ctx context.Context, _ string) (map[string]records.RuleTotal, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func (slow) CoverageTotals(ctx context.Context, _, _ time.Time) ([]records.CoverageCount, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// Where the database is away or slow, the pages have the rest.
func TestWithoutRecords(t *testing.T) {
	away, err := records.Open(records.Options{DSN: "postgres://127.0.0.1:1/none?connect_timeout=1", Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, db := range map[string]interface {
		Errors
		Leaks
		Statements
	}{"away": away, "slow": slow{away}} {
		g, _ := behind(t, Sources{Errors: db, Leaks: db, Statements: db, Policy: fixed{}, Coverage: fixed{}, Metrics: counted()},
			config.Admin{Page: config.PageLocal})
		for target, want := range map[string][]string{
			"/":                 {"The records", "What needs them is missing here.", "Open leaks", "out after failures", "half within"},
			"/rules":            {"The records", "Numbers of findings are missing here.", "acme-token", "2 routes"},
			"/rules/acme-token": {"The records", "acme_<mark>"},
			"/coverage":         {"The records", "What stands here is of the last hour.", "90 %", "Blind spots", "No run is recorded yet."},
		} {
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, target, nil)
			r.Host = "localhost:9090"
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			cancel()
			if w.Code != http.StatusOK {
				t.Errorf("%s, %s: %d", name, target, w.Code)
			}
			for _, text := range want {
				if !strings.Contains(w.Body.String(), text) {
					t.Errorf("%s, %s does not say %q", name, target, text)
				}
			}
		}
	}
}

// What is not there is not in the way: a view says so, the others go on.
func TestWithoutSources(t *testing.T) {
	g, _ := behind(t, Sources{}, config.Admin{Page: config.PageLocal})
	for target, want := range map[string]int{
		"/": 200, "/events?once": 200, "/leaks": 404, "/leaks/1": 404, "/errors": 404, "/errors/abcdef": 404, "/rules": 404, "/rules/x": 404,
		"/try": 404, "/policy": 404, "/audit": 404, "/coverage": 404,
	} {
		if status, _, body := get(t, g, target); status != want || want == 404 && !strings.Contains(body, `<p role="alert"`) {
			t.Errorf("%s: %d", target, status)
		}
	}
}

// Thousands of leaks are shown in parts.
func TestManyLeaks(t *testing.T) {
	db := fill(t)
	const n = 3_000
	addLeaks(t, db, n, func(l *records.Leak) { l.Fingerprint += "-many" })
	h := over(t, db)
	shown := map[string]bool{}
	for _, offset := range []int{0, maxRows, n / 2, n - maxRows} {
		target := fmt.Sprintf("/leaks?offset=%d&route=logs", offset)
		status, _, body := get(t, h, target)
		rows := regexp.MustCompile(`<a href="/leaks/(\d+)"`).FindAllStringSubmatch(body, -1)
		if status != http.StatusOK || len(rows) != maxRows || len(body) > 100_000 {
			t.Fatalf("%s: status %d, %d leaks in %d bytes", target, status, len(rows), len(body))
		}
		for _, row := range rows {
			if shown[row[1]] {
				t.Errorf("%s: leak %s is shown again", target, row[1])
			}
			shown[row[1]] = true
		}
		next := fmt.Sprintf(`rel="next" href="/leaks?offset=%d&amp;route=logs"`, offset+maxRows)
		if strings.Contains(body, next) != (offset+maxRows < n) || strings.Contains(body, `rel="prev"`) != (offset > 0) {
			t.Errorf("%s: what is beside this part is not named", target)
		}
	}
}

// What is posted: a text to explain, states, and wishes. None of it is taken from a form
// of elsewhere, or of who may only look.
func TestPosts(t *testing.T) {
	db := fill(t)
	h := over(t, db)
	status, _, body := post(t, h, "/try", url.Values{"route": {"logs"}, "text": {"the text itself"}, "path": {"a.b"}})
	if status != http.StatusOK || !strings.Contains(body, "1 finding") || !strings.Contains(body, "it is off&lt;script") || !strings.Contains(body, `value="a.b"`) {
		t.Errorf("a text: %d %s", status, body)
	}
	if strings.Contains(body, "the text itself") || strings.Contains(body, "<script>alert") {
		t.Error("what was tried is sent back")
	}
	status, _, body = post(t, h, "/leaks/find", url.Values{"value": {" a key\r\nof two lines\r\n"}})
	if status != http.StatusOK || !strings.Contains(body, ">Seen.<") || !strings.Contains(body, `<a href="/leaks/1">Leak 1</a>: aws&lt;script`) ||
		!strings.Contains(body, "Elasticsearch") || !strings.Contains(body, "token&lt;script") {
		t.Errorf("a value that was seen: %d %s", status, body)
	}
	if strings.Contains(body, "of two lines") {
		t.Error("what was looked up is sent back")
	}
	viewer, _ := behind(t, Sources{Errors: db, Leaks: db, Policy: fixed{}, Audit: fixed{}},
		config.Admin{Page: config.PageAll, Tokens: map[string]*config.AdminToken{"x": {Value: "0123456789abcdef0123456789abcdef", Role: config.RoleOperator}}})
	for _, tt := range []struct {
		h          http.Handler
		target     string
		form       url.Values
		status     int
		goes, says string
	}{
		{h, "/try", url.Values{"route": {"api"}}, 413, "", "The text is too long"},
		{h, "/leaks/1", url.Values{"state": {"rotated"}, "note": {" ticket 17 "}}, 303, "/leaks/1", ""},
		{h, "/leaks/find", url.Values{"value": {"another"}}, 200, "", "Not seen in anything"},
		{h, "/leaks/find", url.Values{"value": {" "}}, 400, "", "There is no value to look up."},
		{viewer, "/leaks/find", url.Values{"value": {"a key"}}, 401, "", ""},
		{h, "/leaks/1", url.Values{"state": {"gone"}}, 400, "", "There is no such state."},
		{h, "/leaks/2", url.Values{"state": {"rotated"}}, 404, "", "There is none"},
		{h, "/errors/ab12ab12", url.Values{"state": {"resolved"}}, 303, "/errors/ab12ab12ab12", ""},
		{h, "/errors/ab12ab12", url.Values{"state": {"rotated"}}, 400, "", "There is no such state."},
		{h, "/errors/ffffffff", url.Values{"state": {"open"}}, 404, "", "There is none"},
		{h, "/policy/reload", url.Values{}, 409, "", "config.toml:3: nonsense &lt;script"},
		{h, "/audit/verify", url.Values{}, 303, "/audit", ""},
		{h, "/leaks", url.Values{}, 405, "", ""},
		{viewer, "/leaks/1", url.Values{"state": {"open"}}, 401, "", ""},
		{viewer, "/errors/ab12ab12", url.Values{"state": {"open"}}, 401, "", ""},
		{viewer, "/policy/reload", url.Values{}, 401, "", ""},
		{viewer, "/audit/verify", url.Values{}, 303, "/audit", ""},
	} {
		status, head, body := post(t, tt.h, tt.target, tt.form)
		if status != tt.status || head.Get("Location") != tt.goes || !strings.Contains(body, tt.says) {
			t.Errorf("%s %v: %d, to %q: %s", tt.target, tt.form, status, head.Get("Location"), body)
		}
		r := httptest.NewRequest(http.MethodPost, tt.target, strings.NewReader(tt.form.Encode()))
		r.Host = "localhost:9090"
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		if tt.h.ServeHTTP(w, r); w.Code/100 != 4 {
			t.Errorf("%s from elsewhere: %d", tt.target, w.Code)
		}
	}
	for target, want := range map[string]string{
		"/leaks/1":         "rotated</span> by local: ticket 17",
		"/errors/ab12ab12": "resolved</span> <span class=\"soft\">by local",
		"/audit":           "Not whole: edited at record 3 (a&lt;script",
	} {
		if _, _, body := get(t, h, target); !strings.Contains(body, want) {
			t.Errorf("%s does not say %q", target, want)
		}
	}
	for _, target := range []string{"/leaks/1", "/errors/ab12ab12", "/policy"} {
		if _, _, body := get(t, viewer, target); strings.Contains(body, `method="post"`) {
			t.Errorf("%s has a form for who may only look", target)
		}
	}
}

// What is not seen, or changes where other text stands, is written by its number, also
// where nothing else on a page has a reason to be looked at.
func TestVisible(t *testing.T) {
	for _, r := range []rune{0, 0x1b, 0x7f, 0x85, 0xad, 0x61c, 0x115f, 0x180e, 0x200b, 0x202e, 0x2066, 0x3164, 0xfeff, 0xffa0, 0xe0041, 0xe0101} {
		if got, want := string(visible([]byte("a"+string(r)+"b"))), fmt.Sprintf("a[U+%04X]b", r); got != want {
			t.Errorf("%U is shown as %q, want %q", r, got, want)
		}
	}
	const plain = "Käse\n\tשלום عربي 日本語 한국어 नमस्ते 👩‍💻 €"
	if got := string(visible([]byte(plain))); got != plain {
		t.Errorf("plain text is shown as %q", got)
	}
}
