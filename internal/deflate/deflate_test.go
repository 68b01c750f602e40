package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// texts are of kinds that compress in different ways.
func texts() map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	var log bytes.Buffer
	for i := range 1500 {
		fmt.Fprintf(&log, `{"time":"2026-11-22T08:%02d:%02d.%03dZ","level":"info","msg":"request %d took %d ms","trace":"%016x"}`+"\n",
			i/60%60, i%60, r.IntN(1000), i, r.IntN(90000), r.Uint64())
	}
	skewed := make([]byte, 60_000)
	for i := range skewed { // codes of all lengths
		skewed[i] = byte(min(r.ExpFloat64()*12, 255))
	}
	return map[string][]byte{
		"empty": {}, "one": []byte("a"), "noise": noise, "log": log.Bytes(), "skewed": skewed,
		"run": bytes.Repeat([]byte("a"), 100_000), "pairs": []byte(strings.Repeat("ab", 3000)),
		"periods": []byte(strings.Repeat("abcdefg", 300) + strings.Repeat("0123456789", 300)),
		"every":   append(bytes.Repeat([]byte{0}, 300), noise[:300]...),
	}
}

func deflated(t testing.TB, text []byte, level int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(text); i += 20_000 {
		_, _ = w.Write(text[i:min(i+20_000, len(text))])
		if i%3 == 1 {
			_ = w.Flush()
		}
	}
	_ = w.Close()
	return b.Bytes()
}

var levels = []int{flate.HuffmanOnly, flate.NoCompression, 1, 4, 6, 9}

func TestDecode(t *testing.T) {
	for name, text := range texts() {
		for _, level := range levels {
			data := deflated(t, text, level)
			for _, hint := range []int{-1, 0, len(text), len(text) / 2, len(text) + 1, math.MaxInt} {
				got, n, err := Decode([]byte("before"), append(bytes.Clone(data), "behind"...), len(text), hint)
				if err != nil || n != len(data) || string(got) != "before"+string(text) {
					t.Fatalf("%s at level %d, hint %d: %d bytes of %d from %d of %d, %v", name, level, hint, len(got)-6, len(text), n, len(data), err)
				}
			}
			if len(text) == 0 {
				continue
			}
			if _, _, err := Decode(nil, data, len(text)-1, -1); err != ErrTooLarge {
				t.Errorf("%s at level %d: limit of one less: %v", name, level, err)
			}
			for _, cut := range []int{1, 2, 9, 17, 40, len(data) / 2} {
				if cut >= len(data) {
					continue
				}
				if _, _, err := Decode(nil, data[:len(data)-cut], len(text), -1); err != ErrTruncated {
					t.Errorf("%s at level %d: cut by %d: %v", name, level, cut, err)
				}
			}
		}
	}
}

// TestDecodeClears asks that memory which is given up holds nothing.
func TestDecodeClears(t *testing.T) {
	text := bytes.Repeat([]byte("secret "), 1000)
	small := make([]byte, 5, 3000)
	if _, _, err := Decode(small, deflated(t, text, 6), len(text), -1); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(small[:cap(small)], []byte("secret")) {
		t.Error("the buffer that was too small still holds what was written to it")
	}
}

func TestDecodeAllocates(t *testing.T) {
	text := texts()["log"]
	data := deflated(t, text, 6)
	buf := make([]byte, 0, len(text)+slack)
	d := new(decoder)
	if n := testing.AllocsPerRun(100, func() {
		if _, _, err := d.decode(buf, data, len(text), len(text)); err != nil {
			t.Fatal(err)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzDecode holds Decode to the standard library.
func FuzzDecode(f *testing.F) {
	for _, text := range texts() {
		for _, level := range levels {
			f.Add(deflated(f, text[:min(len(text), 3000)], level))
		}
	}
	// A code of a single bit; no distance codes; a match before the beginning.
	f.Add([]byte{0x05, 0xc0, 0x81, 0x08, 0, 0, 0, 0, 0x20, 0x7f, 0xeb, 0x0b, 0, 0})
	f.Add([]byte{0x4b, 0x04, 0x02, 0x00})
	const limit = 1 << 20
	f.Fuzz(func(t *testing.T, data []byte) {
		src := bytes.NewReader(data)
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(src), limit+1))
		got, n, err := Decode(nil, data, limit, -1)
		if len(want) > limit {
			if err != ErrTooLarge {
				t.Fatalf("%v, want %v", err, ErrTooLarge)
			}
			return
		}
		// What is cut at its end can often be called wrong as well.
		if (err == nil) != (wantErr == nil) || errors.Is(wantErr, io.ErrUnexpectedEOF) && err != ErrTruncated {
			t.Fatalf("%v, want %v", err, wantErr)
		}
		if err == nil && (!bytes.Equal(got, want) || n != len(data)-src.Len()) {
			t.Fatalf("%d bytes from %d, want %d from %d", len(got), n, len(want), len(data)-src.Len())
		}
	})
}
