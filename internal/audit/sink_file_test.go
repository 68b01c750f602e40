package audit

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/seglog"
)

func openTrail(t testing.TB, o Options) *Trail {
	t.Helper()
	tr, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = tr.Close() })
	return tr
}

func recordN(t testing.TB, tr *Trail, n int) {
	t.Helper()
	for i := range n {
		if err := tr.Record(t.Context(), []Event{finding(fmt.Sprintf("rule-%d", i%3), i)}); err != nil {
			t.Fatal(err)
		}
	}
}

func closeTrail(t testing.TB, tr *Trail) {
	t.Helper()
	if err := tr.Close(); err != nil {
		t.Fatal(err)
	}
}

func mustVerify(t testing.TB, dir string) Report {
	t.Helper()
	r, err := Verify(dir)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK {
		t.Fatalf("broken: %+v", *r.Break)
	}
	return r
}

// newest returns the path of the newest file of a trail.
func newest(t testing.TB, dir string) string {
	t.Helper()
	segs, err := seglog.List(dir, prefix)
	if err != nil || len(segs) == 0 {
		t.Fatalf("no files: %v", err)
	}
	return segs[len(segs)-1].Path
}

func TestTrailRecords(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true})
	in := finding("aws-key", 7)
	in.Path = "a\"b<\xff\n"
	in.Seq, in.Prev, in.Time = 99, "x", in.Time.In(time.FixedZone("x", 3600))
	if err := tr.Record(t.Context(), []Event{in, finding("b", 8)}); err != nil {
		t.Fatal(err)
	}
	p, err := os.ReadFile(newest(t, dir)) // Required: on disk by now
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(p, []byte("\n"))
	if len(lines) != 3 || len(lines[2]) != 0 {
		t.Fatalf("%d lines", len(lines))
	}
	var a, b Event
	if err := errors.Join(json.Unmarshal(lines[0], &a), json.Unmarshal(lines[1], &b)); err != nil {
		t.Fatal(err)
	}
	prev := hashLine(bytes.TrimSuffix(lines[0], []byte("\n")))
	if a.Seq != 1 || a.Prev != string(genesis[:]) || b.Seq != 2 || b.Prev != string(prev[:]) {
		t.Fatalf("links %d %s, %d %s", a.Seq, a.Prev, b.Seq, b.Prev)
	}
	if a.Path != "a\"b<\uFFFD\n" || !a.Time.Equal(in.Time) || a.Time.Location() != time.UTC || a.Rule != "aws-key" {
		t.Fatalf("event %+v", a)
	}
	if st, _ := os.Stat(filepath.Join(dir, headName)); st.Mode().Perm() != 0o600 {
		t.Fatalf("head mode %v", st.Mode())
	}
}

func TestTrailAcrossRestartAndRotation(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir, MaxSize: 2000, Required: true}
	for range 5 {
		tr := openTrail(t, o)
		recordN(t, tr, 10)
		if _, err := Open(o); !errors.Is(err, seglog.ErrLocked) {
			t.Fatalf("second opener: %v", err)
		}
		mustVerify(t, dir) // while it is open
		closeTrail(t, tr)
	}
	r := mustVerify(t, dir)
	if r.Records != 50 || r.First != 1 || r.Last != 50 || r.Files < 5 || len(r.Markers) != 0 {
		t.Fatalf("report %+v", r)
	}
	o.MaxFiles = 2
	tr := openTrail(t, o)
	recordN(t, tr, 20)
	closeTrail(t, tr)
	r = mustVerify(t, dir)
	if r.Files != 2 || r.First < 50 || r.Last != 70 || r.Records != r.Last-r.First+1 {
		t.Fatalf("after retention: %+v", r)
	}
	segs, _ := seglog.List(dir, prefix)
	if err := os.Remove(segs[0].Path); err != nil {
		t.Fatal(err)
	}
	if r, _ := Verify(dir); r.OK || r.Break.Fault != Deleted {
		t.Fatalf("a file removed by hand: %+v", r)
	}
}

func TestTrailRetentionOfOneFile(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, MaxSize: 1, MaxFiles: 1, Required: true})
	recordN(t, tr, 5)
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.First != 5 || r.Last != 5 {
		t.Fatalf("report %+v", r)
	}
}

func TestTrailRepairsTornTail(t *testing.T) {
	for name, garbage := range map[string]string{
		"part of a record": `{"seq":6,"prev":"`,
		"zeros":            "\x00\x00\x00",
		"lines of zeros":   "\x00\x00\n\x00\x00\nx",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tr := openTrail(t, Options{Dir: dir})
			recordN(t, tr, 5)
			closeTrail(t, tr)
			appendTo(t, newest(t, dir), garbage)
			tr = openTrail(t, Options{Dir: dir})
			recordN(t, tr, 1)
			closeTrail(t, tr)
			r := mustVerify(t, dir)
			want := fmt.Sprintf("trail repaired: %d bytes of an incomplete record cut off after record 5", len(garbage))
			if r.Records != 7 || len(r.Markers) != 1 || r.Markers[0].Seq != 6 || r.Markers[0].Note != want {
				t.Fatalf("report %+v", r)
			}
			var b strings.Builder
			if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), want) {
				t.Fatalf("text %q, %v", b.String(), err)
			}
		})
	}
}

func appendTo(t testing.TB, path, text string) {
	t.Helper()
	p, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, append(p, text...), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestTrailKeepsRecordsBehindHead plays a crash between the sync of records
// and the write of the head.
func TestTrailKeepsRecordsBehindHead(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, Required: true})
	recordN(t, tr, 2)
	old, err := os.ReadFile(filepath.Join(dir, headName))
	if err != nil {
		t.Fatal(err)
	}
	recordN(t, tr, 3)
	closeTrail(t, tr)
	if err := os.WriteFile(filepath.Join(dir, headName), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := mustVerify(t, dir); r.Last != 5 {
		t.Fatalf("report %+v", r)
	}
	tr = openTrail(t, Options{Dir: dir, Required: true})
	recordN(t, tr, 1)
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.Last != 6 || len(r.Markers) != 0 {
		t.Fatalf("report %+v", r)
	}
}

// TestTrailKeepsEvidence edits a closed trail and writes on: the break must
// stay visible.
func TestTrailKeepsEvidence(t *testing.T) {
	for name, tc := range map[string]struct {
		edit   func(lines []string) []string
		fault  Fault
		seq    uint64
		marker string
	}{
		"tail cut off": {func(l []string) []string { return l[:3] }, Deleted, 4, "records 4 to 5 are missing"},
		"all cut off":  {func(l []string) []string { return nil }, Deleted, 1, "records 1 to 5 are missing"},
		"last edited": {func(l []string) []string {
			l[4] = strings.Replace(l[4], "logs", "lags", 1)
			return l
		}, Edited, 5, "record 5 is not the one"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			tr := openTrail(t, Options{Dir: dir})
			recordN(t, tr, 5)
			closeTrail(t, tr)
			path := newest(t, dir)
			p, _ := os.ReadFile(path)
			lines := tc.edit(strings.SplitAfter(string(p), "\n")[:5])
			if err := os.WriteFile(path, []byte(strings.Join(lines, "")), 0o600); err != nil {
				t.Fatal(err)
			}
			tr = openTrail(t, Options{Dir: dir})
			recordN(t, tr, 3)
			closeTrail(t, tr)
			r, err := Verify(dir)
			if err != nil || r.OK || r.Break.Fault != tc.fault || r.Break.Seq != tc.seq {
				t.Fatalf("report %+v %+v, %v", r, r.Break, err)
			}
			p, _ = os.ReadFile(path)
			if !strings.Contains(string(p), tc.marker) {
				t.Fatal("no marker")
			}
		})
	}
}

func TestTrailWithoutHead(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir})
	recordN(t, tr, 3)
	closeTrail(t, tr)
	if err := os.Remove(filepath.Join(dir, headName)); err != nil {
		t.Fatal(err)
	}
	if r, _ := Verify(dir); r.OK || r.Break.File != headName || r.Break.Fault != Deleted {
		t.Fatalf("report %+v", r)
	}
	closeTrail(t, openTrail(t, Options{Dir: dir}))
	r := mustVerify(t, dir)
	if len(r.Markers) != 1 || !strings.Contains(r.Markers[0].Note, "head file was missing") {
		t.Fatalf("report %+v", r)
	}
}

// disk is a file system that can be full or stalled.
type disk struct {
	mu    sync.Mutex
	full  bool
	gate  chan struct{}
	syncs int

	stalled atomic.Bool // at the gate
}

type diskFile struct {
	*os.File
	d *disk
}

func (d *disk) open(name string) (seglog.File, error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return diskFile{f, d}, err
}

func (d *disk) setFull(full bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.full = full
}

func (f diskFile) Write(p []byte) (int, error) {
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	if f.d.full {
		n, _ := f.File.Write(p[:len(p)/2])
		return n, errors.New("no space left on device")
	}
	return f.File.Write(p)
}

func (f diskFile) Sync() error {
	if f.d.gate != nil {
		f.d.stalled.Store(true)
		<-f.d.gate
	}
	f.d.mu.Lock()
	defer f.d.mu.Unlock()
	f.d.syncs++
	return f.File.Sync()
}

func TestTrailDiskFull(t *testing.T) {
	dir, d := t.TempDir(), &disk{}
	tr := openTrail(t, Options{Dir: dir, Required: true, hooks: hooks{openFile: d.open}})
	recordN(t, tr, 3)
	d.setFull(true)
	if err := tr.Record(t.Context(), []Event{finding("refused", 0)}); err == nil {
		t.Fatal("recorded on a full disk")
	}
	mustVerify(t, dir)
	d.setFull(false)
	recordN(t, tr, 2)
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.Last != 5 {
		t.Fatalf("report %+v", r)
	}
	if st := tr.Stats(); st.Events != 5 || st.Failed != 1 || st.Failures != 1 || st.Lost != 0 {
		t.Fatalf("stats %+v", st)
	}
}

func TestTrailNotRequiredSurvivesFullDisk(t *testing.T) {
	dir, d := t.TempDir(), &disk{full: true}
	tr := openTrail(t, Options{Dir: dir, hooks: hooks{openFile: d.open}})
	recordN(t, tr, 10)
	d.setFull(false)
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.Last != 10 {
		t.Fatalf("report %+v", r)
	}
}

func TestTrailStalledDisk(t *testing.T) {
	dir, d := t.TempDir(), &disk{gate: make(chan struct{})}
	tr := openTrail(t, Options{Dir: dir, Queue: 3, Required: true, hooks: hooks{openFile: d.open}})
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			if err := tr.Record(t.Context(), []Event{finding("a", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	for tr.Stats().Queued < 3 {
		time.Sleep(time.Millisecond)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if err := tr.Record(ctx, []Event{finding("x", 0)}); !errors.Is(err, seglog.ErrQueueFull) {
		t.Fatalf("record with a full queue: %v", err)
	}
	if err := tr.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("stop with a stalled disk: %v", err)
	}
	close(d.gate)
	wg.Wait()
	closeTrail(t, tr)
	if st := tr.Stats(); st.Events != 3 || st.Refused != 1 {
		t.Fatalf("stats %+v", st)
	}
	if r := mustVerify(t, dir); r.Last != 3 {
		t.Fatalf("report %+v", r)
	}
}

func TestTrailGroupCommit(t *testing.T) {
	dir, d := t.TempDir(), &disk{gate: make(chan struct{})}
	tr := openTrail(t, Options{Dir: dir, Required: true, hooks: hooks{openFile: d.open}})
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			if err := tr.Record(t.Context(), []Event{finding("a", i)}); err != nil {
				t.Error(err)
			}
		})
	}
	for tr.Stats().Queued < 100 {
		time.Sleep(time.Millisecond)
	}
	close(d.gate)
	wg.Wait()
	if d.syncs > 2 {
		t.Fatalf("%d syncs for 100 records", d.syncs)
	}
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.Last != 100 {
		t.Fatalf("report %+v", r)
	}
}
