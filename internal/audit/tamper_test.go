package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// readSigned reads a trail with its checkpoints.
func readSigned(t testing.TB, dir string) image {
	t.Helper()
	img := readImage(t, dir)
	for name, p := range readImage(t, filepath.Join(dir, checkpointDir)) {
		img[checkpointDir+"/"+name] = p
	}
	return img
}

// tampered changes files of a trail in one way, and returns which.
func tampered(img image, op uint8, which, other, at, n uint16, with []byte) (name string, second string) {
	names := img.names()
	name, second = names[int(which)%len(names)], names[int(other)%len(names)]
	p := slices.Clone(img[name])
	i := int(at) % (len(p) + 1)
	j := min(len(p), i+int(n)%600)
	lines := bytes.SplitAfter(p, []byte("\n"))
	li, lj := int(at)%len(lines), int(n)%len(lines)
	switch op % 8 {
	case 0: // edit
		p = slices.Concat(p[:i], with, p[min(len(p), i+len(with)):])
	case 1: // delete
		p = slices.Delete(p, i, j)
	case 2: // delete a record
		p = bytes.Join(slices.Delete(lines, li, li+1), nil)
	case 3: // reorder
		lines[li], lines[lj] = lines[lj], lines[li]
		p = bytes.Join(lines, nil)
	case 4: // truncate
		p = p[:i]
	case 5: // insert
		p = slices.Concat(p[:i], with, p[i:])
	case 6: // swap files, checkpoints too
		p, img[second] = slices.Clone(img[second]), p
	case 7: // delete a file
		delete(img, name)
		return name, name
	}
	img[name] = p
	return name, second
}

// FuzzTamper changes a signed trail in one way, of which an anchor has the last checkpoint:
// Verify sees it, and the place that it names is where something was changed, or the first
// that does not follow from that.
func FuzzTamper(f *testing.F) {
	secret, public := newKey(f)
	dir := signedTrail(f, Options{CheckpointKey: secret})
	good := readSigned(f, dir)
	for op := range uint8(8) {
		for which := range uint16(len(good)) {
			f.Add(op, which, which+1, uint16(300), uint16(40), []byte("x"))
		}
	}
	kept := map[string][]byte{"kept": good[checkpointDir+"/000000000025.txt"]}
	work := f.TempDir()
	f.Fuzz(func(t *testing.T, op uint8, which, other, at, n uint16, with []byte) {
		img := good.clone()
		name, second := tampered(img, op, which, other, at, n, with)
		if err := os.RemoveAll(work); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(work, checkpointDir), 0o700); err != nil {
			t.Fatal(err)
		}
		img.write(t, work)
		r, err := VerifyWith(work, VerifyOptions{Keys: []string{public}, Checkpoints: kept})
		if err != nil {
			t.Fatal(err)
		}
		whole := img.equal(good)
		if tree, ok := img[treeName]; name == treeName && (!ok || bytes.HasPrefix(good[treeName], tree[:min(len(tree), int(tlog.StoredHashCount(leaves(int64(len(tree)))))*tlog.HashSize)])) {
			whole = r.OK // shorter, or not there: made anew from the records
		}
		if r.OK && r.Torn > 0 { // as a crash leaves it: what is no record yet is said to be none
			img[name] = img[name][:max(0, len(img[name])-r.Torn)]
			whole = img.equal(good)
		}
		if r.OK != whole {
			t.Fatalf("op %d on %s and %s: verified %v", op%8, name, second, r.OK)
		}
		if r.OK {
			return
		}
		b := r.Break
		if b.Detail == "" || b.File == "" || !good.near(b.File, name, second) {
			t.Fatalf("op %d on %s and %s: the place is %+v", op%8, name, second, *b)
		}
	})
}

// near reports whether place is one of those files, or, where they have records, the next
// one of these or what is held against them: the head, the tree.
func (img image) near(place string, changed ...string) bool {
	names := img.names()
	for _, name := range changed {
		if place == name {
			return true
		}
		if name == treeName && strings.HasPrefix(place, prefix+"-") {
			return true // of the two, it can't be told which was changed
		}
		i := slices.Index(names, name)
		if !strings.HasPrefix(name, prefix+"-") {
			continue
		}
		if place == headName || place == treeName || i+1 < len(names) && place == names[i+1] || i > 0 && place == names[i-1] {
			return true
		}
	}
	return false
}
