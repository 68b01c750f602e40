package redact

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
)

// whole is what a Writer must give however the text is cut.
func whole(t testing.TB, s *Set, text []byte) []byte {
	t.Helper()
	out, _, _, err := s.Append(s.NewScratch(), nil, nil, Field{Value: text})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// chunked writes text in pieces whose lengths come from r, flushing now and then.
func chunked(t testing.TB, s *Set, text []byte, r *rand.Rand, longest int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, s, nil)
	for rest := text; len(rest) > 0; {
		n := min(len(rest), 1+r.IntN(longest))
		if _, err := w.Write(rest[:n]); err != nil {
			t.Fatal(err)
		}
		rest = rest[n:]
		if r.IntN(3) == 0 {
			if err := w.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWriterEqualsWhole(t *testing.T) {
	s := mustCompile(t, testRules(), Options{})
	r := rand.New(rand.NewPCG(3, 4))
	for i := range 120 {
		var text []byte
		for n := r.IntN(30); n > 0; n-- {
			text = append(text, randomText(r)...)
			if r.IntN(4) == 0 {
				text = append(text, strings.Repeat("plain text, ", r.IntN(200))...)
			}
		}
		longest := []int{1, 7, 300, 5000}[i%4]
		if got, want := chunked(t, s, text, r, longest), whole(t, s, text); !bytes.Equal(got, want) {
			t.Fatalf("pieces of up to %d bytes: %s", longest, firstDifference(got, want))
		}
	}
}

func firstDifference(got, want []byte) string {
	i := 0
	for i < min(len(got), len(want)) && got[i] == want[i] {
		i++
	}
	cut := func(b []byte) []byte { return b[max(0, i-80):min(len(b), i+80)] }
	return "differs at byte: got\n" + string(cut(got)) + "\nwant\n" + string(cut(want))
}

func FuzzWriterEqualsWhole(f *testing.F) {
	s := mustCompile(f, testRules(), Options{})
	for i, frag := range fragments {
		f.Add([]byte(frag+fragments[(i*5)%len(fragments)]), uint64(i))
	}
	f.Fuzz(func(t *testing.T, text []byte, seed uint64) {
		if len(text) > 2000 {
			return
		}
		// Repeated, so that the text is longer than what is held back.
		for seed%3 == 0 && len(text) > 0 && len(text) < 2000 {
			text = append(text, text...)
		}
		r := rand.New(rand.NewPCG(seed, 5))
		if got, want := chunked(t, s, text, r, 1+int(seed%97)), whole(t, s, text); !bytes.Equal(got, want) {
			t.Fatal(firstDifference(got, want))
		}
	})
}

// A long chain of overlapping findings must not make the Writer hold everything.
func TestWriterHoldsBounded(t *testing.T) {
	rules := []Rule{{ID: "overlap", Pattern: `key=[a-z=]{10}`}, {ID: "run", Pattern: `ru_[a-z]+`, Window: 4096}}
	s := mustCompile(t, rules, Options{})
	for _, piece := range []string{"key=key=", "ru_", "nothing to see here "} {
		var out bytes.Buffer
		w := NewWriter(&out, s, nil)
		text := []byte(strings.Repeat(piece, 600_000/len(piece)))
		for rest := text; len(rest) > 0; {
			n := min(len(rest), 1000)
			if _, err := w.Write(rest[:n]); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
			if limit := s.MaxHold() + 2*batch; len(w.buf) > limit {
				t.Fatalf("%q: holds %d bytes, more than %d", piece, len(w.buf), limit)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), whole(t, s, text)) {
			t.Errorf("%q: differs from the whole", piece)
		}
	}
}

func TestWriterFlushHoldsOnlyWhatCanChange(t *testing.T) {
	s := mustCompile(t, testRules(), Options{})
	var out bytes.Buffer
	w := NewWriter(&out, s, nil)
	// With triggers whose rules turn out not to match.
	clean := strings.Repeat("GET /index.html 200 sekret_key is gone, ghx_ too, run_xyz -----BEGIN Y-----\n", 100)
	if _, err := io.WriteString(w, clean); err != nil {
		t.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if held := len(clean) - out.Len(); held > s.values.most+2*maxPlaceholder+16 {
		t.Errorf("holds %d bytes of clean text", held)
	}
}

type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestWriterReportsError(t *testing.T) {
	s := mustCompile(t, testRules(), Options{})
	w := NewWriter(failingWriter{}, s, nil)
	if _, err := w.Write(bytes.Repeat([]byte("x"), 200_000)); err == nil {
		t.Error("Write did not report that writing failed")
	}
	if err := w.Close(); err == nil {
		t.Error("Close did not report it")
	}
}

// TestWriterYields asks that a pause lets out all but what has begun, and that nothing that
// is found is let out whole, wherever the pauses are.
func TestWriterYields(t *testing.T) {
	set, err := Compile(openRules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	w := NewWriter(&out, set, nil)
	for _, tt := range []struct{ in, want string }{
		{"ready, ", "ready, "},
		{"wait", "ready, "},
		{"ing for ", "ready, waiting for "},
		{"tok_abc", "ready, waiting for "},
		{"def123456 and ", "ready, waiting for [REDACTED:prefixed] and "},
		{"password: ", "ready, waiting for [REDACTED:prefixed] and "},
		{"none\n", "ready, waiting for [REDACTED:prefixed] and password: none\n"},
		{"card 4111 1111 ", "ready, waiting for [REDACTED:prefixed] and password: none\ncard "},
	} {
		_, _ = w.Write([]byte(tt.in))
		if err := w.Yield(); err != nil || out.String() != tt.want {
			t.Fatalf("after %q: %q (%v), want %q", tt.in, out.String(), err, tt.want)
		}
	}
	text := "a tok_abcdef123456 b password = hunter2x, 4111111111111111; c tok_abcdef123456"
	for i := range text {
		for j := i; j < len(text); j += 3 {
			var out strings.Builder
			w := NewWriter(&out, set, nil)
			for _, piece := range []string{text[:i], text[i:j], text[j:]} {
				_, _ = w.Write([]byte(piece))
				if err := w.Yield(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"tok_abcdef123456", "hunter2x", "4111111111111111"} {
				if strings.Contains(out.String(), secret) {
					t.Fatalf("cut at %d and %d: %q", i, j, out.String())
				}
			}
		}
	}
}
