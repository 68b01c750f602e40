package codec

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// seen is a field as a visitor saw it.
type seen struct {
	Key, Path, Value string
	Kind             Kind
	NoKey            bool
}

func (s seen) String() string {
	return fmt.Sprintf("{%d %q=%q at %q}", s.Kind, s.Key, s.Value, s.Path)
}

// recorder notes every field and asks edit, if there is one, what to do.
type recorder struct {
	fields []seen
	edit   func(f *Field) ([]Splice, bool)
}

func (r *recorder) Visit(f *Field) ([]Splice, bool, error) {
	r.fields = append(r.fields, seen{string(f.Key), string(f.Path), string(f.Value), f.Kind, f.Key == nil})
	if r.edit == nil {
		return nil, false, nil
	}
	edits, remove := r.edit(f)
	return edits, remove, nil
}

func (r *recorder) Suspect([]byte) bool    { return true }
func (r *recorder) Tells(_, _ []byte) bool { return false }

const mark = "MARK"

// markAll replaces the whole of every field.
func markAll(f *Field) ([]Splice, bool) {
	return []Splice{{0, len(f.Value), []byte(mark), ""}}, false
}

// markSome does to a field one of several things, which one depending on the
// field alone, and leaves alone what carries the mark.
func markSome(f *Field) ([]Splice, bool) {
	h := fnv.New32a()
	h.Write(f.Value)
	h.Write(f.Key)
	x := int(h.Sum32() >> 4)
	n := len(f.Value)
	if bytes.Contains(f.Value, []byte(mark)) || n == 0 {
		return nil, false
	}
	a, b := x%n, x/7%n
	if a > b {
		a, b = b, a
	}
	switch x % 5 {
	case 0:
		return nil, true
	case 1:
		return []Splice{{a, b + 1, []byte(mark), ""}}, false
	case 2:
		return []Splice{{a, a + 1, []byte(mark), ""}, {b + 1, n, []byte("\"\\<&\n é" + mark), ""}}, false
	case 3:
		return markAll(f)
	}
	return nil, false
}

// walkWhole walks src in one piece.
func walkWhole(c Codec, src []byte, v Visitor) ([]Splice, int, error) {
	out, n, err := c.NewWalker().Walk(nil, src, true, v)
	return cloneSplices(out), n, err
}

// walkPieces walks src with a buffer that grows by size bytes whenever the
// walker wants more, and returns splices of the whole.
func walkPieces(t testing.TB, c Codec, src []byte, size int, v Visitor) ([]Splice, int, error) {
	w := c.NewWalker()
	var all []Splice
	from, to := 0, 0
	for {
		to = min(to+size, len(src))
		// A copy of its own size shows reads beyond the end and of old memory.
		part := bytes.Clone(src[from:to])
		out, n, err := w.Walk(nil, part, to == len(src), v)
		if n < 0 || n > len(part) {
			t.Fatalf("n = %d of %d", n, len(part))
		}
		out = cloneSplices(out)
		for _, s := range out {
			if s.End > n {
				t.Fatalf("splice [%d,%d) beyond n = %d", s.Start, s.End, n)
			}
		}
		shift(out, from)
		all = append(all, out...)
		from += n
		clear(part)
		if err != nil || to == len(src) {
			return all, from, err
		}
	}
}

func checkOrder(t testing.TB, splices []Splice, n int) {
	t.Helper()
	at := 0
	for _, s := range splices {
		if s.Start < at || s.End < s.Start || s.End > n {
			t.Fatalf("splice [%d,%d) after %d, n = %d", s.Start, s.End, at, n)
		}
		at = s.End
	}
}

func sameSplices(a, b []Splice) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Start != b[i].Start || a[i].End != b[i].End || !bytes.Equal(a[i].Text, b[i].Text) {
			return false
		}
	}
	return true
}

func sameFields(a, b []seen) string {
	for i := range max(len(a), len(b)) {
		switch {
		case i >= len(a):
			return fmt.Sprintf("field %d: none, want %v", i, b[i])
		case i >= len(b):
			return fmt.Sprintf("field %d: %v, want none", i, a[i])
		case a[i] != b[i]:
			return fmt.Sprintf("field %d: %v, want %v", i, a[i], b[i])
		}
	}
	return ""
}

// checkWalk holds for any bytes.
func checkWalk(t testing.TB, c Codec, src []byte) {
	t.Helper()
	keep := bytes.Clone(src)
	plain := &recorder{}
	splices, n, err := walkWhole(c, src, plain)
	if len(splices) != 0 {
		t.Fatalf("%d splices without an edit", len(splices))
	}
	checkEnd(t, n, len(src), err)

	whole := &recorder{edit: markSome}
	splices, n, err = walkWhole(c, src, whole)
	checkEnd(t, n, len(src), err)
	checkOrder(t, splices, n)
	if !bytes.Equal(src, keep) {
		t.Fatal("src was changed")
	}
	if !c.Streams() {
		return
	}
	for _, size := range []int{1, 2, 3, 7, 64, 1 + len(src)/2} {
		if size*1000 < len(src) {
			continue
		}
		pieces := &recorder{edit: markSome}
		got, m, perr := walkPieces(t, c, src, size, pieces)
		if diff := sameFields(pieces.fields, whole.fields); diff != "" {
			t.Fatalf("in pieces of %d: %s", size, diff)
		}
		if !sameSplices(got, splices) {
			t.Fatalf("in pieces of %d: splices %v, want %v", size, got, splices)
		}
		if m != n || (perr == nil) != (err == nil) {
			t.Fatalf("in pieces of %d: n = %d, %v; want %d, %v", size, m, perr, n, err)
		}
	}
}

func checkEnd(t testing.TB, n, size int, err error) {
	t.Helper()
	var coding *CodingError // of what is compressed inside
	if err == nil && n != size || n > size || err != nil && !IsSyntax(err) && !errors.As(err, &coding) {
		t.Fatalf("n = %d of %d, error %v", n, size, err)
	}
}

// checkEdits holds for payloads that are of the format.
func checkEdits(t testing.TB, c Codec, src []byte) {
	t.Helper()
	first := &recorder{edit: markAll}
	splices, _, err := walkWhole(c, src, first)
	if err != nil {
		t.Fatal(err)
	}
	out := Apply(nil, src, splices)
	again := &recorder{edit: markAll}
	if _, _, err = walkWhole(c, out, again); err != nil {
		t.Fatalf("%v in %q", err, out)
	}
	for i := range first.fields {
		f := &first.fields[i]
		switch value := []byte(f.Value); f.Kind {
		case Number:
			f.Value = "0"
		case Address, Date:
			edits, _ := markAll(&Field{Value: value})
			f.Value = string(appendStandIn(nil, f.Kind, value, edits))
		default:
			f.Value = mark
		}
		f.Key = ""
	}
	for i := range again.fields {
		again.fields[i].Key = ""
	}
	if diff := sameFields(again.fields, first.fields); diff != "" {
		t.Fatalf("%s in %q", diff, out)
	}

	skip := func(f *Field) ([]Splice, bool) {
		if bytes.Contains(f.Value, []byte(mark)) || f.StandsIn() || looksJSON(f.Value) {
			return nil, false
		}
		return markAll(f)
	}
	splices, _, _ = walkWhole(c, src, &recorder{edit: skip})
	once := Apply(nil, src, splices)
	splices, _, err = walkWhole(c, once, &recorder{edit: skip})
	if err != nil || len(splices) != 0 {
		t.Fatalf("twice is not once: %v %v in %q", splices, err, once)
	}
}

func samples(t testing.TB, name string) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "samples", name, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no samples in testdata/samples/%s", name)
	}
	out := map[string][]byte{}
	for _, file := range files {
		if out[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestConformance runs every registered codec over its samples.
func TestConformance(t *testing.T) {
	for _, name := range Names() {
		c := Lookup(name)
		for file, src := range samples(t, name) {
			t.Run(name+"/"+file, func(t *testing.T) {
				checkWalk(t, c, src)
				checkEdits(t, c, src)
				for i := range src { // truncated anywhere
					if i < 600 {
						checkWalk(t, c, src[:i])
					}
				}
			})
		}
		t.Run(name+"/alien", func(t *testing.T) {
			for _, other := range Names() {
				for _, src := range samples(t, other) {
					checkWalk(t, c, src)
				}
			}
		})
	}
}

var errStop = errors.New("stop")

type stopper struct{ left int }

func (s *stopper) Visit(f *Field) ([]Splice, bool, error) {
	if s.left--; s.left < 0 {
		return nil, false, errStop
	}
	return nil, false, nil
}

func (s *stopper) Suspect([]byte) bool    { return true }
func (s *stopper) Tells(_, _ []byte) bool { return false }

// TestVisitorError asks that an error of the visitor comes back as it is, from
// whatever field, and that the walker is of use again after Reset.
func TestVisitorError(t *testing.T) {
	for _, name := range Names() {
		c := Lookup(name)
		for file, src := range samples(t, name) {
			plain := &recorder{}
			if _, _, err := walkWhole(c, src, plain); err != nil {
				t.Fatal(name, file, err)
			}
			w := c.NewWalker()
			for i := range plain.fields {
				if _, _, err := w.Walk(nil, src, true, &stopper{i}); err != errStop {
					t.Fatalf("%s/%s: field %d: error %v", name, file, i, err)
				}
				w.Reset()
			}
			again := &recorder{}
			if _, _, err := w.Walk(nil, src, true, again); err != nil {
				t.Fatal(name, file, err)
			}
			if diff := sameFields(again.fields, plain.fields); diff != "" {
				t.Fatalf("%s/%s: after Reset: %s", name, file, diff)
			}
		}
	}
}

// TestOpaque asks that what a scan of the raw bytes can't see is announced: a
// payload that is not opaque holds, as they are, the printable characters of ASCII
// of every value, without quotes and backslashes.
func TestOpaque(t *testing.T) {
	for _, name := range Names() {
		c := Lookup(name)
		for file, src := range samples(t, name) {
			for _, line := range bytes.SplitAfter(src, []byte("\n")) {
				if c.Opaque(line) {
					continue
				}
				r := &recorder{}
				walkWhole(c, line, r)
				for _, f := range r.fields {
					for _, part := range strings.FieldsFunc(f.Value, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) {
						if !bytes.Contains(line, []byte(part)) {
							t.Errorf("%s/%s: %q is hidden in %q", name, file, part, line)
						}
					}
				}
			}
		}
	}
}

// cloneSplices returns a deep copy, as the texts live until the next Walk only.
func cloneSplices(splices []Splice) []Splice {
	out := append([]Splice(nil), splices...)
	for i := range out {
		out[i].Text = append([]byte(nil), out[i].Text...)
	}
	return out
}
