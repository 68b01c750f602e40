package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/redactd/redactd/internal/seglog"
)

// TestFrontier holds the tree to tlog's, leaf by leaf.
func TestFrontier(t *testing.T) {
	var f frontier
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(at []int64) ([]tlog.Hash, error) {
		var out []tlog.Hash
		for _, i := range at {
			out = append(out, stored[i])
		}
		return out, nil
	})
	for n := range int64(300) {
		root, err := tlog.TreeHash(n, reader)
		if err != nil || f.root() != root {
			t.Fatalf("%d leaves: root %v, want %v (%v)", n, f.root(), root, err)
		}
		var again frontier
		if err := again.restore(n, reader); err != nil || again.root() != root {
			t.Fatalf("%d leaves are not restored (%v)", n, err)
		}
		size := tlog.StoredHashCount(n) * tlog.HashSize
		for _, more := range []int64{0, 1, tlog.HashSize - 1} {
			if got := leaves(size + more); got != n {
				t.Fatalf("%d bytes are %d leaves, want %d", size+more, got, n)
			}
		}
		line := fmt.Append(nil, "record ", n)
		want, err := tlog.StoredHashes(n, line, reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.add(leafOf(line), nil); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("leaf %d: %v, want %v", n, got, want)
		}
		stored = append(stored, want...)
	}
}

func TestLeafOfAnyLength(t *testing.T) {
	line := bytes.Repeat([]byte("x"), shortLine+2)
	for _, n := range []int{0, 1, 63, 64, shortLine - 2, shortLine - 1, shortLine, shortLine + 1} {
		if leafOf(line[:n]) != tlog.RecordHash(line[:n]) {
			t.Errorf("%d bytes have another leaf", n)
		}
	}
}

func hashesOf(t *testing.T, dir string) []byte {
	t.Helper()
	p, err := os.ReadFile(filepath.Join(dir, treeName))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// fromRecords makes the hashes of a trail that has all its records.
func fromRecords(t *testing.T, dir string) []byte {
	t.Helper()
	segs, err := seglog.List(dir, prefix)
	if err != nil {
		t.Fatal(err)
	}
	var f frontier
	var want []byte
	for _, s := range segs {
		p, err := os.ReadFile(s.Path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(p) {
			for _, h := range f.add(leafOf(bytes.TrimSuffix(line, []byte("\n"))), nil) {
				want = append(want, h[:]...)
			}
		}
	}
	return want
}

// TestTreeIsThatOfTheRecords ends with the same tree however often the trail is
// closed and whatever a crash leaves of the file.
func TestTreeIsThatOfTheRecords(t *testing.T) {
	o := Options{Dir: t.TempDir(), MaxSize: 3000}
	path := filepath.Join(o.Dir, treeName)
	for name, spoil := range map[string]func([]byte) []byte{
		"nothing":      func(p []byte) []byte { return p },
		"gone":         func([]byte) []byte { return nil },
		"half":         func(p []byte) []byte { return p[:len(p)/2] },
		"torn":         func(p []byte) []byte { return p[:len(p)-5] },
		"zeros behind": func(p []byte) []byte { return append(p, make([]byte, 640)...) },
		"zeros at the end": func(p []byte) []byte {
			clear(p[tlog.StoredHashCount(leaves(int64(len(p)))-1)*tlog.HashSize+tlog.HashSize:]) // all of the last leaf but itself
			return p
		},
	} {
		tr := openTrail(t, o)
		recordN(t, tr, 20)
		closeTrail(t, tr)
		want := fromRecords(t, o.Dir)
		if got := hashesOf(t, o.Dir); !bytes.Equal(got, want) {
			t.Fatalf("before %s: another tree", name)
		}
		if err := os.WriteFile(path, spoil(bytes.Clone(want)), 0o600); err != nil {
			t.Fatal(err)
		}
		closeTrail(t, openTrail(t, o))
		if got := hashesOf(t, o.Dir); !bytes.Equal(got, want) {
			t.Fatalf("%s: another tree", name)
		}
		mustVerify(t, o.Dir)
	}
}

// TestTreeKeepsWhatRetentionRemoves goes on with the hashes of records that are
// gone.
func TestTreeKeepsWhatRetentionRemoves(t *testing.T) {
	o := Options{Dir: t.TempDir(), MaxSize: 2000, MaxFiles: 2, Required: true}
	var want []byte
	all := t.TempDir()
	for range 3 {
		tr, whole := openTrail(t, o), openTrail(t, Options{Dir: all, Required: true})
		recordN(t, tr, 17)
		recordN(t, whole, 17)
		closeTrail(t, tr)
		closeTrail(t, whole)
		want = hashesOf(t, all)
		if got := hashesOf(t, o.Dir); !bytes.Equal(got, want) {
			t.Fatal("another tree")
		}
	}
	r := mustVerify(t, o.Dir)
	if r.First < 30 || r.Tree.Size != 51 || r.Tree.Root != mustVerify(t, all).Tree.Root {
		t.Fatalf("report %+v", r)
	}
	// Where the hashes are lost with the records, that is said.
	if err := os.Remove(filepath.Join(o.Dir, treeName)); err != nil {
		t.Fatal(err)
	}
	tr := openTrail(t, o)
	recordN(t, tr, 1)
	closeTrail(t, tr)
	if r := mustVerify(t, o.Dir); r.Tree.Root == oneMore(t, all) {
		t.Fatal("a tree of unknown records has the right root")
	}
}

// oneMore adds a record and returns the root.
func oneMore(t *testing.T, dir string) string {
	t.Helper()
	tr := openTrail(t, Options{Dir: dir})
	recordN(t, tr, 1)
	closeTrail(t, tr)
	return mustVerify(t, dir).Tree.Root
}

// TestTreeSurvivesFailure has writing fail in the middle.
func TestTreeSurvivesFailure(t *testing.T) {
	o := Options{Dir: t.TempDir(), MaxSize: 2000, Required: true}
	tr := openTrail(t, o)
	recordN(t, tr, 10)
	g := tr.keeper.grow
	g.mu.Lock()
	_ = g.tree.f.Close()
	g.mu.Unlock()
	if err := g.grow(10); err == nil {
		t.Fatal("a closed file was written")
	}
	recordN(t, tr, 10)
	if err := g.grow(20); err != nil {
		t.Fatal(err)
	}
	closeTrail(t, tr)
	if !bytes.Equal(hashesOf(t, o.Dir), fromRecords(t, o.Dir)) {
		t.Fatal("another tree")
	}
}

// TestTreeKnowsWhatIsMissing removes the end of a trail and its head: the tree
// remembers.
func TestTreeKnowsWhatIsMissing(t *testing.T) {
	o := Options{Dir: t.TempDir(), Required: true}
	tr := openTrail(t, o)
	recordN(t, tr, 10)
	closeTrail(t, tr)
	path := newest(t, o.Dir)
	p, _ := os.ReadFile(path)
	if err := os.WriteFile(path, bytes.Join(bytes.SplitAfter(p, []byte("\n"))[:4], nil), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(o.Dir, headName)); err != nil {
		t.Fatal(err)
	}
	before := hashesOf(t, o.Dir)
	tr = openTrail(t, o)
	recordN(t, tr, 3)
	closeTrail(t, tr)
	if !bytes.HasPrefix(hashesOf(t, o.Dir), before) {
		t.Error("the tree forgot records")
	}
	r, err := Verify(o.Dir)
	if err != nil || r.OK || r.Break.Fault != Deleted || r.Break.Seq != 5 {
		t.Fatalf("report %+v, %v", r, err)
	}
}
