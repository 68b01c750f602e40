package gate

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

// Tokens look random, and are made of what is said here alone.
func tokenOf(name string) string {
	sum := sha256.Sum256([]byte("token of " + name))
	return hex.EncodeToString(sum[:16])
}

// people is a configuration with somebody of every kind.
func people(t *testing.T) *config.Admin {
	t.Helper()
	hash := sha256.Sum256([]byte(tokenOf("prom")))
	ca := newAuthority(t, "people")
	return &config.Admin{
		Listen: "0.0.0.0:9090", Page: config.PageLocal, Metrics: config.MetricsLogIn,
		SessionIdle: config.Duration(30 * time.Minute), SessionMax: config.Duration(12 * time.Hour),
		TLSCert: ca.server.cert, TLSKey: ca.server.key, TLSClientCA: ca.file,
		Tokens: map[string]*config.AdminToken{
			"ops":  {Value: config.Secret(tokenOf("ops")), Role: config.RoleOperator},
			"eyes": {Value: config.Secret(tokenOf("eyes")), Role: config.RoleViewer},
			"prom": {SHA256: config.Secret(hex.EncodeToString(hash[:])), Role: config.RoleMetrics},
		},
		Clients: map[string]*config.AdminClient{"deploy": {Match: []string{"cn:deploy"}, Role: config.RoleOperator}},
		Proxy: config.AdminProxy{
			Trust: []string{"192.0.2.10/32", "2001:db8::/64"}, UserHeader: "X-Forwarded-User", GroupsHeader: "X-Forwarded-Groups",
			GroupSeparator: ",", Viewers: []string{"staff"}, Operators: []string{"sre"},
		},
	}
}

// fixture is a gate with something behind every need.
type fixture struct {
	*Gate
	t     *testing.T
	mu    sync.Mutex
	rules *Rules
	clock time.Time
	logs  bytes.Buffer
	seen  Identity // who came through last
}

func compile(t *testing.T, a *config.Admin) *Rules {
	t.Helper()
	r, err := Compile(a)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func newFixture(t *testing.T, a *config.Admin) *fixture {
	t.Helper()
	f := &fixture{t: t, rules: compile(t, a), clock: time.Now()}
	f.Gate = New(f.inForce, slog.New(slog.NewTextHandler(&f.logs, nil)))
	f.now = func() time.Time { f.mu.Lock(); defer f.mu.Unlock(); return f.clock }
	for need, path := range map[Need]string{Open: "/open", Scrape: "/metrics", Inspect: "/-/config", Control: "/-/reload", View: "/leaks", Operate: "/leaks/1"} {
		h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { f.seen = From(r.Context()) })
		f.Handle(need, path, h)
		f.Handle(need, "/api"+path, h)
	}
	return f
}

func (f *fixture) inForce() *Rules {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.rules
}

func (f *fixture) reload(a *config.Admin) {
	rules := compile(f.t, a)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = rules
}

func (f *fixture) pass(d time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.clock = f.clock.Add(d)
}

// change is what a test does to a request.
type change func(*http.Request)

func header(name, value string) change {
	return func(r *http.Request) { r.Header.Add(name, value) }
}
func bearer(token string) change { return header("Authorization", "Bearer "+token) }
func from(addr string) change    { return func(r *http.Request) { r.RemoteAddr = addr } }
func host(name string) change    { return func(r *http.Request) { r.Host = name } }
func browser(r *http.Request)    { r.Header.Set("Accept", "text/html,*/*;q=0.8") }
func cookie(c *http.Cookie) change {
	return func(r *http.Request) { r.AddCookie(c) }
}
func form(values ...string) change {
	return func(r *http.Request) {
		v := url.Values{}
		for i := 0; i < len(values); i += 2 {
			v.Add(values[i], values[i+1])
		}
		text := v.Encode()
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
}

func (f *fixture) do(method, target string, changes ...change) *httptest.ResponseRecorder {
	f.t.Helper()
	r := httptest.NewRequest(method, target, nil)
	r.RemoteAddr, r.Host = "198.51.100.7:4711", "redactd.example:9090"
	for _, c := range changes {
		c(r)
	}
	w := httptest.NewRecorder()
	f.seen = Identity{}
	f.ServeHTTP(w, r)
	if bytes.Contains(f.logs.Bytes(), []byte("planted")) {
		f.t.Fatalf("the log quotes what was sent: %s", f.logs.Bytes())
	}
	return w
}

// logInAs types a token into the log-in page, and returns the cookie.
func (f *fixture) logInAs(token string, changes ...change) *http.Cookie {
	f.t.Helper()
	w := f.do("POST", "/login", append([]change{form("token", token, "next", "/leaks", "form", f.formToken(Anonymous, "log-in"))}, changes...)...)
	cookies := w.Result().Cookies()
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/leaks" || len(cookies) != 1 {
		f.t.Fatalf("log-in: %d %v", w.Code, w.Header())
	}
	return cookies[0]
}

// TestWhoMayDoWhat is every way of asking against everything there is to ask for.
func TestWhoMayDoWhat(t *testing.T) {
	paths := []string{"/open", "/metrics", "/-/config", "/-/reload", "/leaks", "/leaks/1"}
	bare := func(listen string, page config.AdminPage) *config.Admin {
		return &config.Admin{Listen: listen, Page: page, Metrics: config.MetricsAll}
	}
	known := people(t)
	openMetrics, everybody, off := *known, *known, *known
	openMetrics.Metrics, everybody.Page, off.Page = config.MetricsAll, config.PageAll, config.PageOff
	loopback := *known
	loopback.Listen = "127.0.0.1:9090"
	local := []change{host("localhost:9090"), from("127.0.0.1:1")}
	asked := func(user, groups string) []change {
		return []change{from("192.0.2.10:5"), header("X-Forwarded-User", user), header("X-Forwarded-Groups", groups)}
	}
	const (
		nothing = "200 401 401 401 401 401"
		metrics = "200 200 403 403 403 403"
		viewer  = "200 200 200 403 200 403"
		all     = "200 200 200 200 200 200"
		wrong   = "200 401 401 401 401 401"
		tooFew  = "200 403 403 403 403 403"
	)
	for _, tt := range []struct {
		name  string
		admin *config.Admin
		asks  []change
		want  string // by path
		who   string // behind the last path that was reached
	}{
		{"local", bare("127.0.0.1:9090", config.PageLocal), local, all, "local local"},
		{"local by address", bare("[::1]:9090", config.PageLocal), []change{host("[::1]:9090")}, all, "local local"},
		{"local by a foreign name", bare("127.0.0.1:9090", config.PageLocal), []change{host("evil.example:9090"), from("127.0.0.1:1")}, "200 200 403 403 403 403", "anonymous anonymous"},
		{"local by a foreign name like an address", bare("127.0.0.1:9090", config.PageLocal), []change{host("127.0.0.1.evil.example")}, "200 200 403 403 403 403", "anonymous anonymous"},
		{"local by a proxy", bare("127.0.0.1:9090", config.PageLocal), append([]change{header("X-Forwarded-For", "203.0.113.9")}, local...), "200 200 403 403 403 403", "anonymous anonymous"},
		{"local by another proxy", bare("127.0.0.1:9090", config.PageLocal), append([]change{header("Via", "1.1 edge")}, local...), "200 200 403 403 403 403", "anonymous anonymous"},
		{"bare on all addresses", bare(":9090", config.PageLocal), local, "200 200 200 200 403 403", "anonymous anonymous"},
		{"bare for all", bare(":9090", config.PageAll), nil, "200 200 200 200 200 403", "anonymous anonymous"},
		{"bare and off", bare("127.0.0.1:9090", config.PageOff), local, "200 200 200 200 404 404", "anonymous anonymous"},

		{"anonymous", known, nil, nothing, "anonymous anonymous"},
		{"anonymous and local", &loopback, local, nothing, "anonymous anonymous"},
		{"anonymous, open metrics", &openMetrics, nil, "200 200 401 401 401 401", "anonymous anonymous"},
		{"anonymous, open page", &everybody, nil, "200 200 200 401 200 401", "anonymous anonymous"},
		{"anonymous, no page", &off, nil, "200 401 401 401 404 404", "anonymous anonymous"},

		{"token of an operator", known, []change{bearer(tokenOf("ops"))}, all, "ops token"},
		{"token of a viewer", known, []change{bearer(tokenOf("eyes"))}, viewer, "eyes token"},
		{"token for metrics", known, []change{bearer(tokenOf("prom"))}, metrics, "prom token"},
		{"token for metrics, open page", &everybody, []change{bearer(tokenOf("prom"))}, viewer, "prom token"},
		{"token, no page", &off, []change{bearer(tokenOf("ops"))}, "200 200 200 200 404 404", "ops token"},
		{"token in another case", known, []change{header("Authorization", "bEaReR  "+tokenOf("ops"))}, all, "ops token"},
		{"wrong token", known, []change{bearer("planted")}, wrong, ""},
		{"wrong token, open metrics", &openMetrics, []change{bearer("planted")}, "200 200 401 401 401 401", "anonymous anonymous"},
		{"empty token", known, []change{bearer("")}, wrong, ""},
		{"hash in place of the token", known, []change{bearer(string(known.Tokens["prom"].SHA256))}, wrong, ""},
		{"password", known, []change{func(r *http.Request) { r.SetBasicAuth("ops", tokenOf("ops")) }}, nothing, "anonymous anonymous"},

		{"operator of the proxy", known, asked("ada@example.com", "staff, sre"), all, "ada@example.com proxy"},
		{"viewer of the proxy", known, asked("ada", "staff"), viewer, "ada proxy"},
		{"guest of the proxy", known, asked("eve", "sre2,srE,*"), tooFew, "eve proxy"},
		{"nobody's groups", known, asked("eve", ""), tooFew, "eve proxy"},
		{"proxy says nothing", known, []change{from("192.0.2.10:5")}, nothing, "anonymous anonymous"},
		{"proxy by IPv6", known, append(asked("ada", "sre"), from("[2001:db8::7]:1")), all, "ada proxy"},
		{"proxy by mapped IPv4", known, append(asked("ada", "sre"), from("[::ffff:192.0.2.10]:1")), all, "ada proxy"},
		{"proxy twice", known, append(asked("ada", "sre"), header("X-Forwarded-User", "eve")), "200 400 400 400 400 400", ""},
		{"groups twice", known, append(asked("ada", "staff"), header("X-Forwarded-Groups", "sre")), "200 400 400 400 400 400", ""},
		{"user of signs", known, asked("planted\x00", "sre"), "200 400 400 400 400 400", ""},
		{"user of a line", known, asked("planted\nlevel=INFO", "sre"), "200 400 400 400 400 400", ""},
		{"user of blanks", known, asked(" ", "sre"), "200 400 400 400 400 400", ""},
		{"user without end", known, asked(strings.Repeat("a", 201), "sre"), "200 400 400 400 400 400", ""},
		{"not the proxy", known, append(asked("planted", "sre"), from("192.0.2.11:5")), nothing, "anonymous anonymous"},
		{"the proxy's address in a header", known, append(asked("planted", "sre"), from("198.51.100.7:1"), header("X-Forwarded-For", "192.0.2.10"), header("X-Real-Ip", "192.0.2.10"), header("Forwarded", "for=192.0.2.10")), nothing, "anonymous anonymous"},
		{"another spelling of the header", known, []change{from("192.0.2.10:5"), header("X_Forwarded_User", "planted")}, nothing, "anonymous anonymous"},
		{"token beats proxy", known, append(asked("ada", "sre"), bearer(tokenOf("eyes"))), viewer, "eyes token"},
		{"wrong token beats proxy", known, append(asked("ada", "sre"), bearer("planted")), wrong, ""},
	} {
		f := newFixture(t, tt.admin)
		for _, prefix := range []string{"", "/api"} {
			var got []string
			who := ""
			for _, path := range paths {
				w := f.do("GET", prefix+path, tt.asks...)
				got = append(got, fmt.Sprint(w.Code))
				if w.Code == 200 && path != "/open" {
					who = f.seen.Name + " " + string(f.seen.Means)
				}
				kind, auth := w.Header().Get("Content-Type"), w.Header().Get("WWW-Authenticate")
				if w.Code != 200 && w.Code != 404 && (prefix == "/api") != (kind == "application/problem+json") || (w.Code == 401) != (auth != "") {
					t.Errorf("%s: %s: %d with %q and %q", tt.name, path, w.Code, kind, auth)
				}
				if strings.Contains(w.Body.String(), "planted") {
					t.Errorf("%s: %s: quotes what was sent: %s", tt.name, path, w.Body)
				}
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("%s %s: got %s, want %s", tt.name, prefix, text, tt.want)
			}
			if who != "" && tt.who != who && strings.Contains(tt.want, "200 200") {
				t.Errorf("%s: is %q, want %q", tt.name, who, tt.who)
			}
		}
	}
}

// A role does what those before it may, whatever asks for it.
func TestRolesAreNested(t *testing.T) {
	req := httptest.NewRequest("GET", "/", nil)
	for _, logIn := range []bool{false, true} {
		for need := Open; need <= Operate; need++ {
			for role := Nobody; role < Operator; role++ {
				r := &Rules{logIn: logIn, scrape: Metrics}
				if r.allow(need, role, req) && !r.allow(need, role+1, req) {
					t.Errorf("need %d: %s may, %s not", need, role, role+1)
				}
			}
			if !(&Rules{logIn: logIn}).allow(need, Operator, req) {
				t.Errorf("need %d: an operator may not", need)
			}
		}
	}
	if (&Rules{}).allow(Operate+1, Operator, req) {
		t.Error("a need that nobody knows is met")
	}
}

func TestHeaders(t *testing.T) {
	f := newFixture(t, people(t))
	for _, path := range []string{"/leaks", "/open", "/login", "/nowhere"} {
		head := f.do("GET", path).Header()
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
			"Cross-Origin-Resource-Policy": "same-origin", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if head.Get(name) != want {
				t.Errorf("%s: %s: %q", path, name, head.Get(name))
			}
		}
		if policy := head.Get("Content-Security-Policy"); !strings.Contains(policy, "default-src 'none'") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: policy %q", path, policy)
		}
	}
}

// Who controls redactd is written down, and nothing of what was sent.
func TestControlIsLogged(t *testing.T) {
	f := newFixture(t, people(t))
	f.do("POST", "/-/reload?planted=planted", bearer(tokenOf("ops")), form("note", "planted"))
	if log := f.logs.String(); !strings.Contains(log, `by=ops means=token action=/-/reload status=200`) {
		t.Errorf("log: %s", log)
	}
}

// TestRefusalsAreCounted asks that each reason is told, once for each refusal.
func TestRefusalsAreCounted(t *testing.T) {
	f := newFixture(t, people(t))
	told := map[string]int{}
	f.Refused = func(reason string) { told[reason]++ }
	ada := []change{from("192.0.2.10:5"), header("X-Forwarded-User", "ada"), header("X-Forwarded-Groups", "sre")}
	f.do("GET", "/leaks")
	f.do("GET", "/leaks", browser) // is led to the log-in page
	f.do("GET", "/leaks/1", bearer(tokenOf("eyes")))
	f.do("POST", "/leaks/1", append(ada, form("x", "y"))...)
	f.do("POST", "/leaks/1", bearer(tokenOf("ops")), header("Origin", "https://evil.example"))
	f.do("GET", "/leaks", append(ada, header("X-Forwarded-User", "eve"))...)
	for range burst + 2 {
		f.do("GET", "/leaks", bearer("planted"))
	}
	local := newFixture(t, &config.Admin{Listen: "127.0.0.1:9090"})
	local.Refused = f.Refused
	local.do("GET", "/leaks", host("evil.example"))
	want := map[string]int{
		ReasonAnonymous: 1, ReasonRole: 1, ReasonForm: 1, ReasonOrigin: 1, ReasonProxy: 1, ReasonToken: burst, ReasonLimit: 2, ReasonHost: 1,
	}
	if fmt.Sprint(told) != fmt.Sprint(want) || len(want) != len(Reasons()) {
		t.Errorf("told %v, want %v", told, want)
	}
}

// A foreign page can link here, and load nothing from here: it would not read what comes,
// but may count it, time it, and hold streams open.
func TestForeignPagesLoadNothing(t *testing.T) {
	f := newFixture(t, people(t))
	ops := bearer(tokenOf("ops"))
	for _, tt := range []struct {
		method, site, mode string
		want               int
	}{
		{"GET", "", "", 200},
		{"GET", "none", "navigate", 200},
		{"GET", "same-origin", "cors", 200},
		{"GET", "same-origin", "no-cors", 200},
		{"GET", "cross-site", "navigate", 200},
		{"HEAD", "same-site", "navigate", 200},
		{"GET", "cross-site", "no-cors", 403},
		{"GET", "same-site", "no-cors", 403}, // another port of localhost
		{"GET", "cross-site", "cors", 403},
		{"GET", "cross-site", "", 403},
		{"HEAD", "cross-site", "no-cors", 403},
		{"GET", "planted", "no-cors", 403},
		{"POST", "cross-site", "navigate", 403},
		{"POST", "same-site", "navigate", 403},
	} {
		for _, path := range []string{"/leaks", "/api/leaks", "/-/config", "/metrics"} {
			w := f.do(tt.method, path, ops, header("Sec-Fetch-Site", tt.site), header("Sec-Fetch-Mode", tt.mode))
			if w.Code != tt.want {
				t.Errorf("%s %s of %q as %q: %d, want %d", tt.method, path, tt.site, tt.mode, w.Code, tt.want)
			}
		}
	}
}

// Who was let in is not for ever: a token that is taken away ends what goes on with it.
func TestStill(t *testing.T) {
	f := newFixture(t, people(t))
	ask := func(changes ...change) *http.Request {
		r := httptest.NewRequest("GET", "/events", nil)
		for _, c := range changes {
			c(r)
		}
		return r
	}
	session := cookie(f.logInAs(tokenOf("eyes")))
	asks := map[string]*http.Request{"token": ask(bearer(tokenOf("eyes"))), "session": ask(session)}
	for name, r := range asks {
		if !f.Still(r, View) || f.Still(r, Operate) {
			t.Errorf("%s: before: reads %v, acts %v", name, f.Still(r, View), f.Still(r, Operate))
		}
	}
	f.pass(29 * time.Minute)
	f.Still(asks["session"], View)
	f.pass(2 * time.Minute)
	if f.Still(asks["session"], View) {
		t.Error("a session that is not used goes on for who only listens")
	}
	a := people(t)
	delete(a.Tokens, "eyes")
	f.reload(a)
	if f.Still(asks["token"], View) {
		t.Error("a token goes on that was taken away")
	}
	a.Page = config.PageOff
	f.reload(a)
	if f.Still(ask(bearer(tokenOf("ops"))), View) {
		t.Error("a page goes on that was switched off")
	}
}
