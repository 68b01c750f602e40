//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/redactd/redactd/internal/notify"
)

// TestLeaksWeek lets many services log for a week, played fast, through two replicas of
// redactd with one PostgreSQL. One key leaks from version 1.8.2 of one of them on. Then
// each question about it is answered by one command.
func TestLeaksWeek(t *testing.T) {
	server := startPostgres(t)
	dsn := server.database(t)
	told := &tellings{seen: map[string]int{}}
	hook := httptest.NewServer(told)
	t.Cleanup(hook.Close)
	config := auditedConfig + `
[records]
dsn = "` + dsn + `"
[route.logs]
path_prefix = "/logs"
upstream = "store"
request = "all"
[route.loki]
path_prefix = "/loki"
upstream = "store"
request = "all"
[notify.hook]
kind = "webhook"
url = "` + hook.URL + `"
`
	replicas := []*redactd{startRedactd(t, config), startRedactd(t, config)}
	key, never := "gh"+"p_"+random(36, alnum), "gh"+"p_"+random(36, alnum)

	versions := []string{"1.8.0", "1.8.1", "1.8.2", "1.8.2", "1.8.3", "1.8.3", "1.8.4"} // by day
	leaked := 0
	for day, version := range versions {
		for n, service := range []string{"checkout", "cart", "payments", "search", "mail", "login"} {
			var lines strings.Builder
			for i := range 60 {
				message := fmt.Sprintf("day %d, request %d done", day, i)
				switch {
				case service == "checkout" && day >= 2 && i%20 == 0:
					message = "calling with " + key
					leaked++
				case service == "mail" && i == 7: // another value each day
					message = "token gh" + "p_" + random(36, alnum)
				}
				fmt.Fprintf(&lines, `{"time":"2026-03-0%dT08:%02d:00Z","service":%q,"version":%q,"logger":"app.http","env":"prod","msg":%q}`+"\n",
					day+1, i, service, version, message)
			}
			replicas[(n+day)%2].post(t, "/logs", "application/x-ndjson", lines.String())
		}
	}
	// Once more, by another way: a record of a worker in a push of Loki.
	replicas[0].post(t, "/loki/api/v1/push", "application/json",
		`{"streams":[{"stream":{"service_name":"worker"},"values":[["1767225600000000000","retry with `+key+`"]]}]}`)
	leaked++
	settled := func(want int) string {
		t.Helper()
		var found string
		replicas[0].await(t, "the database", func() bool {
			found = replicas[1].ask(t, key, "audit", "find", "--secret-stdin", "--config", "config.toml")
			return strings.Contains(found, fmt.Sprintf("\nseen          %d times\n", want))
		})
		return found
	}

	// Was this key in our logs, where, since when, since which version, is it still leaking?
	found := settled(leaked)
	for _, want := range []string{
		`(?m)^rule          github-classic-token \(`,
		`(?m)^first seen    20\d\d-`,
		`(?m)^since version 1\.8\.2 of checkout$`,
		`(?m)^still leaking as of 20\d\d-`,
		`(?m)^20\S+ +20\S+ +6 +logs +request +msg +checkout +1\.8\.2 +app\.http +prod +store$`,
		`(?m)^20\S+ +20\S+ +1 +loki +request +streams\S+ +worker +`,
		`(?m)\|~ "e1-[a-z2-7]{26}"$`,
	} {
		if !regexp.MustCompile(want).MatchString(found) {
			t.Errorf("no %s in\n%s", want, found)
		}
	}
	if answer := replicas[0].ask(t, never, "audit", "find", "--secret-stdin", "--config", "config.toml"); !strings.HasPrefix(answer, "not seen\n") {
		t.Errorf("a key that was never logged:\n%s", answer)
	}
	leak := regexp.MustCompile(`(?m)^leak          (\d+)$`).FindStringSubmatch(found)
	if leak == nil {
		t.Fatalf("no number in\n%s", found)
	}
	list := replicas[0].ask(t, "", "leaks", "list", "--config", "config.toml")
	if n := strings.Count(list, "github-classic-token"); n != 1+len(versions) {
		t.Errorf("%d leaks, want %d:\n%s", n, 1+len(versions), list)
	}
	if mail := replicas[0].ask(t, "", "leaks", "list", "--config", "config.toml", "--service", "mail", "--version", "1.8.3"); strings.Count(mail, "github-classic-token") != 2 {
		t.Errorf("of mail 1.8.3:\n%s", mail)
	}

	// Both give one report: the same leaks, and as many findings as both have counted.
	sum := 0
	for _, r := range replicas {
		r.await(t, "the records", func() bool { return series(t, r.get(t, "/metrics"), "redactd_trail_unread") == 0 })
		for _, n := range counted(r.get(t, "/metrics")) {
			sum += n
		}
	}
	lists := make([]string, len(replicas))
	for i, r := range replicas {
		lists[i] = r.ask(t, "", "leaks", "list", "--config", "config.toml")
	}
	if lists[0] != lists[1] {
		t.Errorf("one replica reports\n%s\nthe other\n%s", lists[0], lists[1])
	}
	if n := inRecords(t, dsn); n != sum || sum != leaked+len(versions) {
		t.Errorf("%d findings in the database, %d were counted, %d were logged", n, sum, leaked+len(versions))
	}

	c := &console{b: startBrowser(t), r: replicas[1], planted: key, leak: "/leaks/" + leak[1]}
	c.answer(t, never)

	// It is rotated, and one instance of the old version goes on.
	replicas[0].ask(t, "", "leaks", "rotated", leak[1], "--note", "ticket 17", "--config", "config.toml")
	if shown := replicas[1].ask(t, "", "leaks", "show", leak[1], "--config", "config.toml"); !strings.Contains(shown, "\nstill leaking no: not seen since it was rotated ") {
		t.Errorf("once it is rotated:\n%s", shown)
	}
	replicas[1].post(t, "/logs", "application/x-ndjson", `{"service":"checkout","version":"1.8.4","msg":"calling with `+key+`"}`+"\n")
	if found = settled(leaked + 1); !strings.Contains(found, "\nstill leaking yes: seen after it was rotated, first ") {
		t.Errorf("after it was rotated:\n%s", found)
	}
	p := c.open(t, c.leak, consoleLight)
	p.says(t, "Still leaking: seen after it was rotated", "rotated by", "ticket 17")
	p.close(t)

	// Who is told is told once of each, whichever replica saw it first.
	replicas[0].await(t, "the webhook", func() bool { return told.count() == 2+len(versions) })
	for what, n := range told.seen {
		if n != 1 {
			t.Errorf("told %d times of %s", n, what)
		}
	}
	for _, r := range replicas {
		if !strings.Contains(r.get(t, "/metrics"), "redactd_trail_unread 0\n") {
			t.Error("the trail is not read to its end")
		}
		for _, text := range []string{found, list, r.output.String()} {
			if strings.Contains(text, key) || strings.Contains(text, never) {
				t.Error("a key is in what redactd says")
			}
		}
	}
	dump := run(t, func(ctx context.Context) *exec.Cmd {
		cmd := server.sql(ctx, "SELECT row_to_json(l) FROM leaks l")
		cmd.Args[len(cmd.Args)-1] = dsn
		return cmd
	})
	if !strings.Contains(dump, "github-classic-token") || strings.Contains(dump, "ghp_") {
		t.Errorf("the database has\n%s", dump)
	}
}

// tellings counts what a webhook was told of.
type tellings struct {
	mu   sync.Mutex
	seen map[string]int
}

func (s *tellings) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var m notify.Message
	if json.NewDecoder(r.Body).Decode(&m) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range m.Leaks {
		s.seen[l.What+" "+l.Fingerprint]++
	}
}

func (s *tellings) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.seen)
}

// post sends a payload, which is taken.
func (r *redactd) post(t *testing.T, path, contentType, body string) {
	t.Helper()
	res, err := http.Post("http://"+r.addr+path, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if answer, _ := io.ReadAll(res.Body); res.StatusCode/100 != 2 {
		t.Fatalf("POST %s: status %d: %s", path, res.StatusCode, answer)
	}
}

// ask runs a command of redactd with input and returns what it prints.
func (r *redactd) ask(t *testing.T, input string, args ...string) string {
	t.Helper()
	return run(t, func(ctx context.Context) *exec.Cmd {
		cmd := r.command(ctx, args...)
		cmd.Stdin = bytes.NewReader([]byte(input))
		return cmd
	})
}
