//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// TestConsoleRoles logs in by a token in Chromium, as who may only look and as who may
// act, and out again.
func TestConsoleRoles(t *testing.T) {
	viewer, viewerSum := adminToken(t)
	operator, operatorSum := adminToken(t)
	c := &console{r: startRedactd(t, strings.Replace(auditedConfig, "[admin]\n", `[admin.token.auditor]
sha256 = "`+viewerSum+`"
role = "viewer"
[admin.token.oncall]
sha256 = "`+operatorSum+`"
role = "operator"
[admin]
`, 1)+`
[route.logs]
upstream = "store"
request = "all"
`)}
	c.r.post(t, "/logs", "application/x-ndjson", `{"service":"checkout","msg":"calling with gh`+"p_"+random(36, alnum)+`"}`+"\n")
	c.b = startBrowser(t)
	for _, s := range []screen{consoleLight, consoleDark, consolePhone} {
		p := c.open(t, "/leaks", s)
		checkConsole(t, p, "Log in · redactd")
		if s == consoleLight {
			keepPicture(t, "console-login-light.png", p.screenshot(t))
		}
		p.close(t)
	}
	p := c.open(t, "/leaks/1", consoleLight)
	p.fill(t, "#token", operator+"x")
	p.submit(t, "button", `document.querySelector("[role=alert]")`)
	p.complaints = nil // a wrong token is answered with the status of an error

	p.fill(t, "#token", viewer)
	p.submit(t, "button", `location.pathname === "/leaks/1"`)
	p.says(t, "auditor viewer", "Leaking as of")
	var forms int
	if p.eval(t, `document.querySelectorAll("main form[method=post]").length`, &forms); forms != 0 {
		t.Error("who may only look has a form to act with")
	}
	checkConsole(t, p, "Leak 1 · redactd")
	p.submit(t, "header form button", `location.pathname === "/login"`)
	p.load(t, "http://"+c.r.admin+"/leaks/1")
	p.says(t, "Log in")

	p.fill(t, "#token", operator)
	p.submit(t, "button", `location.pathname === "/leaks/1"`)
	p.submit(t, "button[value=rotated]", `document.querySelector(".history")`)
	p.says(t, "oncall operator", "rotated by oncall", "Not seen since it was rotated")
	p.load(t, "http://"+c.r.admin+"/")
	p.await(t, `document.querySelector("[data-live-at]").dateTime > new Date(Date.now() - 60000).toISOString()`)
	if log := c.r.output.String(); !strings.Contains(log, `"by":"oncall"`) || strings.Contains(log, operator) || strings.Contains(log, viewer) {
		t.Error("the log does not say who did it, or has a token")
	}
	for _, complaint := range p.complaints {
		if !strings.Contains(complaint, "status of 401") { // of the page that asks to log in
			t.Errorf("the browser says: %s", complaint)
		}
	}
}

// adminToken makes a token and its sum.
func adminToken(t *testing.T) (token, sum string) {
	t.Helper()
	out := run(t, func(ctx context.Context) *exec.Cmd {
		return exec.CommandContext(ctx, program(t, "E2E_REDACTD"), "admin", "token")
	})
	if _, err := fmt.Sscanf(out, "token %s\nsha256 %s\n", &token, &sum); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return token, sum
}
