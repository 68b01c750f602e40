package audit

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/redactd/redactd/internal/seglog"
)

// image is a trail as file names and contents.
type image map[string][]byte

func readImage(t testing.TB, dir string) image {
	t.Helper()
	img := image{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		p, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		img[e.Name()] = p
	}
	delete(img, "LOCK")
	return img
}

func (img image) write(t testing.TB, dir string) {
	t.Helper()
	for name, p := range img {
		if err := os.WriteFile(filepath.Join(dir, name), p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (img image) clone() image {
	out := image{}
	for name, p := range img {
		out[name] = slices.Clone(p)
	}
	return out
}

func (img image) equal(other image) bool {
	for name, p := range img {
		if !bytes.Equal(p, other[name]) {
			return false
		}
	}
	return len(img) == len(other)
}

// names returns the segments in order, then the head.
func (img image) names() []string {
	var names []string
	for name := range img {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) })
	return names
}

// sample makes a trail of three files with four records each.
func sample(t testing.TB) image {
	t.Helper()
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, MaxSize: 4 * 350, Required: true})
	recordN(t, tr, 12)
	closeTrail(t, tr)
	img := readImage(t, dir)
	if len(img) != 5 {
		t.Fatalf("sample has %d files", len(img))
	}
	for name, p := range img {
		if n := bytes.Count(p, []byte("\n")); n != 4 && n != 1 && name != treeName {
			t.Fatalf("sample has a file of %d lines", n)
		}
	}
	return img
}

func (img image) lines(file int) []string {
	return strings.SplitAfter(strings.TrimSuffix(string(img[img.names()[file]]), "\n"), "\n")
}

// setLines puts whole lines in place of a file.
func (img image) setLines(file int, lines []string) {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(strings.TrimSuffix(l, "\n") + "\n")
	}
	img[img.names()[file]] = []byte(b.String())
}

func TestVerifyNamesTheFault(t *testing.T) {
	good := sample(t)
	edit := func(file int, f func(l []string) []string) func(image) {
		return func(img image) { img.setLines(file, f(img.lines(file))) }
	}
	sub := func(i int, old, new string) func([]string) []string {
		return func(l []string) []string {
			l[i] = strings.Replace(l[i], old, new, 1)
			return l
		}
	}
	for name, tc := range map[string]struct {
		change func(image)
		file   int
		line   int
		seq    uint64
		fault  Fault
	}{
		"edited first":        {edit(0, sub(0, "logs", "lags")), 0, 1, 1, Edited},
		"edited middle":       {edit(0, sub(2, "high", "none")), 0, 3, 3, Edited},
		"edited end of file":  {edit(0, sub(3, "high", "none")), 0, 4, 4, Edited},
		"edited before last":  {edit(2, sub(2, "high", "none")), 2, 3, 11, Edited},
		"edited last":         {edit(2, sub(3, "high", "none")), 2, 4, 12, Edited},
		"edited prev":         {edit(1, sub(1, `"prev":"`, `"prev":"x`)), 1, 2, 6, Edited},
		"edited genesis":      {edit(0, sub(0, string(genesis[:8]), "00000000")), 0, 1, 1, Edited},
		"edited number":       {edit(1, sub(1, `"seq":6`, `"seq":7`)), 1, 2, 6, Edited},
		"edited number first": {edit(0, sub(0, `"seq":1`, `"seq":2`)), 0, 1, 1, Edited},
		"number spelt anew":   {edit(1, sub(1, `"seq":6`, `"seq":06`)), 1, 2, 6, Edited},
		"not a record":        {edit(1, sub(1, `{`, `[`)), 1, 2, 6, Edited},
		"blank line":          {edit(1, func(l []string) []string { return slices.Insert(l, 1, "") }), 1, 2, 6, Edited},
		"deleted first":       {edit(0, func(l []string) []string { return l[1:] }), 0, 1, 1, Deleted},
		"deleted middle":      {edit(1, func(l []string) []string { return slices.Delete(l, 1, 3) }), 1, 2, 6, Deleted},
		"deleted end of file": {edit(1, func(l []string) []string { return l[:3] }), 2, 1, 8, Deleted},
		"deleted file":        {func(img image) { delete(img, img.names()[1]) }, 1, 1, 5, Deleted},
		"deleted first file":  {func(img image) { delete(img, img.names()[0]) }, 0, 1, 1, Deleted},
		"deleted last":        {edit(2, func(l []string) []string { return l[:3] }), 2, 4, 12, Truncated},
		"deleted last file":   {func(img image) { delete(img, img.names()[2]) }, 1, 5, 9, Truncated},
		"emptied last file":   {func(img image) { img[img.names()[2]] = nil }, 2, 1, 9, Truncated},
		"swapped":             {edit(1, func(l []string) []string { l[1], l[2] = l[2], l[1]; return l }), 1, 2, 6, Reordered},
		"swapped first":       {edit(0, func(l []string) []string { l[0], l[1] = l[1], l[0]; return l }), 0, 1, 1, Reordered},
		"swapped files": {func(img image) {
			n := img.names()
			img[n[0]], img[n[1]] = img[n[1]], img[n[0]]
		}, 0, 1, 1, Reordered},
		"duplicated":      {edit(1, func(l []string) []string { return slices.Insert(l, 2, l[1]) }), 1, 3, 6, Duplicated},
		"duplicated last": {edit(2, func(l []string) []string { return append(l, l[3]) }), 2, 5, 12, Duplicated},
		"cut in the middle": {func(img image) {
			n := img.names()[1]
			img[n] = img[n][:len(img[n])-1]
		}, 1, 4, 8, Truncated},
		"cut at the end": {func(img image) {
			n := img.names()[2]
			img[n] = img[n][:len(img[n])-1]
		}, 2, 4, 12, Truncated},
		"head edited": {func(img image) { img[headName][8]++ }, 3, 0, 12, Edited},
	} {
		t.Run(name, func(t *testing.T) {
			img, dir := good.clone(), t.TempDir()
			tc.change(img)
			img.write(t, dir)
			r, err := Verify(dir)
			if err != nil || r.OK {
				t.Fatalf("report %+v, %v", r, err)
			}
			want := Break{File: img.names()[tc.file], Line: tc.line, Seq: tc.seq, Fault: tc.fault, Detail: r.Break.Detail}
			if *r.Break != want || want.Detail == "" {
				t.Fatalf("break %+v, want %+v", *r.Break, want)
			}
			var b strings.Builder
			if err := r.WriteText(&b); err != nil || !strings.Contains(b.String(), "BROKEN at "+want.File) {
				t.Fatalf("text %q, %v", b.String(), err)
			}
		})
	}
}

func TestVerifyEmptyAndMissing(t *testing.T) {
	if r, err := Verify(t.TempDir()); err != nil || !r.OK || r.Records != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := Verify(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) && err == nil {
		t.Fatal("a missing directory was verified")
	}
	dir := t.TempDir()
	closeTrail(t, openTrail(t, Options{Dir: dir}))
	if r := mustVerify(t, dir); r.Records != 0 {
		t.Fatalf("%+v", r)
	}
}

// TestVerifyBytes changes a trail by one byte at a time: each of the head and
// every seventh of the records, which leaves out no field; FuzzVerify takes any.
func TestVerifyBytes(t *testing.T) {
	good, dir := sample(t), t.TempDir()
	good.write(t, dir)
	mustVerify(t, dir)
	for _, name := range good.names() {
		path := filepath.Join(dir, name)
		step := 7
		if name == headName {
			step = 1
		}
		for i := 0; i < len(good[name]); i += step {
			p := slices.Clone(good[name])
			p[i] ^= 1 << (i % 8)
			if err := os.WriteFile(path, p, 0o600); err != nil {
				t.Fatal(err)
			}
			if r, err := Verify(dir); err != nil || r.OK {
				t.Fatalf("%s: byte %d changed unseen (%v)", name, i, err)
			}
		}
		if err := os.WriteFile(path, good[name], 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// FuzzVerify changes a trail in one way and expects Verify to see it.
func FuzzVerify(f *testing.F) {
	for op := range uint8(6) {
		f.Add(op, uint16(300), uint8(1), uint16(700))
	}
	good := sample(f)
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, op uint8, at uint16, value uint8, other uint16) {
		img := good.clone()
		names := img.names()
		name := names[int(value)%len(names)]
		p := img[name]
		i, j := int(at)%len(p), int(other)%len(p)
		lines := bytes.SplitAfter(bytes.TrimSuffix(p, []byte("\n")), []byte("\n"))
		lines[len(lines)-1] = append(slices.Clone(lines[len(lines)-1]), '\n')
		li, lj := int(at)%len(lines), int(other)%len(lines)
		switch op % 6 {
		case 0:
			p[i] = value
		case 1:
			p = slices.Delete(slices.Clone(p), min(i, j), max(i, j))
		case 2:
			p = bytes.Join(slices.Delete(lines, li, li+1), nil)
		case 3:
			lines[li], lines[lj] = lines[lj], lines[li]
			p = bytes.Join(lines, nil)
		case 4:
			p = bytes.Join(slices.Insert(lines, li, lines[lj]), nil)
		case 5:
			p = slices.Insert(slices.Clone(p), i, value)
		}
		img[name] = p
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		img.write(t, dir)
		r, err := Verify(dir)
		if err != nil {
			t.Fatal(err)
		}
		if name == treeName && bytes.HasPrefix(good[name], p[:min(len(p), int(tlog.StoredHashCount(leaves(int64(len(p)))))*tlog.HashSize)]) {
			return // shorter: made anew from the records
		}
		if r.OK != img.equal(good) {
			t.Fatalf("op %d on %s: verified %v", op%6, name, r.OK)
		}
	})
}

func TestVerifyWhileWriting(t *testing.T) {
	dir := t.TempDir()
	tr := openTrail(t, Options{Dir: dir, MaxSize: 3000, MaxFiles: 3})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for i := range 2000 {
			if err := tr.Record(t.Context(), []Event{finding("a", i)}); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	for range 50 {
		mustVerify(t, dir)
	}
	<-done
	closeTrail(t, tr)
	if r := mustVerify(t, dir); r.Last != 2000 {
		t.Fatalf("report %+v", r)
	}
	if segs, _ := seglog.List(dir, prefix); len(segs) != 3 {
		t.Fatalf("%d files", len(segs))
	}
}
