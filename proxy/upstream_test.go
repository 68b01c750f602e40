package proxy

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

func group(t *testing.T, cfg config.Upstream) *upstream {
	t.Helper()
	u, err := newUpstream("up", &cfg, defaultHeaderBytes, newShared())
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestPick(t *testing.T) {
	u := group(t, config.Upstream{URLs: []string{"http://a", "http://b", "http://c"}, FailAfter: 2, FailFor: config.Duration(time.Hour)})
	a, b, c := u.targets[0], u.targets[1], u.targets[2]
	seen := map[*target]int{}
	for range 9 {
		seen[u.pick(nil, 0)]++
	}
	if seen[a] != 3 || seen[b] != 3 || seen[c] != 3 {
		t.Errorf("ties do not go round: %v", seen)
	}
	a.inFlight.Store(5)
	b.inFlight.Store(1)
	if got := u.pick(nil, 0); got != c {
		t.Errorf("not the least busy: %s", got.label)
	}
	if got := u.pick([]*target{c}, 0); got != b {
		t.Errorf("not the next best: %s", got.label)
	}
	failed := errors.New("x")
	u.report(c, failed)
	if u.pick(nil, 0) != c {
		t.Error("out after one failure")
	}
	u.report(c, failed)
	if u.pick(nil, 0) == c {
		t.Error("in use after fail_after failures")
	}
	for _, tt := range []*target{a, b} {
		u.report(tt, failed)
		u.report(tt, failed)
	}
	if got := u.pick(nil, 0); got != c {
		t.Errorf("with all out, %s is tried and not the first to return", got.label)
	}
	u.report(b, nil)
	if u.pick(nil, 0) != b || !b.outUntil().IsZero() {
		t.Error("a success does not bring a URL back")
	}
}

// TestPickKey asks that a key stays with a URL, keys spread, and one whose URL is out
// comes back.
func TestPickKey(t *testing.T) {
	u := group(t, config.Upstream{URLs: []string{"http://a", "http://b", "http://c"}, FailAfter: 1, FailFor: config.Duration(time.Hour)})
	used := map[*target]bool{}
	for key := uint64(1); key < 40; key++ {
		first := u.pick(nil, key)
		first.inFlight.Store(9)
		used[first] = true
		if u.pick(nil, key) != first {
			t.Fatal("a key moved")
		}
		first.inFlight.Store(0)
		other := u.pick([]*target{first}, key)
		u.report(first, errors.New("x"))
		if u.pick(nil, key) != other || other == first {
			t.Fatal("a key has no second choice")
		}
		u.report(first, nil)
		if u.pick(nil, key) != first {
			t.Fatal("a key did not come back")
		}
	}
	if len(used) != 3 {
		t.Errorf("%d URLs used", len(used))
	}
}

func TestTargets(t *testing.T) {
	for text, want := range map[string]string{
		"http://h":              "h h:80  ",
		"https://h/":            "h h:443  ",
		"http://h:1/a%2Fb/":     "h:1 h:1 /a%2Fb ",
		"http://[::1]/x":        "[::1] [::1]:80 /x ",
		"http://u:p@h":          "h h:80  Basic dTpw",
		"ftp://h":               "",
		"h:80":                  "",
		"http://":               "",
		"http://h?q=1":          "",
		"http://h\x7f" + secret: "",
	} {
		u, err := newUpstream("up", &config.Upstream{URLs: []string{text}}, 1, newShared())
		if err != nil {
			if want != "" || strings.Contains(err.Error(), secret) {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		tt := u.targets[0]
		if got := tt.host + " " + tt.addr + " " + tt.basePath + " " + tt.auth; got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
		if strings.Contains(tt.label, "@") {
			t.Errorf("label %q", tt.label)
		}
	}
}

func TestConnectionLimit(t *testing.T) {
	release := make(chan struct{})
	up := newBackend(t, func(http.ResponseWriter, *http.Request) { <-release })
	cfg := settings(up.URL)
	cfg.Upstreams["up"].MaxConnections = 1
	cfg.Upstreams["up"].ConnectTimeout = config.Duration(100 * time.Millisecond)
	cfg.Upstreams["up"].Timeout = config.Duration(5 * time.Second)
	h := start(t, cfg)
	var first reply
	var wg sync.WaitGroup
	wg.Go(func() { first = h.do("POST", "/", "x") })
	eventually(t, "the connection is in use", func() bool { return up.count() == 1 })
	if r := h.do("POST", "/", "x"); r.StatusCode != 503 || r.Header.Get("Retry-After") == "" {
		t.Errorf("got %d", r.StatusCode)
	}
	close(release)
	wg.Wait()
	if first.StatusCode != 200 || h.metric("redactd_upstream_failures_total") != 0 {
		t.Errorf("got %d; a full pool counts as a failure of the upstream", first.StatusCode)
	}
}

// A connection that is closed just as a request goes out on it is no failure of a request
// that may be made twice. Others are not repeated.
func TestConnectionClosedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		method string
		status int
	}{{"GET", 200}, {"HEAD", 200}, {"OPTIONS", 200}, {"POST", 502}, {"PATCH", 502}} {
		t.Run(c.method, func(t *testing.T) {
			url := rawUpstream(t, func(conn net.Conn, r *bufio.Reader) {
				head(r)
				_, _ = io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
				head(r) // and leaves
			})
			cfg := settings(url)
			cfg.Upstreams["up"].MaxConnections = 1 // so that the first is used again
			h := start(t, cfg)
			for i, want := range []int{200, c.status} {
				if r := h.do(c.method, "/x", ""); r.StatusCode != want {
					t.Errorf("request %d: status %d, want %d", i, r.StatusCode, want)
				}
			}
		})
	}
}

// One that was never used before is not tried again.
func TestConnectionClosedAtOnce(t *testing.T) {
	asked := make(chan struct{}, 9)
	url := rawUpstream(t, func(_ net.Conn, r *bufio.Reader) {
		head(r)
		asked <- struct{}{}
	})
	h := start(t, settings(url))
	if r := h.do("GET", "/x", ""); r.StatusCode != 502 || len(asked) != 1 {
		t.Errorf("status %d after %d requests", r.StatusCode, len(asked))
	}
}
