package audit

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFaultsAnywhere makes each fault at each record of trails of one and of many
// files, with checkpoints, and asks for its place.
func TestFaultsAnywhere(t *testing.T) {
	secret, public := newKey(t)
	for _, size := range []int64{1 << 20, 3 * 350} {
		dir := t.TempDir()
		for range 3 {
			tr := openTrail(t, Options{Dir: dir, MaxSize: size, CheckpointKey: secret, Required: true})
			recordN(t, tr, 4)
			closeTrail(t, tr)
		}
		segs, err := filepath.Glob(filepath.Join(dir, prefix+"-*"))
		if err != nil || (len(segs) == 1) != (size > 1<<19) {
			t.Fatalf("%d files, %v", len(segs), err)
		}
		seq := 0
		for _, path := range segs {
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			lines := slices.Collect(bytes.Lines(good))
			for i := range lines {
				seq++
				for name, tc := range map[string]struct {
					lines [][]byte
					want  []Fault
				}{
					"edit":     {slices.Concat(lines[:i], [][]byte{bytes.Replace(lines[i], []byte("logs"), []byte("lags"), 1)}, lines[i+1:]), []Fault{Edited}},
					"delete":   {slices.Concat(lines[:i], lines[i+1:]), []Fault{Deleted, Truncated}},
					"reorder":  {swapped(lines, i), []Fault{Reordered}},
					"truncate": {slices.Concat(lines[:i], [][]byte{lines[i][:40]}), []Fault{Truncated}},
				} {
					if tc.lines == nil {
						continue
					}
					if err := os.WriteFile(path, bytes.Join(tc.lines, nil), 0o600); err != nil {
						t.Fatal(err)
					}
					r, err := VerifyWith(dir, VerifyOptions{Keys: []string{public}})
					if err != nil || r.OK || !slices.Contains(tc.want, r.Break.Fault) || r.Break.Seq != uint64(seq) {
						t.Fatalf("%d files, %s of record %d: %+v, %v", len(segs), name, seq, r.Break, err)
					}
				}
			}
			if err := os.WriteFile(path, good, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if r, err := VerifyWith(dir, VerifyOptions{Keys: []string{public}}); err != nil || !r.OK || r.Tree.Signed != 3 {
			t.Fatalf("report %+v, %v", r, err)
		}
	}
}

// swapped has line i and the one behind it in the other order; nil without one.
func swapped(lines [][]byte, i int) [][]byte {
	if i+1 == len(lines) {
		return nil
	}
	out := slices.Clone(lines)
	out[i], out[i+1] = out[i+1], out[i]
	return out
}

// TestCheckpointsOutliveRecords has retention remove records that checkpoints
// cover: what is left is proved, and exported, by the hashes that stay.
func TestCheckpointsOutliveRecords(t *testing.T) {
	secret, public := newKey(t)
	dir := t.TempDir()
	for range 6 {
		tr := openTrail(t, Options{Dir: dir, MaxSize: 3 * 350, MaxFiles: 2, CheckpointKey: secret, Required: true})
		recordN(t, tr, 4)
		closeTrail(t, tr)
	}
	o := VerifyOptions{Keys: []string{public}}
	r, err := VerifyWith(dir, o)
	if err != nil || !r.OK || r.First < 12 || r.Tree.Signed != 6 || r.Tree.Newer != 0 {
		t.Fatalf("report %+v %+v, %v", r, r.Break, err)
	}
	var b strings.Builder
	if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), fmt.Sprintf("verified from %d on", r.First)) {
		t.Errorf("text %s", &b)
	}
	var archive bytes.Buffer
	done, err := Export(t.Context(), &archive, ExportOptions{Dir: dir, Keys: []string{public}, Seal: secret})
	if err != nil || done.First != r.First || done.Last != 24 {
		t.Fatalf("exported %+v, %v", done, err)
	}
	if r, err := VerifyArchive(bytes.NewReader(archive.Bytes()), int64(archive.Len()), o); err != nil || !r.OK {
		t.Fatalf("archive %+v, %v", r.Break, err)
	}
	// A checkpoint of records that are gone is still held against the tree.
	first := filepath.Join(dir, checkpointDir, "000000000004.txt")
	was, err := os.ReadFile(first)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(dir, treeName), 3)
	if r, _ := VerifyWith(dir, o); r.OK {
		t.Error("a changed hash of a record that is gone was not seen")
	}
	flip(t, filepath.Join(dir, treeName), 3)
	if err := os.WriteFile(first, bytes.Replace(was, []byte("previous 0"), []byte("previous 1"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if r, _ := VerifyWith(dir, o); r.OK || r.Break.File != "checkpoints/000000000004.txt" {
		t.Errorf("a changed checkpoint of records that are gone: %+v", r.Break)
	}
	if err := os.WriteFile(first, was, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, treeName)); err != nil {
		t.Fatal(err)
	}
	if r, _ := VerifyWith(dir, o); r.OK || r.Break.File != treeName || r.Break.Fault != Deleted {
		t.Errorf("without the tree: %+v", r.Break)
	}
}
