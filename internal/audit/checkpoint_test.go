package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// newKey makes a key for checkpoints.
func newKey(t testing.TB) (secret, public string) {
	t.Helper()
	secret, public, err := NewCheckpointKey("example.com/trail")
	if err != nil {
		t.Fatal(err)
	}
	return secret, public
}

// signedTrail makes a trail of 25 records in several files, with a checkpoint of 5, 10,
// ... 25 records.
func signedTrail(t testing.TB, o Options) string {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.MaxSize, o.Required = 4*350, true
	for range 5 {
		tr := openTrail(t, o)
		recordN(t, tr, 5)
		closeTrail(t, tr)
	}
	return o.Dir
}

// copyDir copies a trail.
func copyDir(t testing.TB, from string) string {
	t.Helper()
	to := t.TempDir()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		rel, rerr := filepath.Rel(from, path)
		if err = errors.Join(err, rerr); err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(to, rel), 0o700))
		}
		p, err := os.ReadFile(path)
		return errors.Join(err, os.WriteFile(filepath.Join(to, rel), p, 0o600))
	})
	if err != nil {
		t.Fatal(err)
	}
	return to
}

func TestCheckpoints(t *testing.T) {
	secret, public := newKey(t)
	dir := signedTrail(t, Options{CheckpointKey: secret})
	files, err := listCheckpoints(dir)
	if err != nil || len(files) != 5 {
		t.Fatalf("%d checkpoints, %v", len(files), err)
	}
	for i, f := range files {
		msg, err := f.read()
		if err != nil {
			t.Fatal(err)
		}
		c, err := OpenCheckpoint(msg, public)
		if err != nil || c.Size != uint64(5*i+5) || c.Origin != "example.com/trail" || c.Previous != uint64(5*i) || time.Since(c.Time) > time.Hour {
			t.Errorf("checkpoint %+v, %v", c, err)
		}
		if st, _ := os.Stat(f.path); st.Mode().Perm() != 0o600 {
			t.Errorf("mode %v", st.Mode())
		}
	}
	_, other := newKey(t)
	r, err := VerifyWith(dir, VerifyOptions{Keys: []string{public, other}})
	if err != nil || !r.OK || r.Tree.Checkpoints != 5 || r.Tree.Signed != 5 || r.Tree.Newer != 0 {
		t.Fatalf("report %+v, %v", r, err)
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "5 checkpoints fit and are signed by example.com/trail, the last of 25 records on 20") {
		t.Errorf("text %s", &b)
	}
	if r := mustVerify(t, dir); r.Tree.Signed != 0 || r.Tree.Checkpoints != 5 {
		t.Errorf("without a key: %+v", r.Tree)
	}
	if r, _ := VerifyWith(dir, VerifyOptions{Keys: []string{other}}); r.OK || r.Break.Fault != Replaced || r.Break.File != "checkpoints/000000000005.txt" {
		t.Errorf("with another key: %+v", r.Break)
	}
	if _, err := VerifyWith(dir, VerifyOptions{Keys: []string{secret}}); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("with a secret key: %v", err)
	}
}

// TestCheckpointsWhileRunning signs at its interval.
func TestCheckpointsWhileRunning(t *testing.T) {
	secret, public := newKey(t)
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, CheckpointKey: secret, CheckpointEvery: time.Millisecond})
	recordN(t, tr, 3)
	for tr.Stats().CheckpointSize < 3 {
		time.Sleep(time.Millisecond)
	}
	r, err := VerifyWith(dir, VerifyOptions{Keys: []string{public}})
	if err != nil || !r.OK || r.Tree.Signed == 0 {
		t.Fatalf("report %+v, %v", r, err)
	}
	closeTrail(t, tr)
}

func remake(t *testing.T, dir string, o Options, keep int) {
	t.Helper()
	lines := allLines(t, dir)
	var events []Event
	for _, l := range lines[:keep] {
		var e Event
		if err := json.Unmarshal([]byte(l), &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	fresh := t.TempDir()
	o.Dir, o.Required = fresh, true
	tr := openTrail(t, o)
	for i := range events {
		if i == 6 {
			events[i].Rule = "another"
		}
		if err := tr.Record(t.Context(), events[i:i+1]); err != nil {
			t.Fatal(err)
		}
	}
	closeTrail(t, tr)
	for _, name := range []string{headName, treeName} {
		_ = os.Remove(filepath.Join(dir, name))
	}
	segs, _ := filepath.Glob(filepath.Join(dir, prefix+"-*"))
	for _, s := range segs {
		_ = os.Remove(s)
	}
	fromDir, _ := os.ReadDir(fresh)
	for _, e := range fromDir {
		if e.IsDir() || e.Name() == "LOCK" {
			continue
		}
		p, _ := os.ReadFile(filepath.Join(fresh, e.Name()))
		if err := os.WriteFile(filepath.Join(dir, e.Name()), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func allLines(t testing.TB, dir string) (lines []string) {
	t.Helper()
	segs, err := filepath.Glob(filepath.Join(dir, prefix+"-*"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(segs)
	for _, s := range segs {
		p, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		for l := range bytes.Lines(p) {
			lines = append(lines, string(bytes.TrimSuffix(l, []byte("\n"))))
		}
	}
	return lines
}

// TestVerifyNamesTheCheckpoint changes what the chain alone cannot see.
func TestVerifyNamesTheCheckpoint(t *testing.T) {
	secret, public := newKey(t)
	otherSecret, _ := newKey(t)
	good := signedTrail(t, Options{CheckpointKey: secret})
	if err := os.Remove(filepath.Join(good, "LOCK")); err != nil {
		t.Fatal(err)
	}
	cp := func(n int) string { return fmt.Sprintf("checkpoints/%012d.txt", n) }
	read := func(dir string, n int) []byte {
		p, err := os.ReadFile(filepath.Join(dir, cp(n)))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	write := func(dir string, n int, p []byte) {
		if err := os.WriteFile(filepath.Join(dir, cp(n)), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, tc := range map[string]struct {
		change    func(dir string)
		external  []byte
		file      string
		seq       uint64
		fault     Fault
		keyless   Fault // without the key; "" is the same
		noFaultIf bool  // without the key nothing is seen
	}{
		"replaced by another": {change: func(d string) { write(d, 10, read(d, 15)) }, file: cp(10), seq: 10, fault: Replaced},
		"swapped": {change: func(d string) {
			a, b := read(d, 10), read(d, 15)
			write(d, 10, b)
			write(d, 15, a)
		}, file: cp(10), seq: 10, fault: Replaced},
		"signed by another key": {change: func(d string) {
			n, _ := note.NewSigner(otherSecret)
			text, _, _ := strings.Cut(string(read(d, 10)), "\n\n")
			p, err := note.Sign(&note.Note{Text: text + "\n"}, n)
			if err != nil {
				t.Fatal(err)
			}
			write(d, 10, p)
		}, file: cp(10), seq: 10, fault: Replaced, noFaultIf: true},
		"time edited": {change: func(d string) {
			write(d, 10, bytes.Replace(read(d, 10), []byte("\ntime 2"), []byte("\ntime 3"), 1))
		}, file: cp(10), seq: 10, fault: Replaced},
		"root edited": {change: func(d string) {
			l := strings.Split(string(read(d, 10)), "\n")
			l[2] = strings.Split(string(read(d, 15)), "\n")[2]
			write(d, 10, []byte(strings.Join(l, "\n")))
		}, file: cp(10), seq: 10, fault: Replaced},
		"emptied":                      {change: func(d string) { write(d, 10, nil) }, file: cp(10), seq: 10, fault: Edited},
		"deleted":                      {change: func(d string) { _ = os.Remove(filepath.Join(d, cp(10))) }, file: cp(10), seq: 10, fault: Deleted},
		"deleted first":                {change: func(d string) { _ = os.Remove(filepath.Join(d, cp(5))) }, file: cp(5), seq: 5, fault: Deleted},
		"deleted last, kept elsewhere": {change: func(d string) { _ = os.Remove(filepath.Join(d, cp(25))) }, external: read(good, 25), file: cp(25), seq: 25, fault: Deleted},
		"deleted last two, kept elsewhere": {change: func(d string) {
			_ = os.Remove(filepath.Join(d, cp(20)))
			_ = os.Remove(filepath.Join(d, cp(25)))
		}, external: read(good, 25), file: cp(25), seq: 25, fault: Deleted},
		"tree edited":        {change: func(d string) { flip(t, filepath.Join(d, treeName), 70) }, file: treeName, seq: 2, fault: Edited},
		"tree's leaf edited": {change: func(d string) { flip(t, filepath.Join(d, treeName), 3) }, file: "audit-00000001", seq: 1, fault: Edited},
		"trail made anew":    {change: func(d string) { remake(t, d, Options{}, 25) }, file: cp(10), seq: 6, fault: Edited, keyless: Replaced},
		"trail made anew, shorter": {change: func(d string) {
			remake(t, d, Options{}, 6)
		}, file: "audit-00000001", seq: 7, fault: Truncated},
		"cut off with its head": {change: func(d string) {
			remake(t, d, Options{}, 6)
			for _, n := range []int{10, 15, 20, 25} {
				_ = os.Remove(filepath.Join(d, cp(n)))
			}
		}, external: read(good, 25), file: "audit-00000001", seq: 7, fault: RolledBack},
		"made anew with its checkpoints": {change: func(d string) {
			if err := os.RemoveAll(filepath.Join(d, checkpointDir)); err != nil {
				t.Fatal(err)
			}
			remake(t, d, Options{}, 25)
		}, external: read(good, 20), file: "kept", seq: 1, fault: Edited, keyless: Replaced},
	} {
		t.Run(name, func(t *testing.T) {
			dir := copyDir(t, good)
			tc.change(dir)
			for _, keys := range [][]string{{public}, nil} {
				o := VerifyOptions{Keys: keys}
				if tc.external != nil {
					o.Checkpoints = map[string][]byte{"kept": tc.external}
				}
				r, err := VerifyWith(dir, o)
				if err != nil {
					t.Fatal(err)
				}
				if keys == nil && tc.noFaultIf {
					if !r.OK {
						t.Fatalf("without a key: %+v", r.Break)
					}
					continue
				}
				if r.OK {
					t.Fatalf("nothing seen with %d keys", len(keys))
				}
				want := tc.fault
				if keys == nil && tc.keyless != "" {
					want = tc.keyless
				}
				if r.Break.Fault != want || keys != nil && (!strings.HasPrefix(r.Break.File, tc.file) || r.Break.Seq != tc.seq) || r.Break.Detail == "" {
					t.Errorf("with %d keys: break %+v", len(keys), *r.Break)
				}
			}
		})
	}
}

func flip(t *testing.T, path string, at int) {
	t.Helper()
	p, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	p[at] ^= 1
	if err := os.WriteFile(path, p, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestNothingIsSignedOverABreak edits a trail's tree while it is closed.
func TestNothingIsSignedOverABreak(t *testing.T) {
	secret, _ := newKey(t)
	o := Options{Dir: t.TempDir(), CheckpointKey: secret, Required: true}
	for range 2 {
		tr := openTrail(t, o)
		recordN(t, tr, 5)
		closeTrail(t, tr)
	}
	remake(t, o.Dir, Options{}, 10)
	var told []error
	o.Report = func(err error) { told = append(told, err) }
	tr := openTrail(t, o)
	recordN(t, tr, 5)
	closeTrail(t, tr)
	if files, _ := listCheckpoints(o.Dir); len(files) != 2 || len(told) != 1 || !errors.Is(told[0], errNotContinued) || tr.Stats().CheckpointFailures != 1 {
		t.Fatalf("%d checkpoints, told %v", len(files), told)
	}
}

func TestPoliciesAreKept(t *testing.T) {
	dir := t.TempDir()
	o := Options{Dir: dir}
	for _, text := range []string{"a = 1\n", "a = 1\n", "a = 2\n"} {
		tr := openTrail(t, o)
		recordN(t, tr, 2)
		if err := tr.InForce("digest", []byte(text)); err != nil {
			t.Fatal(err)
		}
		if err := tr.InForce("../x", []byte(text)); err == nil {
			t.Fatal("a digest became a path")
		}
		closeTrail(t, tr)
	}
	if r := mustVerify(t, dir); r.Policies != 3 || len(r.Markers) != 0 || r.Records != 9 {
		t.Fatalf("report %+v", r)
	}
	files, _ := filepath.Glob(filepath.Join(dir, policyDir, "*"))
	if len(files) != 2 {
		t.Fatalf("%d copies", len(files))
	}
	flip(t, files[0], 0)
	if r, _ := Verify(dir); r.OK || r.Break.Fault != Edited || !strings.HasPrefix(r.Break.File, "policies/digest-") {
		t.Errorf("edited: %+v", r.Break)
	}
	_ = os.Remove(files[0])
	if r, _ := Verify(dir); r.OK || r.Break.Fault != Deleted {
		t.Errorf("removed: %+v", r.Break)
	}
}

func TestCheckpointKey(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	public, err := WriteCheckpointKey(file, "example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	if st, _ := os.Stat(file); st.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", st.Mode())
	}
	if _, err := WriteCheckpointKey(file, "example.com/a"); err == nil {
		t.Error("a key was overwritten")
	}
	secret, again, err := CheckpointKey(file)
	if err != nil || again != public || !strings.HasPrefix(secret, "PRIVATE+KEY+") {
		t.Errorf("public %q, %q, %v", public, again, err)
	}
	if name, err := PublicKey(public); err != nil || name != "example.com/a" {
		t.Errorf("name %q, %v", name, err)
	}
	for _, name := range []string{"", "a b", "a+b"} {
		if _, _, err := NewCheckpointKey(name); err == nil {
			t.Errorf("a key with the name %q", name)
		}
	}
	if _, err := PublicKey(secret); err == nil || strings.Contains(err.Error(), secret) {
		t.Errorf("a secret key as a public one: %v", err)
	}
	if err := os.WriteFile(file, []byte(secret[:len(secret)-4]), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := CheckpointKey(file); err == nil || strings.Contains(err.Error(), secret[12:30]) {
		t.Errorf("half a key: %v", err)
	}
}

// FuzzCheckpoint reads anything.
func FuzzCheckpoint(f *testing.F) {
	secret, public := newKey(f)
	signer, err := note.NewSigner(secret)
	if err != nil {
		f.Fatal(err)
	}
	c := Checkpoint{Origin: "example.com/trail", Size: 7, Root: missingLeaf, Time: time.Unix(1, 0).UTC(), Previous: 3}
	msg, err := note.Sign(&note.Note{Text: c.text()}, signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(msg)
	f.Fuzz(func(t *testing.T, p []byte) {
		got, err := OpenCheckpoint(p, public)
		if err == nil && got != c {
			t.Fatalf("a forged checkpoint: %+v", got)
		}
		if _, err := openCheckpoint(p); err != nil && bytes.Equal(p, msg) {
			t.Fatal(err)
		}
		_, _, _, _ = parseSubmission(p)
	})
}
