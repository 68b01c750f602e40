package proxy

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

func (h *hop) get(path string) (int, string) {
	h.t.Helper()
	return h.ask("GET", path)
}

func (h *hop) ask(method, path string, headers ...string) (int, string) {
	h.t.Helper()
	req, err := http.NewRequest(method, h.admin+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := client().Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestAdmin(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	for !h.ready.Load() { // the sockets are open before it is
		time.Sleep(time.Millisecond)
	}
	for path, want := range map[string]int{
		"/metrics": 200, "/-/healthy": 200, "/-/ready": 200, "/-/config": 200, "/-/reload": 404, "/debug/pprof/": 404, "/leaks": 404, "/": 200,
	} {
		if code, body := h.get(path); code != want {
			t.Errorf("%s: got %d %q", path, code, body)
		}
	}
	if code, _ := h.ask("POST", "/-/reload", "Origin", "https://evil.example"); code != 403 {
		t.Errorf("a foreign page may reload: %d", code)
	}
	cfg := settings(up.URL)
	cfg.Admin.Pprof = true
	h = start(t, cfg)
	if code, _ := h.get("/debug/pprof/"); code != 200 {
		t.Errorf("pprof: %d", code)
	}
	cfg = settings(up.URL)
	cfg.Admin.Listen = ""
	if h = start(t, cfg); h.admin != "" {
		t.Error("the admin listener is open")
	}
}

func TestShutdownDrains(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		close(entered)
		<-release
		_, _ = io.WriteString(w, "late "+secret)
	})
	cfg := settings(up.URL)
	cfg.Upstreams["up"].Timeout = config.Duration(5 * time.Second)
	h := start(t, cfg)
	got := make(chan reply, 1)
	go func() { got <- h.do("GET", "/", "") }()
	<-entered
	h.cancel()
	eventually(t, "readiness goes", func() bool { code, _ := h.get("/-/ready"); return code == 503 })
	eventually(t, "the listener closes", func() bool {
		c, err := net.Dial("tcp", h.addr)
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	close(release)
	if r := <-got; r.StatusCode != 200 || r.body != "late "+placeholder {
		t.Errorf("request in flight got %d %q", r.StatusCode, r.body)
	}
	if err := h.stop(); err != nil {
		t.Errorf("Run returned %v", err)
	}
	if !h.trail.closed {
		t.Error("the trail was not closed")
	}
	if h.Run(t.Context()) == nil {
		t.Error("Run can be called twice")
	}
}

func TestShutdownCutsOffWhatDoesNotEnd(t *testing.T) {
	url := rawUpstream(t, func(c net.Conn, r *bufio.Reader) {
		head(r)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
		_, _ = io.Copy(io.Discard, r)
	})
	cfg := settings(url)
	cfg.Server.ShutdownTimeout = config.Duration(200 * time.Millisecond)
	h := start(t, cfg)
	resp, err := client().Get("http://" + h.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.ReadFull(resp.Body, make([]byte, 9)); err != nil {
		t.Fatal(err)
	}
	if err := h.stop(); err == nil {
		t.Error("nobody is told that requests were cut off")
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the stream ended as if it were complete")
	}
}

func TestListenErrors(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	cfg := settings(up.URL)
	cfg.Server.Listen = []string{"127.0.0.1:0", h.addr}
	p, err := New(Options{Config: cfg, recorder: &memory{}})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "server.listen[1]") {
		t.Errorf("got %v", err)
	}
	if data, admin := p.Addrs(); data != nil || admin != nil {
		t.Error("addresses of listeners that are not open")
	}
}

func TestReload(t *testing.T) {
	up, up2 := newBackend(t, nil), newBackend(t, nil)
	var mu sync.Mutex
	next, nextErr := settings(up.URL), error(nil)
	h := start(t, settings(up.URL), func(o *Options) {
		o.Load = func() (*config.Config, error) {
			mu.Lock()
			defer mu.Unlock()
			return next, nextErr
		}
	})
	set := func(c *config.Config, err error) {
		mu.Lock()
		next, nextErr = c, err
		mu.Unlock()
	}
	h.do("POST", "/", secret)
	before := h.policy.Load()

	c := settings(up2.URL)
	c.Digest = "digest-2"
	set(c, nil)
	if code, body := h.ask("POST", "/-/reload"); code != 200 {
		t.Fatalf("got %d %s", code, body)
	}
	h.do("POST", "/", "x")
	if up2.count() != 1 {
		t.Error("the new upstream is not in use")
	}
	if h.metric("redactd_config_info", "digest", "digest-2") != 1 || h.metric("redactd_config_info", "digest", "digest-1") != 0 {
		t.Error("the digest in force is not shown")
	}
	if h.policy.Load() == before {
		t.Error("the policy was not replaced")
	}

	good := h.policy.Load()
	bad := map[string]func(*config.Config){
		"server.listen":               func(c *config.Config) { c.Server.Listen = []string{"127.0.0.1:1"} },
		"admin.listen":                func(c *config.Config) { c.Admin.Listen = "127.0.0.1:1" },
		"audit":                       func(c *config.Config) { c.Audit.Dir = "x" },
		"store":                       func(c *config.Config) { c.Store.Dir = "x" },
		"rule.mine.pattern":           func(c *config.Config) { c.Rules = map[string]*redact.Rule{"mine": {Pattern: "("}} },
		"route.main.packs[0]":         func(c *config.Config) { c.Routes["main"].Packs = []string{"nix"} },
		"route.main.action":           func(c *config.Config) { c.Routes["main"].Action = "explode" },
		"route.main.upstream":         func(c *config.Config) { c.Routes["main"].Upstream = "gone" },
		"server.trust_forwarded[0]":   func(c *config.Config) { c.Server.TrustForwarded = []string{"x"} },
		"upstream.up":                 func(c *config.Config) { c.Upstreams["up"].TLSCA = "/does/not/exist" },
		"allow.a.routes[0]":           func(c *config.Config) { c.Allow = map[string]*config.Allow{"a": {Routes: []string{"nix"}}} },
		"token.keys":                  func(c *config.Config) { c.Token.Keys = []config.Secret{"short"} },
		"route.main.actions.no-such":  func(c *config.Config) { c.Routes["main"].Actions = map[string]string{"no-such": "mask"} },
		"route.main.disable_rules[0]": func(c *config.Config) { c.Routes["main"].DisableRule = []string{"no-such"} },
	}
	for key, edit := range bad {
		c := settings(up2.URL)
		edit(c)
		set(c, nil)
		code, body := h.ask("POST", "/-/reload")
		if code != 500 || !strings.Contains(body, key+": ") {
			t.Errorf("%s: got %d %q", key, code, body)
		}
	}
	set(nil, errors.New("config.toml:3: no"))
	if _, body := h.ask("POST", "/-/reload"); !strings.Contains(body, "config.toml:3") {
		t.Errorf("got %q", body)
	}
	if h.policy.Load() != good || h.metric("redactd_config_last_reload_success") != 0 {
		t.Error("a bad configuration changed something")
	}
	if r := h.do("POST", "/", "x"); r.StatusCode != 200 {
		t.Errorf("afterwards: %d", r.StatusCode)
	}
}

func TestReloadForgetsSeries(t *testing.T) {
	up := newBackend(t, nil)
	first := settings(up.URL)
	first.Routes["old"] = &config.Route{PathPrefix: "/old", Upstream: "up", Request: config.ScopeAll}
	next := settings(up.URL)
	next.Routes["main"].DisableRule = []string{"fake"}
	h := start(t, first, func(o *Options) { o.Load = func() (*config.Config, error) { return next, nil } })
	h.do("POST", "/old", secret)
	h.do("POST", "/", secret)
	if err := h.Reload(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"redactd_requests_total", "redactd_findings_total", "redactd_scanned_bytes_total", "redactd_request_duration_seconds"} {
		if n := h.metric(name, "route", "old"); n != 0 {
			t.Errorf("%s of a removed route is still there: %v", name, n)
		}
	}
	if n := h.metric("redactd_findings_total", "rule", "fake"); n != 0 {
		t.Errorf("findings of a removed rule: %v", n)
	}
	if n := h.metric("redactd_requests_total", "route", "main"); n != 1 {
		t.Errorf("requests of a kept route: %v", n)
	}
}

func TestReloadUnderLoad(t *testing.T) {
	up := newBackend(t, nil)
	n := 0
	h := start(t, settings(up.URL), func(o *Options) {
		o.Load = func() (*config.Config, error) {
			n++
			c := settings(up.URL)
			c.Digest = fmt.Sprint("digest-", n)
			return c, nil
		}
	})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				if r := h.do("POST", "/", secret); r.StatusCode != 200 {
					t.Errorf("got %d", r.StatusCode)
				}
			}
		})
	}
	for range 10 {
		if err := h.Reload(); err != nil {
			t.Error(err)
		}
	}
	wg.Wait()
	for i, body := range up.body {
		if body != placeholder {
			t.Errorf("request %d: %q", i, body)
		}
	}
}

func TestMetricsAreLintedAndDescribed(t *testing.T) {
	m := newMetrics()
	reg := prometheus.NewRegistry()
	if err := m.register(reg); err != nil {
		t.Fatal(err)
	}
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	_, text := h.get("/metrics")
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "redactd_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	page, err := os.ReadFile("../docs/METRICS.md")
	if err != nil {
		t.Fatal(err)
	}
	desc := regexp.MustCompile(`fqName: "([^"]*)".*variableLabels: \{([^}]*)\}`)
	described := regexp.MustCompile("(?m)^\\| `(redactd_[a-z_]+)` \\| ([^|]*) \\|").FindAllStringSubmatch(string(page), -1)
	table := map[string]string{}
	for _, d := range described {
		table[d[1]] = strings.TrimSpace(strings.ReplaceAll(d[2], "`", ""))
	}
	ch := make(chan *prometheus.Desc, 1)
	for _, c := range m.all() {
		c.Describe(ch)
		d := desc.FindStringSubmatch((<-ch).String())
		want := strings.Join(strings.Split(d[2], ","), ", ")
		got, ok := table[d[1]]
		if !ok || got != want {
			t.Errorf("docs/METRICS.md says %q for %s, want %q", got, d[1], want)
		}
		delete(table, d[1])
	}
	for name := range table {
		t.Errorf("docs/METRICS.md describes %s, which is not there", name)
	}
}

func TestMethodLabelIsBounded(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	for i := range 5 {
		h.raw(fmt.Sprintf("M%d / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", i))
	}
	if n := h.metric("redactd_requests_total", "method", "other", "status_class", "2xx"); n != 5 {
		t.Errorf("counted %v", n)
	}
}

// TestLargeBodiesInBoundedMemory streams far more than may be gathered.
func TestLargeBodiesInBoundedMemory(t *testing.T) {
	line := strings.Repeat("x", 1000) + " " + secret + "\n"
	const lines = 64 << 10 // 64 MiB
	scrubbed := int64(len(line)-len(secret)+len(placeholder)) * lines
	var got int64
	up := newBackend(t, nil)
	up.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-ndjson")
		for range lines {
			_, _ = io.WriteString(w, line)
		}
	})
	cfg := settings(up.URL)
	cfg.Server.MaxBody = 1 << 30
	cfg.Upstreams["up"].Timeout = config.Duration(10 * time.Second)
	h := start(t, cfg)
	// What earlier tests left, and what the collector lets grow on top of it, is not this
	// one's.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most uint64
	body := &repeat{text: line, left: lines, each: func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		most = max(most, m.HeapAlloc)
	}}
	c := client()
	c.Timeout = time.Minute
	resp, err := c.Post("http://"+h.addr, "application/x-ndjson", body)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil || n != scrubbed || got != scrubbed {
		t.Errorf("up %d, down %d, want %d (%v)", got, n, scrubbed, err)
	}
	// The fake scrubber and the test's own events are in it too.
	if most > 64<<20+before.HeapAlloc*5/4 {
		t.Errorf("%d MiB in use, %d before", most>>20, before.HeapAlloc>>20)
	}
}

type repeat struct {
	text string
	left int
	rest []byte
	each func()
}

func (r *repeat) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		if r.left == 0 {
			return 0, io.EOF
		}
		if r.left%8192 == 0 {
			r.each()
		}
		r.left--
		r.rest = []byte(r.text)
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func TestBuffersAreWiped(t *testing.T) {
	b := acquireBuffer()
	b.grow(4)
	first := b.b[:4]
	if _, err := b.fill(strings.NewReader(secret), 100, -1); err != nil {
		t.Fatal(err)
	}
	held := b.b[:cap(b.b)]
	b.release()
	for _, old := range [][]byte{first, held} {
		if slices.ContainsFunc(old, func(c byte) bool { return c != 0 }) {
			t.Errorf("left in memory: %q", old)
		}
	}
	big := acquireBuffer()
	big.grow(maxPooledBuffer + 1)
	big.release()
	if cap(big.b) != 0 {
		t.Error("an oversized buffer is pooled")
	}
}

func TestFill(t *testing.T) {
	for _, tt := range []struct {
		text        string
		limit, hint int64
		whole       bool
		n           int
	}{
		{"abc", 10, -1, true, 3}, {"abc", 3, -1, false, 3}, {"abc", 3, 3, true, 3}, {"abc", 2, 3, false, 2}, {"", 5, -1, true, 0},
	} {
		b := acquireBuffer()
		whole, err := b.fill(io.MultiReader(strings.NewReader(tt.text)), tt.limit, tt.hint)
		if whole != tt.whole || len(b.b) != tt.n || err != nil {
			t.Errorf("%+v: got %v %d %v", tt, whole, len(b.b), err)
		}
		b.release()
	}
	l := &limitReader{r: bytes.NewReader(make([]byte, 10)), n: 9, err: errTooLarge}
	if n, err := io.Copy(io.Discard, l); n != 9 || !errors.Is(err, errTooLarge) {
		t.Errorf("limit: %d %v", n, err)
	}
	l = &limitReader{r: bytes.NewReader(make([]byte, 10)), n: 10, err: errTooLarge}
	if n, err := io.Copy(io.Discard, l); n != 10 || err != nil {
		t.Errorf("limit: %d %v", n, err)
	}
}
