package errlog

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/redactd/redactd/internal/config"
)

// server is a stand-in for a sink's server. It answers with the statuses that it is given,
// then with 200.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	statuses []int
	answer   []byte
	requests []*http.Request
	bodies   [][]byte
}

func newServer(t *testing.T, statuses ...int) *server {
	s := &server{statuses: statuses}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.Header.Get("Content-Encoding") == "gzip" {
			var z *gzip.Reader
			if z, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
				body, err = io.ReadAll(z)
			}
		}
		if err != nil {
			t.Error(err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests, s.bodies = append(s.requests, r), append(s.bodies, body)
		if len(s.statuses) > 0 {
			w.WriteHeader(s.statuses[0])
			s.statuses = s.statuses[1:]
			return
		}
		_, _ = w.Write(s.answer)
	}))
	t.Cleanup(s.Close)
	return s
}

// full is a report with everything.
func full() Report {
	r := report(0)
	r.Time = time.Date(2026, 11, 22, 12, 0, 0, 5000, time.UTC)
	r.Upstream, r.Method, r.Path, r.Framework, r.Exception = "backend", "GET", "/orders/17?q=1", "django", "KeyError"
	r.TraceID, r.SpanID, r.RequestID, r.ConfigDigest = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331", "req-1", "digest"
	r.Frames = []Frame{frame("get", "/usr/lib/python3/site-packages/db.py", "3"), frame("total", "app/views.py", "12")}
	r.Original = []byte("Traceback \xff [REDACTED:x]")
	return r
}

// send sends reports to the sinks of e and returns what was told of it.
func send(t *testing.T, e config.ErrorLog, reports ...Report) *tally {
	t.Helper()
	e.MaxOriginal = 1 << 20
	seen := newTally()
	log, err := New(Options{Errors: e, Observer: seen, Replica: "replica-1", Version: "1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range reports {
		log.Report(r)
	}
	if err := log.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return seen
}

func TestOTLP(t *testing.T) {
	s := newServer(t, 503, 429)
	bare := Report{Reference: "ref-2", Time: time.Unix(1, 0), Route: "shop", Status: 404, TraceID: strings.Repeat("0", 32), SpanID: "b7ad6b7169203331"}
	seen := send(t, config.ErrorLog{OTLP: s.URL + "/", OTLPHeaders: map[string]config.Secret{"X-Key": "k"}}, full(), bare)
	if seen.get("written otlp") != 2 || seen.get("failed otlp unavailable") != 2 {
		t.Errorf("%v", seen.n)
	}
	var list []*logs.LogRecord
	for i, r := range s.requests {
		if r.URL.Path != "/v1/logs" || r.Header.Get("X-Key") != "k" || r.Header.Get("Content-Type") != "application/x-protobuf" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		if i < 2 {
			continue
		}
		var data logs.LogsData
		if err := proto.Unmarshal(s.bodies[i], &data); err != nil {
			t.Fatal(err)
		}
		for _, rl := range data.ResourceLogs {
			if got := rl.Resource.Attributes[0].Value.GetStringValue(); got != "redactd" {
				t.Errorf("the service is %s", got)
			}
			list = append(list, rl.ScopeLogs[0].LogRecords...)
		}
	}
	if len(list) != 2 {
		t.Fatalf("%d records", len(list))
	}
	r := list[0]
	if hex.EncodeToString(r.TraceId) != full().TraceID || hex.EncodeToString(r.SpanId) != full().SpanID ||
		r.TimeUnixNano != uint64(full().Time.UnixNano()) || r.SeverityText != "ERROR" || r.EventName != "redactd.error_response" {
		t.Errorf("%v", r)
	}
	if got, want := r.Body.GetStringValue(), "500 django KeyError on GET /orders/{id}"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	got := map[string]string{}
	for _, a := range r.Attributes {
		got[a.Key] = a.Value.GetStringValue()
	}
	for key, want := range map[string]string{
		"exception.type": "KeyError", "exception.stacktrace": "get (/usr/lib/python3/site-packages/db.py:3)\ntotal (app/views.py:12)",
		"http.route": "/orders/{id}", "http.request.method": "GET", "redactd.route": "api", "redactd.upstream": "backend",
		"redactd.reference": "ref-0", "redactd.request_id": "req-1", "redactd.original": "Traceback \uFFFD [REDACTED:x]",
	} {
		if got[key] != want {
			t.Errorf("%s is %q, want %q", key, got[key], want)
		}
	}
	if list[1].TraceId != nil || list[1].SpanId != nil || list[1].SeverityText != "WARN" {
		t.Errorf("%v", list[1])
	}
}

func TestOTLPRefuses(t *testing.T) {
	s := newServer(t, 400)
	if seen := send(t, config.ErrorLog{OTLP: s.URL + "/x/v1/logs"}, full()); seen.get("dropped otlp count") != 1 || seen.get("failed otlp refused") != 1 {
		t.Errorf("%v", seen.n)
	}
	if len(s.requests) != 1 || s.requests[0].URL.Path != "/x/v1/logs" {
		t.Errorf("%d requests", len(s.requests))
	}
	s = newServer(t)
	s.answer = []byte{0x0a, 0x02, 0x08, 0x03} // partial_success { rejected_log_records: 3 }
	if seen := send(t, config.ErrorLog{OTLP: s.URL}, full()); seen.get("dropped otlp count") != 3 || seen.get("written otlp") != 1 {
		t.Errorf("%v", seen.n)
	}
	for _, garbage := range []string{"", "\x0a", "\x0a\xff", "\x0a\x01\x08", "\xff\xff", "\x0a\x06\x08\xff\xff\xff\xff\xff"} {
		if n := rejected([]byte(garbage)); n != 0 {
			t.Errorf("%x: %d", garbage, n)
		}
	}
}

// What was only counted is told too.
func TestOTLPCounts(t *testing.T) {
	s := newServer(t)
	o := &Options{Errors: config.ErrorLog{OTLP: s.URL}, Observer: Nobody{}}
	sink, err := openOTLP(o, nil)
	if err != nil {
		t.Fatal(err)
	}
	r := full()
	g := r.group(Fingerprint(&r))
	g.Count = 41
	b := newBatch(1, nil, nil)
	b.counted = append(b.counted, g)
	if err := sink.write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	var data logs.LogsData
	if err := proto.Unmarshal(s.bodies[0], &data); err != nil {
		t.Fatal(err)
	}
	record := data.ResourceLogs[0].ScopeLogs[0].LogRecords[0]
	last := record.Attributes[len(record.Attributes)-1]
	if record.EventName != "redactd.error_responses" || last.Key != "redactd.count" || last.Value.GetIntValue() != 41 {
		t.Errorf("%v", record)
	}
}

func sentryServer(t *testing.T, statuses ...int) (*server, config.ErrorLog) {
	s := newServer(t, statuses...)
	s.answer = []byte("{}")
	return s, config.ErrorLog{SentryDSN: strings.Replace(s.URL, "://", "://"+strings.Repeat("a", 32)+"@", 1) + "/7"}
}

func TestSentry(t *testing.T) {
	t.Setenv("SENTRY_RELEASE", "")
	s, e := sentryServer(t, 503)
	if seen := send(t, e, full()); seen.get("written sentry") != 1 || seen.get("failed sentry unavailable") != 1 {
		t.Errorf("%v", seen.n)
	}
	if len(s.requests) != 2 || s.requests[1].URL.Path != "/api/7/envelope/" {
		t.Fatalf("%d requests", len(s.requests))
	}
	lines := bytes.SplitN(s.bodies[1], []byte("\n"), 3)
	if len(lines) != 3 {
		t.Fatalf("%s", s.bodies[1])
	}
	var event struct {
		Fingerprint                           []string
		Level, Platform, Transaction, Release string
		Timestamp                             time.Time
		ServerName                            string `json:"server_name"`
		Tags                                  map[string]string
		Contexts                              map[string]map[string]any
		Modules                               map[string]string
		Exception                             []struct {
			Type, Value string
			Stacktrace  struct {
				Frames []struct {
					Function, Filename string
					Lineno             int
					InApp              bool `json:"in_app"`
				}
			}
		}
	}
	if err := json.Unmarshal(bytes.SplitN(lines[2], []byte("\n"), 2)[0], &event); err != nil {
		t.Fatalf("%v in %s", err, lines[2])
	}
	r := full()
	r.bound()
	if len(event.Fingerprint) != 1 || event.Fingerprint[0] != Fingerprint(&r) || event.Level != "error" || event.Platform != "python" ||
		event.Transaction != "GET /orders/{id}" || event.ServerName != "replica-1" || !event.Timestamp.Equal(r.Time) || event.Release != "" {
		t.Errorf("%+v", event)
	}
	if event.Tags["reference"] != "ref-0" || event.Tags["route"] != "api" || event.Contexts["trace"]["trace_id"] != r.TraceID ||
		event.Contexts["redactd"]["original"] != "Traceback \uFFFD [REDACTED:x]" {
		t.Errorf("%+v", event)
	}
	x := event.Exception[0]
	if x.Type != "KeyError" || x.Value != "500 django KeyError on GET /orders/{id}" || len(x.Stacktrace.Frames) != 2 {
		t.Fatalf("%+v", x)
	}
	if f := x.Stacktrace.Frames; f[0].Function != "total" || f[0].Lineno != 12 || !f[0].InApp || f[1].InApp {
		t.Errorf("%+v", f)
	}
	// Nothing is told of the machine and the program that redactd is.
	host, _ := os.Hostname()
	for _, own := range []string{host, "GOMAXPROCS", "go_maxprocs", "github.com/valyala", "runtime"} {
		if own != "" && bytes.Contains(s.bodies[1], []byte(own)) {
			t.Errorf("it holds %s: %s", own, s.bodies[1])
		}
	}
	if len(event.Modules) > 0 || len(event.Contexts) != 3 {
		t.Errorf("%+v", event)
	}
}

func TestSentryRefusesAndFloods(t *testing.T) {
	s, e := sentryServer(t, 400)
	other := full()
	other.Route = "other"
	if seen := send(t, e, full(), other); seen.get("dropped sentry count") != 1 || len(s.requests) != 2 {
		t.Errorf("%v, %d requests", seen.n, len(s.requests))
	}
	sink := &sentrySink{observer: Nobody{}, sent: map[string]int{}}
	at := time.Unix(60, 0)
	due := 0
	for range 2 * perMinute {
		if sink.due("a", at) {
			due++
		}
	}
	if due != perMinute || !sink.due("b", at) || !sink.due("a", at.Add(time.Minute)) {
		t.Errorf("%d in a minute", due)
	}
	if _, err := New(Options{Errors: config.ErrorLog{SentryDSN: "https://planted@/"}}); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("got %v", err)
	}
}

// No error quotes where something was sent, which may hold credentials.
func TestUnreachable(t *testing.T) {
	s := newServer(t)
	s.Close()
	_, err := http.Get(strings.Replace(s.URL, "://", "://planted:planted@", 1))
	got := transportError(err)
	if KindOf(got) != "unreachable" || strings.Contains(got.Error(), "planted") {
		t.Errorf("%v", got)
	}
}
