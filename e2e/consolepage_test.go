//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// consoleConfig is of a redactd whose console has something to show in each view.
const consoleConfig = auditedConfig + `
checkpoint_key = "%s"
[upstream.shop]
urls = ["%s"]
[upstream.spare]
urls = ["http://127.0.0.1:1"]
connect_timeout = "1s"
[route.shop]
upstream = "shop"
path_prefix = "/shop"
response = "errors"
[route.spare]
upstream = "spare"
path_prefix = "/spare"
[route.logs]
path_prefix = "/logs"
upstream = "store"
request = "all"
`

// TestConsole works with the console in Chromium, and looks at every view of it, at a desk
// and on a phone, by day and by night: nothing is wider than the window, too pale to read,
// refused by the page's own policy or, as axe-core sees it, closed to anybody.
// E2E_PICTURES=1 takes the pictures of docs/images anew.
func TestConsole(t *testing.T) {
	c := startConsole(t)
	t.Run("works", c.work)
	t.Run("keys", c.keys)
	t.Run("without scripts", c.plain)
	for _, v := range c.views() {
		t.Run(v.name, func(t *testing.T) { c.look(t, &v) })
	}
	t.Run("live", c.live)
	if text := c.r.output.String(); strings.Contains(text, c.planted) {
		t.Error("a secret is in the log")
	}
}

// console is a redactd with a browser, a shop that fails behind it, and services that log.
type console struct {
	b       *browser
	r       *redactd
	planted string // leaks from version 1.8.2 of checkout on
	leak    string // the address of that leak
	failure string // the address of an error
}

func startConsole(t *testing.T) *console {
	c := &console{planted: "gh" + "p_" + random(36, alnum)}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text := failures[strings.TrimPrefix(r.URL.Path, "/shop")]; text != "" {
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, "%s\ntoken = %s\n", text, c.planted)
		}
	}))
	t.Cleanup(backend.Close)
	key := filepath.Join(t.TempDir(), "checkpoint.key")
	run(t, func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, program(t, "E2E_REDACTD"), "audit", "key", "--name", "logs.example.com/redactd/1", "--out", key)
	})
	c.r = startRedactd(t, fmt.Sprintf(consoleConfig, key, backend.URL))
	c.fill(t)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { c.flow(ctx); close(done) }()
	t.Cleanup(func() { stop(); <-done })
	c.b = startBrowser(t)
	return c
}

// fill has services log, one of them a key from version 1.8.2 on, and a shop fail.
func (c *console) fill(t *testing.T) {
	t.Helper()
	for i, version := range []string{"1.8.0", "1.8.1", "1.8.2", "1.8.3"} {
		for _, service := range []string{"checkout", "cart", "mail"} {
			var lines strings.Builder
			for n := range 20 {
				message := fmt.Sprintf("request %d done", n)
				switch {
				case service == "checkout" && i >= 2 && n%5 == 0:
					message = "calling with " + c.planted
				case service == "mail" && n == 7:
					message = "token gh" + "p_" + random(36, alnum)
				case service == "cart" && n == 9:
					message = "paid by " + "sk_" + "live_" + random(24, alnum)
				}
				fmt.Fprintf(&lines, `{"service":%q,"version":%q,"logger":"app.http","env":"prod","msg":%q}`+"\n", service, version, message)
			}
			c.r.post(t, "/logs", "application/x-ndjson", lines.String())
		}
	}
	for path, n := range map[string]int{"/shop/orders": 12, "/shop/invoices": 5, "/shop/search": 3, "/spare/": 6} {
		for range n {
			answer, err := http.Get("http://" + c.r.addr + path)
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
		}
	}
	var leaks, errors string
	leak := regexp.MustCompile(`href="(/leaks/\d+)"[^\n]*\n(?:[^\n]*\n){6}<td>checkout 1\.8\.2 and \d+ more`)
	failure := regexp.MustCompile(`href="(/errors/[0-9a-f]+)">shop\.gateway\.GatewayTimeout`)
	c.r.await(t, "leaks and errors in the console", func() bool {
		leaks, errors = c.r.get(t, "/leaks"), c.r.get(t, "/errors")
		return leak.MatchString(leaks) && strings.Count(leaks, `href="/leaks/`) >= 9 && failure.MatchString(errors)
	})
	c.leak, c.failure = leak.FindStringSubmatch(leaks)[1], failure.FindStringSubmatch(errors)[1]
}

// flow is what goes on all the time: logs, pages of the shop, and pictures, which nobody
// can inspect.
func (c *console) flow(ctx context.Context) {
	send := func(method, path, contentType string, body []byte) {
		r, err := http.NewRequestWithContext(ctx, method, "http://"+c.r.addr+path, bytes.NewReader(body))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", contentType)
		if answer, err := http.DefaultClient.Do(r); err == nil {
			_ = answer.Body.Close()
		}
	}
	line := []byte(`{"service":"search","version":"2.1.0","msg":"` + strings.Repeat("query done ", 40) + `"}` + "\n")
	for n := 0; ctx.Err() == nil; n++ {
		for range 1 + (n/20)%5 {
			send(http.MethodGet, "/shop/fine", "", nil)
		}
		send(http.MethodPost, "/logs", "application/x-ndjson", bytes.Repeat(line, 20))
		if n%25 == 0 {
			send(http.MethodPost, "/logs", "image/png", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 2000)...))
		}
		if n%40 == 0 {
			send(http.MethodGet, "/shop/search", "", nil)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (c *console) open(t *testing.T, path string, s screen) *page {
	t.Helper()
	return c.b.open(t, "http://"+c.r.admin+path, s, "")
}

// work filters leaks, says what one of them is, and what an error is, looks a value up,
// tries a text, reloads, and has the trail verified.
func (c *console) work(t *testing.T) {
	p := c.open(t, "/leaks", consoleLight)
	p.fill(t, `input[name="service"]`, "mail")
	p.submit(t, `form[role="search"] button`, `location.search.includes("service=mail")`)
	var rows int
	if p.eval(t, `document.querySelectorAll("tbody tr").length`, &rows); rows != 4 {
		t.Errorf("%d leaks of mail, want 4", rows)
	}

	p.load(t, "http://"+c.r.admin+"/leaks/find")
	p.fill(t, "textarea", c.planted+"\n")
	p.submit(t, "main form button", `document.querySelector(".answer")`)
	p.says(t, "Seen.", "Leaking as of", "1.8.2 of checkout", "Elasticsearch")
	p.saysNot(t, c.planted)
	p.fill(t, "textarea", "gh"+"p_"+random(36, alnum))
	p.submit(t, "main form button", `document.body.innerText.includes("Not seen in anything")`)

	p.load(t, "http://"+c.r.admin+c.leak)
	p.says(t, "Leaking as of", "1.8.2 of checkout", "Nobody has said anything of it yet.")
	p.fill(t, `input[name="note"]`, "ticket 17: <b>rotated tonight</b>")
	p.submit(t, `button[value="acknowledged"]`, `document.querySelector(".history")`)
	p.says(t, "acknowledged by local: ticket 17: <b>rotated tonight</b>")

	p.load(t, "http://"+c.r.admin+c.failure)
	p.submit(t, `button[value="resolved"]`, `document.body.innerText.includes("by local")`)
	p.submit(t, `button[value="open"]`, `document.querySelector("button[value=resolved]")`)

	p.load(t, "http://"+c.r.admin+"/policy")
	p.submit(t, "form.act button", `document.readyState === "complete"`)
	p.says(t, "Routes and listeners")

	p.load(t, "http://"+c.r.admin+"/audit")
	p.submit(t, "main form button", `document.body.innerText.includes("Whole: no record")`)
	p.says(t, "with a signature that was checked")

	c.try(t, p)
	p.says(t, "1 finding", "github-classic-token")
	var typed string
	if p.eval(t, `document.querySelector("textarea").value`, &typed); !strings.Contains(typed, c.planted) {
		t.Error("what was tried is gone from where it was typed")
	}
	if len(p.complaints) > 0 {
		t.Errorf("the browser says: %q", p.complaints)
	}
	p.close(t)
}

// answer has the console answer what is asked of a key that leaks and of one that was never
// there: was it in our logs, where, since when and which version, does it still leak, was
// anything not inspected, and was none of that edited?
func (c *console) answer(t *testing.T, never string) {
	t.Helper()
	p := c.open(t, "/leaks/find", consoleLight)
	p.fill(t, "textarea", never)
	p.submit(t, "main form button", `document.body.innerText.includes("Not seen in anything")`)
	p.fill(t, "textarea", c.planted)
	p.submit(t, "main form button", `document.querySelector(".verdict a")`)
	p.says(t, "Seen.", "Leaking as of 20", "1.8.2 of checkout")
	var at string
	if p.eval(t, `document.querySelector(".verdict a").getAttribute("href")`, &at); at != c.leak {
		t.Errorf("it is %s, want %s", at, c.leak)
	}
	p.load(t, "http://"+c.r.admin+c.leak)
	p.says(t, "Leaking as of 20", "1.8.2 of checkout", "loki", "worker", "app.http", "prod", "open")
	p.load(t, "http://"+c.r.admin+"/coverage")
	p.says(t, "Routes and listeners", "logs", "loki", "What was not inspected, and why", "Blind spots")
	p.load(t, "http://"+c.r.admin+"/audit")
	p.submit(t, "main form button", `document.body.innerText.includes("Whole: no record from 1 to")`)
	p.saysNot(t, c.planted)
	if len(p.complaints) > 0 {
		t.Errorf("the browser says: %q", p.complaints)
	}
	p.close(t)
}

// try has a text explained.
func (c *console) try(t *testing.T, p *page) {
	t.Helper()
	p.load(t, "http://"+c.r.admin+"/try?route=logs")
	p.fill(t, "textarea", `{"msg":"calling with `+c.planted+`","card":"4111 1111 1111 1112"}`)
	p.submit(t, "main form button", `document.querySelector("#result .verdict")`)
	var text string
	if p.eval(t, `document.querySelector("#result").innerText`, &text); strings.Contains(text, c.planted) {
		t.Error("a value is in what is explained")
	}
}

// keys goes over a page with the tabulator: what it comes to is in the order in which it
// stands there, begins with the way to the content, and shows that it is there.
func (c *console) keys(t *testing.T) {
	p := c.open(t, "/leaks", consoleLight)
	var order []string
	for range 20 {
		p.press(t, "Tab")
		var at struct {
			Name  string
			Shown bool
		}
		p.eval(t, `(() => {
			const e = document.activeElement, s = getComputedStyle(e), b = e.getBoundingClientRect();
			return {name: e.name || e.textContent.trim().slice(0, 30), shown: s.outlineStyle !== "none" && b.width > 0 && b.left >= 0 && b.top >= 0};
		})()`, &at)
		if !at.Shown {
			t.Errorf("nobody sees that the keyboard is at %q", at.Name)
		}
		order = append(order, at.Name)
	}
	want := "Skip to the content, Overview, Leaks, Errors, Rules, Try, Coverage, Policy, Audit, Look up a value, state, severity, since, rule, route, service, version, Show"
	if got := strings.Join(order, ", "); !strings.HasPrefix(got, want) {
		t.Errorf("the keyboard goes over %s\nwant %s", got, want)
	}
	p.load(t, "http://"+c.r.admin+"/leaks")
	p.press(t, "Tab")
	p.press(t, "Enter")
	p.await(t, `location.hash === "#main" && document.activeElement.id === "main"`)
	p.close(t)
}

// plain looks at the overview where no script runs: the numbers of the plots are there.
func (c *console) plain(t *testing.T) {
	p := c.open(t, "/assets/icon.svg", consoleLight)
	p.call(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	p.call(t, "Page.navigate", map[string]any{"url": "http://" + c.r.admin + "/"}, nil)
	p.await(t, `document.querySelector("figure[data-plot=findings-rule] details[open] td[data-v]") && !document.querySelector("canvas")`)
	p.says(t, "Open leaks", "github-classic-token")
	p.close(t)
}

// live waits for figures to change by themselves, and for them to stand still when told.
func (c *console) live(t *testing.T) {
	p := c.open(t, "/", consoleLight)
	const at = `document.querySelector("[data-live-at]").dateTime`
	var first string
	p.eval(t, at, &first)
	p.await(t, at+" !== "+fmt.Sprintf("%q", first))
	p.await(t, `document.querySelector("[data-tile=requests] [data-text]").textContent !== "0 /s"`)
	p.eval(t, `document.querySelector("[data-pause]").click()`, nil)
	p.eval(t, at, &first)
	time.Sleep(6 * time.Second) // longer than from one event to the next
	var second string
	if p.eval(t, at, &second); second != first {
		t.Error("the page goes on after it was told to pause")
	}
	p.close(t)
}
