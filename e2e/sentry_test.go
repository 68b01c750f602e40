//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// sentryClients report to Sentry, each the same incidents in its own way.
var sentryClients = []struct {
	name    string
	command func(t *testing.T, ctx context.Context, dsn string) *exec.Cmd
}{
	{"python", func(t *testing.T, ctx context.Context, dsn string) *exec.Cmd {
		return exec.CommandContext(ctx, useKit(t, "python").path("bin", "python"), "clients/sentry_sdk_client.py", dsn)
	}},
	{"go", func(t *testing.T, ctx context.Context, dsn string) *exec.Cmd {
		return exec.CommandContext(ctx, useKit(t, "go").path("goes"), "sentry", dsn)
	}},
	{"node", func(t *testing.T, ctx context.Context, dsn string) *exec.Cmd {
		return exec.CommandContext(ctx, "node", useKit(t, "node").path("send.mjs"), "sentry", dsn)
	}},
}

// TestSentry lets Sentry's clients report errors, messages, transactions, logs and
// check-ins through redactd to Bugsink, holds what arrives there to what was sent, and
// asks the events back.
func TestSentry(t *testing.T) {
	for _, c := range sentryClients {
		t.Run(c.name, func(t *testing.T) {
			ps := logPlants()
			b := startBugsink(t)
			h := hopTo(t, ps, b.addr)
			exported(t, ps, func(ctx context.Context) *exec.Cmd {
				return c.command(t, ctx, "http://"+bugsinkKey+"@"+h.front.addr+"/1")
			})
			events := h.reportedEvents(t)
			stored := b.take(t)
			if len(stored) != events {
				t.Errorf("the server has %d events, want %d", len(stored), events)
			}
			for i, e := range stored {
				ps.absent(t, fmt.Sprintf("event %d", i), []byte(e))
				if strings.Contains(e, "[REDACTED:") != strings.Contains(e, `"_meta"`) {
					t.Errorf("event %d: _meta does not say that something was changed, or says so without need", i)
				}
			}
			h.finish(t, ps, h.seen)
		})
	}
}

// reportedEvents holds every envelope at the server to that of the client and returns
// how many of them have an event.
func (h *hop) reportedEvents(t *testing.T) int {
	t.Helper()
	front, back := h.pairs(t)
	n := 0
	found := tally{}
	for i := range front {
		found.add(h.compare(t, front[i], back[i]))
		if status := strings.Fields(front[i].response.start)[1]; status != "200" {
			t.Errorf("%s: status %s", front[i].request.start, status)
		}
		if strings.Contains(string(front[i].request.text(t)), `"type":"event"`) {
			n++
		}
	}
	if len(found) < 4 {
		t.Errorf("found only %v", found)
	}
	return n
}

// secrets returns the values that are to be found, by their names, as JSON.
func (ps plants) secrets(t *testing.T) []byte {
	t.Helper()
	values := map[string]string{}
	for _, p := range ps {
		if p.rules != nil {
			values[p.name] = p.value
		}
	}
	text, err := json.Marshal(values)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// bugsinkKey is the public key of the project that kits/bugsink makes.
const bugsinkKey = "00000000000000000000000000000001"

// startBugsink starts Bugsink with an empty project.
func startBugsink(t *testing.T) *backend {
	t.Helper()
	k, dir, addr := useKit(t, "bugsink"), t.TempDir(), freeAddress(t)
	if err := os.CopyFS(dir, os.DirFS(k.path("empty"))); err != nil {
		t.Fatal(err)
	}
	env := environment("BUGSINK_DIR="+dir, "PYTHONPATH="+k.path(), "DJANGO_SETTINGS_MODULE=bugsink_conf")
	cmd := exec.CommandContext(context.Background(), k.path("bin", "gunicorn"), "--bind", addr, "--threads", "4", "bugsink.wsgi")
	cmd.Env, cmd.Dir = env, dir
	start(t, cmd).await(t, "Bugsink", func() bool { return answers(addr) })
	take := func(t *testing.T) []string {
		t.Helper()
		script, err := os.ReadFile(k.path("print_events.py"))
		if err != nil {
			t.Fatal(err)
		}
		out := run(t, func(ctx context.Context) *exec.Cmd {
			cmd := exec.CommandContext(ctx, k.path("bin", "bugsink-manage"), "shell", "--verbosity", "0")
			cmd.Env, cmd.Dir, cmd.Stdin = env, dir, bytes.NewReader(script)
			return cmd
		})
		var events []string
		for line := range strings.Lines(out) {
			if event, ok := strings.CutPrefix(strings.TrimSpace(line), "event "); ok {
				events = append(events, event)
			}
		}
		return events
	}
	return &backend{addr: addr, take: take}
}
