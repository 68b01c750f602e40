package proxy

import (
	"compress/gzip"
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	otlp "go.opentelemetry.io/proto/otlp/common/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/redactd/redactd/internal/config"
)

// collector is an OTLP receiver of traces.
type collector struct {
	*httptest.Server
	mu     sync.Mutex
	status int // 0 is 200
	spans  []*traces.Span
	raw    []byte // all that was sent
	header http.Header
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
			return
		}
		body, _ := io.ReadAll(z)
		var data traces.TracesData
		if err := proto.Unmarshal(body, &data); err != nil {
			t.Error(err)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.header = r.Header.Clone(); c.status != 0 {
			w.WriteHeader(c.status)
			return
		}
		c.raw = append(c.raw, body...)
		for _, rs := range data.ResourceSpans {
			for _, ss := range rs.ScopeSpans {
				c.spans = append(c.spans, ss.Spans...)
			}
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) answer(status int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.status = status
}

// all returns the spans by name.
func (c *collector) all() map[string]*traces.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	byName := map[string]*traces.Span{}
	for _, s := range c.spans {
		byName[s.Name] = s
	}
	return byName
}

// attributesOf returns what a span says, as text.
func attributesOf(s *traces.Span) string {
	var list []string
	for _, a := range s.Attributes {
		text := a.Value.GetStringValue()
		if n, ok := a.Value.Value.(*otlp.AnyValue_IntValue); ok {
			text = strconv.FormatInt(n.IntValue, 10)
		}
		list = append(list, a.Key+"="+text)
	}
	return strings.Join(list, " ")
}

func tracedSettings(url string, c *collector, ratio float64) *config.Config {
	cfg := settings(url)
	if c != nil {
		cfg.Tracing = config.Tracing{OTLP: c.URL, Ratio: config.Ratio(ratio), Headers: map[string]config.Secret{"Authorization": "Bearer of-the-collector"}}
	}
	return cfg
}

func quickly(o *Options) { o.traceEvery = 10 * time.Millisecond }

// traceUpstream is an upstream that keeps the header of the last request.
func traceUpstream(t *testing.T, body string) (url string, last func() http.Header) {
	t.Helper()
	var mu sync.Mutex
	var header http.Header
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		mu.Lock()
		header = r.Header.Clone()
		mu.Unlock()
		w.Header().Set("Content-Type", "text/plain")
		if r.URL.Path == "/fails" {
			w.WriteHeader(http.StatusBadGateway)
		}
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(s.Close)
	return s.URL, func() http.Header { mu.Lock(); defer mu.Unlock(); return header }
}

const (
	callersTrace = "0af7651916cd43dd8448eb211c80319c"
	callersSpan  = "b7ad6b7169203331"
	recorded     = "00-" + callersTrace + "-" + callersSpan + "-01"
	notRecorded  = "00-" + callersTrace + "-" + callersSpan + "-00"
)

func TestTraces(t *testing.T) {
	url, last := traceUpstream(t, "the answer has "+secret)
	c := newCollector(t)
	h := start(t, tracedSettings(url, c, 0), quickly)
	r := h.do("POST", "/customers/77/private?name=query-of-caller", "the request has "+secret, "Traceparent", recorded, "Tracestate", "vendor=state-of-caller",
		"X-Own", "header-of-caller", "Content-Type", "text/plain")
	if r.StatusCode != 200 || strings.Contains(r.body, secret) {
		t.Fatalf("%d %s", r.StatusCode, r.body)
	}
	wait(t, func() bool { return len(c.all()) >= 5 })
	spans := c.all()
	server, call := spans["POST main"], spans["upstream"]
	if server == nil || call == nil {
		t.Fatalf("spans %v", spans)
	}
	if hex.EncodeToString(server.TraceId) != callersTrace || hex.EncodeToString(server.ParentSpanId) != callersSpan || server.Kind != traces.Span_SPAN_KIND_SERVER {
		t.Errorf("server %v", server)
	}
	for name, want := range map[string]string{
		"POST main":      "http.request.method=POST redactd.route=main http.request.body.size=28 http.response.status_code=200",
		"scrub request":  "redactd.inspected_bytes=28 redactd.findings=1",
		"upstream":       "http.request.method=POST redactd.upstream=up server.address=127.0.0.1 server.port=",
		"scrub response": "redactd.inspected_bytes=27 redactd.findings=1",
		"audit":          "redactd.direction=re",
	} {
		s := spans[name]
		if s == nil {
			if want != "" {
				t.Errorf("no span %s", name)
			}
			continue
		}
		if got := attributesOf(s); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if s != server && string(s.ParentSpanId) != string(server.SpanId) {
			t.Errorf("%s is not within the request", name)
		}
		if s.Status.GetCode() != traces.Status_STATUS_CODE_UNSET || s.EndTimeUnixNano < s.StartTimeUnixNano || s.StartTimeUnixNano < server.StartTimeUnixNano {
			t.Errorf("%s: %v", name, s)
		}
	}
	if call.Kind != traces.Span_SPAN_KIND_CLIENT || last().Get("Traceparent") != "00-"+callersTrace+"-"+hex.EncodeToString(call.SpanId)+"-01" ||
		last().Get("Tracestate") != "vendor=state-of-caller" {
		t.Errorf("the upstream is told %q, the span is %v", last(), call)
	}
	for _, text := range []string{secret, "customers", "private", "query-of-caller", "state-of-caller", "header-of-caller", "of-the-collector"} {
		if strings.Contains(string(c.raw), text) {
			t.Errorf("the collector is told of %q", text)
		}
	}
	if got := c.header.Get("Authorization"); got != "Bearer of-the-collector" {
		t.Errorf("credentials %q", got)
	}
}

// TestTracesOfStreams has the work on a body that goes through piece by piece in a span.
func TestTracesOfStreams(t *testing.T) {
	url, _ := traceUpstream(t, "fine")
	c := newCollector(t)
	h := start(t, tracedSettings(url, c, 1), quickly)
	body := strings.Repeat("a line\n", 20_000) + secret + "\n"
	if r := h.do("POST", "/x", body, "Content-Type", "text/plain"); r.StatusCode != 200 {
		t.Fatal(r.StatusCode, r.body)
	}
	wait(t, func() bool {
		return c.all()["POST main"] != nil && c.all()["scrub request"] != nil && c.all()["audit"] != nil
	})
	want := "redactd.body=stream redactd.inspected_bytes=" + strconv.Itoa(len(body)) + " redactd.findings=1"
	if s := c.all()["scrub request"]; attributesOf(s) != want || string(s.ParentSpanId) != string(c.all()["POST main"].SpanId) {
		t.Errorf("%s, want %s", attributesOf(s), want)
	}
}

// TestTraceparent has what of the fields for traces reaches the upstream.
func TestTraceparent(t *testing.T) {
	url, last := traceUpstream(t, "fine")
	c := newCollector(t)
	other := strings.Replace(recorded, "0af7", "0bf7", 1)
	for name, tc := range map[string]struct {
		ratio  float64
		off    bool
		header []string
		parent string // "" for one of redactd's own in the caller's trace, "new" for one of its own trace, "none"
		state  string
	}{
		"off":                         {off: true, header: []string{"traceparent", recorded, "tracestate", "a=b"}, parent: recorded, state: "a=b"},
		"off, none came":              {off: true, parent: "none"},
		"recorded by the caller":      {header: []string{"traceparent", recorded, "tracestate", "a=b"}, state: "a=b"},
		"not recorded by the caller":  {ratio: 1, header: []string{"traceparent", notRecorded, "tracestate", "a=b"}, parent: notRecorded, state: "a=b"},
		"none came, recorded":         {ratio: 1, parent: "new"},
		"none came, not recorded":     {parent: "none"},
		"not understood":              {ratio: 1, header: []string{"traceparent", "00-xyz", "tracestate", "a=b"}, parent: "new"},
		"not understood nor recorded": {header: []string{"traceparent", "00-xyz", "tracestate", "a=b"}, parent: "00-xyz", state: "a=b"},
		"two of them":                 {ratio: 1, header: []string{"traceparent", recorded, "traceparent", other}, parent: "new"},
		"signed": {ratio: 1, header: []string{"traceparent", recorded, "authorization",
			"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;traceparent;x-amz-date, Signature=" + strings.Repeat("0", 64),
			"X-Amz-Date", "20150830T123600Z"}, parent: recorded},
	} {
		t.Run(name, func(t *testing.T) {
			to := c
			if tc.off {
				to = nil
			}
			cfg := tracedSettings(url, to, tc.ratio)
			cfg.Upstreams["up"].KeepHost = true // which the signature covers
			h := start(t, cfg, quickly)
			if r := h.do("GET", "/x", "", tc.header...); r.StatusCode != 200 {
				t.Fatal(r.StatusCode, r.body)
			}
			got := last()["Traceparent"]
			switch one := len(got) == 1; {
			case tc.parent == "none" && len(got) > 0,
				tc.parent == "" && (!one || !strings.HasPrefix(got[0], "00-"+callersTrace+"-") || got[0] == recorded),
				tc.parent == "new" && (!one || len(got[0]) != len(recorded) || strings.Contains(got[0], callersTrace) || strings.Contains(got[0], "0bf7")),
				len(tc.parent) > 4 && (!one || got[0] != tc.parent):
				t.Errorf("the upstream is told %q", got)
			}
			if state := last().Get("Tracestate"); state != tc.state {
				t.Errorf("state %q, want %q", state, tc.state)
			}
		})
	}
}

// TestTracesOfFailures has refusals and errors in spans, by kinds.
func TestTracesOfFailures(t *testing.T) {
	url, _ := traceUpstream(t, "fine")
	c := newCollector(t)
	h := start(t, tracedSettings(url, c, 1), quickly)
	h.do("POST", "/x", formatMark, "Content-Type", "text/plain")
	wait(t, func() bool { return len(c.all()) >= 2 })
	if s := c.all()["scrub request"]; s == nil || !strings.Contains(attributesOf(s), "error.type=format") {
		t.Errorf("%v", s)
	}
	if s := c.all()["POST main"]; s.Status.GetCode() != traces.Status_STATUS_CODE_ERROR || !strings.Contains(attributesOf(s), "redactd.refused_by=request error.type=format") {
		t.Errorf("%v", s)
	}
	h.do("GET", "/fails", "")
	wait(t, func() bool { return c.all()["GET main"] != nil && c.all()["upstream"] != nil })
	if s := c.all()["upstream"]; !strings.Contains(attributesOf(s), "http.response.status_code=502 error.type=502") {
		t.Errorf("%v", s)
	}
}

// TestTracesAreLost has a collector fail: requests go on, and it is counted and said once.
func TestTracesAreLost(t *testing.T) {
	url, _ := traceUpstream(t, "fine")
	c := newCollector(t)
	c.answer(http.StatusUnauthorized)
	h := start(t, tracedSettings(url, c, 1), quickly)
	for range 3 {
		was := h.metric("redactd_trace_spans_total", "outcome", "lost")
		h.do("GET", "/x", "")
		wait(t, func() bool { return h.metric("redactd_trace_spans_total", "outcome", "lost") > was })
	}
	c.answer(0)
	h.do("GET", "/x", "")
	wait(t, func() bool { return len(c.all()) > 0 && strings.Contains(h.logs.String(), "takes traces again") })
	logs := h.logs.String()
	if strings.Count(logs, "the collector takes no traces") != 1 || !strings.Contains(logs, "answered with status 401") || strings.Contains(logs, "of-the-collector") {
		t.Errorf("log\n%s", logs)
	}
	ended, exported, lost := h.metric("redactd_trace_spans_total", "outcome", "ended"), h.metric("redactd_trace_spans_total", "outcome", "exported"),
		h.metric("redactd_trace_spans_total", "outcome", "lost")
	if lost < 3 || exported < 1 || ended < exported+lost {
		t.Errorf("%v ended, %v exported, %v lost", ended, exported, lost)
	}
}

// TestTracesFollowReloads switches tracing on, to another collector, and off.
func TestTracesFollowReloads(t *testing.T) {
	url, last := traceUpstream(t, "fine")
	first, second := newCollector(t), newCollector(t)
	next := settings(url)
	h := start(t, settings(url), quickly, func(o *Options) {
		o.Load = func() (*config.Config, error) { return next, nil }
	})
	for _, c := range []*collector{first, second} {
		next = tracedSettings(url, c, 1)
		if err := h.Reload(); err != nil {
			t.Fatal(err)
		}
		h.do("GET", "/x", "")
		wait(t, func() bool { return c.all()["GET main"] != nil })
	}
	same := h.tracer.Load()
	if err := h.Reload(); err != nil || h.tracer.Load() != same {
		t.Errorf("the same settings make another tracer (%v)", err)
	}
	next = settings(url)
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	h.do("GET", "/x", "")
	if got := last()["Traceparent"]; got != nil || h.tracer.Load() != nil {
		t.Errorf("still traced: %q", got)
	}
}

// TestTracesAtTheEnd has the last spans sent while redactd ends.
func TestTracesAtTheEnd(t *testing.T) {
	url, _ := traceUpstream(t, "fine")
	c := newCollector(t)
	h := start(t, tracedSettings(url, c, 1)) // every five seconds
	h.do("GET", "/x", "")
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if len(c.all()) < 2 {
		t.Errorf("spans %v", c.all())
	}
}
