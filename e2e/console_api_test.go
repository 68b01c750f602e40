//go:build e2e

package e2e

import (
	"context"
	"net/http"
	"os/exec"
	"strings"
	"testing"
)

// TestConsoleAPI has schemathesis read the description of the API and ask what it says
// can be asked, and what it says can't. No answer may be of a status, a type or a form
// that the description does not have, and whoever does not say who they are gets nothing.
func TestConsoleAPI(t *testing.T) {
	const operator, viewer = "e2e-0123456789abcdef-operator", "e2e-0123456789abcdef-viewer"
	r := startRedactd(t, strings.Replace(keyedConfig, "[admin]\n", "[admin]\nmetrics = \"log_in\"\n", 1)+`
[admin.token.ops]
value = "`+operator+`"
role = "operator"
[admin.token.eyes]
value = "`+viewer+`"
role = "viewer"
[route.logs]
upstream = "store"
request = "all"
[audit]
dir = "data/audit"
[records]
dsn = "sqlite:data/records.db"
`)
	secret := "gh" + "p_" + random(36, alnum)
	r.post(t, "/logs", "application/json", `{"service":"checkout","version":"1.8.2","msg":"calling with `+secret+`"}`)
	get := func(path, token string) int {
		t.Helper()
		req, err := http.NewRequest(http.MethodGet, "http://"+r.admin+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	r.await(t, "the leak", func() bool { return get("/api/v1/leaks/1", viewer) == http.StatusOK })
	if status := get("/metrics", viewer); status != http.StatusOK {
		t.Errorf("/metrics: %d", status)
	}
	tool := useKit(t, "schemathesis").path("bin", "schemathesis")
	ask := func(checks string, more ...string) string {
		t.Helper()
		return run(t, func(ctx context.Context) *exec.Cmd {
			args := []string{"run", "http://" + r.admin + "/api/openapi.json", "--no-color", "--seed", "1", "--workers", "1",
				"--header", "Authorization: Bearer " + operator, "--checks", checks}
			cmd := exec.CommandContext(ctx, tool, append(args, more...)...)
			cmd.Dir, cmd.Env = t.TempDir(), environment()
			return cmd
		})
	}
	// Left out are its checks that all that fits the description is accepted, which a text
	// of an unknown format does, and of the methods allowed, where pages have GET.
	out := ask("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance",
		"--phases", "examples,coverage,fuzzing", "--max-examples", "15")
	t.Log(out[max(0, strings.LastIndex(out, "= SUMMARY =")):])
	// At last, since what it tries is counted: so many wrong tokens are refused unread.
	out = ask("ignored_auth", "--phases", "fuzzing", "--max-examples", "2")
	t.Log(out[max(0, strings.LastIndex(out, "= SUMMARY =")):])
	if log := r.output.String(); strings.Contains(log, secret) || strings.Contains(log, operator) {
		t.Error("the log holds a secret")
	}
}
