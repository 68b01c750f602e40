package proxy

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// The tests of this file run the hop with the real kernel, codecs, trail and
// store.

const realSecret = "tok-a1b2c3d4e5f6g7h8"

func real(o *Options) {
	o.newScrubber, o.recorder = nil, nil
	o.Rules = []redact.Rule{
		{ID: "test-token", Pack: "test", Pattern: `tok-[a-z0-9]{16}`, Severity: redact.High, Tags: []string{"secret"}},
		{ID: "test-password", Pack: "test", Keys: []string{"password"}},
	}
}

func gz(t *testing.T, text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func decode(t *testing.T, coding, body string) string {
	t.Helper()
	out, err := codec.Decode(nil, []byte(body), coding, 64<<20)
	if err != nil {
		t.Fatalf("%s: %v", coding, err)
	}
	return string(out)
}

func TestRealJSONError(t *testing.T) {
	const format = `{"detail":"could not connect with %s","n":1.0,"password":%s , "x":null}`
	leak := fmt.Sprintf(format, realSecret, `"hunter2hunter2"`)
	for _, coding := range []string{"", "gzip"} {
		up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("X-Debug", "t="+realSecret)
			body := leak
			if coding != "" {
				w.Header().Set("Content-Encoding", coding)
				body = gz(t, leak)
			}
			w.WriteHeader(500)
			_, _ = io.WriteString(w, body)
		})
		cfg := settings(up.URL)
		cfg.Audit = config.Audit{Dir: filepath.Join(t.TempDir(), "audit"), Required: true}
		cfg.Token.Keys = []config.Secret{config.Secret(strings.Repeat("k", 32))}
		h := start(t, cfg, real)
		r := h.do("GET", "/", "", "Accept-Encoding", "gzip")
		body := decode(t, r.Header.Get("Content-Encoding"), r.body)
		want := fmt.Sprintf(format, "[REDACTED:test-token]", `"[REDACTED:test-password]"`)
		if r.StatusCode != 500 || body != want || r.Header.Get("Content-Encoding") != coding {
			t.Errorf("%q: got %d %q, want %q", coding, r.StatusCode, body, want)
		}
		if got := r.Header.Get("X-Debug"); strings.Contains(got, realSecret) {
			t.Errorf("header: %q", got)
		}
		var trail string
		files, _ := filepath.Glob(filepath.Join(cfg.Audit.Dir, "*"))
		for _, f := range files {
			b, _ := os.ReadFile(f)
			trail += string(b)
		}
		if strings.Count(trail, `"rule":"test-token"`) != 2 || !strings.Contains(trail, `"path":"password"`) ||
			!strings.Contains(trail, `"fingerprint":"e1-`) || strings.Contains(trail, realSecret) {
			t.Errorf("trail: %s", trail)
		}
	}
}

func TestRealBulkUpload(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL), real)
	line := `{"index":{"_id":"` + realSecret + `"}}` + "\n" + `{"message":"%s","n":1}` + "\n"
	zw, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{3, 5000} { // in one piece and as a stream
		dirty := strings.Repeat(fmt.Sprintf(line, "x "+realSecret), n)
		want := strings.Repeat(fmt.Sprintf(line, "x [REDACTED:test-token]"), n)
		for coding, body := range map[string]string{"": dirty, "gzip": gz(t, dirty), "zstd": string(zw.EncodeAll([]byte(dirty), nil))} {
			r := h.do("POST", "/_bulk", body, "Content-Type", "application/x-ndjson", "Content-Encoding", coding)
			req, got := up.last(t)
			if r.StatusCode != 200 || req.Header.Get("Content-Encoding") != coding {
				t.Errorf("%d %q: got %d, coding %q", n, coding, r.StatusCode, req.Header.Get("Content-Encoding"))
			}
			if got = decode(t, coding, got); got != want {
				t.Errorf("%d %q: upstream got %.200q", n, coding, got)
			}
		}
	}
}

// Shadow mode changes no byte and no field of a stream either.
func TestRealShadowStreams(t *testing.T) {
	var sent string
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Length", strconv.Itoa(len(sent)))
		w.Header().Set("Content-Digest", "sha-256=:x:")
		_, _ = io.WriteString(w, sent)
	})
	cfg := settings(up.URL)
	cfg.Server.BufferBody = 100
	cfg.Routes["main"].Mode = config.ModeShadow
	h := start(t, cfg, real)
	var b bytes.Buffer
	zw, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
	for i := range 2000 {
		_, _ = fmt.Fprintf(zw, `{"message":"%d %s"}`+"\n", i, realSecret)
	}
	_ = zw.Close()
	for _, body := range []string{b.String(), b.String()[:b.Len()/2]} {
		sent = body
		r := h.do("POST", "/", body, "Content-Type", "application/x-ndjson", "Content-Encoding", "gzip",
			"Content-Digest", "sha-256=:x:", "Authorization", "AWS4-HMAC-SHA256 Credential=x", "Accept-Encoding", "gzip")
		req, got := up.last(t)
		if got != body || req.ContentLength != int64(len(body)) || req.Header.Get("Content-Digest") == "" {
			t.Errorf("upstream got %d bytes, declared %d, want %d; %v", len(got), req.ContentLength, len(body), req.Header)
		}
		if r.StatusCode != 200 || r.body != body || r.Header.Get("Content-Length") != strconv.Itoa(len(body)) || r.Header.Get("Content-Digest") == "" {
			t.Errorf("client got %d and %d bytes, want %d; %v", r.StatusCode, len(r.body), len(body), r.Header)
		}
	}
	for _, dir := range []string{"request", "response"} {
		if n := h.metric("redactd_findings_total", "direction", dir); n < 2000 {
			t.Errorf("%s: %v findings", dir, n)
		}
	}
}

func TestRealBadPayloads(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Server.MaxDecoded = 1 << 20
	h := start(t, cfg, real)
	for name, tt := range map[string]struct {
		body, coding string
		status       int
	}{
		"broken gzip":    {gz(t, "x "+realSecret)[:20], "gzip", 400},
		"no gzip at all": {"plain " + realSecret, "gzip", 400},
		"gzip bomb":      {gz(t, strings.Repeat("0", 32<<20)), "gzip", 413},
		"unknown coding": {realSecret, "lz99", 503},
	} {
		r := h.do("POST", "/", tt.body, "Content-Type", "text/plain", "Content-Encoding", tt.coding)
		if r.StatusCode != tt.status || strings.Contains(r.body, realSecret) || up.count() != 0 {
			t.Errorf("%s: got %d %q, upstream asked %d times", name, r.StatusCode, r.body, up.count())
		}
	}
	// Text that is not of its declared type is scrubbed as what it is.
	r := h.do("POST", "/", `{"a":"`+realSecret, "Content-Type", "application/json")
	if _, body := up.last(t); r.StatusCode != 200 || strings.Contains(body, realSecret) || !strings.HasPrefix(body, `{"a":"`) {
		t.Errorf("truncated JSON: got %d, upstream %q", r.StatusCode, body)
	}
}

func TestRealStore(t *testing.T) {
	cfg := settings("http://127.0.0.1:1")
	cfg.Store.Dir = filepath.Join(t.TempDir(), "store")
	cfg.Routes["main"].Upstream = config.StoreUpstream
	h := start(t, cfg, real)
	body := `{"index":{"_index":"logs"}}` + "\n" + `{"message":"a ` + realSecret + `","n":1}` + "\n"
	for _, sent := range [][2]string{{"", body}, {"gzip", gz(t, body)}, {"", gz(t, body)}} {
		coding, body := sent[0], sent[1]
		r := h.do("POST", "/_bulk?t="+realSecret, body, "Content-Type", "application/x-ndjson", "Content-Encoding", coding, "X-Note", realSecret)
		if r.StatusCode != 200 || !strings.Contains(r.body, `"errors":false`) {
			t.Errorf("%q: got %d %q", coding, r.StatusCode, r.body)
		}
	}
	if r := h.do("POST", "/logs/"+realSecret, "line\n", "Content-Type", "text/plain"); r.StatusCode != 200 {
		t.Errorf("text: got %d %q", r.StatusCode, r.body)
	}
	if r := h.do("POST", "/_bulk", gz(t, body)[:30], "Content-Encoding", "gzip"); r.StatusCode != 400 {
		t.Errorf("broken: got %d %q", r.StatusCode, r.body)
	}
	if n := h.metric("redactd_store_records_total"); n != 4 {
		t.Errorf("%v records", n)
	}
	if h.metric("redactd_store_bytes_total") == 0 {
		t.Error("no bytes")
	}
	files, _ := filepath.Glob(filepath.Join(cfg.Store.Dir, "*"))
	var kept string
	for _, f := range files {
		b, _ := os.ReadFile(f)
		kept += string(b)
	}
	if strings.Count(kept, "a [REDACTED:test-token]") != 3 || strings.Contains(kept, realSecret) {
		t.Errorf("store holds %s", kept)
	}
}

func TestRealStoreUnderAPrefix(t *testing.T) {
	cfg := settings("http://127.0.0.1:1")
	cfg.Store.Dir = filepath.Join(t.TempDir(), "store")
	cfg.Routes["main"].Upstream = config.StoreUpstream
	cfg.Routes["main"].PathPrefix, cfg.Routes["main"].StripPath = "/es", true
	h := start(t, cfg, real)
	for _, path := range []string{"/es", "/es/"} {
		if r := h.do("GET", path, ""); r.Header.Get("X-Elastic-Product") != "Elasticsearch" {
			t.Errorf("GET %s: got %d %q", path, r.StatusCode, r.body)
		}
	}
	r := h.do("POST", "/es/_bulk", `{"index":{}}`+"\n{}\n", "Content-Type", "application/x-ndjson")
	if r.StatusCode != 400 || !strings.Contains(r.body, "index is missing") {
		t.Errorf("the prefix was taken for an index: %d %q", r.StatusCode, r.body)
	}
}

func TestRealActionsAndAllow(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Routes["main"].Action = "replace:gone"
	cfg.Routes["main"].Actions = map[string]string{"test-password": "remove", "secret": "partial:3,2"}
	cfg.Allow = map[string]*config.Allow{"ok": {Values: []string{"tok-0000000000000000"}, Routes: []string{"main"}}}
	cfg.Rules = map[string]*redact.Rule{"own": {Pattern: `own-[0-9]{8}`}}
	h := start(t, cfg, real)
	h.do("POST", "/", `{"a":"`+realSecret+`","b":"own-12345678","password":"x","c":"tok-0000000000000000"}`, "Content-Type", "application/json")
	_, body := up.last(t)
	if strings.Contains(body, realSecret) || !strings.Contains(body, "tok") || strings.Contains(body, "password") ||
		!strings.Contains(body, `"b":"gone"`) || !strings.Contains(body, "tok-0000000000000000") {
		t.Errorf("upstream got %s", body)
	}
}

func TestCheck(t *testing.T) {
	cfg := settings("http://127.0.0.1:1")
	if err := Check(cfg, nil, nil); err != nil {
		t.Error(err)
	}
	cfg.Routes["main"].Upstream = "nix"
	cfg.Rules = map[string]*redact.Rule{"a": {Pattern: "("}, "b": {Pattern: "x("}}
	err := Check(cfg, nil, nil)
	for _, want := range []string{"route.main.upstream", "rule.a.pattern", "rule.b.pattern"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
}

func TestEveryCodingIsAskedFor(t *testing.T) {
	for name := range decodable {
		if !codec.Supported(name) {
			t.Errorf("%s is let through and can't be undone", name)
		}
	}
}
