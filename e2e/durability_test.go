//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

// durableConfig takes logs that go nowhere, so that nothing but the trail has to be written.
const durableConfig = `
max_size = "256KiB"
[canary]
every = "0s"
[route.logs]
path_prefix = "/logs"
upstream = "echo"
request = "all"
response = "none"
`

// clientLoad sends payloads with findings from several connections until it is told to stop, or
// redactd is gone.
type clientLoad struct {
	payload func() (body string, findings int)
	pause   time.Duration // between two of a connection

	mu     sync.Mutex
	acked  map[string]int // findings by request id, of those that were answered
	ending chan struct{}
	done   sync.WaitGroup
	failed atomic.Pointer[string] // an answer that was none of success
}

const loadConnections = 4

func (l *clientLoad) start(addr string) {
	if l.acked == nil {
		l.acked = map[string]int{}
	}
	l.ending = make(chan struct{})
	for range loadConnections {
		l.done.Go(func() { l.run(addr) })
	}
}

func (l *clientLoad) run(addr string) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: 30 * time.Second}
	defer client.CloseIdleConnections()
	for {
		select {
		case <-l.ending:
			return
		case <-time.After(l.pause):
		}
		body, findings := l.payload()
		id := random(24, "0123456789abcdef")
		req, err := http.NewRequest(http.MethodPost, "http://"+addr+"/logs", strings.NewReader(body))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", "application/x-ndjson")
		req.Header.Set("X-Request-Id", id)
		res, err := client.Do(req)
		if err != nil {
			return // redactd was killed
		}
		answer, _ := io.ReadAll(res.Body) // with the status, the events were acknowledged
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			text := fmt.Sprintf("status %d: %.200s", res.StatusCode, answer)
			l.failed.Store(&text)
			return
		}
		l.mu.Lock()
		l.acked[id] = findings
		l.mu.Unlock()
	}
}

// wait waits until the load has ended, which stop makes it.
func (l *clientLoad) wait(t *testing.T) {
	t.Helper()
	l.done.Wait()
	if text := l.failed.Load(); text != nil {
		t.Fatal(*text)
	}
}

func (l *clientLoad) stop(t *testing.T) {
	t.Helper()
	close(l.ending)
	l.wait(t)
}

// total is the number of findings that were acknowledged.
func (l *clientLoad) total() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, findings := range l.acked {
		n += findings
	}
	return n
}

// leakLines returns records of a log, of which each has a token, its own in every few.
func leakLines(lines, ownEvery int, common string) string {
	var b strings.Builder
	for i := range lines {
		token := common
		if i%ownEvery == 0 {
			token = "gh" + "p_" + random(36, alnum)
		}
		fmt.Fprintf(&b, `{"level":"info","service":"shop","line":%d,"msg":"calling with %s"}`+"\n", i, token)
	}
	return b.String()
}

// recorded returns the findings of the trail of r by request id.
func (r *redactd) recorded(t *testing.T) (byID map[string]int, total int) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "data", "audit", "audit-*"))
	if err != nil {
		t.Fatal(err)
	}
	byID = map[string]int{}
	for _, file := range files {
		p, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(p) {
			var e audit.Event
			if json.Unmarshal(line, &e) == nil && e.Note == "" {
				byID[e.RequestID] += int(e.N())
				total += int(e.N())
			}
		}
	}
	return byID, total
}

// inRecords returns the number of findings that a database has.
func inRecords(t *testing.T, dsn string) (n int) {
	t.Helper()
	db, err := records.Open(records.Options{DSN: dsn, Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close(context.Background()) }()
	err = db.View(t.Context(), "count findings", func(tx *records.Tx) error {
		return tx.Row(`SELECT COALESCE(SUM(count), 0) FROM finding_counts`).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestKillsUnderLoad kills redactd at random points of its life, under load, again and
// again. What it has acknowledged is in the trail, whole and in order, and once in the
// database.
func TestKillsUnderLoad(t *testing.T) {
	r := startRedactd(t, auditedConfig+durableConfig)
	seed := rand.Uint64()
	g := rand.New(rand.NewPCG(seed, 0))
	t.Logf("seed %d", seed)
	config := filepath.Join(r.dir, "config.toml")
	kill := func() {
		if err := syscall.Kill(-r.cmd.Process.Pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-r.exited
	}
	verify := func() {
		t.Helper()
		out := run(t, func(ctx context.Context) *exec.Cmd {
			return r.command(ctx, "audit", "verify", "--dir", filepath.Join(r.dir, "data", "audit"))
		})
		first, _, _ := strings.Cut(out, "\n")
		t.Log(first)
	}
	load := &clientLoad{payload: func() (string, int) { return leakLines(3, 1, ""), 3 }}
	const rounds = 8
	for round := range rounds {
		load.start(r.addr)
		time.Sleep(time.Duration(50+g.IntN(700)) * time.Millisecond)
		kill()
		load.wait(t)
		verify()
		if round%2 == 1 { // while it picks up what the one before has left
			r.launch(t, "--config", config)
			time.Sleep(time.Duration(g.IntN(400)) * time.Millisecond)
			kill()
			verify()
		}
		r.serve(t, "--config", config)
	}
	r.await(t, "the records", func() bool { return strings.Contains(r.get(t, "/metrics"), "redactd_trail_unread 0\n") })
	if code := exitCode(r.stop(30 * time.Second)); code != 0 {
		t.Errorf("exit code %d after SIGTERM", code)
	}
	verify()
	byID, total := r.recorded(t)
	if load.total() < 30*rounds {
		t.Errorf("only %d findings were acknowledged in %d rounds", load.total(), rounds)
	}
	for id, findings := range load.acked {
		if byID[id] != findings {
			t.Errorf("request %s: %d findings were acknowledged, %d are in the trail", id, findings, byID[id])
		}
	}
	if n := inRecords(t, "sqlite:"+filepath.Join(r.dir, "data", "records.db")); n != total {
		t.Errorf("%d findings in the trail, %d in the database", total, n)
	}
	t.Logf("%d findings acknowledged, %d in the trail", load.total(), total)
}

// stallTime is how long a database stands still.
const stallTime = time.Minute

// maxStallGrowth bounds, in bytes, by how much memory may grow meanwhile.
const maxStallGrowth = 64 << 20

// TestDatabaseStalls has the database stand still for a minute, under load. Requests go on,
// memory is bounded, and afterwards the database has every finding once.
func TestDatabaseStalls(t *testing.T) {
	t.Run("SQLite, locked by another process", func(t *testing.T) {
		t.Parallel()
		stalled(t, "", func(r *redactd) (dsn string, resume func()) {
			file := filepath.Join(r.dir, "data", "records.db")
			db, err := sql.Open("sqlite", file)
			if err != nil {
				t.Fatal(err)
			}
			conn, err := db.Conn(t.Context())
			if err == nil {
				_, err = conn.ExecContext(t.Context(), "PRAGMA busy_timeout = 20000")
			}
			if err == nil {
				_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
			}
			if err != nil {
				t.Fatal(err)
			}
			return "sqlite:" + file, func() {
				if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
					t.Error(err)
				}
				_ = conn.Close()
				_ = db.Close()
			}
		})
	})
	t.Run("PostgreSQL, stopped", func(t *testing.T) {
		t.Parallel()
		server := startPostgres(t)
		dsn := server.database(t)
		stalled(t, dsn, func(*redactd) (string, func()) {
			pids := family(t, server.process.cmd.Process.Pid)
			signal := func(sig syscall.Signal) {
				for _, pid := range pids {
					_ = syscall.Kill(pid, sig) // one of them may have ended
				}
			}
			t.Cleanup(func() { signal(syscall.SIGCONT) })
			signal(syscall.SIGSTOP)
			return dsn, func() { signal(syscall.SIGCONT) }
		})
	})
}

// stalled loads redactd while the database at dsn, "" for SQLite in its directory, stands
// still: from the call of stop to that of what stop returns.
func stalled(t *testing.T, dsn string, stop func(*redactd) (dsn string, resume func())) {
	config := strings.Replace(auditedConfig, "required = true", "required = false", 1) + durableConfig
	if dsn != "" {
		config += "[records]\ndsn = \"" + dsn + "\"\n"
	}
	r := startRedactd(t, config)
	common := "gh" + "p_" + random(36, alnum)
	load := &clientLoad{pause: 20 * time.Millisecond, payload: func() (string, int) { return leakLines(40, 10, common), 40 }}
	load.start(r.addr)
	time.Sleep(5 * time.Second)
	before := r.memory(t)
	dsn, resume := stop(r)
	sent, most := load.total(), before
	for end := time.Now().Add(stallTime); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		most = max(most, r.memory(t))
	}
	sent = load.total() - sent
	unread := series(t, r.get(t, "/metrics"), "redactd_trail_unread")
	resume()
	load.stop(t)
	if unread < 1000 || sent < 10_000 {
		t.Errorf("%d findings were sent while the database stood still, of which %v records wait: it did not", sent, unread)
	}
	if most > before+maxStallGrowth {
		t.Errorf("memory grew from %d to %d MiB", before>>20, most>>20)
	}
	r.await(t, "the records", func() bool { return series(t, r.get(t, "/metrics"), "redactd_trail_unread") == 0 })
	if n := inRecords(t, dsn); n != load.total() {
		t.Errorf("%d findings were acknowledged, %d are in the database", load.total(), n)
	}
	if _, n := r.recorded(t); n != load.total() {
		t.Errorf("%d findings were acknowledged, %d are in the trail", load.total(), n)
	}
	for _, line := range troubleMetric.FindAllString(r.get(t, "/metrics"), -1) {
		t.Errorf("metrics tell of trouble: %s", line)
	}
	t.Logf("%d findings sent while it stood still, %.0f records waited; memory %d MiB before, %d MiB at most", sent, unread, before>>20, most>>20)
}

// memory is what redactd has in memory, in bytes: VmRSS of proc_pid_status(5).
func (r *redactd) memory(t *testing.T) int {
	t.Helper()
	p, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(p), "\nVmRSS:")
	fields := strings.Fields(rest)
	if len(fields) < 2 {
		t.Fatal("the process does not say what memory it has")
	}
	kib, err := strconv.Atoi(fields[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// series returns the value of a series without labels.
func series(t *testing.T, metrics, name string) float64 {
	t.Helper()
	_, rest, ok := strings.Cut(metrics, "\n"+name+" ")
	value, _, _ := strings.Cut(rest, "\n")
	n, err := strconv.ParseFloat(value, 64)
	if !ok || err != nil {
		t.Fatalf("no series %s", name)
	}
	return n
}

// family returns a process and all that it has started, which may be in groups of their own.
func family(t *testing.T, pid int) []int {
	t.Helper()
	pids := []int{pid}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range stats {
		p, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		end := bytes.LastIndexByte(p, ')')
		fields := strings.Fields(string(p[end+1:]))
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(file))); err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) {
			pids = append(pids, child)
		}
	}
	return pids
}
