//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"mime"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestErrorResponses puts redactd in front of applications that fail in many ways, and
// leaves its policy of error responses as it is by default.
func TestErrorResponses(t *testing.T) {
	var captures *capture
	if dir := os.Getenv("E2E_CAPTURE"); dir != "" {
		captures = &capture{dir: dir, seen: map[[sha256.Size]byte]bool{}}
	}
	for _, app := range errorApps {
		t.Run(app.name, func(t *testing.T) {
			for _, debug := range []bool{true, false} {
				t.Run(map[bool]string{true: "debug on", false: "debug off"}[debug], func(t *testing.T) {
					if captures != nil {
						captures.app(t, app, debug)
					}
					errorResponses(t, app, debug, true)
				})
			}
			if app.name == "flask" {
				t.Run("upstream only", func(t *testing.T) { errorResponses(t, app, true, false) })
			}
		})
	}
}

func errorResponses(t *testing.T, app errorApp, debug, file bool) {
	ps := newErrorPlants()
	h := newErrorHop(t, ps, startErrorApp(t, app, ps, debug), file)
	h.debug = debug
	for _, c := range app.cases() {
		for _, accept := range app.accepts() {
			t.Run(c.name+" "+accept.name, func(t *testing.T) { h.fail(t, c, accept.value) })
		}
	}
	if h.leaks < len(errorAccepts) {
		t.Errorf("only %d answers of the application tell something of its inside", h.leaks)
	}
	if app.compresses != (h.coded > 0) {
		t.Errorf("%d answers of the application are compressed", h.coded)
	}
	h.list(t)
	h.finish(t, ps.secrets, counted(h.get(t, "/metrics")))
}

// errorHop is redactd in front of an application that fails.
type errorHop struct {
	*hop
	app   *runningApp
	inner errorPlants
	debug bool
	leaks int // answers of the application that tell something of its inside
	coded int // answers of it that are compressed
	// reports is how often redactd has something to report: its answer has a reference, or
	// the application has failed.
	reports int
}

// newErrorHop starts redactd as a configuration file says, or with nothing but the
// application's URL.
func newErrorHop(t *testing.T, ps errorPlants, app *runningApp, file bool) *errorHop {
	t.Helper()
	back := newTee(t, app.addr)
	config, args := "", []string{"--upstream", "http://" + back.addr, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}
	if file {
		config, args = `
[server]
listen = ["127.0.0.1:0"]
[admin]
listen = "127.0.0.1:0"
[token]
keys = ["${E2E_TOKEN_KEY}"]
[audit]
dir = "data/audit"
[records]
dsn = "sqlite:data/records.db"
[upstream.shop]
urls = ["http://`+back.addr+`"]
[route.shop]
upstream = "shop"
response = "errors"
`, nil
	}
	r := startRedactd(t, config, args...)
	return &errorHop{
		hop: &hop{redactd: r, ps: ps.secrets, front: newTee(t, r.addr), back: back, seen: tally{}},
		app: app, inner: ps,
	}
}

// fail makes a request that is answered with an error, and holds what came out of redactd
// to what the application answered.
func (h *errorHop) fail(t *testing.T, c errorCase, accept string) {
	h.send(t, apiRequest{method: c.method, path: c.path, json: c.body(h.inner), accept: accept, gzip: accept == "*/*", status: c.status})
	fronts, backs := h.pairs(t)
	if len(fronts) != 1 {
		t.Fatalf("%d exchanges for one request", len(fronts))
	}
	sent, original := &fronts[0].response, &backs[0].response
	if got, want := strings.Fields(sent.start)[1], strings.Fields(original.start)[1]; got != want {
		t.Errorf("status %s became %s", want, got)
	}
	h.fields(t, "request", less(fronts[0].request.fields, hopRequest), less(backs[0].request.fields, append(addedByHop, hopRequest...)))
	errorFields(t, original, sent)

	before, after := readable(string(original.text(t))), readable(string(sent.text(t)))
	h.inner.secrets.absent(t, "answer", []byte(sent.head+after))
	for _, s := range h.inside(sent.head + after) {
		t.Errorf("the answer tells %q: %.2000q", s, sent.head+after)
	}
	if original.field("Content-Encoding") != "" {
		h.coded++
	}
	tells := h.inside(original.head + before)
	if len(tells) > 0 {
		h.leaks++
	}
	h.words(t, c, original, sent, len(h.inside(before)) > 0)
	if !bytes.Equal(sent.body, original.body) {
		h.changed(t, accept, original, sent)
	}
	reference := sent.field("X-Error-Id")
	if reference != "" || c.status >= 500 {
		h.reports++
	}
	if reference != "" {
		h.operator(t, c, reference, before)
	} else if len(h.inside(before)) > 0 || mediaOf(original) != mediaOf(sent) {
		t.Errorf("no reference in %q", sent.head)
	}
}

// shownError is what of redactd errors show --json is looked at.
type shownError struct {
	Framework, Exception string
	Frames               []struct{ Function string }
	Occurrences          []struct {
		Status    int
		Body      string
		Truncated bool
	}
}

// operator asks redactd for the original of an answer by its reference.
func (h *errorHop) operator(t *testing.T, c errorCase, reference, original string) {
	t.Helper()
	var out string
	// Reports are written behind the answer.
	h.await(t, "the report of an error", func() bool {
		cmd := h.command(t.Context(), "errors", "show", "--json", "--records", "sqlite:data/records.db", reference)
		data, err := cmd.Output()
		out = string(data)
		return err == nil
	})
	h.inner.secrets.absent(t, "errors show", []byte(readable(out)))
	var shown shownError
	if err := json.Unmarshal([]byte(out), &shown); err != nil || len(shown.Occurrences) != 1 {
		t.Fatalf("errors show: %v\n%s", err, out)
	}
	o := shown.Occurrences[0]
	if o.Status != c.status {
		t.Errorf("errors show tells status %d", o.Status)
	}
	for _, s := range h.inside(original) {
		if !o.Truncated && !strings.Contains(readable(o.Body), s) {
			t.Errorf("errors show does not tell %q: %.1000q", s, o.Body)
		}
	}
	frame := h.app.app.frame(c, original)
	for _, f := range shown.Frames {
		if frame != "" && strings.Contains(f.Function, frame) {
			frame = ""
		}
	}
	if frame != "" {
		t.Errorf("errors show has no frame of %s, but %v (%s, %s)", frame, shown.Frames, shown.Framework, shown.Exception)
	}
	if shown.Framework == "" && h.app.app.frame(c, original) != "" {
		t.Error("errors show names no framework")
	}
}

// list asks redactd for all errors, and counts them.
func (h *errorHop) list(t *testing.T) {
	t.Helper()
	var out string
	groups, reports := 0, 0
	h.await(t, "the report of every error", func() bool {
		out = run(t, func(ctx context.Context) *exec.Cmd {
			return h.command(ctx, "errors", "list", "--limit", "0", "--json", "--records", "sqlite:data/records.db")
		})
		groups, reports = 0, 0
		for line := range strings.Lines(out) {
			var group struct{ Count int }
			if err := json.Unmarshal([]byte(line), &group); err != nil {
				t.Fatalf("errors list: %v\n%s", err, line)
			}
			groups++
			reports += group.Count
		}
		return reports == h.reports
	})
	if groups > reports/2 {
		t.Errorf("%d errors are %d groups:\n%s", reports, groups, out)
	}
	h.inner.secrets.absent(t, "errors list", []byte(out))
}

// inside returns what text tells of the application's inside.
func (h *errorHop) inside(text string) []string {
	marks := slices.Concat(h.app.app.internals, innerNames, h.app.places())
	for _, p := range h.inner.disclosures {
		marks = append(marks, p.value)
	}
	return slices.DeleteFunc(marks, func(s string) bool { return !strings.Contains(text, s) })
}

// words holds what is said to the caller to what was said.
func (h *errorHop) words(t *testing.T, c errorCase, original, sent *message, discloses bool) {
	t.Helper()
	media := mediaOf(original)
	before, after := readable(string(original.text(t))), readable(string(sent.text(t)))
	for _, s := range c.kept {
		if keeps(media, discloses) && strings.Contains(before, s) && !strings.Contains(after, s) {
			t.Errorf("the answer no longer says %q: %.2000s", s, after)
		}
	}
	secret := slices.ContainsFunc(h.inner.secrets, func(p planted) bool {
		_, ok := firstIn(before, p.value)
		return ok
	})
	// Pages for developers go whole, tokens of pages are secrets, and Spring's page has a name.
	if !discloses && !secret && !(h.debug && media == "text/html") && !strings.Contains(before, "csrfToken") && !strings.Contains(before, "Whitelabel") && !bytes.Equal(original.body, sent.body) {
		t.Errorf("changed, although it tells nothing: %.1000q became %.1000q", before, after)
	}
}

// changed holds an answer whose body is not that of the application to what is promised
// of such a one.
func (h *errorHop) changed(t *testing.T, accept string, original, sent *message) {
	t.Helper()
	for _, name := range []string{"ETag", "Last-Modified", "Content-MD5", "Digest"} {
		if v := sent.field(name); v != "" {
			t.Errorf("%s of another body: %s", name, v)
		}
	}
	before, after := mediaOf(original), mediaOf(sent)
	if strings.HasSuffix(after, "json") && !json.Valid(sent.text(t)) {
		t.Errorf("no JSON: %.500q", sent.text(t))
	}
	if after == before {
		return
	}
	if accept == "text/html" && after != "text/html" || accept == "application/json" && !strings.HasSuffix(after, "json") {
		t.Errorf("%s instead of %s for one who accepts %s", after, before, accept)
	}
}

// mayChange are fields that belong to a body, or that redactd adds or takes away.
var mayChange = names("content-type content-language content-encoding etag last-modified vary cache-control expires pragma " +
	"content-security-policy x-content-type-options x-error-id x-request-id x-powered-by server server-timing x-debug-query " +
	"x-runtime x-cascade link")

// errorFields compares header fields: what is of use to a caller is as it was, versions
// are gone.
func errorFields(t *testing.T, original, sent *message) {
	t.Helper()
	before := byName(less(original.fields, append(mayChange, framing...)))
	after := byName(less(sent.fields, append(mayChange, framing...)))
	same := func(a, b field) bool { return strings.EqualFold(a.name, b.name) && a.value == b.value }
	if !slices.EqualFunc(before, after, same) {
		t.Errorf("header fields %v became %v", before, after)
	}
	for _, name := range []string{"Server", "X-Powered-By"} {
		if v := sent.field(name); strings.ContainsAny(v, "0123456789") {
			t.Errorf("%s tells %q", name, v)
		}
	}
	if v := sent.field("X-Debug-Query"); v != "" {
		t.Errorf("X-Debug-Query is left: %q", v)
	}
}

func mediaOf(m *message) string {
	media, _, _ := mime.ParseMediaType(m.field("Content-Type"))
	return media
}
