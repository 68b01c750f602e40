package deflate

import (
	"bytes"
	"compress/flate"
	"io"
	"math/rand/v2"
	"testing"
)

func applied(text []byte, edits []Edit) (out []byte) {
	at := 0
	for _, e := range edits {
		out = append(append(out, text[at:e.Start]...), e.Text...)
		at = e.End
	}
	return append(out, text[at:]...)
}

// checkAmend holds Amend to decoding, editing, and decoding what came of it with
// the standard library. It returns the size of the result, 0 if there is none.
func checkAmend(t *testing.T, data, text []byte, edits []Edit) int {
	t.Helper()
	out, ok := Amend([]byte("before"), append(bytes.Clone(data), "behind"...), text, edits)
	if !ok {
		if string(out) != "before" {
			t.Fatalf("refused, and returned %d bytes", len(out))
		}
		return 0
	}
	r := bytes.NewReader(out[len("before"):])
	got, err := io.ReadAll(flate.NewReader(r))
	want := applied(text, edits)
	if err != nil || !bytes.Equal(got, want) || r.Len() != 0 {
		t.Fatalf("%v, %d bytes with %d left; want %d", err, len(got), r.Len(), len(want))
	}
	return len(out) - len("before")
}

// someEdits makes up to n edits of a text of size bytes.
func someEdits(r *rand.Rand, size, n int) (edits []Edit) {
	at := 0
	for range n {
		start := at + r.IntN(1+(size-at)/max(1, n/2))
		end := min(size, start+r.IntN(40))
		if start > size {
			break
		}
		text := []byte("[REDACTED:some-rule] \xff\x00 and more")[:r.IntN(33)]
		if r.IntN(4) == 0 {
			end = start
		}
		edits = append(edits, Edit{start, end, text})
		at = end
	}
	return edits
}

func TestAmend(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	done := 0
	for name, text := range texts() {
		for _, level := range levels {
			data := deflated(t, text, level)
			cases := [][]Edit{
				{{0, 0, []byte("x")}}, {{len(text), len(text), []byte("behind all")}}, {{0, len(text), nil}},
				{{0, len(text), []byte("all of it")}}, {{len(text) / 2, len(text) / 2, nil}},
			}
			for range 30 {
				if edits := someEdits(r, len(text), 1+r.IntN(6)); len(edits) > 0 {
					cases = append(cases, edits)
				}
			}
			for _, edits := range cases {
				n := checkAmend(t, data, text, edits)
				if n > 0 {
					done++
				} else if len(data) > 5000 && len(edits) < 4 {
					t.Errorf("%s at level %d: %d edits are refused", name, level, len(edits))
				}
			}
		}
	}
	if done < 500 {
		t.Errorf("only %d done", done)
	}
}

// TestAmendKeepsSize asks that an edit costs little room.
func TestAmendKeepsSize(t *testing.T) {
	text := texts()["log"]
	for _, level := range []int{1, 6, 9} {
		data := deflated(t, text, level)
		n := checkAmend(t, data, text, []Edit{{500, 520, []byte("[REDACTED:a-rule]")}, {50_000, 50_000, []byte("new")}})
		if n == 0 || n > len(data)+len(data)/50+600 {
			t.Errorf("level %d: %d bytes became %d", level, len(data), n)
		}
	}
}

func TestAmendAllocates(t *testing.T) {
	text := texts()["log"]
	data := deflated(t, text, 6)
	edits := []Edit{{500, 520, []byte("[REDACTED:a-rule]")}}
	buf := make([]byte, 0, 2*len(data))
	a := new(amender)
	if n := testing.AllocsPerRun(100, func() {
		if _, ok := a.amend(buf, data, text, edits); !ok {
			t.Fatal("refused")
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzAmend(f *testing.F) {
	for _, text := range texts() {
		for i, level := range levels {
			f.Add(deflated(f, text[:min(len(text), 3000)], level), uint64(i))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		text, n, err := Decode(nil, data, 1<<18, -1)
		if err != nil {
			if out, ok := Amend(nil, data, nil, []Edit{{0, 0, []byte("x")}}); ok {
				t.Fatalf("%v, and %d bytes", err, len(out))
			}
			return
		}
		r := rand.New(rand.NewPCG(seed, 5))
		if edits := someEdits(r, len(text), 1+r.IntN(8)); len(edits) > 0 {
			checkAmend(t, data[:n], text, edits)
		}
	})
}
