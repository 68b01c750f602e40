package seglog

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func open(t *testing.T, o Options) *Segments {
	t.Helper()
	s, _, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// content returns what all segments hold, oldest first.
func content(t *testing.T, dir string) string {
	t.Helper()
	segs, err := List(dir, "t")
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range segs {
		p, err := os.ReadFile(s.Path)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(p)
	}
	return b.String()
}

func TestCommitReopenPermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	s := open(t, Options{Dir: dir, Prefix: "t"})
	if err := s.Commit([]byte("one\n"), []byte("two\nthree\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit([]byte("x\n")); !errors.Is(err, ErrClosed) {
		t.Fatalf("commit after close: %v", err)
	}
	s = open(t, Options{Dir: dir, Prefix: "t"})
	if err := s.Commit([]byte("four\n")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir); got != "one\ntwo\nthree\nfour\n" {
		t.Fatalf("content %q", got)
	}
	for path, want := range map[string]os.FileMode{dir: 0o700, s.cur.Path: 0o600} {
		st, err := os.Stat(path)
		if err != nil || st.Mode().Perm() != want {
			t.Errorf("%s: mode %v, %v; want %v", path, st.Mode(), err, want)
		}
	}
}

func TestCommitRefusesPartLines(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir, Prefix: "t"})
	if err := s.Commit([]byte("whole\n"), []byte("part")); err == nil {
		t.Fatal("a chunk without line feed was taken")
	}
	if got := content(t, dir); got != "" {
		t.Fatalf("content %q", got)
	}
}

func TestLock(t *testing.T) {
	dir := t.TempDir()
	s := open(t, Options{Dir: dir, Prefix: "t"})
	if _, _, err := Open(Options{Dir: dir, Prefix: "t"}); !errors.Is(err, ErrLocked) {
		t.Fatalf("second open: %v", err)
	}
	_ = s.Close()
	open(t, Options{Dir: dir, Prefix: "t"})
}

func TestRotateAndPrune(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var kept []uint64
	o := Options{
		Dir: dir, Prefix: "t", MaxSize: 10, MaxAge: time.Hour, MaxFiles: 2,
		Now:          func() time.Time { return now },
		BeforeRemove: func(s Segment) error { kept = append(kept, s.Number); return nil },
	}
	s := open(t, o)
	steps := []struct {
		line   string
		wait   time.Duration
		number uint64
	}{
		{"12345678\n", 0, 1},
		{"2\n", 0, 2},                      // would exceed the size
		{"345\n", 0, 2},                    // fits
		{"4\n", time.Hour, 3},              // too old
		{"a line above the limit\n", 0, 4}, // alone in its segment
		{"6\n", 0, 5},
	}
	for _, st := range steps {
		now = now.Add(st.wait)
		if err := s.Commit([]byte(st.line)); err != nil {
			t.Fatal(err)
		}
		if cur, _ := s.Current(); cur.Number != st.number {
			t.Fatalf("%q went to segment %d, want %d", st.line, cur.Number, st.number)
		}
	}
	if got := content(t, dir); got != "a line above the limit\n6\n" {
		t.Fatalf("content %q", got)
	}
	if len(kept) != 3 || kept[0] != 2 || kept[2] != 4 {
		t.Fatalf("BeforeRemove saw %v", kept)
	}
	_ = s.Close()
	s = open(t, o)
	now = now.Add(59 * time.Minute)
	if err := s.Commit([]byte("7\n")); err != nil {
		t.Fatal(err)
	}
	now = now.Add(time.Minute)
	if err := s.Commit([]byte("8\n")); err != nil {
		t.Fatal(err)
	}
	if cur, _ := s.Current(); cur.Number != 6 {
		t.Fatalf("age is not kept across a restart: segment %d", cur.Number)
	}
}

func TestPruneRefused(t *testing.T) {
	dir := t.TempDir()
	refuse := true
	s := open(t, Options{Dir: dir, Prefix: "t", MaxSize: 1, MaxFiles: 1, BeforeRemove: func(Segment) error {
		if refuse {
			return errors.New("no")
		}
		return nil
	}})
	for range 3 {
		if err := s.Commit([]byte("x\n")); err != nil {
			t.Fatal(err)
		}
	}
	if segs, _ := List(dir, "t"); len(segs) != 3 {
		t.Fatalf("%d segments, want 3", len(segs))
	}
	refuse = false
	if err := s.Commit([]byte("x\n")); err != nil {
		t.Fatal(err)
	}
	if segs, _ := List(dir, "t"); len(segs) != 1 || segs[0].Number != 4 {
		t.Fatalf("segments %v", segs)
	}
}

func TestTornTail(t *testing.T) {
	long := strings.Repeat("y", 200<<10)
	for name, tc := range map[string]struct{ have, want string }{
		"whole":     {"a\nb\n", "a\nb\n"},
		"torn":      {"a\nb\npart", "a\nb\n"},
		"only torn": {"part", ""},
		"empty":     {"", ""},
		"long torn": {"a\n" + long, "a\n"},
		"long line": {long + "\n" + long, long + "\n"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, segmentName("t", 7, time.Unix(0, 0)))
			if err := os.WriteFile(path, []byte(tc.have), 0o600); err != nil {
				t.Fatal(err)
			}
			s, rep, err := Open(Options{Dir: dir, Prefix: "t"})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			if rep.Segment.Number != 7 || rep.Cut != int64(len(tc.have)-len(tc.want)) {
				t.Fatalf("repair %+v", rep)
			}
			if err := s.Commit([]byte("next\n")); err != nil {
				t.Fatal(err)
			}
			if got := content(t, dir); got != tc.want+"next\n" {
				t.Fatalf("content of %d bytes, want %d", len(got), len(tc.want)+5)
			}
		})
	}
}

// faulty writes at most room bytes in all, and fails as told.
type faulty struct {
	*os.File
	f *faults
}

type faults struct {
	room              int
	sync, truncate    error
	truncates, writes int
}

func (f faulty) Write(p []byte) (int, error) {
	f.f.writes++
	if len(p) > f.f.room {
		n, _ := f.File.Write(p[:f.f.room])
		f.f.room = 0
		return n, errors.New("no space left on device")
	}
	f.f.room -= len(p)
	return f.File.Write(p)
}

func (f faulty) Sync() error {
	if f.f.sync != nil {
		return f.f.sync
	}
	return f.File.Sync()
}

func (f faulty) Truncate(n int64) error {
	f.f.truncates++
	if f.f.truncate != nil {
		return f.f.truncate
	}
	return f.File.Truncate(n)
}

func (f *faults) open(name string) (File, error) {
	real, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	return faulty{real, f}, err
}

func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	f := &faults{room: 10}
	s := open(t, Options{Dir: dir, Prefix: "t", OpenFile: f.open})
	if err := s.Commit([]byte("good\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Commit([]byte("abc\n"), []byte("does not fit\n")); err == nil {
		t.Fatal("no error from a full disk")
	}
	if got := content(t, dir); got != "good\n" {
		t.Fatalf("content %q", got)
	}
	f.room = 100
	if err := s.Commit([]byte("again\n")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir); got != "good\nagain\n" {
		t.Fatalf("content %q", got)
	}
}

func TestSyncAndTruncateFail(t *testing.T) {
	dir := t.TempDir()
	bad := errors.New("input/output error")
	f := &faults{room: 1000}
	s := open(t, Options{Dir: dir, Prefix: "t", MaxSize: 8, OpenFile: f.open})
	if err := s.Commit([]byte("good\n")); err != nil {
		t.Fatal(err)
	}
	f.sync, f.truncate = bad, bad
	if err := s.Commit([]byte("b\n")); !errors.Is(err, bad) {
		t.Fatalf("commit: %v", err)
	}
	writes := f.writes
	if err := s.Commit([]byte("would rotate\n")); !errors.Is(err, bad) || f.writes != writes {
		t.Fatalf("wrote behind an uncertain end: %v", err)
	}
	f.sync, f.truncate = nil, nil
	if err := s.Commit([]byte("c\n")); err != nil {
		t.Fatal(err)
	}
	if got := content(t, dir); got != "good\nc\n" {
		t.Fatalf("content %q", got)
	}
}

func TestList(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"t-00000002-20260102T030405Z.ndjson", "t-00000001-20270102T030405Z.ndjson", "t-100000000-20260102T030405Z.ndjson",
		"t-2-20260102T030405Z.ndjson", "t-00000000-20260102T030405Z.ndjson", "t-00000003-20260102T030405Z.ndjson.gz",
		"u-00000003-20260102T030405Z.ndjson", "t-00000003.ndjson", "LOCK",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	segs, err := List(dir, "t")
	if err != nil || len(segs) != 3 || segs[0].Number != 1 || segs[1].Number != 2 || segs[2].Number != 100000000 {
		t.Fatalf("%v, %v", segs, err)
	}
	if segs, err := List(filepath.Join(dir, "none"), "t"); segs != nil || err != nil {
		t.Fatalf("%v, %v", segs, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "t-00000002-20260102T030406Z.ndjson"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := List(dir, "t"); err == nil {
		t.Fatal("two segments of one number were taken")
	}
}

func TestLines(t *testing.T) {
	big := strings.Repeat("z", 150<<10)
	l := NewLines(strings.NewReader("a\n\n"+big+"\nb\n"+big+"12345678901\nc"), len(big)+10)
	want := []struct {
		line     string
		complete bool
		err      error
	}{{"a", true, nil}, {"", true, nil}, {big, true, nil}, {"b", true, nil}, {"", true, ErrLineTooLong}, {"c", false, nil}, {"", false, io.EOF}, {"", false, io.EOF}}
	for i, w := range want {
		line, complete, err := l.Next()
		if string(line) != w.line || complete != w.complete || err != w.err {
			t.Fatalf("line %d: %d bytes %v %v", i, len(line), complete, err)
		}
	}
}

func FuzzLines(f *testing.F) {
	f.Add([]byte("a\nbb\n\nc"), uint8(3))
	f.Fuzz(func(t *testing.T, in []byte, limit uint8) {
		l := NewLines(bytes.NewReader(in), int(limit))
		want := bytes.SplitAfter(in, []byte("\n"))
		for _, w := range want {
			line, complete, err := l.Next()
			body, whole := bytes.CutSuffix(w, []byte("\n"))
			switch {
			case len(w) == 0:
				if err != io.EOF {
					t.Fatalf("end: %v", err)
				}
			case len(body) > int(limit):
				if err != ErrLineTooLong {
					t.Fatalf("long: %v", err)
				}
			case err != nil || complete != whole || !bytes.Equal(line, body):
				t.Fatalf("%q %v %v, want %q", line, complete, err, body)
			}
		}
	})
}
