package proxy

import (
	"net/http"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

func TestMatch(t *testing.T) {
	routes := map[string]*config.Route{
		"root":     {PathPrefix: "/"},
		"api":      {PathPrefix: "/api"},
		"apiv2":    {PathPrefix: "/api/v2/"},
		"apipost":  {PathPrefix: "/api", Methods: []string{"POST"}},
		"host":     {PathPrefix: "/", Hosts: []string{"a.example"}},
		"wildcard": {PathPrefix: "/api/v2/deep", Hosts: []string{"*.example"}},
		"strict":   {PathPrefix: "/logs", Request: config.ScopeAll, Response: config.ScopeAll},
	}
	var list []*route
	for name, cfg := range routes {
		list = append(list, &route{filter: filter{name: name}, cfg: cfg})
	}
	m := newMatcher(list)
	for _, tt := range []struct{ host, method, path, want string }{
		{"x", "GET", "/", "root"},
		{"x", "GET", "/apix", "root"},
		{"x", "GET", "/api", "api"},
		{"x", "POST", "/api/1", "apipost"},
		{"x", "GET", "/api/v2/1", "apiv2"},
		{"x", "GET", "/api/v2", "api"},
		{"A.example", "GET", "/api", "host"},
		{"b.example", "GET", "/api/v2/deep", "wildcard"},
		{"b.example", "GET", "/api/v2/", "apiv2"},
		{"example", "GET", "/", "root"},
		// No spelling gets around the strict route, or off it.
		{"x", "GET", "//logs", "strict"},
		{"x", "GET", "/./logs/x", "strict"},
		{"x", "GET", "/%6cogs", "strict"},
		{"x", "GET", "/x/../logs", "strict"},
		{"x", "GET", "/x/%2e%2e/logs", "strict"},
		{"x", "GET", "/x%2f..%2flogs", "strict"},
		{"x", "GET", `/x\..\logs`, "strict"},
		{"x", "GET", "/logs;x=1/a", "strict"},
		{"x", "GET", "/x/..;/logs", "strict"},
		{"x", "GET", "/;/logs;", "strict"},
		{"x", "GET", "/x;/logs", "root"},
		{"x", "GET", "/logs/../api", "strict"},
		{"x", "GET", "/logs%2f..%2fapi", "api"},
		{"x", "GET", "/api/../other", "root"},
	} {
		r := m.match([]byte(tt.host), []byte(tt.method), []byte(tt.path))
		if r == nil || r.name != tt.want {
			t.Errorf("%s %s%s: got %v, want %s", tt.method, tt.host, tt.path, r, tt.want)
		}
	}
	if r := newMatcher(nil).match(nil, nil, []byte("/")); r != nil {
		t.Error("matched without routes")
	}
}

func FuzzPlainPath(f *testing.F) {
	for _, p := range []string{"/", "/a/b", "//a", "/a/../b", "/%2e%2E/x", "/a/.", "", "*", `\x`, "/%zz"} {
		f.Add([]byte(p))
	}
	f.Fuzz(func(t *testing.T, path []byte) {
		plain, same := plainPath(path)
		if same {
			if string(plain) != string(path) {
				t.Errorf("%q: same, but %q", path, plain)
			}
			return
		}
		if len(plain) == 0 || plain[0] != '/' || strings.Contains(string(plain), "//") || strings.Contains(string(plain)+"/", "/../") {
			t.Errorf("%q: not plain: %q", path, plain)
		}
	})
}

func TestStripPrefixAndBasePath(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL + "/base/")
	cfg.Routes["main"].PathPrefix, cfg.Routes["main"].StripPath = "/api", true
	h := start(t, cfg)
	for target, want := range map[string]string{
		"/api": "/base/", "/api/x%2Fy?q=1": "/base/x%2Fy?q=1", "/api/": "/base/", "/api?": "/base/?",
	} {
		got := h.do("GET", target, "")
		req, _ := up.last(t)
		if got.StatusCode != 200 || req.RequestURI != want {
			t.Errorf("%s: upstream got %q, want %q", target, req.RequestURI, want)
		}
	}
	n := up.count()
	if got := h.raw("GET /%61pi/x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"); !strings.HasPrefix(got, "HTTP/1.1 400") || up.count() != n {
		t.Errorf("escaped prefix: %q", got)
	}
}

func TestForwardedFields(t *testing.T) {
	up := newBackend(t, nil)
	claims := []string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https", "X-Forwarded-Host", "pub.example", "Forwarded", "for=x"}
	for _, tt := range []struct {
		trust            []string
		chain, proto, to string
	}{
		{nil, "127.0.0.1", "http", "pub.me"},
		{[]string{"127.0.0.0/8"}, "203.0.113.9, 127.0.0.1", "https", "pub.example"},
		{[]string{"127.0.0.1"}, "203.0.113.9, 127.0.0.1", "https", "pub.example"},
		{[]string{"10.0.0.0/8"}, "127.0.0.1", "http", "pub.me"},
	} {
		cfg := settings(up.URL)
		cfg.Server.TrustForwarded = tt.trust
		h := start(t, cfg)
		h.do("GET", "/", "", append([]string{"Host", "pub.me"}, claims...)...)
		req, _ := up.last(t)
		f := req.Header
		if f.Get("X-Forwarded-For") != tt.chain || f.Get("X-Forwarded-Proto") != tt.proto || f.Get("X-Forwarded-Host") != tt.to || f.Get("Forwarded") != "for=x" {
			t.Errorf("trust %v: %v", tt.trust, f)
		}
		for _, name := range []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"} {
			if len(f[name]) != 1 {
				t.Errorf("%s: %v", name, f[name])
			}
		}
		if strings.Contains(req.Host, "pub") {
			t.Errorf("Host went on: %q", req.Host)
		}
	}
}

func TestRequestID(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	r := h.do("GET", "/", "", "x-request-id", "mine-1")
	if req, _ := up.last(t); strings.Join(req.Header["X-Request-Id"], ",") != "mine-1" || r.Header.Get("X-Request-Id") != "" {
		t.Errorf("own id: upstream %v, client %v", req.Header, r.Header)
	}
	for _, bad := range []string{"", "a b", strings.Repeat("x", 200)} {
		r = h.do("GET", "/", "", "X-Request-Id", bad)
		req, _ := up.last(t)
		if id := req.Header["X-Request-Id"]; len(id) != 1 || len(id[0]) != 32 || r.Header.Get("X-Request-Id") != id[0] {
			t.Errorf("%q: upstream %v, client %v", bad, id, r.Header["X-Request-Id"])
		}
	}
	cfg := settings(up.URL)
	cfg.Server.RequestIDHeader = "X-Correlation-Id"
	h = start(t, cfg)
	h.do("GET", "/", "")
	if req, _ := up.last(t); req.Header.Get("X-Correlation-Id") == "" {
		t.Error("no id under the configured name")
	}
}

func TestHTTP10(t *testing.T) {
	up := newBackend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.(http.Flusher).Flush() // makes it chunked, which 1.0 does not know
		_, _ = w.Write([]byte("x" + secret))
	})
	for _, scope := range []config.Scope{config.ScopeAll, config.ScopeNone} {
		cfg := settings(up.URL)
		cfg.Routes["main"].Response = scope
		h := start(t, cfg)
		got := h.raw("GET / HTTP/1.0\r\nHost: a\r\n\r\n")
		want := "\r\n\r\nx" + placeholder
		if scope == config.ScopeNone {
			want = "\r\n\r\nx" + secret
		}
		if strings.Contains(got, "Transfer-Encoding") || !strings.Contains(got, "Content-Length: ") || !strings.HasSuffix(got, want) {
			t.Errorf("%s: %q", scope, got)
		}
	}
}

func TestKeepAliveAndPipelining(t *testing.T) {
	up := newBackend(t, nil)
	h := start(t, settings(up.URL))
	one := "POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
	got := h.raw(strings.ReplaceAll(one, "%d", "1") + strings.ReplaceAll(one, "%d", "2") + "GET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	if strings.Count(got, "HTTP/1.1 200 OK\r\n") != 3 || up.count() != 3 {
		t.Errorf("got %q", got)
	}
}
