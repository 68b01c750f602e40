//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

var (
	consoleLight      = screen{width: 1280, height: 900, scale: 1}
	consoleDark       = screen{width: 1280, height: 900, scale: 1, dark: true}
	consolePhone      = screen{width: 390, height: 780, scale: 1, phone: true}
	consolePhoneNight = screen{width: 390, height: 780, scale: 1, phone: true, dark: true}
)

// consoleView is a view, how it is got to, and the pictures that are taken of it.
type consoleView struct {
	name, path, title string
	prepare           func(*testing.T, *page)
	pictures          map[screen]string
}

// views are all that there are. Those that show what comes by and by are last.
func (c *console) views() []consoleView {
	stated := func(t *testing.T, p *page) {
		// Coverage is stated as a minute of the clock begins, canaries when a run ends.
		for deadline := time.Now().Add(150 * time.Second); ; time.Sleep(time.Second) {
			var ok bool
			if p.eval(t, `document.querySelectorAll("#canaries ~ .wide tbody tr").length > 0 && document.body.innerText.includes("binary")`, &ok); ok {
				return
			}
			if time.Now().After(deadline) {
				t.Fatal("no coverage, or no run of canaries, is on the page")
			}
			p.load(t, "http://"+c.r.admin+"/coverage")
		}
	}
	return []consoleView{
		{"leaks", "/leaks", "Leaks · redactd", nil, map[screen]string{consoleLight: "leaks-light", consolePhone: "leaks-phone"}},
		{"leak", c.leak, "Leak " + strings.TrimPrefix(c.leak, "/leaks/") + " · redactd", nil, map[screen]string{consoleDark: "leak-dark", consolePhoneNight: "leak-phone"}},
		{"find", "/leaks/find", "Look up a value · redactd", nil, nil},
		{"errors", "/errors", "Errors · redactd", nil, nil},
		{"error", c.failure, "shop.gateway.GatewayTimeout · redactd", nil, map[screen]string{consoleDark: "error-dark"}},
		{"rules", "/rules?show=hit&sort=findings", "Rules · redactd", nil, map[screen]string{consoleLight: "rules-light"}},
		{"all rules", "/rules?offset=100&sort=cost", "Rules · redactd", nil, nil},
		{"rule", "/rules/github-classic-token", "github-classic-token · redactd", nil, map[screen]string{consoleDark: "rule-dark"}},
		{"try", "/try", "Try · redactd", c.try, map[screen]string{consoleLight: "try-light"}},
		{"policy", "/policy", "Policy · redactd", nil, map[screen]string{consoleDark: "policy-dark"}},
		{"audit", "/audit", "Audit · redactd", nil, map[screen]string{consoleLight: "audit-light"}},
		{"missing", "/leaks/999", "Not Found · redactd", nil, nil},
		{"coverage", "/coverage", "Coverage · redactd", stated, map[screen]string{consoleLight: "coverage-light", consolePhone: "coverage-phone"}},
		{"overview", "/", "Overview · redactd", nil, map[screen]string{consoleLight: "overview-light", consoleDark: "overview-dark", consolePhone: "overview-phone"}},
	}
}

// look looks at a view in all ways.
func (c *console) look(t *testing.T, v *consoleView) {
	for _, s := range []screen{consoleLight, consoleDark, consolePhone, consolePhoneNight} {
		p := c.open(t, v.path, s)
		if v.prepare != nil {
			v.prepare(t, p)
		}
		checkConsole(t, p, v.title)
		if v.prepare == nil { // it is the tester who typed it
			var html string
			if p.eval(t, `document.documentElement.outerHTML`, &html); strings.Contains(html, c.planted) {
				t.Error("a secret is on the page")
			}
		}
		if name := v.pictures[s]; name != "" {
			// No picture holds what looks like a secret.
			p.eval(t, fmt.Sprintf(`scrollTo(0, 0); document.querySelectorAll("textarea").forEach((e) => { e.value = e.value.replace(%q, "ghp_…"); })`, c.planted), nil)
			keepPicture(t, "console-"+name+".png", p.screenshot(t))
		}
		p.close(t)
	}
}

// checkConsole asks what holds for every view, however it is looked at.
func checkConsole(t *testing.T, p *page, title string) {
	t.Helper()
	var got string
	if p.eval(t, "document.title", &got); got != title {
		t.Errorf("the title is %q, want %q", got, title)
	}
	if bad := p.illegible(t); len(bad) > 0 {
		t.Errorf("hard to read: %q", bad)
	}
	if p.overflows(t) {
		t.Error("is wider than the window")
	}
	for _, complaint := range p.complaints {
		if !strings.Contains(complaint, "Failed to load resource: the server responded with a status of 404") || !strings.HasSuffix(complaint, "/leaks/999") {
			t.Errorf("the browser says: %s", complaint)
		}
	}
	for _, v := range p.violations(t) {
		t.Errorf("axe: %s", v)
	}
}

// violations returns what axe-core finds that keeps people out, or comes close to it.
func (p *page) violations(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile(useKit(t, "axe").path("node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	p.eval(t, string(source)+"; true", nil)
	var found []string
	p.eval(t, `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations
		.filter((v) => v.impact === "serious" || v.impact === "critical")
		.flatMap((v) => v.nodes.map((n) => v.id + ": " + n.target.join(" ") + ": " + n.failureSummary)))`, &found)
	return found
}

// close closes the tab.
func (p *page) close(t *testing.T) {
	t.Helper()
	p.call(t, "Page.close", nil, nil)
	delete(p.browser.pages, p.session)
}

// fill writes text into a field.
func (p *page) fill(t *testing.T, selector, text string) {
	t.Helper()
	p.eval(t, fmt.Sprintf(`document.querySelector(%q).value = %q`, selector, text), nil)
}

// submit clicks, and waits until a JavaScript expression is true of what comes of it: of
// the next page, or of one that changes in place.
func (p *page) submit(t *testing.T, selector, until string) {
	t.Helper()
	p.eval(t, fmt.Sprintf(`window.before = true, setTimeout(() => document.querySelector(%q).click()), true`, selector), nil)
	expression := `!!(document.body && document.readyState === "complete" && (` + until + `) && (!window.before || document.querySelector("#result")))`
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		var answer struct{ Result struct{ Value bool } }
		// It refuses while it goes from one page to the next.
		refused := p.browser.ask(t, p.session, "Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
		if refused == "" && answer.Result.Value {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s is not true after %v %s", until, patience, refused)
		}
	}
}

// says asks that the page shows texts.
func (p *page) says(t *testing.T, texts ...string) {
	t.Helper()
	var shown string
	p.eval(t, `document.body.innerText`, &shown)
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("the page does not say %q:\n%s", text, shown)
		}
	}
}

// saysNot asks that a text is nowhere on the page, not even in a field.
func (p *page) saysNot(t *testing.T, text string) {
	t.Helper()
	var html string
	p.eval(t, `document.documentElement.outerHTML + [...document.querySelectorAll("input, textarea")].map(e => e.value).join("\n")`, &html)
	if strings.Contains(html, text) {
		t.Error("the page holds what it must not")
	}
}

// press presses a key and lets it go.
func (p *page) press(t *testing.T, key string) {
	t.Helper()
	code := map[string]int{"Tab": 9, "Enter": 13}[key]
	text := map[string]string{"Enter": "\r"}[key]
	p.call(t, "Input.dispatchKeyEvent", map[string]any{"type": "keyDown", "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text}, nil)
	p.call(t, "Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}
