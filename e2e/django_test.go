//go:build e2e

package e2e

import (
	"context"
	"io"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// apiRequest is a request to the API and what is to be found in the exchange.
type apiRequest struct {
	name, method, path string
	accept             string
	gzip               bool
	json               string // body
	status             int
	// leaks names what is planted in the answer that Django gives, in any
	// place; nil for an answer that must not change.
	leaks []string
	// says are words that must be left of the answer.
	says []string
	// debug says with which DEBUG the request is made: "on", "off" or both.
	debug string
}

var (
	inLocals = []string{"database address", "database password", "deploy token", "signing key", "session token"}
	onPage   = append([]string{"broker password", "billing key"}, inLocals...)
)

var apiRequests = []apiRequest{
	{name: "debug page", path: "/api/boom", accept: "text/html", status: 500, debug: "on", leaks: onPage,
		says: []string{"ConnectionError at /api/boom", "connection to server failed for", "retries", "INSTALLED_APPS"}},
	{name: "debug page, compressed", path: "/api/boom", accept: "text/html", gzip: true, status: 500, debug: "on", leaks: onPage,
		says: []string{"connection to server failed for"}},
	{name: "debug text", path: "/api/boom", accept: "application/json", status: 500, debug: "on",
		leaks: []string{"broker password", "billing key", "database address", "deploy token", "session token", "signing key"},
		says:  []string{"ConnectionError at /api/boom", "Traceback (most recent call last):"}},
	{name: "page without debug", path: "/api/boom", status: 500, debug: "off", says: []string{"Server Error (500)"}},
	{name: "page not found", path: "/api/nothing/{deploy token}/here", accept: "text/html", status: 404, debug: "on",
		leaks: []string{"deploy token"}, says: []string{"Page not found", "api/orders"}},
	{name: "detail", path: "/api/refused", status: 502, leaks: []string{"billing key"},
		says: []string{`{"detail":"Invalid API Key provided: `, "ünïcode"}},
	{name: "traceback in JSON", path: "/api/handled", status: 500, leaks: []string{"database address", "broker password"},
		says: []string{`"attempt":3,"took":1.5`, "views.py"}},
	{name: "traceback in JSON, compressed", path: "/api/handled", gzip: true, status: 500,
		leaks: []string{"database address", "broker password"}, says: []string{`"attempt":3`}},
	{name: "headers", path: "/api/unauthorized", status: 401, leaks: []string{"deploy token", "session token"},
		says: []string{`{"detail":"Authentication credentials were not provided."}`}},
	{name: "statement", method: "POST", path: "/api/conflict", json: `{"name":"Jane"}`, status: 409,
		leaks: []string{"database password"}, says: []string{"Key (name)=(Jane) already exists.", `"code":"unique"`}},
	{name: "validation", method: "POST", path: "/api/orders", json: `{"quantity":11,"token":"x","currency":"GBP"}`, status: 400,
		says: []string{`{"password":["This field is required."],"token":["Must be a valid UUID."],` +
			`"quantity":["Ensure this value is less than or equal to 10."],"currency":["\"GBP\" is not a valid choice."]}`}},
	// What an API is sent is meant for it.
	{name: "password for the API", method: "POST", path: "/api/orders", status: 201,
		json: `{"password":"correct-horse-9","token":"8c1f6a52-7f0e-4c7b-9d0e-2f6f3f1f9a11","quantity":2,"currency":"EUR"}`,
		says: []string{`"password":"correct-horse-9"`}},
	{name: "JSON", path: "/api/orders", status: 200, says: []string{"naïve café"}},
	{name: "JSON, compressed", path: "/api/orders", gzip: true, status: 200, says: []string{"9223372036854775847"}},
	{name: "JSON, head only", method: "HEAD", path: "/api/orders", status: 200},
	{name: "browsable API", path: "/api/orders", accept: "text/html", status: 200, says: []string{"Django REST framework"}},
	{name: "HTML", path: "/api/page", status: 200, says: []string{"Fish &amp; chips"}},
	{name: "binary", path: "/api/image", status: 200, says: []string{"\x00\x01\x02"}},
	{name: "no content", path: "/api/empty", status: 204},
}

// TestDjango puts redactd in front of a Django REST Framework API, where nothing but
// secrets goes from its errors.
func TestDjango(t *testing.T) {
	for _, debug := range []string{"on", "off"} {
		t.Run("debug "+debug, func(t *testing.T) {
			ps := djangoPlants()
			api := startDjango(t, ps, debug)
			t.Run("config", func(t *testing.T) {
				h := apiHop(t, ps, api, true)
				for _, r := range apiRequests {
					h.try(t, r, debug)
				}
				// The route of /accounts has every answer in scope.
				h.try(t, apiRequest{name: "redirect", path: "/accounts/moved", status: 302, leaks: []string{"deploy token"}}, debug)
				h.finish(t, ps, h.seen)
			})
			t.Run("upstream only", func(t *testing.T) {
				h := apiHop(t, ps, api, false)
				for _, r := range apiRequests {
					// What becomes of errors by default is shown by TestErrorResponses.
					if r.status < 400 {
						h.try(t, r, debug)
					}
				}
				h.finish(t, ps, h.seen)
			})
		})
	}
}

func djangoPlants() plants {
	return plants{
		// Where it stands in an address the rule of that database names it, in
		// quotation marks that of the name before it.
		passwordIn("database address", "postgres-url"),
		passwordIn("database password", "pw-quoted", "sensitive-key"),
		passwordIn("broker password", "amqp-url"),
		passwordIn("secret key", "django-secret-key"),
		stripeKey("billing key"),
		githubToken("deploy token"),
		webToken("session token"),
		privateKey("signing key"),
		credential("own password"),
		{"session cookie", random(32, alnum), []string{"session-cookie", "sensitive-key"}},
	}
}

// startDjango starts the API with Django's development server or, without
// DEBUG, with waitress, and returns its address.
func startDjango(t *testing.T, ps plants, debug string) string {
	t.Helper()
	addr := freeAddress(t)
	args := []string{"manage.py", "runserver", "--noreload", addr}
	on := "1"
	if debug == "off" {
		args, on = []string{"manage.py", "serve", addr}, "0"
	}
	cmd := exec.CommandContext(context.Background(), useKit(t, "python").path("bin", "python"), args...)
	dir, err := filepath.Abs("djangoapi")
	if err != nil {
		t.Fatal(err)
	}
	cmd.Dir = dir
	cmd.Env = environment(
		"DJANGO_DEBUG="+on, "SECRET_KEY="+ps.value("secret key"),
		"DATABASE_URL=postgres://app:"+ps.value("database address")+"@db.internal:5432/shop?sslmode=require",
		"DATABASE_PASSWORD="+ps.value("database password"), "BROKER_PASSWORD="+ps.value("broker password"),
		"BILLING_CREDENTIAL="+ps.value("billing key"), "DEPLOY_CREDENTIAL="+ps.value("deploy token"),
		"SESSION_CREDENTIAL="+ps.value("session token"), "SIGNING_PEM="+ps.value("signing key"),
	)
	p := start(t, cmd)
	p.await(t, "Django", func() bool { return answers(addr) })
	return addr
}

// apiHop starts redactd in front of the API, as a configuration file says or
// with nothing but the upstream's URL.
func apiHop(t *testing.T, ps plants, api string, file bool) *hop {
	t.Helper()
	back := newTee(t, api)
	config, args := "", []string{"--upstream", "http://" + back.addr, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0"}
	if file {
		args = nil
		config = keyedConfig + `
[audit]
dir = "data/audit"
[upstream.api]
urls = ["http://` + back.addr + `"]
[route.api]
upstream = "api"
path_prefix = "/"
response = "errors"
[route.api.errors]
4xx = "scrub"
5xx = "scrub"
[route.accounts]
upstream = "api"
path_prefix = "/accounts"
response = "all"
`
	}
	r := startRedactd(t, config, args...)
	return &hop{redactd: r, ps: ps, front: newTee(t, r.addr), back: back, seen: tally{}}
}

// try makes a request and compares what came out of redactd with what went in.
func (h *hop) try(t *testing.T, r apiRequest, debug string) {
	if r.debug != "" && r.debug != debug {
		return
	}
	t.Run(r.name, func(t *testing.T) {
		h.send(t, r)
		front, back := h.pairs(t)
		if len(front) != 1 {
			t.Fatalf("%d exchanges for one request", len(front))
		}
		found := h.compare(t, front[0], back[0])
		h.judge(t, r, &front[0].response, &back[0].response, found)
	})
}

// send makes the request. The answer is taken from the tee.
func (h *hop) send(t *testing.T, r apiRequest) {
	t.Helper()
	path := r.path
	for _, p := range h.ps {
		path = strings.ReplaceAll(path, "{"+p.name+"}", p.value)
	}
	req, err := http.NewRequestWithContext(t.Context(), r.method, "http://"+h.front.addr+path, strings.NewReader(r.json))
	if err != nil {
		t.Fatal(err)
	}
	if r.json != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	req.SetBasicAuth("jane", h.ps.value("own password"))
	req.Header.Set("Cookie", "theme=dark; sessionid="+h.ps.value("session cookie"))
	req.Header.Set("Accept", "application/json")
	if r.accept != "" {
		req.Header.Set("Accept", r.accept)
	}
	if r.gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	client := http.Client{
		Timeout:       30 * time.Second,
		Transport:     &http.Transport{DisableCompression: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != r.status {
		t.Errorf("status %d, want %d", res.StatusCode, r.status)
	}
}

// judge holds the two answers to what the request says of them.
func (h *hop) judge(t *testing.T, r apiRequest, sent, original *message, found tally) {
	t.Helper()
	if coded := original.field("Content-Encoding") == "gzip"; coded != r.gzip {
		t.Errorf("Django compressed: %v, want %v", coded, r.gzip)
	}
	leak, text := original.head+string(original.text(t)), string(sent.text(t))
	for _, p := range h.ps {
		_, leaks := firstIn(leak, p.value)
		if want := slices.Contains(r.leaks, p.name); leaks != want {
			t.Errorf("Django leaks %s: %v, want %v", p.name, leaks, want)
		}
	}
	if len(r.leaks) == 0 && len(found) > 0 {
		t.Errorf("found %v where nothing is planted", found)
	}
	for _, words := range r.says {
		if !strings.Contains(text, words) {
			t.Errorf("the answer no longer says %q", words)
		}
	}
}
