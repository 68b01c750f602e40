//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// redactd is a running redactd under test.
type redactd struct {
	*process
	bin   string
	dir   string // working directory; trail and store are in it
	addr  string // of the data listener
	admin string
}

// What configurations of tests begin with, each with what the one before it has.
const (
	portsConfig = `
[server]
listen = ["127.0.0.1:0"]
[admin]
listen = "127.0.0.1:0"
`
	keyedConfig = portsConfig + `
[token]
keys = ["${E2E_TOKEN_KEY}"]
`
	auditedConfig = keyedConfig + `
[audit]
dir = "data/audit"
required = true
`
)

// startRedactd starts "redactd serve" with those arguments in a directory of
// its own, after writing config, if any, to config.toml there.
func startRedactd(t *testing.T, config string, args ...string) *redactd {
	t.Helper()
	r := &redactd{bin: program(t, "E2E_REDACTD"), dir: t.TempDir()}
	if config != "" {
		file := filepath.Join(r.dir, "config.toml")
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		out := run(t, func(ctx context.Context) *exec.Cmd { return r.command(ctx, "check", "--config", file) })
		t.Logf("check: %s", strings.TrimSpace(out))
		args = append([]string{"--config", file}, args...)
	}
	r.serve(t, args...)
	return r
}

// serve starts "redactd serve" in the directory of r, for the first time or again.
func (r *redactd) serve(t *testing.T, args ...string) {
	t.Helper()
	r.launch(t, args...)
	r.await(t, "redactd", func() bool { return r.serving() })
}

// launch is serve that does not wait for it.
func (r *redactd) launch(t *testing.T, args ...string) {
	t.Helper()
	args = append([]string{"serve", "--log-format", "json", "--log-level", "debug"}, args...)
	r.process = start(t, r.command(context.Background(), args...))
}

func (r *redactd) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, r.bin, args...)
	cmd.Dir, cmd.Env = r.dir, environment("E2E_TOKEN_KEY="+tokenKey)
	return cmd
}

// tokenKey is no secret: nothing that is tested depends on it.
const tokenKey = "0123456789abcdef0123456789abcdef"

// serving reports whether redactd has logged its addresses, and takes them.
func (r *redactd) serving() bool {
	for line := range strings.Lines(r.output.String()) {
		var entry struct {
			Msg    string   `json:"msg"`
			Listen []string `json:"listen"`
			Admin  string   `json:"admin"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "serving" && len(entry.Listen) > 0 {
			r.addr, r.admin = entry.Listen[0], entry.Admin
			return true
		}
	}
	return false
}

// listening returns the address of a listener of another protocol than HTTP.
func (r *redactd) listening(t *testing.T, name string) string {
	t.Helper()
	for line := range strings.Lines(r.output.String()) {
		var entry struct {
			Msg       string   `json:"msg"`
			Listener  string   `json:"listener"`
			Addresses []string `json:"addresses"`
		}
		if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" && entry.Listener == name {
			return entry.Addresses[0]
		}
	}
	t.Fatalf("redactd does not say where %s listens", name)
	return ""
}

// get returns a page of the admin listener.
func (r *redactd) get(t *testing.T, path string) string {
	t.Helper()
	res, err := http.Get("http://" + r.admin + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: status %d: %s", path, res.StatusCode, body)
	}
	return string(body)
}

var (
	findingsLine  = regexp.MustCompile(`(?m)^redactd_findings_total\{(.*)\} (\d+)$`)
	ruleLabel     = regexp.MustCompile(`\brule="([^"]*)"`)
	troubleMetric = regexp.MustCompile(`(?m)^redactd_(?:errors|blocked|audit_failures)_total(?:\{.*\})? [1-9].*$`)
)

// counted returns the findings that the metrics show, by rule.
func counted(metrics string) tally {
	c := tally{}
	for _, m := range findingsLine.FindAllStringSubmatch(metrics, -1) {
		n, err := strconv.Atoi(m[2])
		if rule := ruleLabel.FindStringSubmatch(m[1]); err == nil && rule != nil {
			c[rule[1]] += n
		}
	}
	return c
}

// reported returns the findings that the audit report shows, by rule.
func (r *redactd) reported(t *testing.T) tally {
	t.Helper()
	out := run(t, func(ctx context.Context) *exec.Cmd {
		return r.command(ctx, "audit", "report", "--format", "json", "--dir", filepath.Join(r.dir, "data", "audit"))
	})
	var report struct {
		Findings int `json:"findings"`
		Tables   []struct {
			Name   string `json:"name"`
			Groups []struct {
				Name     string `json:"name"`
				Findings int    `json:"findings"`
			} `json:"groups"`
		} `json:"tables"`
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		t.Fatalf("audit report: %v\n%s", err, out)
	}
	c, sum := tally{}, 0
	for _, table := range report.Tables {
		if table.Name != "rule" {
			continue
		}
		for _, g := range table.Groups {
			c[g.Name] += g.Findings
			sum += g.Findings
		}
	}
	if sum != report.Findings {
		t.Errorf("the audit report counts %d findings, its rules %d", report.Findings, sum)
	}
	return c
}

// finish proves that redactd has counted and recorded exactly the findings
// that were seen, that it shows no planted value anywhere, and that it ends in
// good order.
func (r *redactd) finish(t *testing.T, ps plants, seen tally) {
	t.Helper()
	// Metrics of an exchange are counted when its answer has been written,
	// which the client may see a moment before.
	metrics := r.get(t, "/metrics")
	if got := counted(metrics); got.String() != seen.String() {
		t.Errorf("metrics count %v, seen were %v", got, seen)
	}
	for _, line := range troubleMetric.FindAllString(metrics, -1) {
		t.Errorf("metrics tell of trouble: %s", line)
	}
	ps.absent(t, "metrics", []byte(metrics))
	ps.absent(t, "/-/config", []byte(r.get(t, "/-/config")))

	if code := exitCode(r.stop(30 * time.Second)); code != 0 {
		t.Errorf("exit code %d after SIGTERM, want 0", code)
	}
	if got := r.reported(t); got.String() != seen.String() {
		t.Errorf("the audit report counts %v, seen were %v", got, seen)
	}
	out := run(t, func(ctx context.Context) *exec.Cmd {
		return r.command(ctx, "audit", "verify", "--dir", filepath.Join(r.dir, "data", "audit"))
	})
	t.Logf("audit verify: %s", strings.TrimSpace(out))
	ps.absent(t, "redactd's log", []byte(r.output.String()))
	r.searchFiles(t, ps)
}

// searchFiles searches every file that redactd wrote, and its name.
func (r *redactd) searchFiles(t *testing.T, ps plants) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(r.dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n++
		ps.absent(t, path, append([]byte(path+"\n"), data...))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		t.Error("redactd wrote no file at all")
	}
}
