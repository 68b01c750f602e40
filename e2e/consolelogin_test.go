//go:build e2e

package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestConsoleLogIn has somebody log in with a browser, come back by a link of another
// site, and log out; and has that site try to act in their name.
func TestConsoleLogIn(t *testing.T) {
	const token = "e2e-0123456789abcdef-operator"
	r := startRedactd(t, keyedConfig+`
[admin.token.ops]
value = "`+token+`"
role = "operator"
[route.logs]
upstream = "store"
request = "all"
[audit]
dir = "data/audit"
[records]
dsn = "sqlite:data/records.db"
`)
	r.post(t, "/logs", "application/json", `{"service":"checkout","msg":"calling with gh`+"p_"+random(36, alnum)+`"}`)
	console := "http://" + r.admin
	// The same machine by another name is another site.
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprintf(w, `<!doctype html><title>elsewhere</title><a id="link" href="%s/leaks?state=open">leaks</a>
<form id="act" method="post" action="%s/leaks/1"><input name="state" value="rotated"></form>`, console, console)
	}))
	defer foreign.Close()
	elsewhere := strings.Replace(foreign.URL, "127.0.0.1", "localhost", 1)

	b := startBrowser(t)
	for _, v := range []screen{desktopLight, phoneDark} {
		p := b.open(t, console+"/leaks", v, "")
		p.arrive(t, console+"/login?next=%2Fleaks")
		checkAdminPage(t, p, "Log in · redactd")
		typed := func(text string) {
			p.eval(t, fmt.Sprintf(`document.getElementById("token").value = %q; document.forms[0].submit()`, text), nil)
		}
		typed("wrong")
		p.arrive(t, console+"/login")
		var said, cookies, title string
		if p.eval(t, `document.querySelector("[role=alert]").innerText`, &said); said != "The token is not right." {
			t.Errorf("a wrong token: %q", said)
		}
		p.complaints = nil // that the answer was 401
		typed(token)
		p.arrive(t, console+"/leaks")
		if p.eval(t, `document.cookie`, &cookies); cookies != "" {
			t.Errorf("scripts can read %q", cookies)
		}

		p.load(t, elsewhere)
		p.eval(t, `document.getElementById("link").click()`, nil)
		p.arrive(t, console+"/leaks?state=open")
		p.await(t, `document.title === "Leaks · redactd"`)
		var who string
		if p.eval(t, `document.querySelector(".who").innerText`, &who); !strings.Contains(who, "ops") {
			t.Errorf("after a link of another site: %q", who)
		}

		p.load(t, elsewhere)
		p.eval(t, `document.getElementById("act").submit()`, nil)
		p.arrive(t, console+"/leaks/1")
		var text string
		if p.eval(t, `document.body.innerText`, &text); !strings.Contains(text, "A page of elsewhere may not act here.") {
			t.Errorf("another site acts: %q", text)
		}
		p.load(t, console+"/leaks/1")
		if p.eval(t, `document.body.innerText`, &text); strings.Contains(text, "otated since") {
			t.Errorf("another site has acted: %q", text)
		}

		p.eval(t, `document.querySelector("form.who button").click()`, nil)
		p.arrive(t, console+"/login")
		p.load(t, console+"/leaks/1")
		if p.eval(t, `document.title`, &title); title != "Log in · redactd" {
			t.Errorf("after the log-out: %q", title)
		}
	}
	if log := r.output.String(); strings.Contains(log, token) || !strings.Contains(log, `"logged in"`) || !strings.Contains(log, `"logged out"`) {
		t.Errorf("log: %s", log)
	}
}

// arrive waits until the browser is at a URL, by itself or by a click, and everything on
// the page is loaded.
func (p *page) arrive(t *testing.T, url string) {
	t.Helper()
	var targets struct {
		TargetInfos []struct{ TargetID, URL string }
	}
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		p.browser.call(t, "", "Target.getTargets", nil, &targets)
		at := ""
		for _, one := range targets.TargetInfos {
			if one.TargetID == p.target {
				at = one.URL
			}
		}
		if at == url {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the browser is at %s, not %s", at, url)
		}
	}
	p.await(t, `document.readyState === "complete"`)
}
