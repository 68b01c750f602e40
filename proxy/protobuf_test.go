package proxy

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/redactd/redactd/internal/config"
)

// otlpLogs is a request with so many records, each with that body and password.
func otlpLogs(t *testing.T, n int, body, password string) string {
	t.Helper()
	text := func(s string) *commonpb.AnyValue {
		return &commonpb.AnyValue{Value: &commonpb.AnyValue_StringValue{StringValue: s}}
	}
	scope := &logs.ScopeLogs{}
	for range n {
		scope.LogRecords = append(scope.LogRecords, &logs.LogRecord{
			TimeUnixNano: 1700000000123456789, TraceId: []byte(realSecret[:16]), Body: text(body),
			Attributes: []*commonpb.KeyValue{{Key: "password", Value: text(password)}, {Key: "kept", Value: text("hunter2hunter2")}},
		})
	}
	b, err := proto.Marshal(&logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{scope}}}})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestRealOTLP(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
		message := "no room for " + realSecret
		_, _ = io.WriteString(w, "\x0a"+string(rune(len(message)+2))+"\x12"+string(rune(len(message)))+message)
	})
	h := start(t, settings(up.URL), real)
	for _, n := range []int{1, 5000} { // the second is more than is buffered of other formats
		dirty := otlpLogs(t, n, "x "+realSecret, "hunter2hunter2")
		want := otlpLogs(t, n, "x [REDACTED:test-token]", "[REDACTED:test-password]")
		for coding, body := range map[string]string{"": dirty, "gzip": gz(t, dirty)} {
			r := h.do("POST", "/otlp/v1/logs", body, "Content-Type", "application/x-protobuf", "Content-Encoding", coding)
			_, got := up.last(t)
			if r.StatusCode != 200 || decode(t, coding, got) != want {
				t.Errorf("%d %q: %d, upstream got %.200q", n, coding, r.StatusCode, got)
			}
			const message = "no room for [REDACTED:test-token]"
			if answer := "\x0a" + string(rune(len(message)+2)) + "\x12" + string(rune(len(message))) + message; r.body != answer {
				t.Errorf("answer %q, want %q", r.body, answer)
			}
		}
	}
	clean := otlpLogs(t, 3, "x", "")
	h.do("POST", "/v1/logs", clean, "Content-Type", "application/x-protobuf")
	if _, got := up.last(t); got != clean {
		t.Errorf("clean: %q", got)
	}
	r := h.do("POST", "/v1/logs", clean[:len(clean)-1], "Content-Type", "application/x-protobuf")
	if r.StatusCode != 503 || r.Header.Get("Content-Type") != "application/x-protobuf" || !strings.HasPrefix(r.body, "\x08\x0e\x12") || r.Header.Get("Retry-After") == "" {
		t.Errorf("broken: %d %q", r.StatusCode, r.body)
	}
}

func TestRealLoki(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	h := start(t, settings(up.URL), real)
	push := func(label, line string) string {
		field := func(tag, content string) string { return tag + string(rune(len(content))) + content }
		return field("\x0a", field("\x0a", `{app="a",password="`+label+`"}`)+field("\x12", "\x0a\x02\x08\x07"+field("\x12", line)))
	}
	want := push("[REDACTED:test-password]", "[REDACTED:test-token]")
	dirty := push("hunter2hunter2", realSecret)
	block := string(s2.EncodeSnappy(nil, []byte(dirty)))
	for _, tt := range []struct{ coding, body string }{{"", block}, {"snappy", block}, {"gzip", gz(t, block)}} {
		r := h.do("POST", "/loki/api/v1/push", tt.body, "Content-Type", "application/x-protobuf", "Content-Encoding", tt.coding, "X-Scope-OrgID", "t1")
		req, got := up.last(t)
		if tt.coding == "gzip" {
			got = decode(t, "gzip", got)
		}
		plain, err := s2.Decode(nil, []byte(got))
		if r.StatusCode != 204 || err != nil || string(plain) != want || req.Header.Get("X-Scope-OrgID") != "t1" || req.Header.Get("Content-Encoding") != tt.coding {
			t.Errorf("%q: %d, %v, upstream got %q", tt.coding, r.StatusCode, err, plain)
		}
	}
}

// TestRealStoreProtobuf asks that what was pushed in protobuf is kept as JSON.
func TestRealStoreProtobuf(t *testing.T) {
	cfg := settings("http://127.0.0.1:1")
	cfg.Routes["main"].Upstream = config.StoreUpstream
	cfg.Store.Dir = t.TempDir()
	h := start(t, cfg, real)
	r := h.do("POST", "/v1/logs", gz(t, otlpLogs(t, 1, "x "+realSecret, "hunter2hunter2")), "Content-Type", "application/x-protobuf", "Content-Encoding", "gzip")
	if r.StatusCode != 200 || r.body != "" || r.Header.Get("Content-Type") != "application/x-protobuf" {
		t.Errorf("%d %q", r.StatusCode, r.body)
	}
	files, _ := filepath.Glob(filepath.Join(cfg.Store.Dir, "store-*"))
	if len(files) != 1 {
		t.Fatal(files)
	}
	kept, _ := os.ReadFile(files[0])
	got := string(kept)
	if !strings.Contains(got, `"body":{"stringValue":"x [REDACTED:test-token]"}`) || strings.Count(got, "hunter2") != 2 {
		t.Errorf("stored %s", got)
	}
}
