//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// TestConsoleProxy puts a proxy that knows its users before the console: what it says of
// them counts, and what anybody else says, through it or past it, does not.
func TestConsoleProxy(t *testing.T) {
	r := startRedactd(t, keyedConfig+`
[admin.proxy]
trust = ["127.0.0.2/32"]
viewers = ["staff"]
operators = ["sre"]
[route.logs]
upstream = "store"
request = "all"
[audit]
dir = "data/audit"
[records]
dsn = "sqlite:data/records.db"
`)
	console, err := url.Parse("http://" + r.admin)
	if err != nil {
		t.Fatal(err)
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	groups := map[string]string{"ada": "staff,sre", "bob": "staff", "eve": "guests"}
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true},
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(console)
			user, _, _ := p.In.BasicAuth() // in the place of a log-in
			p.Out.Header.Del("Authorization")
			p.Out.Header.Set("X-Forwarded-User", user)
			p.Out.Header.Set("X-Forwarded-Groups", groups[user])
		},
	})
	defer proxy.Close()
	ask := func(base, method, path, user string) (status int, role string) {
		t.Helper()
		req, err := http.NewRequest(method, base+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.SetBasicAuth(user, "")
		req.Header.Set("X-Forwarded-User", "ada") // a client's own
		req.Header.Set("X-Forwarded-Groups", "sre")
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		var who struct{ Name, Means, Role string }
		if json.Unmarshal(body, &who) == nil && who.Means == "proxy" && who.Name == user {
			role = who.Role
		}
		return res.StatusCode, role
	}
	for _, tt := range []struct {
		base, user   string
		view, reload int
		role         string
	}{
		{proxy.URL, "ada", 200, 200, "operator"}, {proxy.URL, "bob", 200, 403, "viewer"}, {proxy.URL, "eve", 403, 403, ""},
		{console.String(), "ada", 401, 401, ""},
	} {
		view, role := ask(tt.base, http.MethodGet, "/api/v1/session", tt.user)
		reload, _ := ask(tt.base, http.MethodPost, "/api/v1/policy/reload", tt.user)
		if view != tt.view || reload != tt.reload || role != tt.role {
			t.Errorf("%s at %s: %d as %q, reload %d; want %d as %q, %d", tt.user, tt.base, view, role, reload, tt.view, tt.role, tt.reload)
		}
	}
}
