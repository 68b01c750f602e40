package proxy

import (
	"bufio"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

const mask = "[REDACTED:test-token]"

// TestIntakes sends through the hop what senders of each log protocol send, with a
// secret in it, and compares what the backend gets.
func TestIntakes(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Routes["main"].Request, cfg.Routes["main"].Annotate = config.ScopeLogs, true
	h := start(t, cfg, real)
	sentry := func(event string) string {
		return "{}\n" + fmt.Sprintf(`{"type":"event","length":%d}`, len(event)) + "\n" + event + "\n"
	}
	in64 := func(text string) string {
		return `{"requestId":"r","records":[{"data":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"}]}`
	}
	journal := func(text string) string {
		return "M\n" + string(binary.LittleEndian.AppendUint64(nil, uint64(len(text)))) + text + "\n\n"
	}
	meta := fmt.Sprintf(`,"_meta":{"message":{"":{"rem":[["redactd:test-token","s",2,%d]],"len":%d}}}}`, 2+len(mask), 2+len(realSecret))
	for _, tt := range []struct {
		name, path, contentType string
		body, want              string
		header                  []string
	}{
		{"Sentry", "/api/1/envelope/?sentry_key=0123", "application/x-sentry-envelope", sentry(`{"message":"a ` + realSecret + `"}`), sentry(`{"message":"a ` + mask + `"` + meta), nil},
		{"Sentry in a browser", "/api/1/envelope/", "text/plain;charset=UTF-8", sentry(`{"message":"a ` + realSecret + `"}`), sentry(`{"message":"a ` + mask + `"` + meta), nil},
		{"Datadog", "/v1/input/0123456789abcdef0123456789abcdef", "application/json", `{"ddtags":"password:x","status":"` + realSecret + `"}`,
			`{"ddtags":"password:[REDACTED:test-password]","status":"` + realSecret + `"}`, nil},
		{"New Relic", "/log/v1", "application/gzip", gz(t, `[{"message":"`+realSecret+`"}]`), `[{"message":"` + mask + `"}]`, nil},
		{"HEC", "/services/collector/event", "", `{"event":"` + realSecret + `"}{"event":{"password":"x"}}`, `{"event":"` + mask + `"}{"event":{"password":"[REDACTED:test-password]"}}`,
			[]string{"X-Splunk-Request-Channel", realSecret}},
		{"Firehose", "/any", "application/json", in64("a " + realSecret), in64("a " + mask), []string{"X-Amz-Firehose-Request-Id", "r"}},
		{"journald", "/upload", "application/vnd.fdo.journal", journal(realSecret), journal(mask), nil},
		{"CloudEvents", "/any", "application/json", `{"id":"` + realSecret + `"}`, `{"id":"` + mask + `"}`, []string{"Ce-Specversion", "1.0", "Ce-Id", realSecret}},
		{"Google", "/v2/entries:write", "application/json", `{"entries":[{"insertId":"` + realSecret + `","textPayload":"` + realSecret + `"}]}`,
			`{"entries":[{"insertId":"` + realSecret + `","textPayload":"` + mask + `"}]}`, nil},
		{"VictoriaLogs", "/insert/jsonline", "application/stream+json", `{"_msg":"` + realSecret + `"}`, `{"_msg":"` + mask + `"}`, nil},
		{"no log protocol", "/login", "application/json", `{"password":"x"}`, `{"password":"x"}`, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := h.do("POST", tt.path, tt.body, append(tt.header, "Content-Type", tt.contentType)...)
			req, got := up.last(t)
			if tt.contentType == "application/gzip" {
				got = decode(t, "gzip", got)
			}
			if r.StatusCode != 200 || got != tt.want {
				t.Errorf("%d, upstream got %q, want %q", r.StatusCode, got, tt.want)
			}
			if uri := req.URL.RequestURI(); uri != tt.path {
				t.Errorf("upstream got %s", uri)
			}
			for i := 0; i < len(tt.header); i += 2 {
				if req.Header.Get(tt.header[i]) != tt.header[i+1] {
					t.Errorf("%s: %q", tt.header[i], req.Header.Get(tt.header[i]))
				}
			}
		})
	}
	for _, said := range []string{h.logs.String(), fmt.Sprint(h.trail.all()), h.scrape()} {
		if strings.Contains(said, "0123456789abcdef") {
			t.Error("the key in the path is told")
		}
	}
}

// scrape returns what the admin listener says of the metrics.
func (h *hop) scrape() string {
	h.t.Helper()
	r, err := client().Get(h.admin + "/metrics")
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

// TestIntakeRefusals asks for the answers of each protocol where the backend is gone.
func TestIntakeRefusals(t *testing.T) {
	cfg := settings("http://127.0.0.1:1")
	h := start(t, cfg, real)
	for _, tt := range []struct {
		path, contentType string
		header            []string
		status            int
		want              string
	}{
		{"/api/1/envelope/", "application/x-sentry-envelope", nil, 502, `"detail":`},
		{"/v1/input/k", "application/json", nil, 502, `"errors":`},
		{"/services/collector", "", nil, 503, `"code":9`},
		{"/any", "application/json", []string{"X-Amz-Firehose-Request-Id", "r-1"}, 502, `"requestId":"r-1"`},
		{"/v2/entries:write", "application/json", nil, 502, `"status":"UNAVAILABLE"`},
		{"/dataCollectionRules/d/streams/s", "application/json", nil, 502, `"code":"BadGateway"`},
		{"/1/batch/d", "application/json", nil, 502, `"error":`},
		{"/upload", "application/vnd.fdo.journal", nil, 502, "The upstream"},
	} {
		r := h.do("POST", tt.path, "[]\n", append(tt.header, "Content-Type", tt.contentType)...)
		if tt.contentType == "application/vnd.fdo.journal" {
			r = h.do("POST", tt.path, "M=1\n\n", "Content-Type", tt.contentType)
		}
		if r.StatusCode != tt.status || !strings.Contains(r.body, tt.want) {
			t.Errorf("%s: %d %q", tt.path, r.StatusCode, r.body)
		}
	}
}

// TestChannel asks that senders and askers of one HEC channel meet at the same server.
func TestChannel(t *testing.T) {
	name := func(s string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(s) }
	}
	a, b := newBackend(t, name("a")), newBackend(t, name("b"))
	cfg := settings(a.URL)
	cfg.Upstreams["up"].URLs = []string{a.URL, b.URL}
	h := start(t, cfg, real)
	seen := map[string]bool{}
	for i := range 20 {
		channel := fmt.Sprintf("00000000-0000-0000-0000-0000000000%02d", i)
		first := h.do("POST", "/services/collector/event", `{"event":"m"}`, "X-Splunk-Request-Channel", channel).body
		seen[first] = true
		for range 2 {
			if got := h.do("POST", "/services/collector/ack?x=1&channel="+channel, `{"acks":[0]}`).body; got != first {
				t.Errorf("%s: %s and then %s", channel, first, got)
			}
		}
	}
	if len(seen) != 2 {
		t.Errorf("only %v used", seen)
	}
}

// TestJournalGoesOn asks that entries of an upload that follows the journal go on as they
// come, without a thought of how many there will be.
func TestJournalGoesOn(t *testing.T) {
	came := make(chan string)
	up := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lines := bufio.NewScanner(r.Body)
		for lines.Scan() {
			came <- lines.Text()
		}
		close(came)
	}))
	defer up.Close()
	cfg := settings(up.URL)
	cfg.Routes["main"].Request = config.ScopeLogs
	h := start(t, cfg, real)
	body, entries := io.Pipe()
	req, err := http.NewRequest("POST", "http://"+h.addr+"/upload", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/vnd.fdo.journal")
	answered := make(chan error)
	go func() {
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			err = resp.Body.Close()
		}
		answered <- err
	}()
	for range 3 {
		fmt.Fprintf(entries, "MESSAGE=key %s\n\n", realSecret)
		if got := <-came + <-came; got != "MESSAGE=key "+mask {
			t.Errorf("%q went on", got)
		}
	}
	entries.Close()
	if _, more := <-came; more {
		t.Error("more went on")
	}
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
