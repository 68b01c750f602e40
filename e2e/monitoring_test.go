//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestAlertRules has promtool check the alerts, and run their unit tests.
func TestAlertRules(t *testing.T) {
	promtool := useKit(t, "prometheus").path("usr", "bin", "promtool")
	for _, args := range [][]string{{"check", "rules", "alerts.yml"}, {"test", "rules", "alerts_test.yml"}} {
		out := run(t, func(ctx context.Context) *exec.Cmd {
			cmd := exec.CommandContext(ctx, promtool, args...)
			cmd.Dir, cmd.Env = filepath.Join("..", "deploy", "prometheus"), environment()
			return cmd
		})
		t.Log(strings.TrimSpace(out))
	}
}

// TestGrafanaSchema holds the dashboard to what Grafana knows of dashboards.
func TestGrafanaSchema(t *testing.T) {
	k := useKit(t, "grafana")
	dashboard, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	check := func(dashboard []byte) string {
		return run(t, func(ctx context.Context) *exec.Cmd {
			cmd := exec.CommandContext(ctx, k.path("bin", "python"), k.path("dashboard.py"))
			cmd.Env, cmd.Stdin = environment(), bytes.NewReader(dashboard)
			return cmd
		})
	}
	if out := check(dashboard); out != "" {
		t.Error(out)
	}
	wrong := bytes.Replace(dashboard, []byte(`"reduceOptions"`), []byte(`"reduceOption"`), 1)
	if out := check(wrong); !strings.Contains(out, ".reduceOption: lost") {
		t.Errorf("an option that there is not is not told: %q", out)
	}
}

const dashboardFile = "../deploy/grafana/redactd.json"

// TestPrometheus has Prometheus scrape a redactd to which much has happened, with the
// alerts loaded: each of them can be evaluated, the one on secrets in responses fires,
// and each panel of the dashboard shows something.
func TestPrometheus(t *testing.T) {
	r := watchedRedactd(t)
	prom := startPrometheus(t, r.admin)
	for range 3 { // so that all that counts has risen between two samples
		seen := prom.samples(t)
		r.happen(t)
		prom.process.await(t, "samples", func() bool { return prom.samples(t) > seen+1 })
	}
	prom.process.await(t, "the alert on secrets in responses", func() bool {
		return prom.firing(t, "RedactdSecretsInErrorResponses")
	})
	for _, c := range dashboardExpressions(t) {
		shown := slices.ContainsFunc(c.exprs, func(expr string) bool { return prom.series(t, c.title, expr) > 0 })
		if !shown && !emptyPanels[c.title] {
			t.Errorf("panel %q shows nothing", c.title)
		}
	}
	for _, label := range []string{"route", "instance"} {
		if prom.series(t, label, fmt.Sprintf(`count by (%s) (redactd_inspected_ratio)`, label)) == 0 {
			t.Errorf("the variable %s has no values", label)
		}
	}
	prom.rules(t)
	if code := exitCode(r.stop(patience)); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
}

// emptyPanels are well where they show nothing.
var emptyPanels = map[string]bool{"Got through": true}

// watchedRedactd starts a redactd with all that has metrics.
func watchedRedactd(t *testing.T) *redactd {
	t.Helper()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case strings.HasPrefix(req.URL.Path, "/fail"):
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusInternalServerError)
			fmt.Fprintf(w, `{"error":"login with password=%s failed"}`, random(16, alnum))
		case req.URL.Path == "/image":
			w.Header().Set("Content-Type", "image/png")
			_, _ = w.Write([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"))
		default:
			fmt.Fprint(w, "fine")
		}
	}))
	t.Cleanup(api.Close)
	hook := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(hook.Close)
	dir := t.TempDir()
	key := filepath.Join(dir, "checkpoint.key")
	run(t, func(ctx context.Context) *exec.Cmd {
		cmd := exec.CommandContext(ctx, program(t, "E2E_REDACTD"), "audit", "key", "--name", "example.com/redactd", "--out", key)
		cmd.Env = environment()
		return cmd
	})
	secrets := filepath.Join(dir, "own.env")
	if err := os.WriteFile(secrets, []byte("DB_PASSWORD="+random(24, alnum)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := startRedactd(t, fmt.Sprintf(`%s
checkpoint_key = %q
checkpoint_every = "1s"
[anchor.volume]
kind = "file"
path = %q
[records]
dsn = "sqlite:records.db"
[secret.own]
file = %q
format = "env"
[notify.hook]
kind = "webhook"
url = %q
[tracing]
otlp = %q
ratio = 1.0
[upstream.api]
urls = [%q]
[upstream.gone]
urls = ["http://127.0.0.1:9"]
[route.api]
path_prefix = "/api"
strip_prefix = true
upstream = "api"
response = "all"
[route.gone]
path_prefix = "/gone"
upstream = "gone"
[route.logs]
path_prefix = "/logs"
upstream = "store"
request = "all"
[listener.syslog]
protocol = "syslog"
listen = ["tcp://127.0.0.1:0"]
upstream = "store"
`, auditedConfig, key, filepath.Join(dir, "kept"), secrets, hook.URL, hook.URL, api.URL))
	r.await(t, "the canaries", func() bool {
		return strings.Contains(r.get(t, "/metrics"), `redactd_canary_runs_total{result="complete"} 1`)
	})
	return r
}

// happen lets something happen to each part of a redactd.
func (r *redactd) happen(t *testing.T) {
	t.Helper()
	r.post(t, "/logs", "application/x-ndjson", `{"msg":"token gh`+"p_"+random(36, alnum)+`"}`+"\n")
	for _, path := range []string{"/api/", "/api/fail", "/api/image", "/gone/"} {
		r.status(t, path)
	}
	conn, err := net.Dial("tcp", r.listening(t, "syslog"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = fmt.Fprint(conn, "<13>1 2026-03-01T08:00:00Z host app 1 - - started\n")
	if err := errors.Join(err, conn.Close()); err != nil {
		t.Fatal(err)
	}
}

// status asks for a path and returns the status of the answer.
func (r *redactd) status(t *testing.T, path string) int {
	t.Helper()
	res, err := http.Get("http://" + r.addr + path)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode
}

// prometheus is a server that scrapes one redactd.
type prometheus struct {
	process *process
	addr    string
}

func startPrometheus(t *testing.T, target string) *prometheus {
	t.Helper()
	k := useKit(t, "prometheus")
	dir := t.TempDir()
	alerts, err := filepath.Abs("../deploy/prometheus/alerts.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs:\n"+
		"  - job_name: redactd\n    static_configs: [{targets: [%q]}]\n", alerts, target)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &prometheus{addr: freeAddress(t)}
	cmd := exec.Command(k.path("usr", "bin", "prometheus"), "--config.file", file, "--storage.tsdb.path", filepath.Join(dir, "data"), "--web.listen-address", p.addr)
	cmd.Env, cmd.Dir = environment(), dir
	p.process = start(t, cmd)
	p.process.await(t, "Prometheus", func() bool {
		res, err := http.Get("http://" + p.addr + "/-/ready")
		return err == nil && res.Body.Close() == nil && res.StatusCode == http.StatusOK
	})
	return p
}

// ask returns the data of an answer of the API.
func (p *prometheus) ask(t *testing.T, path string, query url.Values, data any) {
	t.Helper()
	res, err := http.Get("http://" + p.addr + path + "?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: data}
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatalf("%s %v: %s %v", path, query, answer.Error, err)
	}
}

// series returns how many series an expression has now.
func (p *prometheus) series(t *testing.T, what, expr string) int {
	t.Helper()
	var data struct{ Result []any }
	p.ask(t, "/api/v1/query", url.Values{"query": {expr}}, &data)
	t.Logf("%s: %d series of %s", what, len(data.Result), expr)
	return len(data.Result)
}

// samples returns how often redactd was scraped.
func (p *prometheus) samples(t *testing.T) int {
	t.Helper()
	var data struct{ Result []struct{ Value [2]any } }
	p.ask(t, "/api/v1/query", url.Values{"query": {`count_over_time(up[10m])`}}, &data)
	if len(data.Result) == 0 {
		return 0
	}
	n, err := strconv.Atoi(fmt.Sprint(data.Result[0].Value[1]))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// firing reports whether an alert fires.
func (p *prometheus) firing(t *testing.T, name string) bool {
	t.Helper()
	var data struct {
		Alerts []struct {
			Labels map[string]string
			State  string
		}
	}
	p.ask(t, "/api/v1/alerts", nil, &data)
	for _, a := range data.Alerts {
		if a.Labels["alertname"] == name {
			return a.State == "firing"
		}
	}
	return false
}

// rules asks that all alerts were evaluated without an error.
func (p *prometheus) rules(t *testing.T) {
	t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError string }
		}
	}
	p.ask(t, "/api/v1/rules", nil, &data)
	n := 0
	for _, g := range data.Groups {
		for _, r := range g.Rules {
			if n++; r.Health != "ok" {
				t.Errorf("%s: %s %s", r.Name, r.Health, r.LastError)
			}
		}
	}
	if n < 30 {
		t.Errorf("%d alerts are loaded", n)
	}
}

// panelQueries are what a panel of the dashboard asks, its variables filled in.
type panelQueries struct {
	title string
	exprs []string
}

func dashboardExpressions(t *testing.T) (list []panelQueries) {
	t.Helper()
	data, err := os.ReadFile(dashboardFile)
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	fill := strings.NewReplacer("$route", ".*", "$instance", ".*", "$__rate_interval", "1m", "$__range", "5m")
	for _, p := range doc.Panels {
		q := panelQueries{title: p.Title}
		for _, target := range p.Targets {
			q.exprs = append(q.exprs, fill.Replace(target.Expr))
		}
		if len(q.exprs) > 0 {
			list = append(list, q)
		}
	}
	return list
}
