//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var (
	consoleLight      = screen{width: 1280, height: 900, scale: 1}
	consoleDark       = screen{width: 1280, height: 900, scale: 1, dark: true}
	consolePhone      = screen{width: 390, height: 780, scale: 1, phone: true}
	consolePhoneNight = screen{width: 390, height: 780, scale: 1, phone: true, dark: true}
)

// consoleConfig is of a redactd whose console has something to show in each view.
const consoleConfig = auditedConfig + `
checkpoint_key = "checkpoint.key"
[upstream.shop]
urls = ["%s"]
[route.shop]
upstream = "shop"
path_prefix = "/shop"
response = "errors"
[route.logs]
path_prefix = "/logs"
upstream = "store"
request = "all"
`

// TestConsole looks at every view of the console in Chromium, at a desk and on a phone,
// by day and by night: nothing is wider than the window, too pale to read, refused by the
// page's own policy or, as axe-core sees it, closed to anybody. Then it works with them.
// E2E_PICTURES=1 takes the pictures of docs/images anew.
func TestConsole(t *testing.T) {
	planted := "gh" + "p_" + random(36, alnum)
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text := failures[strings.TrimPrefix(r.URL.Path, "/shop")]; text != "" {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, "%s\ntoken = %s\n", text, planted)
		}
	}))
	defer backend.Close()
	r := startConsole(t, fmt.Sprintf(consoleConfig, backend.URL))
	fillConsole(t, r, planted)
	b := startBrowser(t)
	for _, v := range consoleViews {
		t.Run(v.name, func(t *testing.T) {
			for _, s := range []screen{consoleLight, consoleDark, consolePhone, consolePhoneNight} {
				p := b.open(t, "http://"+r.admin+v.path, s, "")
				checkConsole(t, p, v.title, planted)
				if suffix := pictures[s]; suffix != "" && v.picture {
					keepPicture(t, "console-"+v.name+suffix+".png", p.screenshot(t))
				}
				p.close(t)
			}
		})
	}
	t.Run("works", func(t *testing.T) { workConsole(t, b, r, planted) })
}

// pictures are what the names of pictures of these screens end in.
var pictures = map[screen]string{consoleLight: "-light", consoleDark: "-dark", consolePhone: "-phone"}

var consoleViews = []struct {
	name, path, title string
	picture           bool
}{
	{"overview", "/", "Overview · redactd", true},
	{"leaks", "/leaks", "Leaks · redactd", true},
	{"leak", "/leaks/1", "Leak 1 · redactd", true},
	{"errors", "/errors", "Errors · redactd", false},
	{"rules", "/rules?show=hit&sort=findings", "Rules · redactd", true},
	{"rule", "/rules/github-classic-token", "github-classic-token · redactd", true},
	{"try", "/try", "Try · redactd", false},
	{"policy", "/policy", "Policy · redactd", true},
	{"audit", "/audit", "Audit · redactd", true},
	{"missing", "/leaks/999", "Not Found · redactd", false},
}

// startConsole starts a redactd that signs checkpoints.
func startConsole(t *testing.T, config string) *redactd {
	t.Helper()
	key := filepath.Join(t.TempDir(), "checkpoint.key")
	run(t, func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, program(t, "E2E_REDACTD"), "audit", "key", "--name", "logs.example.com/redactd/1", "--out", key)
	})
	return startRedactd(t, strings.Replace(config, "checkpoint.key", key, 1))
}

// fillConsole has services log, one of them a key from version 1.8.2 on, and a shop fail.
func fillConsole(t *testing.T, r *redactd, planted string) {
	t.Helper()
	for i, version := range []string{"1.8.0", "1.8.1", "1.8.2", "1.8.3"} {
		for _, service := range []string{"checkout", "cart", "mail"} {
			var lines strings.Builder
			for n := range 20 {
				message := fmt.Sprintf("request %d done", n)
				switch {
				case service == "checkout" && i >= 2 && n%5 == 0:
					message = "calling with " + planted
				case service == "mail" && n == 7:
					message = "token gh" + "p_" + random(36, alnum)
				}
				fmt.Fprintf(&lines, `{"service":%q,"version":%q,"logger":"app.http","env":"prod","msg":%q}`+"\n", service, version, message)
			}
			r.post(t, "/logs", "application/x-ndjson", lines.String())
		}
	}
	for path, n := range map[string]int{"/orders": 12, "/invoices": 5, "/search": 3, "/fine": 40} {
		for range n {
			answer, err := http.Get("http://" + r.addr + "/shop" + path)
			if err != nil {
				t.Fatal(err)
			}
			answer.Body.Close()
		}
	}
	r.await(t, "leaks and errors in the console", func() bool {
		leaks, errors := r.get(t, "/leaks"), r.get(t, "/errors")
		return strings.Count(leaks, `href="/leaks/`) >= 5 && strings.Contains(errors, `<td class="number">12</td>`)
	})
}

// checkConsole asks what holds for every view, however it is looked at.
func checkConsole(t *testing.T, p *page, title, planted string) {
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
	var html string
	if p.eval(t, `document.documentElement.outerHTML`, &html); strings.Contains(html, planted) {
		t.Error("a secret is on the page")
	}
}

// violations returns what axe-core finds that keeps people out, and what else it takes for
// serious.
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

// workConsole filters leaks and tries a text.
func workConsole(t *testing.T, b *browser, r *redactd, planted string) {
	p := b.open(t, "http://"+r.admin+"/leaks", consoleLight, "")
	p.eval(t, `document.querySelector("input[name=service]").value = "mail"; document.querySelector("form[role=search] button").click()`, nil)
	p.await(t, `location.search.includes("service=mail") && document.readyState === "complete"`)
	var rows int
	if p.eval(t, `document.querySelectorAll("tbody tr").length`, &rows); rows != 4 {
		t.Errorf("%d leaks of mail, want 4", rows)
	}
	p.load(t, "http://"+r.admin+"/try?route=logs")
	p.eval(t, `document.querySelector("textarea").value = `+fmt.Sprintf("%q", `{"msg":"calling with `+planted+`"}`)+`; document.querySelector("main form button").click()`, nil)
	p.await(t, `document.querySelector("#result .verdict")`)
	var text, typed string
	p.eval(t, `document.querySelector("#result").innerText`, &text)
	p.eval(t, `document.querySelector("textarea").value`, &typed)
	if !strings.Contains(text, "1 finding") || !strings.Contains(text, "github-classic-token") || strings.Contains(text, planted) || !strings.Contains(typed, planted) {
		t.Errorf("a text that was tried:\n%s", text)
	}
	p.load(t, "http://"+r.admin+"/audit")
	p.eval(t, `document.querySelector("form button").click()`, nil)
	p.await(t, `document.body && document.body.innerText.includes("Whole: no record")`)
	if len(p.complaints) > 0 {
		t.Errorf("the browser says: %q", p.complaints)
	}
}
