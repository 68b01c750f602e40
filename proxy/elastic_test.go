package proxy

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// realTyped adds rules for what typed fields hold.
func realTyped(o *Options) {
	real(o)
	o.Rules = append(o.Rules,
		redact.Rule{ID: "test-address", Pack: "test", Pattern: `10\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]{1,3}`},
		redact.Rule{ID: "test-birth", Pack: "test", Keys: []string{"born"}},
		redact.Rule{ID: "test-card", Pack: "test", Pattern: `4[0-9]{15}`},
		redact.Rule{ID: "test-preview", Pack: "test", Keys: []string{"reason"}, Pattern: `of field's value: '([^']{1,100})`})
}

// TestElasticsearchRequests sends what clients of Elasticsearch and OpenSearch send, with
// secrets in it, under the scope "logs".
func TestElasticsearchRequests(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Routes["main"].Request = config.ScopeLogs
	h := start(t, cfg, realTyped)
	const (
		vnd    = "application/vnd.elasticsearch+x-ndjson;compatible-with=8"
		vndDoc = "application/vnd.elasticsearch+json; compatible-with=8"
		js     = "application/json"
	)
	action := `{"index":{"_index":"` + realSecret + `","_id":"` + realSecret + `","routing":"` + realSecret + `","pipeline":"` + realSecret + `"}}` + "\r\n"
	leak, clean := `{"@timestamp":"2026-03-01T10:15:00Z","m":"a `+realSecret+`"}`, `{"@timestamp":"2026-03-01T10:15:00Z","m":"a `+mask+`"}`
	typed := `{"ip":"10.1.2.3","net":"10.1.0.0/16","born":"1980-05-17","card":4111111111111111,"ok":true}`
	kept := `{"ip":"%s","net":"%s","born":"1970-01-01","card":0,"ok":true}`
	for _, tt := range []struct{ name, method, path, contentType, body, want string }{
		{"bulk", "POST", "/_bulk?filter_path=errors%2Citems.*.error", vnd, action + leak + "\r\n", action + clean + "\r\n"},
		{"bulk of an index", "PUT", "/logs/_bulk", js, `{"create":{}}` + "\n" + leak + "\n" + `{"delete":{"_id":"` + realSecret + `"}}` + "\n",
			`{"create":{}}` + "\n" + clean + "\n" + `{"delete":{"_id":"` + realSecret + `"}}` + "\n"},
		{"update", "POST", "/_bulk", vnd, `{"update":{"_id":"1"}}` + "\n" + `{"script":{"source":"` + realSecret + `","params":{"p":"` + realSecret + `"}},"upsert":{"a":"` + realSecret + `"},"doc_as_upsert":true}` + "\n",
			`{"update":{"_id":"1"}}` + "\n" + `{"script":{"source":"` + realSecret + `","params":{"p":"` + mask + `"}},"upsert":{"a":"` + mask + `"},"doc_as_upsert":true}` + "\n"},
		{"document", "POST", "/logs/_doc", js, leak, clean},
		{"document with an id", "PUT", "/logs/_doc/" + realSecret, vndDoc, leak, clean},
		{"create", "PUT", "/logs/_create/1", js, leak, clean},
		{"update of one", "POST", "/logs/_update/1", js, `{"doc":` + leak + `,"script":"` + realSecret + `"}`, `{"doc":` + clean + `,"script":"` + realSecret + `"}`},
		{"monitoring", "POST", "/_monitoring/bulk", js, `{"index":{"_id":"` + realSecret + `"}}` + "\n" + leak + "\n", `{"index":{"_id":"` + realSecret + `"}}` + "\n" + clean + "\n"},
		{"old types", "POST", "/logs/doc/_bulk", "", `{"index":{}}` + "\n" + leak + "\n", `{"index":{}}` + "\n" + clean + "\n"},
		{"search", "POST", "/logs/_search", js, leak, leak},
		{"many searches", "POST", "/_msearch", "application/x-ndjson", "{}\n" + leak + "\n", "{}\n" + leak + "\n"},
		{"update by query", "POST", "/logs/_update_by_query", js, leak, leak},
		{"user", "PUT", "/_security/user/jane", js, `{"password":"x"}`, `{"password":"x"}`},
		{"template", "PUT", "/_index_template/logs", vndDoc, leak, leak},
		{"policy", "PUT", "/_ilm/policy/logs", js, leak, leak},
		{"pipeline", "PUT", "/_ingest/pipeline/p", js, leak, leak},
		{"index", "PUT", "/logs", vndDoc, leak, leak},
		{"typed", "POST", "/logs/_doc", js, typed, kept},
		{"typed in bulk", "POST", "/_bulk", js, `{"index":{}}` + "\n" + typed + "\n", `{"index":{}}` + "\n" + kept + "\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := h.do(tt.method, tt.path, tt.body, "Content-Type", tt.contentType)
			req, got := up.last(t)
			if strings.HasPrefix(tt.name, "typed") {
				i := strings.Index(got, `"ip":"198.18.`)
				if i < 0 {
					i = strings.Index(got, `"ip":"198.19.`)
				}
				if i < 0 {
					t.Fatalf("upstream got %s", got)
				}
				ip, rest, _ := strings.Cut(got[i+6:], `","net":"`)
				net, _, _ := strings.Cut(rest, `"`)
				tt.want = fmt.Sprintf(tt.want, ip, net)
				if !strings.HasSuffix(net, "/16") || strings.HasPrefix(net, "10.") {
					t.Errorf("network %s", net)
				}
			}
			if r.StatusCode != 200 || got != tt.want {
				t.Errorf("%d, upstream got %s, want %s", r.StatusCode, got, tt.want)
			}
			if uri := req.URL.RequestURI(); uri != tt.path || req.Header.Get("Content-Type") != tt.contentType {
				t.Errorf("upstream got %s, %s", uri, req.Header.Get("Content-Type"))
			}
		})
	}
}

// TestElasticsearchAnswers asks that errors of items are scrubbed where the answer as a
// whole is one of success, and that what names documents and the product stays.
func TestElasticsearchAnswers(t *testing.T) {
	answer := `{"took":1,"errors":true,"items":[{"create":{"_index":"` + realSecret + `","_id":"` + realSecret + `","status":400,"error":{"type":"document_parsing_exception",` +
		`"reason":"failed to parse field [n] of type [long] in document with id '7'. Preview of field's value: '%s'","caused_by":{"type":"illegal_argument_exception","reason":"For input string: \"%s\""}}}}]}`
	coding := ""
	up := newBackend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.elasticsearch+json;compatible-with=8")
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		body := fmt.Sprintf(answer, "forty two", realSecret)
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
			body = gz(t, body)
		}
		_, _ = io.WriteString(w, body)
	})
	for _, tt := range []struct {
		scope        config.Scope
		method, path string
		scrubbed     bool
	}{
		{config.ScopeErrors, "POST", "/_bulk", true},
		{config.ScopeErrors, "PUT", "/logs/_bulk?refresh", true},
		{config.ScopeErrors, "POST", "/_monitoring/bulk", true},
		{config.ScopeErrors, "POST", "/logs/_update_by_query", true},
		{config.ScopeErrors, "POST", "/logs/_search", false},
		{config.ScopeErrors, "GET", "/_bulk", false},
		{config.ScopeErrors, "POST", "/login", false},
		{config.ScopeNone, "POST", "/_bulk", false},
		{config.ScopeAll, "POST", "/_bulk", true},
	} {
		for _, coding = range []string{"", "gzip"} {
			cfg := settings(up.URL)
			cfg.Routes["main"].Response = tt.scope
			h := start(t, cfg, realTyped)
			r := h.do(tt.method, tt.path, `{"index":{}}`+"\n{}\n", "Content-Type", "application/json")
			got, want := decode(t, r.Header.Get("Content-Encoding"), r.body), fmt.Sprintf(answer, "forty two", realSecret)
			if tt.scrubbed {
				want = fmt.Sprintf(answer, "[REDACTED:test-preview]", mask)
			}
			if strings.HasSuffix(tt.path, "_update_by_query") {
				want = strings.Replace(want, realSecret, mask, 2) // its answers have no items
			}
			if got != want || r.StatusCode != 200 || r.Header.Get("X-Elastic-Product") != "Elasticsearch" || r.Header.Get("Content-Encoding") != coding {
				t.Errorf("%s %s %s: %d %s\nwant %s", tt.scope, tt.method, tt.path, r.StatusCode, got, want)
			}
			_ = h.stop()
		}
	}
}

// TestSniffing asks that clients that look for nodes find the hop.
func TestSniffing(t *testing.T) {
	const nodes = `{"_nodes":{"total":2},"nodes":{"a":{"name":"n1","ip":"10.0.0.1","http":{"bound_address":["[::]:9200","10.0.0.1:9200"],"publish_address":"es1.internal\/10.0.0.1:9200","max_content_length_in_bytes":104857600}},` +
		`"b":{"name":"%s","http":{"publish_address":"10.0.0.2:9200"}}},"http":{"publish_address":"x"}}`
	says := fmt.Sprintf(nodes, realSecret)
	coding := ""
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Etag", `"1"`)
		body := says
		if coding != "" {
			w.Header().Set("Content-Encoding", coding)
			body = gz(t, body)
		}
		_, _ = io.WriteString(w, body)
	})
	cfg := settings(up.URL)
	cfg.Server.TrustForwarded = []string{"127.0.0.1"}
	cfg.Routes["main"].Response = config.ScopeErrors
	h := start(t, cfg, real)
	for _, tt := range []struct {
		path, want string
		header     []string
	}{
		{"/_nodes/http", "logs.example:8080", []string{"Host", "logs.example:8080"}},
		{"/_nodes/_all/http?filter_path=nodes", "logs.example:80", []string{"Host", "logs.example"}},
		{"/prefix/_nodes/http,settings", "logs.example:443", []string{"Host", "logs.example", "X-Forwarded-Proto", "https"}},
		{"/_nodes", "[::1]:80", []string{"Host", "[::1]"}},
		{"/_nodes/_local/http", "front:9", []string{"X-Forwarded-Host", "front:9"}},
		{"/_nodes/http", h.addr, nil},
		{"/_nodes/stats/http", "", nil},
		{"/nodes", "", nil},
	} {
		for _, coding = range []string{"", "gzip"} {
			r := h.do("GET", tt.path, "", tt.header...)
			want := fmt.Sprintf(nodes, realSecret)
			if tt.want != "" {
				want = strings.NewReplacer("[::]:9200", tt.want, "es1.internal\\/10.0.0.1:9200", tt.want, "10.0.0.1:9200", tt.want, "10.0.0.2:9200", tt.want).Replace(want)
			}
			if got := decode(t, r.Header.Get("Content-Encoding"), r.body); got != want || r.Header.Get("Content-Encoding") != coding {
				t.Errorf("%s, %q: %s\nwant %s", tt.path, coding, got, want)
			}
			if had := r.Header.Get("Etag") != ""; had == (tt.want != "") {
				t.Errorf("%s: tag %v", tt.path, had)
			}
		}
	}
	coding, says = "", "nodes:\n  a: 10.0.0.1:9200\n"
	if r := h.do("GET", "/_nodes/http?format=yaml", ""); r.StatusCode != 502 || strings.Contains(r.body, "10.0.0.1") {
		t.Errorf("what can't be read: %d %s", r.StatusCode, r.body)
	}

	says = fmt.Sprintf(nodes, realSecret)
	cfg = settings(up.URL)
	h = start(t, cfg, real) // answers in scope
	if r := h.do("GET", "/_nodes/http", ""); strings.Contains(r.body, realSecret) || strings.Contains(r.body, "10.0.0.2") || !strings.Contains(r.body, mask) {
		t.Errorf("in scope: %s", r.body)
	}
}

// TestLogstash sends what Logstash's http output sends, which is what its http input takes.
func TestLogstash(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	h := start(t, settings(up.URL), real)
	event := `{"@timestamp":"2026-03-01T10:15:00.123Z","@version":"1","message":"%s","host":{"name":"web"}}`
	leak, clean := fmt.Sprintf(event, realSecret), fmt.Sprintf(event, mask)
	for _, tt := range []struct{ name, contentType, coding, body, want string }{
		{"json", "application/json", "", leak, clean},
		{"json_batch", "application/json", "gzip", "[" + leak + "," + leak + "]", "[" + clean + "," + clean + "]"},
		{"form", "application/x-www-form-urlencoded", "", "message=a+" + realSecret + "%21&tags%5B%5D=x", "message=a+%5BREDACTED%3Atest-token%5D%21&tags%5B%5D=x"},
		{"message", "text/plain", "", "user \xc3\xa9 " + realSecret, "user \xc3\xa9 " + mask},
		{"plain in Latin 1", "text/plain; charset=ISO-8859-1", "", "caf\xe9 " + realSecret + " \xff", "caf\xe9 " + mask + " \xff"},
		{"json in Latin 1", "application/json; charset=ISO-8859-1", "gzip", `{"m":"caf` + "\xe9 " + realSecret + `"}`, `{"m":"caf` + "\xe9 " + mask + `"}`},
		{"lines", "application/x-ndjson", "", leak + "\n" + leak + "\r\n", clean + "\n" + clean + "\r\n"},
		{"lines of their own type", "application/json_lines", "", leak + "\n" + leak, clean + "\n" + clean},
		{"no type", "", "", leak, clean},
	} {
		t.Run(tt.name, func(t *testing.T) {
			body := tt.body
			if tt.coding != "" {
				body = gz(t, body)
			}
			// The input makes fields of headers, but for what it checks itself.
			r := h.do("POST", "/", body, "Content-Type", tt.contentType, "Content-Encoding", tt.coding, "X-Trace-Note", realSecret, "Authorization", "Basic "+realSecret)
			req, got := up.last(t)
			if got = decode(t, tt.coding, got); got != tt.want || r.StatusCode != 200 || r.body != "ok" {
				t.Errorf("%d %q: upstream got %q, want %q", r.StatusCode, r.body, got, tt.want)
			}
			if note, auth := req.Header.Get("X-Trace-Note"), req.Header.Get("Authorization"); note != mask || auth != "Basic "+realSecret {
				t.Errorf("headers %q, %q", note, auth)
			}
		})
	}
	out := `{"index":{"_id":null,"_index":"logstash-2026.03.01","routing":null}}` + "\n%s\n"
	h.do("POST", "/_bulk", gz(t, fmt.Sprintf(out, leak)), "Content-Type", "application/json", "Content-Encoding", "gzip")
	if _, got := up.last(t); decode(t, "gzip", got) != fmt.Sprintf(out, clean) {
		t.Errorf("its elasticsearch output: upstream got %q", got)
	}
}

// TestElasticsearchRefusals asks for answers that make clients try again.
func TestElasticsearchRefusals(t *testing.T) {
	h := start(t, settings("http://127.0.0.1:1"), real)
	r := h.do("POST", "/_bulk", `{"index":{}}`+"\n{}\n", "Content-Type", "application/x-ndjson")
	var said struct {
		Error  struct{ Type string }
		Status int
	}
	if err := json.Unmarshal([]byte(r.body), &said); err != nil || r.StatusCode < 502 || said.Status != r.StatusCode || r.Header.Get("X-Elastic-Product") == "" {
		t.Errorf("%d %s", r.StatusCode, r.body)
	}
}
