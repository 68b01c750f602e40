package proxy

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"golang.org/x/text/encoding/charmap"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
)

// reports is an errorLog that remembers.
type reports struct {
	mu  sync.Mutex
	all []*errlog.Report
}

func (r *reports) Report(e errlog.Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, &e)
}

func (r *reports) Seals() bool { return true }

func (r *reports) Close(context.Context) error { return nil }

// take returns the reports since the last call.
func (r *reports) take() []*errlog.Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = nil
	return all
}

// errorHop starts a hop with the real scrubber and one route to a backend, whose errors are
// dealt with as text says.
func errorHop(t testing.TB, text string, answer http.HandlerFunc, edit ...func(*config.Config)) (*hop, *reports) {
	t.Helper()
	url := "http://127.0.0.1:1"
	if answer != nil {
		up := newBackend(t, answer)
		url = up.URL
	}
	cfg := settings(url)
	parsed, err := config.Parse("test.toml", []byte("[upstream.up]\nurls = [\""+url+"\"]\n[route.main]\nupstream = \"up\"\n[route.main.errors]\n"+text), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Routes["main"] = parsed.Routes["main"]
	cfg.Disclosures = parsed.Disclosures
	for _, e := range edit {
		e(cfg)
	}
	log := &reports{}
	return start(t, cfg, real, func(o *Options) { o.errorLog = log }), log
}

// says answers everything alike.
func says(status int, body string, headers ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Add(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const pythonTrace = `Traceback (most recent call last):
  File "/srv/app/views.py", line 12, in charge
    gateway.call("` + realSecret + `")
  File "/srv/app/gateway.py", line 7, in call
    raise RuntimeError("no route")
RuntimeError: no route`

func jsonString(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

// What becomes of an answer by its policy.
func TestErrorPolicies(t *testing.T) {
	leak := `{"detail":` + jsonString(pythonTrace) + `,"code":7}`
	const clean = `{"email":["Enter a valid address."],"code":7}`
	for _, tt := range []struct {
		name, policy string
		status       int
		body         string
		outcome      string
		want         []string // parts of what the client gets
		not          []string
		reported     bool
	}{
		{"default 5xx", "", 500, leak, "neutralised", []string{`"code":7`, `internal error`}, []string{"Traceback", "/srv/app", realSecret}, true},
		{"default 4xx, clean", "", 400, clean, "passed", []string{clean}, nil, false},
		{"default 4xx, leaking", "", 400, leak, "neutralised", []string{`"code":7`}, []string{"Traceback", "views.py"}, true},
		{"default 5xx, clean", "", 503, clean, "passed", []string{clean}, nil, true},
		{"scrub", `5xx = "scrub"`, 500, leak, "scrubbed", []string{"Traceback", "[REDACTED:test-token]"}, []string{realSecret}, true},
		{"scrub, 4xx, clean", `4xx = "scrub"`, 404, clean, "passed", []string{clean}, nil, false},
		{"off", `5xx = "off"`, 500, leak, "off", []string{leak}, nil, false},
		{"replace", `5xx = "replace"`, 502, clean, "replaced", []string{`"status":502`, `"instance":"urn:error:`}, []string{"email"}, true},
		{"replace 4xx", `4xx = "replace"`, 404, clean, "replaced", []string{`"status":404`}, []string{"email"}, true},
		{"single status", "4xx = \"replace\"\n404 = \"scrub\"", 404, clean, "passed", []string{clean}, nil, false},
		{"shape", "5xx = \"replace\"\nshape = \"drf\"", 500, clean, "replaced", []string{`{"detail":"`}, []string{"type"}, true},
		{"disabled framework", `disable = ["python", "name", "member", "message", "trace"]`, 500, leak, "scrubbed", []string{"Traceback"}, []string{realSecret}, true},
		{"shadow", "mode = \"shadow\"", 500, leak, "neutralised", []string{"Traceback"}, []string{realSecret}, true},
		{"log protocol", `log_protocols = "off"`, 500, clean, "passed", []string{clean}, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h, log := errorHop(t, tt.policy, says(tt.status, tt.body, "Content-Type", "application/json"))
			r := h.do("GET", "/a?token="+realSecret, "", "Accept", "application/json")
			if r.StatusCode != tt.status {
				t.Errorf("status %d", r.StatusCode)
			}
			for _, s := range tt.want {
				if !strings.Contains(r.body, s) {
					t.Errorf("%q is not in %q", s, r.body)
				}
			}
			for _, s := range tt.not {
				if strings.Contains(r.body, s) {
					t.Errorf("%q is in %q", s, r.body)
				}
			}
			if !json.Valid([]byte(r.body)) {
				t.Errorf("no JSON: %q", r.body)
			}
			if h.metric("redactd_error_responses_total", "outcome", tt.outcome, "route", "main", "status_class", statusClasses[tt.status/100]) != 1 {
				t.Errorf("is not counted as %s", tt.outcome)
			}
			id, changed := r.Header.Get("X-Error-Id"), tt.outcome == "neutralised" || tt.outcome == "replaced"
			if (id != "") != (changed && tt.name != "shadow") {
				t.Errorf("reference %q", id)
			}
			all := log.take()
			if (len(all) == 1) != tt.reported {
				t.Fatalf("%d reports", len(all))
			}
			for _, e := range all {
				if e.Route != "main" || e.Upstream != "up" || e.Status != tt.status || e.Method != "GET" || e.Path != "/a" || id != "" && e.Reference != id {
					t.Errorf("report %+v", e)
				}
				if tt.body == leak && !bytes.Equal(e.Unscrubbed, []byte(leak)) {
					t.Errorf("to seal: %q", e.Unscrubbed)
				}
				if tt.body == leak && (!strings.Contains(string(e.Original), "views.py") || strings.Contains(string(e.Original), realSecret)) {
					t.Errorf("original %q", e.Original)
				}
				if tt.body == leak && tt.name != "disabled framework" && (e.Framework != "python" || e.Exception != "RuntimeError" || len(e.Frames) != 2) {
					t.Errorf("report %+v", e)
				}
			}
		})
	}
}

// Answers of log protocols are for their clients, where a route takes logs; what callers of
// an API send makes none of it.
func TestErrorsOfLogProtocols(t *testing.T) {
	body := `{"error":{"type":"x","reason":` + jsonString(pythonTrace) + `},"status":500}`
	logs := func(cfg *config.Config) { cfg.Routes["main"].Request = config.ScopeLogs }
	for _, tt := range []struct {
		policy, path, media string
		edit                []func(*config.Config)
		raw                 bool
	}{
		{"", "/_bulk", "application/json", []func(*config.Config){logs}, true},
		{`log_protocols = "neutralise"`, "/_bulk", "application/json", []func(*config.Config){logs}, false},
		{"", "/_bulk", "application/json", nil, false},
		{"", "/_bulk", "text/html", []func(*config.Config){logs}, false},
		{"", "/orders", "application/json", []func(*config.Config){logs}, false},
	} {
		h, _ := errorHop(t, tt.policy, says(500, body, "Content-Type", tt.media), tt.edit...)
		r := h.do("POST", tt.path, "{}\n", "X-Amz-Firehose-Request-Id", "1", "Content-Type", "application/cloudevents+json")
		if strings.Contains(r.body, "Traceback") != tt.raw || strings.Contains(r.body, realSecret) {
			t.Errorf("%+v: %s", tt, r.body)
		}
	}
}

// A body that discloses as a whole has one in its place that fits the caller.
func TestSafeBodies(t *testing.T) {
	h, log := errorHop(t, "brand = \"Shop\"\nsupport = \"help@example.com\"", says(500, pythonTrace,
		"Content-Type", "text/plain", "ETag", `"a"`, "Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT", "Content-Language", "xx",
		"Cache-Control", "max-age=60", "Content-Disposition", "attachment", "Retry-After", "7", "Content-Digest", "sha-256=:AAAA:",
		"Vary", "Origin", "Content-Security-Policy", "default-src 'none'", "Set-Cookie", "a=b", "Access-Control-Allow-Origin", "*"))
	for accept, want := range map[string]string{
		"application/json": "application/json", "*/*": "text/plain; charset=utf-8", "": "text/plain; charset=utf-8",
		"text/html,*/*;q=0.1": "text/html; charset=utf-8", "application/problem+json": "application/problem+json",
	} {
		r := h.do("GET", "/", "", "Accept", accept, "Accept-Language", "de")
		hd := r.Header
		if r.StatusCode != 500 || hd.Get("Content-Type") != want || hd.Get("Content-Language") != "de" || hd.Get("Content-Length") != fmt.Sprint(len(r.body)) {
			t.Errorf("%s: %v", accept, hd)
		}
		for _, gone := range []string{"ETag", "Last-Modified", "Content-Disposition"} {
			if hd.Get(gone) != "" {
				t.Errorf("%s stays", gone)
			}
		}
		for name, stays := range map[string]string{"Retry-After": "7", "Content-Security-Policy": "default-src 'none'", "Set-Cookie": "a=b",
			"Access-Control-Allow-Origin": "*", "Cache-Control": "no-store", "Content-Digest": string(digestFields["content-digest"]([]byte("sha-256=:AAAA:"), []byte(r.body)))} {
			if got := hd.Values(name); len(got) != 1 || got[0] != stays {
				t.Errorf("%s: %q", name, got)
			}
		}
		if vary := strings.Join(hd.Values("Vary"), ","); vary != "Origin,Accept, Accept-Language" {
			t.Errorf("Vary: %s", vary)
		}
		ref := hd.Get("X-Error-Id")
		if all := log.take(); len(all) != 1 || all[0].Reference != ref || !strings.Contains(r.body, ref) {
			t.Errorf("reference %q, reports %v, body %s", ref, all, r.body)
		}
	}
}

// The reference leads to what else is known of the request.
func TestReference(t *testing.T) {
	var own string
	h, _ := errorHop(t, "", func(w http.ResponseWriter, r *http.Request) {
		if own != "" {
			w.Header().Set("X-Error-Id", own)
		}
		says(500, pythonTrace)(w, r)
	})
	const trace = "0af7651916cd43dd8448eb211c80319c"
	for _, tt := range []struct {
		name, own, want string
		headers         []string
	}{
		{"traceparent", "", trace, []string{"Traceparent", "00-" + trace + "-b7ad6b7169203331-01", "X-Request-Id", "request-12345"}},
		{"b3", "", trace, []string{"B3", trace + "-e457b5a2e4d86bd1-1"}},
		{"b3, many", "", trace, []string{"X-B3-Traceid", trace}},
		{"aws", "", "1-67891233-abcdef012345678912345678", []string{"X-Amzn-Trace-Id", "Self=1-2;Root=1-67891233-abcdef012345678912345678;Sampled=1"}},
		{"request id", "", "request-12345", []string{"X-Request-Id", "request-12345"}},
		{"no trace", "", "request-12345", []string{"Traceparent", "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", "X-Request-Id", "request-12345"}},
		{"too short", "", "", []string{"X-Request-Id", "a"}},
		{"a secret", "", "", []string{"X-Request-Id", realSecret}},
		{"with characters", "", "", []string{"X-Request-Id", "<script>alert"}},
		{"of the service", "own-error-77", "own-error-77", []string{"X-Request-Id", "request-12345"}},
		{"a secret of the service", realSecret, "request-12345", []string{"X-Request-Id", "request-12345"}},
	} {
		own = tt.own
		got := h.do("GET", "/", "", tt.headers...).Header.Values("X-Error-Id")
		if len(got) != 1 || tt.want != "" && got[0] != tt.want || tt.want == "" && (len(got[0]) != 32 || !hexID(got[0])) {
			t.Errorf("%s: %q", tt.name, got)
		}
	}
}

// What is changed is written as it came.
func TestErrorCodingsAndCharsets(t *testing.T) {
	latin := func(s string) string {
		out, err := charmap.ISO8859_1.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	wide := func(s string) string {
		out, err := codec.EncodeCharset(nil, []byte(s), "utf-16le")
		if err != nil {
			t.Fatal(err)
		}
		return "\xff\xfe" + string(out)
	}
	same := func(s string) string { return s }
	body := "Größe fehlt\n\n" + pythonTrace + "\n\nÜber\n"
	for _, coding := range []string{"", "gzip", "br", "zstd", "deflate", "gzip, br"} {
		for charset, encode := range map[string]func(string) string{"utf-8": same, "iso-8859-1": latin, "utf-16": wide} {
			sent, err := codec.Encode(nil, []byte(encode(body)), coding)
			if err != nil {
				t.Fatal(err)
			}
			headers := []string{"Content-Type", "text/plain; charset=" + charset}
			if coding != "" {
				headers = append(headers, "Content-Encoding", coding)
			}
			h, log := errorHop(t, "", says(400, string(sent), headers...))
			r := h.do("GET", "/", "", "Accept-Encoding", "gzip, br, zstd, deflate")
			got := decode(t, r.Header.Get("Content-Encoding"), r.body)
			if want := encode("Größe fehlt\n\n\n\nÜber\n"); got != want || r.Header.Get("Content-Encoding") != coding || r.Header.Get("Content-Type") != headers[1] {
				t.Errorf("%q %s: %q, want %q: %v", coding, charset, got, want, r.Header)
			}
			if all := log.take(); len(all) != 1 || !strings.Contains(string(all[0].Original), "Größe fehlt") {
				t.Errorf("%q %s: the operator is told %+v", coding, charset, all)
			}
		}
	}
}

// What can't be inspected does not pass, and the caller learns what it can.
func TestErrorsWithheld(t *testing.T) {
	for name, tt := range map[string]struct {
		policy, body string
		headers      []string
		want         string
	}{
		"unknown coding":  {"", "xx", []string{"Content-Encoding", "rot13"}, "withheld"},
		"broken coding":   {"", "xx", []string{"Content-Encoding", "gzip"}, "withheld"},
		"too large":       {`max_body = "64KiB"`, strings.Repeat("a\n", 64<<10), []string{"Content-Type", "text/plain"}, "replaced"},
		"unknown charset": {"", "\xff\x00" + realSecret, []string{"Content-Type", "text/plain; charset=utf-7"}, "withheld"},
	} {
		h, log := errorHop(t, tt.policy, says(503, tt.body, append(tt.headers, "Retry-After", "9", "X-Stays", "y")...))
		r := h.do("GET", "/", "", "Accept", "application/json")
		if r.StatusCode != 503 || !strings.Contains(r.body, `"status":503`) || r.Header.Get("Content-Encoding") != "" ||
			r.Header.Get("Retry-After") != "9" || r.Header.Get("X-Stays") != "y" {
			t.Errorf("%s: %d %v %q", name, r.StatusCode, r.Header, r.body)
		}
		if h.metric("redactd_error_responses_total", "outcome", tt.want) != 1 {
			t.Errorf("%s is not counted as %s", name, tt.want)
		}
		if all := log.take(); len(all) != 1 || all[0].Reference != r.Header.Get("X-Error-Id") {
			t.Errorf("%s: %+v", name, all)
		}
	}
}

// Header fields that disclose go, those that callers act on stay.
func TestErrorHeaders(t *testing.T) {
	const own = "\n[disclosure.x]\npart = \"header\"\nheaders = [\"X-Shop-*\", \"Retry-After\", \"X-RateLimit-Limit\", \"Set-Cookie\", \"Access-Control-Allow-Origin\", \"X-Request-Id\"]\n" +
		"[disclosure.y]\npart = \"header\"\nheaders = [\"X-Runs\"]\npattern = '/[0-9.]+'\n"
	headers := []string{"X-Shop-A", "1", "X-Runs", "Thing/1.2.3 (x)", "Retry-After", "5", "X-RateLimit-Limit", "3", "Set-Cookie", "a=b",
		"Access-Control-Allow-Origin", "*", "X-Request-Id", "abcdefgh"}
	for _, tt := range []struct {
		policy string
		status int
		clean  bool
	}{
		{"", 500, true}, {"", 404, true}, {"", 200, false}, {`headers = "all"`, 200, true}, {`headers = "all"`, 204, true}, {`headers = "none"`, 500, false},
		{`5xx = "scrub"`, 500, false}, {`5xx = "off"`, 500, false}, {`mode = "shadow"`, 500, false},
	} {
		h, _ := errorHop(t, tt.policy+own, says(tt.status, "", headers...))
		for _, method := range []string{"GET", "HEAD"} {
			r := h.do(method, "/", "")
			want := map[string]string{"X-Shop-A": "1", "X-Runs": "Thing/1.2.3 (x)"}
			if tt.clean {
				want = map[string]string{"X-Shop-A": "", "X-Runs": "Thing (x)"}
			}
			for i := 4; i < len(headers); i += 2 {
				want[headers[i]] = headers[i+1]
			}
			for name, value := range want {
				if got := r.Header.Get(name); got != value || r.StatusCode != tt.status {
					t.Errorf("%q %s %d: %s is %q, want %q", tt.policy, method, tt.status, name, got, value)
				}
			}
		}
	}
}

// What an application writes into fields of its own is read as what it writes into bodies.
func TestErrorsInOwnHeaders(t *testing.T) {
	h, _ := errorHop(t, "", says(500, "", "X-Err", `KeyError: File "/srv/app/a.py", line 3, in f`, "X-Where", "in /var/www/shop/views.py",
		"X-Order", "17", "X-Trace-Id", "4bf92f3577b34da6a3ce929d0e0e4736", "Other", "in /var/www/shop/views.py"))
	r := h.do("GET", "/", "")
	for name, want := range map[string]string{
		"X-Err": "", "X-Where": "in [path]", "X-Order": "17", "X-Trace-Id": "4bf92f3577b34da6a3ce929d0e0e4736", "Other": "in /var/www/shop/views.py",
	} {
		if got := r.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

// A reason phrase that discloses gives way to that of the status.
func TestErrorReason(t *testing.T) {
	for reason, want := range map[string]string{`File "/srv/a.py", line 3, in f`: "Internal Server Error", "Out Of Order": "Out Of Order"} {
		up := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
			head(r)
			_, _ = io.WriteString(c, "HTTP/1.1 500 "+reason+"\r\nContent-Length: 0\r\n\r\n")
		})
		h, _ := errorHop(t, "", nil, func(cfg *config.Config) { cfg.Upstreams["up"].URLs = []string{up} })
		if got := h.raw("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 500 "+want+"\r\n") {
			t.Errorf("%q", got)
		}
	}
}
