package audit

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/redactd/redactd/internal/seglog"
)

const crashDir = "REDACTD_AUDIT_CRASH_DIR"

// TestMain turns the test binary into a writer to be killed, on demand.
func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDir); dir != "" {
		crashWriter(dir)
	}
	os.Exit(m.Run())
}

// crashWriter records without end and prints each request id once it is
// acknowledged.
func crashWriter(dir string) {
	tr, err := Open(Options{Dir: dir, MaxSize: 20_000, Required: true})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	start := tr.Stats().Seq
	for g := range 4 {
		go func() {
			for i := 0; ; i++ {
				e := finding("a", i%60)
				e.RequestID = fmt.Sprintf("%d-%d-%d", start, g, i)
				if tr.Record(context.Background(), []Event{e}) == nil {
					fmt.Println(e.RequestID)
				}
			}
		}()
	}
	select {}
}

// TestTrailSurvivesKill kills a writer again and again, and expects the chain
// whole and every acknowledged event in it.
func TestTrailSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]bool{}
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		for n := 0; ; n++ {
			id, err := lines.ReadString('\n')
			if err != nil {
				break // killed; a line cut short was no acknowledgement
			}
			acked[id[:len(id)-1]] = true
			if n == 40+37*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		_ = cmd.Wait()
		mustVerify(t, dir)
	}
	if len(acked) < 200 {
		t.Fatalf("only %d events acknowledged", len(acked))
	}
	closeTrail(t, openTrail(t, Options{Dir: dir}))
	mustVerify(t, dir)
	segs, err := seglog.List(dir, prefix)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range segs {
		p, err := os.ReadFile(s.Path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(p) {
			var e Event
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			delete(acked, e.RequestID)
		}
	}
	if len(acked) > 0 {
		t.Fatalf("%d acknowledged events are missing", len(acked))
	}
}
