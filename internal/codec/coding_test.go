package codec

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

var stacks = []string{"", "identity", "gzip", "X-GZIP", "deflate", "deflate-raw", "br", "zstd",
	"snappy", "x-snappy-framed", "gzip, br", "snappy, gzip", "zstd,gzip , identity", "deflate, zstd, br", "deflate-raw, gzip"}

func payloads() map[string][]byte {
	return map[string][]byte{
		"one":   []byte("x"),
		"json":  bytes.Repeat([]byte(`{"message":"hello","n":12}`+"\n"), 700),
		"zeros": make([]byte, 300_000),
	}
}

func TestCodingRoundTrip(t *testing.T) {
	for _, enc := range stacks {
		for name, want := range payloads() {
			src, err := Encode([]byte("pre"), want, enc)
			if err != nil {
				t.Fatal(enc, err)
			}
			got, err := Decode([]byte("pre"), src[3:], enc, int64(len(want)))
			if err != nil || !bytes.Equal(got[3:], want) {
				t.Errorf("%q %s: %d bytes of %d, %v", enc, name, len(got)-3, len(want), err)
			}
			// As a stream, byte by byte.
			d, err := NewDecoder(iotest.OneByteReader(bytes.NewReader(src[3:])), enc, int64(len(want)))
			if err != nil {
				t.Fatal(err)
			}
			got, err = io.ReadAll(d)
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%q %s as a stream: %d bytes, %v", enc, name, len(got), err)
			}
			d.Close()
			d.Close()
		}
	}
}

func TestCodingLimit(t *testing.T) {
	for _, enc := range stacks {
		want := make([]byte, 100_000)
		src, err := Encode(nil, want, enc)
		if err != nil {
			t.Fatal(err)
		}
		for _, limit := range []int64{0, 1, 511, 512, 4095, 99_999} {
			got, err := Decode(nil, src, enc, limit)
			if !errors.Is(err, ErrTooLarge) || int64(cap(got)) > limit+limit/4+512 {
				t.Errorf("%q limit %d: cap %d, %v", enc, limit, cap(got), err)
			}
		}
	}
}

// TestCodingBombBetween has the middle layer large and the last one small.
func TestCodingBombBetween(t *testing.T) {
	inner, _ := Encode(nil, make([]byte, 1<<24), "gzip")
	inner = append(inner, inner...)
	bomb, _ := Encode(nil, bytes.Repeat(inner, 64), "br")
	_, err := Decode(nil, bomb, "gzip, br", 4096)
	if !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestCodingBroken(t *testing.T) {
	want := bytes.Repeat([]byte("some text that is worth compressing; "), 500)
	for _, enc := range stacks[2:] {
		src, _ := Encode(nil, want, enc)
		check := func(what string, broken []byte) {
			t.Helper()
			got, err := Decode(nil, broken, enc, 1<<20)
			var ce *CodingError
			if !errors.As(err, &ce) {
				t.Errorf("%q %s: %d bytes, error %v", enc, what, len(got), err)
			}
		}
		for _, n := range []int{1, 2, 5, len(src) / 2, len(src) - 1} {
			check("truncated", src[:n])
		}
		check("trailing", append(bytes.Clone(src), "garbage"...))
		check("trailing byte", append(bytes.Clone(src), 0))
		check("alien", []byte(`{"message":"this is not encoded at all"}`))
		if got, err := Decode(nil, nil, enc, 10); err != nil || len(got) != 0 {
			t.Errorf("%q: empty: %v", enc, err)
		}
	}
}

func TestCodingMembers(t *testing.T) {
	a, _ := Encode(nil, []byte("one "), "gzip")
	b, _ := Encode(nil, []byte("two"), "gzip")
	got, err := Decode(nil, append(a, b...), "gzip", 100)
	if string(got) != "one two" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestCodingStandardLibraryReads(t *testing.T) {
	src, _ := Encode(nil, []byte("hello"), "gzip")
	r, err := gzip.NewReader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "hello" || err != nil {
		t.Errorf("%q %v", got, err)
	}
	src, _ = Encode(nil, []byte("hello"), "deflate")
	z, err := zlib.NewReader(bytes.NewReader(src))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); string(got) != "hello" || err != nil {
		t.Errorf("%q %v", got, err)
	}
}

func TestResolve(t *testing.T) {
	for _, tt := range []struct{ sent, declared, want string }{
		{"deflate-raw", "deflate", "deflate-raw"},
		{"deflate", "Deflate", "deflate"},
		{"deflate-raw, gzip", "deflate, gzip", "deflate-raw, gzip"},
		{"deflate, br", "deflate, br", "deflate, br"},
		{"gzip", "gzip", "gzip"},
		{"gzip", "lzma", "lzma"},
	} {
		body, err := Encode(nil, []byte("some text"), tt.sent)
		if err != nil {
			t.Fatal(err)
		}
		if got := Resolve(tt.declared, body); got != tt.want {
			t.Errorf("%s as %s: %q", tt.sent, tt.declared, got)
		}
		if tt.declared == "lzma" {
			continue
		}
		if got, err := Decode(nil, body, tt.declared, 100); string(got) != "some text" || err != nil {
			t.Errorf("%s as %s: %q %v", tt.sent, tt.declared, got, err)
		}
	}
}

func TestSupported(t *testing.T) {
	for enc, want := range map[string]bool{
		"": true, "GZIP": true, "gzip, br": true, "identity": true, "compress": false,
		"gzip, lzma": false, "gzip,gzip,gzip,gzip,gzip": false, "aws-chunked": false,
	} {
		if Supported(enc) != want {
			t.Errorf("%q: %v", enc, !want)
		}
	}
	if _, err := Decode(nil, []byte("x"), "made-up", 10); err == nil || strings.Contains(err.Error(), "made-up") {
		t.Errorf("unknown coding: %v", err) // the header is the sender's text
	}
}

func TestCodingSourceError(t *testing.T) {
	for _, enc := range stacks {
		src, _ := Encode(nil, bytes.Repeat([]byte("abc"), 9000), enc)
		broken := errors.New("connection reset")
		r := io.MultiReader(bytes.NewReader(src[:len(src)/2]), iotest.ErrReader(broken))
		d, err := NewDecoder(r, enc, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = io.ReadAll(d); err != broken {
			t.Errorf("%q: %v", enc, err)
		}
		d.Close()
	}
}

// TestEncoderFlush asks that what was flushed can be read before more comes.
func TestEncoderFlush(t *testing.T) {
	for _, enc := range stacks {
		if strings.HasPrefix(enc, "snappy") {
			continue // a block has no parts that could be passed on
		}
		pr, pw := io.Pipe()
		e, err := NewEncoder(pw, enc)
		if err != nil {
			t.Fatal(err)
		}
		more := make(chan bool)
		go func() {
			e.Write([]byte("first"))
			e.Flush()
			<-more
			e.Write([]byte("second"))
			pw.CloseWithError(e.Close()) // nil is io.EOF
		}()
		d, _ := NewDecoder(pr, enc, 100)
		got := make([]byte, 5)
		if _, err := io.ReadFull(d, got); string(got) != "first" || err != nil {
			t.Errorf("%q: %q %v", enc, got, err)
		}
		more <- true
		got, err = io.ReadAll(d)
		if string(got) != "second" || err != nil {
			t.Errorf("%q: %q %v", enc, got, err)
		}
		d.Close()
	}
}

func FuzzCodings(f *testing.F) {
	for i := range stacks {
		f.Add(uint8(i), []byte(`{"a":"b"}`))
	}
	f.Fuzz(func(t *testing.T, n uint8, data []byte) {
		enc := stacks[int(n)%len(stacks)]
		src, err := Encode(nil, data, enc)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(nil, src, Resolve(enc, src), int64(len(data)))
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("%q: %q, %v", enc, got, err)
		}
		// What comes from outside: no panic, no more than allowed.
		if out, err := Decode(nil, data, enc, 1000); err == nil && len(out) > 1000 {
			t.Fatalf("%d bytes", len(out))
		}
	})
}

// TestBrotliPieces cuts streams at every place: how bytes arrive must not
// decide what they mean, nor whether something is behind the end.
func TestBrotliPieces(t *testing.T) {
	for _, size := range []int{1, 1000, 70_000, 300_000} {
		want := bytes.Repeat([]byte("ab c\n"), size/5+1)
		src, _ := Encode(nil, want, "br")
		src = append(src, 'x')
		for cut := max(0, len(src)-40); cut < len(src); cut++ {
			for _, end := range []int{len(src) - 1, len(src)} {
				r := io.MultiReader(bytes.NewReader(src[:min(cut, end)]), iotest.OneByteReader(bytes.NewReader(src[min(cut, end):end])))
				d, _ := NewDecoder(r, "br", 1<<20)
				got, err := io.ReadAll(d)
				d.Close()
				if trailing := end == len(src); !bytes.Equal(got, want) || (err != nil) != trailing {
					t.Fatalf("size %d, cut at %d of %d: %d bytes, %v", size, cut, end, len(got), err)
				}
			}
		}
	}
}

// FuzzDecodeWhole holds the decoders of whole payloads to those of streams.
func FuzzDecodeWhole(f *testing.F) {
	for _, enc := range []string{"gzip", "deflate", "deflate-raw"} {
		for _, text := range payloads() {
			src, err := Encode(nil, text[:min(len(text), 2000)], enc)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(enc, src)
			f.Add(enc, append(src, src...))
		}
	}
	var named bytes.Buffer
	w := gzip.NewWriter(&named)
	w.Name, w.Comment, w.Extra = "name", "comment", []byte("extra")
	_, _ = w.Write([]byte("text"))
	_ = w.Close()
	f.Add("gzip", named.Bytes())
	f.Fuzz(func(t *testing.T, enc string, src []byte) {
		if _, ok := codings[enc].(wholeCoding); !ok || len(src) > 400 { // longer names are refused in streams
			return
		}
		const limit = 1 << 20
		got, err := Decode(nil, src, enc, limit)
		d, _ := NewDecoder(bytes.NewReader(src), enc, limit)
		defer d.Close()
		want, wantErr := io.ReadAll(d)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%s: %d bytes, %v; as a stream %d bytes, %v", enc, len(got), err, len(want), wantErr)
		}
		if errors.Is(err, ErrTooLarge) != errors.Is(wantErr, ErrTooLarge) && len(got) == limit {
			t.Errorf("%s: %v; as a stream %v", enc, err, wantErr)
		}
	})
}

// TestCodingAmend asks that an amended payload decodes to what it should, in all
// codings, and that members without edits stay as they are.
func TestCodingAmend(t *testing.T) {
	text := []byte(strings.Repeat(`{"message":"hello","n":12}`+"\n", 700))
	splices := []Splice{{0, 0, []byte("{}\n"), ""}, {300, 305, []byte("[REDACTED:rule]"), ""}, {9000, 9300, nil, ""}, {len(text), len(text), []byte("end"), ""}}
	amended := Apply(nil, text, splices)
	check := func(what, enc string, src []byte) []byte {
		t.Helper()
		out, err := Amend([]byte("pre"), src, enc, text, amended, splices)
		if err != nil || string(out[:3]) != "pre" {
			t.Fatal(what, err)
		}
		got, err := Decode(nil, out[3:], Resolve(enc, out[3:]), 1<<20)
		if err != nil || !bytes.Equal(got, amended) {
			t.Errorf("%s: %d bytes, %v", what, len(got), err)
		}
		return out[3:]
	}
	for _, enc := range stacks[2:] {
		src, err := Encode(nil, text, enc)
		if err != nil {
			t.Fatal(err)
		}
		check(enc, enc, src)
	}
	raw, _ := Encode(nil, text, "deflate-raw")
	if out := check("raw as deflate", "deflate", raw); isZlib(out) {
		t.Error("raw deflate became zlib")
	}
	var several, clean []byte
	for i, part := range [][]byte{text[:8000], text[8000:10_000], text[10_000:15_000], text[15_000:]} {
		size := len(several)
		several, _ = Encode(several, part, "gzip")
		if i == 2 {
			clean = several[size:]
		}
	}
	if out := check("members", "gzip", several); !bytes.Contains(out, clean) {
		t.Error("a member without edits is not as it was")
	}
	splices[1] = Splice{7990, 8010, []byte("over two members"), ""}
	amended = Apply(nil, text, splices)
	check("over members", "gzip", several)
	noise := make([]byte, 5000) // a text that is another than that of src
	if out, err := Amend(nil, raw, "deflate-raw", noise, Apply(nil, noise, splices[:1]), splices[:1]); err == nil {
		if got, _ := Decode(nil, out, "deflate-raw", 1<<20); !bytes.Equal(got, Apply(nil, noise, splices[:1])) {
			t.Error("a text that is not that of the payload gives another")
		}
	}
}
