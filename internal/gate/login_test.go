package gate

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/config"
)

func TestLogIn(t *testing.T) {
	f := newFixture(t, people(t))
	w := f.do("GET", "/leaks?state=open", browser)
	if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/login?next=%2Fleaks%3Fstate%3Dopen" {
		t.Fatalf("not led to the log-in page: %d %v", w.Code, w.Header())
	}
	page := f.do("GET", w.Header().Get("Location")).Body.String()
	if !strings.Contains(page, `value="/leaks?state=open"`) || !strings.Contains(page, f.formToken(Anonymous, "log-in")) {
		t.Errorf("page: %s", page)
	}
	if w := f.do("GET", "/login.css"); w.Code != 200 || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("style: %d %v", w.Code, w.Header())
	}

	c := f.logInAs(tokenOf("ops"))
	if c.Name != CookieName || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure || len(c.Value) != 43 {
		t.Errorf("cookie %+v", c)
	}
	if w := f.do("GET", "/leaks", cookie(c)); w.Code != 200 || f.seen.Name != "ops" || !f.seen.LoggedIn() || !f.seen.CanAct() {
		t.Fatalf("with the cookie: %d, %+v", w.Code, f.seen)
	}
	token := f.seen.FormToken()
	for name, tt := range map[string]struct {
		changes []change
		want    int
	}{
		"right":             {[]change{form("form", token)}, 200},
		"no token":          {[]change{form("x", "y")}, 403},
		"another's token":   {[]change{form("form", f.formToken(Anonymous, "anonymous"))}, 403},
		"token in the URL":  {[]change{form("x", "y"), func(r *http.Request) { r.URL.RawQuery = "form=" + token }}, 403},
		"of another origin": {[]change{form("form", token), header("Origin", "https://evil.example")}, 403},
		"of another site":   {[]change{form("form", token), header("Sec-Fetch-Site", "cross-site")}, 403},
		"of its own page":   {[]change{form("form", token), header("Sec-Fetch-Site", "same-origin")}, 200},
		"too large":         {[]change{form("form", token, "note", strings.Repeat("x", maxBody))}, 400},
		"no form":           {[]change{form("form", token), func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }}, 403},
	} {
		if w := f.do("POST", "/leaks/1", append(tt.changes, cookie(c))...); w.Code != tt.want {
			t.Errorf("form, %s: %d, want %d", name, w.Code, tt.want)
		}
	}
	for kind, want := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "text/plain": 415, "application/x-www-form-urlencoded": 415, "": 415,
	} {
		if w := f.do("POST", "/api/leaks/1", form("a", "b"), func(r *http.Request) { r.Header.Set("Content-Type", kind) }, cookie(c)); w.Code != want {
			t.Errorf("API with %q: %d, want %d", kind, w.Code, want)
		}
	}
	// A program with a token is no browser: nobody makes it send anything.
	if w := f.do("POST", "/leaks/1", form("x", "y"), bearer(tokenOf("ops"))); w.Code != 200 {
		t.Errorf("a token needs a form: %d", w.Code)
	}

	if w := f.do("POST", "/logout", cookie(c), form("form", "x")); w.Code != 403 {
		t.Errorf("logged out by whoever wants: %d", w.Code)
	}
	w = f.do("POST", "/logout", cookie(c), form("form", token))
	if gone := w.Result().Cookies(); w.Code != http.StatusSeeOther || len(gone) != 1 || gone[0].MaxAge >= 0 || gone[0].Value != "" {
		t.Errorf("log-out: %d %v", w.Code, w.Header())
	}
	if w := f.do("GET", "/leaks", cookie(c)); w.Code != 401 {
		t.Errorf("after the log-out: %d", w.Code)
	}
	if log := f.logs.String(); !strings.Contains(log, `"logged in" who=ops`) || !strings.Contains(log, `"logged out" who=ops`) || strings.Contains(log, tokenOf("ops")) || strings.Contains(log, c.Value) {
		t.Errorf("log: %s", log)
	}
}

func TestNoLogIn(t *testing.T) {
	off := *people(t)
	off.Page = config.PageOff
	for name, a := range map[string]*config.Admin{
		"no tokens": {Listen: "127.0.0.1:9090", Page: config.PageLocal}, "no page": &off,
	} {
		f := newFixture(t, a)
		for _, method := range []string{"GET /login", "POST /login", "POST /logout"} {
			method, path, _ := strings.Cut(method, " ")
			if w := f.do(method, path, form("token", tokenOf("ops"), "form", f.formToken(Anonymous, "log-in"))); w.Code != 404 {
				t.Errorf("%s: %s %s: %d", name, method, path, w.Code)
			}
		}
	}
}

func TestRefusedLogIn(t *testing.T) {
	f := newFixture(t, people(t))
	right := f.formToken(Anonymous, "log-in")
	for name, tt := range map[string]struct {
		changes []change
		want    int
	}{
		"wrong token":    {[]change{form("token", "planted", "form", right)}, 401},
		"no token":       {[]change{form("form", right)}, 401},
		"metrics only":   {[]change{form("token", tokenOf("prom"), "form", right)}, 403},
		"no form token":  {[]change{form("token", tokenOf("ops"))}, 403},
		"too large":      {[]change{form("token", strings.Repeat("planted", 9<<10), "form", right)}, 400},
		"many fields":    {[]change{form("token", tokenOf("ops"), "form", right, "a", strings.Repeat("&a=", 3000))}, 400},
		"a foreign page": {[]change{form("token", tokenOf("ops"), "form", right), header("Origin", "https://evil.example")}, 403},
		"in the URL":     {[]change{form("form", right), func(r *http.Request) { r.URL.RawQuery = "token=" + tokenOf("ops") }}, 401},
	} {
		w := f.do("POST", "/login", tt.changes...)
		if w.Code != tt.want || len(w.Result().Cookies()) > 0 || strings.Contains(w.Body.String(), "planted") {
			t.Errorf("%s: %d, want %d; %v", name, w.Code, tt.want, w.Header())
		}
	}
}

// A log-in never takes over an id that the browser had before: whoever planted it would
// be logged in, too.
func TestSessionFixation(t *testing.T) {
	f := newFixture(t, people(t))
	first := f.logInAs(tokenOf("eyes"))
	second := f.logInAs(tokenOf("ops"), cookie(first))
	if first.Value == second.Value {
		t.Fatal("the id is the same")
	}
	if w := f.do("GET", "/leaks", cookie(first)); w.Code != 401 {
		t.Errorf("the session before is alive: %d", w.Code)
	}
	planted := &http.Cookie{Name: CookieName, Value: strings.Repeat("A", 43)}
	if c := f.logInAs(tokenOf("ops"), cookie(planted)); c.Value == planted.Value {
		t.Error("a planted id is taken over")
	}
	if w := f.do("GET", "/leaks", cookie(planted)); w.Code != 401 {
		t.Errorf("a planted id is good: %d", w.Code)
	}
}

func TestForgedCookies(t *testing.T) {
	f := newFixture(t, people(t))
	c := f.logInAs(tokenOf("ops"))
	id := c.Value
	other := "A"
	if strings.HasPrefix(id, other) {
		other = "B"
	}
	for name, values := range map[string][]string{
		"one character": {other + id[1:]}, "cut": {id[:42]}, "longer": {id + "A"}, "empty": {""}, "padded": {id + "="}, "lower case": {strings.ToLower(id)},
		"twice": {id, strings.Repeat("A", 43)}, "twice the same": {id, id}, "name": {"ops"}, "token": {tokenOf("ops")},
	} {
		var changes []change
		for _, v := range values {
			changes = append(changes, header("Cookie", CookieName+"="+v))
		}
		if w := f.do("GET", "/leaks", changes...); w.Code != 401 {
			t.Errorf("%s: %d", name, w.Code)
		}
	}
	if w := f.do("GET", "/leaks", header("Cookie", secureName+"="+id)); w.Code != 401 {
		t.Errorf("under the name of TLS: %d", w.Code)
	}
	if w := f.do("GET", "/leaks", cookie(c)); w.Code != 200 {
		t.Errorf("the right one: %d", w.Code)
	}
}

// Sessions end when they are not used, after their time, with their token, and with its
// role.
func TestSessionEnds(t *testing.T) {
	admin := people(t)
	f := newFixture(t, admin)
	get := func(c *http.Cookie, changes ...change) int {
		return f.do("GET", "/leaks", append(changes, cookie(c))...).Code
	}
	idle := f.logInAs(tokenOf("ops"))
	f.pass(29 * time.Minute)
	if got := get(idle); got != 200 {
		t.Errorf("used in time: %d", got)
	}
	f.pass(29 * time.Minute)
	if got := get(idle, header("Accept", "text/event-stream")); got != 200 {
		t.Errorf("its first use did not count: %d", got)
	}
	f.pass(2 * time.Minute)
	if got := get(idle); got != 401 {
		t.Errorf("news by themselves count as a use: %d", got)
	}
	long := f.logInAs(tokenOf("ops"))
	for range 30 {
		f.pass(24 * time.Minute)
		get(long)
	}
	if got := get(long); got != 401 {
		t.Errorf("after its time: %d", got)
	}
	demoted, removed, changed := f.logInAs(tokenOf("ops")), f.logInAs(tokenOf("ops")), f.logInAs(tokenOf("eyes"))
	later := *admin
	later.Tokens = map[string]*config.AdminToken{
		"ops":  {Value: config.Secret(tokenOf("ops")), Role: config.RoleViewer},
		"eyes": {Value: config.Secret(tokenOf("others")), Role: config.RoleViewer},
	}
	f.reload(&later)
	if got := f.do("GET", "/leaks/1", cookie(demoted)).Code; got != 403 || get(demoted) != 200 {
		t.Errorf("an operator no more: %d", got)
	}
	if got := get(changed); got != 401 {
		t.Errorf("a token that was changed: %d", got)
	}
	later.Tokens = map[string]*config.AdminToken{"eyes": later.Tokens["eyes"]}
	f.reload(&later)
	if got := get(removed); got != 401 {
		t.Errorf("a token that was removed: %d", got)
	}
}

func TestSessionsAreBounded(t *testing.T) {
	f := newFixture(t, people(t))
	first := f.logInAs(tokenOf("eyes"))
	f.pass(time.Second)
	last := first
	for range maxSessions {
		last = f.logInAs(tokenOf("eyes"))
		f.pass(time.Millisecond)
	}
	if n := len(f.sessions.byID); n != maxSessions {
		t.Errorf("%d sessions", n)
	}
	if f.do("GET", "/leaks", cookie(first)).Code != 401 || f.do("GET", "/leaks", cookie(last)).Code != 200 {
		t.Error("another than the oldest had to go")
	}
}

// What lasts ends with the session.
func TestEnds(t *testing.T) {
	f := newFixture(t, people(t))
	streams := make(chan context.Context, 1)
	f.Handle(View, "GET /events", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		ctx, cancel := f.Ends(r)
		t.Cleanup(cancel)
		streams <- ctx
	}))
	c := f.logInAs(tokenOf("eyes"))
	f.do("GET", "/events", cookie(c))
	ctx := <-streams
	if ctx.Err() != nil {
		t.Fatal("ended before")
	}
	f.do("GET", "/leaks", cookie(c))
	f.do("POST", "/logout", cookie(c), form("form", f.seen.FormToken()))
	<-ctx.Done()
	f.do("GET", "/events", bearer(tokenOf("eyes")))
	if (<-streams).Err() != nil {
		t.Error("ended without a session")
	}
}

func TestOpenRedirect(t *testing.T) {
	for next, want := range map[string]string{
		"/leaks": "/leaks", "/leaks?state=open&x=%2F": "/leaks?state=open&x=%2F", "/leaks/%41": "/leaks/%41",
		"": home, "leaks": home, "//evil.example": home, "///evil.example": home, `/\evil.example`: home, `\\evil.example`: home,
		"https://evil.example/": home, "https:evil.example": home, "javascript:alert(1)": home, "/%2f/evil.example": home, "/%2fevil.example": home,
		"/\tevil": home, "/\n//evil.example": home, " //evil.example": home, "//evil.example\\@x": home, "/login?next=/login": home, "/logout": home,
		"http://user@evil.example": home, "%2F%2Fevil.example": home, "/" + strings.Repeat("a", 3000): home, "?x": home, "#x": home, "/x#//y": "/x",
	} {
		if got := localPath(next); got != want {
			t.Errorf("%q leads to %q, want %q", next, got, want)
		}
		f := newFixture(t, people(t))
		w := f.do("POST", "/login", form("token", tokenOf("ops"), "next", next, "form", f.formToken(Anonymous, "log-in")))
		if got := w.Header().Get("Location"); got != want {
			t.Errorf("%q: the log-in leads to %q, want %q", next, got, want)
		}
	}
}

// A link of a foreign page brings no cookie: a page that asks again does.
func TestForeignLink(t *testing.T) {
	f := newFixture(t, people(t))
	w := f.do("GET", "/leaks", browser, header("Sec-Fetch-Site", "cross-site"), header("Sec-Fetch-Mode", "navigate"))
	if w.Code != 200 || !strings.Contains(w.Body.String(), `http-equiv="refresh"`) || f.seen.Name != "" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	for _, site := range []string{"same-origin", "none", ""} {
		if w := f.do("GET", "/leaks", browser, header("Sec-Fetch-Site", site)); w.Code != http.StatusSeeOther {
			t.Errorf("%q: %d", site, w.Code)
		}
	}
}

// TestBruteForce shows many tokens: after some, none is looked at, and others are not
// kept from logging in.
func TestBruteForce(t *testing.T) {
	f := newFixture(t, people(t))
	show := func(token string, changes ...change) int {
		return f.do("GET", "/leaks", append(changes, bearer(token))...).Code
	}
	for i := range burst {
		if got := show(fmt.Sprintf("planted-%d", i)); got != 401 {
			t.Fatalf("attempt %d: %d", i, got)
		}
	}
	w := f.do("GET", "/leaks", bearer(tokenOf("ops")))
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "10" {
		t.Errorf("after too many: %d, %v", w.Code, w.Header())
	}
	if w := f.do("POST", "/login", form("token", tokenOf("ops"), "form", f.formToken(Anonymous, "log-in"))); w.Code != http.StatusTooManyRequests {
		t.Errorf("the log-in page counts for itself: %d", w.Code)
	}
	if got := show(tokenOf("ops"), from("198.51.100.8:1")); got != 200 {
		t.Errorf("another address: %d", got)
	}
	f.pass(pause)
	if show(tokenOf("ops")) != 200 || show("planted") != 401 || show(tokenOf("ops")) != 429 {
		t.Error("after a pause there is one attempt more, and one only")
	}
	f.pass(burst * pause)
	for range 3 * burst {
		if got := show(tokenOf("ops")); got != 200 {
			t.Fatalf("right tokens count: %d", got)
		}
	}
	// Addresses of one network are one; whom the proxy asks for is told apart.
	for i := range burst + 1 {
		want := 401
		if i == burst {
			want = 429
		}
		if got := show("planted", from(fmt.Sprintf("[2001:db8:1::%x]:1", i+1))); got != want {
			t.Errorf("address %d of a network: %d", i, got)
		}
		if got := show("planted", from("192.0.2.10:1"), header("X-Forwarded-For", "203.0.113.1, 2001:db8:5::1, 192.0.2.10")); got != want {
			t.Errorf("attempt %d by the proxy: %d", i, got)
		}
	}
	if got := show("planted", from("192.0.2.10:1"), header("X-Forwarded-For", "203.0.113.1, 203.0.113.2")); got != 401 {
		t.Errorf("another client of the proxy: %d", got)
	}
	if got := show("planted", from("198.51.100.9:1"), header("X-Forwarded-For", "203.0.113.7")); got != 401 {
		t.Errorf("the first of its address: %d", got)
	}
}

// Only so many addresses are told apart; the rest have their attempts together.
func TestAttemptsAreBounded(t *testing.T) {
	var a attempts
	now := time.Now()
	wrong := func() bool { return false }
	addr := netip.MustParseAddr("10.0.0.0")
	for range maxAddresses {
		addr = addr.Next()
		a.try(addr, now, wrong)
	}
	for range burst {
		addr = addr.Next()
		if _, wait := a.try(addr, now, wrong); wait > 0 {
			t.Fatal("too early")
		}
	}
	if _, wait := a.try(addr.Next(), now, wrong); wait <= 0 || len(a.free) > maxAddresses+1 {
		t.Errorf("%d addresses, no limit", len(a.free))
	}
	later := now.Add(burst * pause)
	if _, wait := a.try(addr.Next(), later, wrong); wait > 0 || len(a.free) > 2 {
		t.Errorf("later: %d addresses, %v", len(a.free), wait)
	}
}
