package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// waitFor asks until it is true, for as long as any machine could need.
func waitFor(what func() bool) bool {
	for range 12000 { // two minutes
		if what() {
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

// logFile is where a script's server logs.
const logFile = "redactd.log"

// running is the server of a script.
type running struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

func (r *running) ended() bool {
	select {
	case <-r.done:
		return true
	default:
		return false
	}
}

// servers are those of the scripts, which run in parallel.
var (
	serversMu sync.Mutex
	servers   = map[*testscript.TestScript]*running{}
)

// serve ARG... starts "redactd serve" and waits until it is ready; $API and
// $ADMIN are its addresses.
func cmdServe(ts *testscript.TestScript, _ bool, args []string) {
	log, err := os.Create(ts.MkAbs(logFile))
	ts.Check(err)
	defer log.Close()
	program, err := exec.LookPath("redactd")
	ts.Check(err)
	cmd := exec.Command(program, append([]string{"serve", "--log-format", "json"}, args...)...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = ts.Getenv("WORK"), log, log
	cmd.Env = append(os.Environ(), "KEY="+ts.Getenv("KEY"))
	ts.Check(cmd.Start())
	r := &running{cmd, make(chan struct{})}
	go func() {
		_ = cmd.Wait() // its ProcessState says it
		close(r.done)
	}()
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		<-r.done
	})
	serversMu.Lock()
	servers[ts] = r
	serversMu.Unlock()
	if !waitFor(func() bool { return setAddresses(ts) || r.ended() }) || ts.Getenv("API") == "" {
		ts.Fatalf("did not start: %s", ts.ReadFile(logFile))
	}
}

// setAddresses reads the line that says where the server listens.
func setAddresses(ts *testscript.TestScript) bool {
	lines := bufio.NewScanner(strings.NewReader(ts.ReadFile(logFile)))
	for lines.Scan() {
		var line struct {
			Msg, Admin string
			Listen     []string
		}
		if json.Unmarshal(lines.Bytes(), &line) == nil && line.Msg == "serving" {
			ts.Setenv("API", line.Listen[0])
			ts.Setenv("ADMIN", line.Admin)
			return true
		}
	}
	return false
}

func serverOf(ts *testscript.TestScript) *running {
	serversMu.Lock()
	defer serversMu.Unlock()
	if servers[ts] == nil {
		ts.Fatalf("nothing is served")
	}
	return servers[ts]
}

// signal NAME sends the server a signal.
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	s := map[string]syscall.Signal{"HUP": syscall.SIGHUP, "INT": syscall.SIGINT, "TERM": syscall.SIGTERM}[args[0]]
	ts.Check(serverOf(ts).cmd.Process.Signal(s))
}

// ended CODE waits for the server's end.
func cmdEnded(ts *testscript.TestScript, _ bool, args []string) {
	r := serverOf(ts)
	if !waitFor(r.ended) {
		ts.Fatalf("does not end: %s", ts.ReadFile(logFile))
	}
	if got := strconv.Itoa(r.cmd.ProcessState.ExitCode()); got != args[0] {
		ts.Fatalf("exit code %s: %s", got, ts.ReadFile(logFile))
	}
}

// logged REGEXP waits until the server's log has it.
func cmdLogged(ts *testscript.TestScript, neg bool, args []string) {
	re := regexp.MustCompile(args[0])
	if neg {
		if re.MatchString(ts.ReadFile(logFile)) {
			ts.Fatalf("the log has %s", args[0])
		}
		return
	}
	if !waitFor(func() bool { return re.MatchString(ts.ReadFile(logFile)) }) {
		ts.Fatalf("the log does not have it: %s", ts.ReadFile(logFile))
	}
}

// cmdRecorded waits until the trail in a directory has N findings: without required, a
// payload does not wait for them.
func cmdRecorded(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: recorded DIR N")
	}
	want, err := strconv.Atoi(args[1])
	ts.Check(err)
	found := 0
	if !waitFor(func() bool {
		files, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "audit-*.ndjson"))
		ts.Check(err)
		found = 0
		for _, file := range files {
			found += strings.Count(ts.ReadFile(file), `,"rule":"`)
		}
		return found >= want
	}) {
		ts.Fatalf("%d findings are recorded, not %d", found, want)
	}
}
