package proxy

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// The fake scrubber knows one secret and fails on request, so that the hop is
// tested apart from kernel and codecs. TestRealScrubber has the whole.
const (
	secret      = "s3cret-value"
	placeholder = "[REDACTED:fake]"
	bombMark    = "<limit>"
	budgetMark  = "<budget>"
	formatMark  = "<format>"
	codingMark  = "<coding>"
	panicMark   = "<panic>"
)

var fakeRule = &redact.Rule{ID: "fake", Pack: "test", Severity: redact.High}

type fakeScrubber struct {
	shadow bool
}

func (f *fakeScrubber) Release() {}

func (f *fakeScrubber) scan(b []byte, path string) ([]byte, []scrub.Hit, error) {
	for mark, kind := range map[string]scrub.Kind{bombMark: scrub.KindLimit, budgetMark: scrub.KindBudget,
		formatMark: scrub.KindFormat, codingMark: scrub.KindCoding} {
		if bytes.Contains(b, []byte(mark)) {
			return nil, nil, &scrub.Error{Kind: kind, Err: errors.New("fake")}
		}
	}
	if bytes.Contains(b, []byte(panicMark)) {
		panic("payload " + string(b))
	}
	var hits []scrub.Hit
	for range bytes.Count(b, []byte(secret)) {
		hits = append(hits, scrub.Hit{Rule: fakeRule, Action: "mask", Path: path, Length: len(secret)})
	}
	if len(hits) == 0 || f.shadow {
		return b, hits, nil
	}
	return bytes.ReplaceAll(b, []byte(secret), []byte(placeholder)), hits, nil
}

func (f *fakeScrubber) Body(body []byte, m scrub.Meta) (scrub.Result, error) {
	if m.ContentType == "application/octet-stream" {
		return scrub.Result{Body: body, Skipped: "binary"}, nil
	}
	out, hits, err := f.scan(body, "")
	if err != nil {
		return scrub.Result{}, err
	}
	return scrub.Result{Body: out, Changed: !bytes.Equal(out, body), Text: out, Hits: hits, Scanned: int64(len(body))}, nil
}

func (f *fakeScrubber) Encode(text []byte) ([]byte, error) { return text, nil }

// Stream works line by line.
func (f *fakeScrubber) Stream(w io.Writer, r io.Reader, _ scrub.Meta) (res scrub.Result, err error) {
	br := bufio.NewReader(r)
	for {
		line, rerr := br.ReadBytes('\n')
		out, hits, err := f.scan(line, "")
		if err != nil {
			return res, err
		}
		res.Scanned += int64(len(line))
		res.Hits = append(res.Hits, hits...)
		if len(out) > 0 {
			if _, err := w.Write(out); err != nil {
				return res, &scrub.Error{Kind: scrub.KindIO, Err: err}
			}
		}
		if rerr == io.EOF {
			return res, nil
		}
		if rerr != nil {
			return res, &scrub.Error{Kind: scrub.KindIO, Err: rerr}
		}
	}
}

func (f *fakeScrubber) Value(place string, name, v []byte) ([]byte, []scrub.Hit, error) {
	return f.scan(v, place+string(name))
}

func (f *fakeScrubber) Query(raw []byte) ([]byte, []scrub.Hit, error) { return f.scan(raw, "query:") }

// memory is a Recorder.
type memory struct {
	mu     sync.Mutex
	events []audit.Event
	err    error
	closed bool
}

func (m *memory) Record(_ context.Context, events []audit.Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.err != nil {
		return m.err
	}
	m.events = append(m.events, events...)
	return nil
}

func (m *memory) Close() error { m.closed = true; return nil }

func (m *memory) all() []audit.Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]audit.Event(nil), m.events...)
}

// findings is the number of findings recorded.
func (m *memory) findings() uint64 {
	var n uint64
	for _, e := range m.all() {
		n += e.N()
	}
	return n
}

// hop is a running Proxy.
type hop struct {
	*Proxy
	t      testing.TB
	addr   string
	admin  string
	trail  *memory
	logs   *lockedBuffer
	cancel context.CancelFunc
	ended  chan error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// settings returns a configuration with one route to url that scrubs all.
func settings(url string) *config.Config {
	cfg := &config.Config{
		Server: config.Server{
			Listen: []string{"127.0.0.1:0"}, MaxBody: 1 << 20, MaxDecoded: 4 << 20, BufferBody: 64 << 10,
			ReadTimeout: config.Duration(2 * time.Second), WriteTimeout: config.Duration(2 * time.Second),
			IdleTimeout: config.Duration(10 * time.Second), ShutdownTimeout: config.Duration(3 * time.Second),
		},
		Admin: config.Admin{Listen: "127.0.0.1:0"},
		Upstreams: map[string]*config.Upstream{"up": {
			URLs: []string{url}, ConnectTimeout: config.Duration(time.Second), Timeout: config.Duration(time.Second),
			MaxResponse: 1 << 20, FailAfter: 2, FailFor: config.Duration(time.Minute),
		}},
		Routes: map[string]*config.Route{"main": {
			PathPrefix: "/", Upstream: "up", Request: config.ScopeAll, Response: config.ScopeAll,
			Headers: true, Query: true, Codec: "auto", Policy: config.Policy{Mode: config.ModeEnforce, OnFailure: config.FailBlock},
		}},
		Digest: "digest-1",
	}
	return cfg
}

func start(t testing.TB, cfg *config.Config, edit ...func(*Options)) *hop {
	t.Helper()
	h := &hop{t: t, trail: &memory{}, logs: &lockedBuffer{}, ended: make(chan error, 1)}
	o := Options{
		Config: cfg, Rules: []redact.Rule{{ID: "fake", Pack: "test", Pattern: `s3cret-value`}}, DefaultPacks: []string{"test"},
		Logger:   slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
		recorder: h.trail,
		newScrubber: func(r *route) scrubber {
			return &fakeScrubber{shadow: r.shadow}
		},
	}
	for _, e := range edit {
		e(&o)
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	h.Proxy = p
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel = cancel
	go func() { h.ended <- p.Run(ctx) }()
	data, admin := p.Addrs()
	if len(data) == 0 {
		t.Fatal(<-h.ended)
	}
	h.addr = data[0].String()
	if admin != nil {
		h.admin = "http://" + admin.String()
	}
	t.Cleanup(func() { h.stop() })
	return h
}

// stop ends the hop once and returns what Run returned.
func (h *hop) stop() error {
	if h.cancel == nil {
		return nil
	}
	h.cancel()
	h.cancel = nil
	select {
	case err := <-h.ended:
		if strings.Contains(h.logs.String(), secret) {
			h.t.Error("the log holds the secret")
		}
		return err
	case <-time.After(15 * time.Second):
		h.t.Error("Run does not end")
		return nil
	}
}

// client is an HTTP client that shows everything as it is on the wire.
func client() *http.Client {
	return &http.Client{
		Timeout:       10 * time.Second,
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

type reply struct {
	*http.Response
	body string
	err  error // of reading the body
}

func (h *hop) do(method, target, body string, headers ...string) reply {
	h.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, "http://"+h.addr+target, r)
	if err != nil {
		h.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
		} else {
			req.Header[headers[i]] = append(req.Header[headers[i]], headers[i+1])
		}
	}
	resp, err := client().Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return reply{resp, string(b), err}
}

// raw sends bytes and returns everything that comes back until the connection
// ends or stays silent.
func (h *hop) raw(text string) string {
	h.t.Helper()
	return rawExchange(h.t, h.addr, text)
}

func rawExchange(t testing.TB, addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(3 * time.Second))
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
	b, _ := io.ReadAll(c)
	return string(b)
}

// metric returns the value of a series of the hop, 0 if there is none.
func (h *hop) metric(name string, labels ...string) float64 {
	h.t.Helper()
	families, err := h.registry.Gather()
	if err != nil {
		h.t.Fatal(err)
	}
	total := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if fits(m, labels) {
				total += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	return total
}

func fits(m *dto.Metric, labels []string) bool {
	for i := 0; i < len(labels); i += 2 {
		found := false
		for _, l := range m.GetLabel() {
			found = found || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
		}
		if !found {
			return false
		}
	}
	return true
}

// eventually waits for a condition that another goroutine brings about.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("never: %s", what)
}

// backend is an upstream that answers as told and remembers what it was asked.
type backend struct {
	*httptest.Server
	mu   sync.Mutex
	seen []*http.Request
	body []string
}

func newBackend(t testing.TB, answer http.HandlerFunc) *backend {
	b := &backend{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			body = append(body, ("!" + err.Error())...)
		}
		b.mu.Lock()
		b.seen, b.body = append(b.seen, r), append(b.body, string(body))
		b.mu.Unlock()
		if answer != nil {
			r.Body = io.NopCloser(bytes.NewReader(body))
			answer(w, r)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *backend) count() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.seen)
}

func (b *backend) last(t *testing.T) (*http.Request, string) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.seen) == 0 {
		t.Fatal("the upstream was not asked")
	}
	return b.seen[len(b.seen)-1], b.body[len(b.body)-1]
}

// rawUpstream is an upstream written by hand: each connection goes to serve.
func rawUpstream(t *testing.T, serve func(net.Conn, *bufio.Reader)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				_ = c.SetDeadline(time.Now().Add(10 * time.Second))
				serve(c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() { ln.Close(); wg.Wait() })
	return "http://" + ln.Addr().String()
}

// head reads a request head and returns it.
func head(r *bufio.Reader) string {
	var b strings.Builder
	for {
		line, err := r.ReadString('\n')
		b.WriteString(line)
		if err != nil || line == "\r\n" {
			return b.String()
		}
	}
}

// TestMain looks for goroutines that were left behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if stacks := leaked(); stacks != "" {
			fmt.Println("goroutines left behind:\n" + stacks)
			code = 1
		}
	}
	os.Exit(code)
}

// leaked returns the stacks of goroutines of this package that don't end.
func leaked() string {
	for range 100 {
		buf := make([]byte, 1<<20)
		buf = buf[:runtime.Stack(buf, true)]
		var left []string
		for _, g := range strings.Split(string(buf), "\n\n") {
			if strings.Contains(g, "redactd/proxy.") && !strings.Contains(g, "proxy.leaked") {
				left = append(left, g)
			}
		}
		if len(left) == 0 {
			return ""
		}
		time.Sleep(50 * time.Millisecond)
	}
	buf := make([]byte, 1<<20)
	return string(buf[:runtime.Stack(buf, true)])
}
