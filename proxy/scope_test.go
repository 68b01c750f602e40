package proxy

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

func TestScopes(t *testing.T) {
	tests := []struct {
		name              string
		request, response config.Scope
		status            int
		wantUp, wantDown  string
	}{
		{"all both ways", config.ScopeAll, config.ScopeAll, 200, placeholder, placeholder},
		{"nothing", config.ScopeNone, config.ScopeNone, 500, secret, secret},
		{"errors spares success", config.ScopeNone, config.ScopeErrors, 200, secret, secret},
		{"errors takes 400", config.ScopeNone, config.ScopeErrors, 400, secret, placeholder},
		{"errors takes 503", config.ScopeNone, config.ScopeErrors, 503, secret, placeholder},
		{"request only", config.ScopeAll, config.ScopeNone, 500, placeholder, secret},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, "down "+secret)
			})
			cfg := settings(up.URL)
			cfg.Routes["main"].Request, cfg.Routes["main"].Response = tt.request, tt.response
			h := start(t, cfg)
			r := h.do("POST", "/x", "up "+secret, "Content-Type", "text/plain")
			if r.StatusCode != tt.status || r.body != "down "+tt.wantDown {
				t.Errorf("client got %d %q", r.StatusCode, r.body)
			}
			if _, body := up.last(t); body != "up "+tt.wantUp {
				t.Errorf("upstream got %q", body)
			}
		})
	}
}

// Under "logs" what an API is sent is meant for it, and log payloads are scrubbed.
func TestScopeLogs(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {})
	cfg := settings(up.URL)
	cfg.Routes["main"].Request = config.ScopeLogs
	h := start(t, cfg)
	for _, tt := range []struct {
		path, contentType string
		scrubbed          bool
	}{
		{"/api/login", "application/json", false},
		{"/api/login", "application/x-www-form-urlencoded", false},
		{"/", "text/plain", false},
		{"/anything", "application/x-ndjson; charset=utf-8", true},
		{"/_bulk", "application/json", true},
		{"/my-index/_bulk", "application/json", true},
		{"/loki/api/v1/push", "application/json", true},
		{"/v1/logs", "application/json", true},
		{"/services/collector/event", "", true},
		{"/api/v2/logs", "application/json", true},
		{"/v1//logs", "application/json", true},
		{"/v1/%6Cogs", "application/json", true},
		{"/x/../v1/logs", "application/json", true},
		{"/%3Clogs-%7Bnow%2Fd%7D%3E/_doc/1", "application/json", true},
	} {
		h.do("POST", tt.path, `{"m":"`+secret+`"}`, "Content-Type", tt.contentType)
		want := `{"m":"` + secret + `"}`
		if tt.scrubbed {
			want = `{"m":"` + placeholder + `"}`
		}
		if _, body := up.last(t); body != want {
			t.Errorf("%s %s: upstream got %q", tt.path, tt.contentType, body)
		}
	}
}

func TestEcho(t *testing.T) {
	cfg := settings("http://127.0.0.1:1")
	cfg.Routes["main"].Upstream = config.EchoUpstream
	cfg.Routes["main"].Request, cfg.Routes["main"].Response = config.ScopeNone, config.ScopeErrors
	h := start(t, cfg)
	for _, tt := range []struct {
		query, want string
		status      int
	}{
		{"", "a " + secret, 200}, {"?status=500", "a " + placeholder, 500}, {"?status=404&x=1", "a " + placeholder, 404},
		{"?status=99", "a " + secret, 200}, {"?status=x", "a " + secret, 200},
	} {
		r := h.do("POST", "/try"+tt.query, "a "+secret, "Content-Type", "text/html")
		if r.StatusCode != tt.status || r.body != tt.want || r.Header.Get("Content-Type") != "text/html" {
			t.Errorf("%s: %d %q %q", tt.query, r.StatusCode, r.body, r.Header.Get("Content-Type"))
		}
		if !strings.Contains(r.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("%s: a browser would run what is echoed", tt.query)
		}
	}
	large := strings.Repeat("x", 900<<10)
	if r := h.do("POST", "/try", large, "Content-Type", "text/plain"); r.body != large {
		t.Errorf("%d bytes come back of %d", len(r.body), len(large))
	}
}

func TestHeadersAndQuery(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Debug-Info", "dsn "+secret)
		w.Header().Set("Location", "/next?t="+secret)
		w.Header().Add("Set-Cookie", "a="+secret)
		w.Header().Add("Set-Cookie", "b=2")
		w.Header().Set("Www-Authenticate", `Basic realm="`+secret+`"`)
		w.Header().Add("Link", "<a>")
		w.Header().Add("Link", "<"+secret+">")
		w.WriteHeader(500)
	})
	cfg := settings(up.URL)
	cfg.Routes["main"].KeepHeaders = []string{"X-Mine"}
	h := start(t, cfg)
	r := h.do("POST", "/p?a="+secret+"&sentry_key="+secret+"&b=1", "x",
		"X-Note", secret, "Authorization", "Bearer "+secret, "Cookie", "c="+secret, "X-Mine", secret,
		"Traceparent", secret, "X-Api-Key", secret)
	req, _ := up.last(t)
	for name, want := range map[string]string{
		"X-Note": placeholder, "Authorization": "Bearer " + secret, "Cookie": "c=" + secret,
		"X-Mine": secret, "Traceparent": secret, "X-Api-Key": secret,
	} {
		if got := req.Header.Get(name); got != want {
			t.Errorf("upstream got %s: %q, want %q", name, got, want)
		}
	}
	if want := "a=" + placeholder + "&sentry_key=" + secret + "&b=1"; req.URL.RawQuery != want {
		t.Errorf("upstream got query %q, want %q", req.URL.RawQuery, want)
	}
	for name, want := range map[string]string{
		"X-Debug-Info": "dsn " + placeholder, "Location": "/next?t=" + placeholder,
		"Www-Authenticate": `Basic realm="` + secret + `"`,
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("client got %s: %q, want %q", name, got, want)
		}
	}
	if got := strings.Join(r.Header["Set-Cookie"], "|"); got != "a="+secret+"|b=2" {
		t.Errorf("client got cookies %q", got)
	}
	if got := strings.Join(r.Header["Link"], "|"); got != "<a>|<"+placeholder+">" {
		t.Errorf("client got links %q", got)
	}
	paths := map[string]bool{}
	for _, e := range h.trail.all() {
		paths[e.Direction+" "+e.Path] = true
	}
	for _, want := range []string{"request header:X-Note", "request query:", "response header:Location"} {
		if !paths[want] {
			t.Errorf("no event for %q in %v", want, paths)
		}
	}
}

func TestScrubCredentials(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Routes["main"].ScrubCredentials = true
	h := start(t, cfg)
	h.do("GET", "/?token="+secret, "", "Authorization", secret, "Cookie", "c="+secret)
	req, _ := up.last(t)
	if got := req.Header.Get("Authorization") + "," + req.Header.Get("Cookie") + "," + req.URL.RawQuery; strings.Contains(got, secret) {
		t.Errorf("upstream got %q", got)
	}
}

func TestShadowChangesNothing(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, secret) })
	cfg := settings(up.URL)
	cfg.Routes["main"].Mode = config.ModeShadow
	h := start(t, cfg)
	r := h.do("POST", "/?q="+secret, secret, "X-Note", secret)
	req, body := up.last(t)
	if r.body != secret || body != secret || req.Header.Get("X-Note") != secret || req.URL.RawQuery != "q="+secret {
		t.Errorf("something changed: %q %q %v", r.body, body, req.Header)
	}
	events := h.trail.all()
	if len(events) != 4 {
		t.Errorf("%d events, want 4", len(events))
	}
	for _, e := range events {
		if !e.Shadow {
			t.Errorf("event is not marked as shadow: %+v", e)
		}
	}
	if n := h.metric("redactd_findings_total", "rule", "fake"); n != 4 {
		t.Errorf("%v findings counted, want 4", n)
	}
	for _, body := range []string{budgetMark, codingMark} {
		if r := h.do("POST", "/", body); r.StatusCode != 200 {
			t.Errorf("shadow withheld %q: %d", body, r.StatusCode)
		}
	}
}

func TestBinaryPassesAndIsCounted(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/octet-stream")
		w.WriteHeader(500)
		_, _ = io.WriteString(w, "\x00\x01"+secret)
	})
	h := start(t, settings(up.URL))
	r := h.do("POST", "/", "\x00"+secret, "Content-Type", "application/octet-stream")
	if _, body := up.last(t); body != "\x00"+secret || r.body != "\x00\x01"+secret {
		t.Errorf("binary changed: %q %q", body, r.body)
	}
	for _, dir := range []string{"request", "response"} {
		if n := h.metric("redactd_uninspected_bytes_total", "direction", dir, "reason", "binary"); n < float64(len(secret)) {
			t.Errorf("%s: %v uninspected bytes", dir, n)
		}
	}
}

func TestAuditEvents(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	h.do("POST", "/", secret+" "+secret, "X-Request-Id", "req-1")
	events := h.trail.all()
	if len(events) != 1 || events[0].Count != 2 {
		t.Fatalf("events %+v", events)
	}
	e := events[0]
	if e.Route != "main" || e.Direction != "request" || e.Rule != "fake" || e.Severity != "high" || e.Action != "mask" ||
		e.Length != len(secret) || e.RequestID != "req-1" || e.ConfigDigest != "digest-1" || e.Time.IsZero() || e.Shadow {
		t.Errorf("event %+v", e)
	}
	if n := h.metric("redactd_audit_events_total"); n != 2 {
		t.Errorf("%v events counted", n)
	}
}
