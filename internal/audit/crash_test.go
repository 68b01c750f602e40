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
	"time"

	"github.com/redactd/redactd/internal/seglog"
)

// Environment variables of the writer to be killed.
const (
	crashDir = "REDACTD_AUDIT_CRASH_DIR"
	crashKey = "REDACTD_AUDIT_CRASH_KEY"
)

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
	tr, err := Open(Options{
		Dir: dir, MaxSize: 20_000, Required: true, CheckpointKey: os.Getenv(crashKey), CheckpointEvery: 2 * time.Millisecond,
	})
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

// TestTrailSurvivesKill kills a writer again and again, and expects chain, tree
// and checkpoints whole and every acknowledged event in them.
func TestTrailSurvivesKill(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]bool{}
	secret, public := newKey(t)
	var kept []byte // what an anchor would have
	for round := range 5 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), crashDir+"="+dir, crashKey+"="+secret)
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
		o := VerifyOptions{Keys: []string{public}}
		if kept != nil {
			o.Checkpoints = map[string][]byte{"kept": kept}
		}
		r, err := VerifyWith(dir, o)
		if err != nil || !r.OK {
			t.Fatalf("report %+v %+v, %v", r, r.Break, err)
		}
		files, err := listCheckpoints(dir)
		if err == nil && len(files) > 0 {
			kept, err = files[len(files)-1].read()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(acked) < 200 {
		t.Fatalf("only %d events acknowledged", len(acked))
	}
	closeTrail(t, openTrail(t, Options{Dir: dir, CheckpointKey: secret}))
	if kept == nil {
		t.Fatal("no checkpoint was signed while it ran")
	}
	if r, err := VerifyWith(dir, VerifyOptions{Keys: []string{public}, Checkpoints: map[string][]byte{"kept": kept}}); err != nil || !r.OK || r.Tree.Newer != 0 {
		t.Fatalf("report %+v %+v, %v", r, r.Break, err)
	}
	if !bytes.Equal(hashesOf(t, dir), fromRecords(t, dir)) {
		t.Fatal("the tree is not that of the records")
	}
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
