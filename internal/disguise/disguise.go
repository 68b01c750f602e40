// Package disguise finds text that stands encoded inside of other text: base64 in a
// log line, a percent-encoded query in a message. It decodes such a stretch and
// turns edits of what it decodes to into edits of the stretch, in its own encoding.
// It knows nothing of secrets, and nothing of the format that the text comes from.
package disguise

import (
	"bytes"
	"sort"

	"github.com/redactd/redactd/internal/codec"
)

// Encoding is one way to write text as other text. It is immutable and safe for
// concurrent use. No method keeps or changes the slices given.
type Encoding interface {
	// Name is what a path calls it: "base64" in "msg|base64".
	Name() string
	// Next returns the bounds of the first stretch of text that begins at or after
	// from and looks as if it were encoded so; start is -1 if there is none. What
	// it costs is a fraction of what a search of text does, and stretches are rare
	// in text where nothing is encoded.
	Next(text []byte, from int) (start, end int)
	// Decode appends to dst what stretch stands for. ok is false where that does
	// not read as text, or is longer than MaxDecoded.
	Decode(dst, stretch []byte) (out []byte, ok bool)
	// Encode appends to dst the splices of stretch, which lies at offset base, that
	// edits of text, which it decodes to, amount to; their texts go to arena, and
	// stay there. With them done, stretch decodes to text with the edits done, but
	// that an edit may take the whole of a character that it is a part of.
	Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte)
	// Hides reports whether raw, a payload in whatever format, could hold a stretch
	// in some field of it. It may say yes too often and never wrongly no, as long
	// as the format writes printable ASCII but for quotes and backslashes as it is.
	Hides(raw []byte) bool
}

// MaxDecoded bounds, in bytes, what a stretch decodes to.
const MaxDecoded = 1 << 20

// maxStretch bounds, in bytes, a stretch that would be a line.
const maxStretch = 256 << 10

// The encodings that write a few characters otherwise come first: where they are in
// what others wrote, that can't be read before they are undone. Last comes what the
// padding of others looks like.
const (
	orderUnits = iota
	orderBlocks
	orderLast
)

type entry struct {
	order int
	Encoding
}

var (
	entries []entry
	all     []Encoding

	// Those that stand in runs are looked for together.
	runners []runner
	others  []Encoding
)

// register adds an encoding. It is called from init only.
func register(order int, e Encoding) {
	for _, other := range all {
		if other.Name() == e.Name() {
			panic("disguise: " + e.Name() + " registered twice")
		}
	}
	if r, ok := e.(runner); ok {
		runners = append(runners, r)
	} else {
		others = append(others, e)
	}
	entries = append(entries, entry{order, e})
	sort.SliceStable(entries, func(i, j int) bool {
		a, b := entries[i], entries[j]
		if a.order != b.order {
			return a.order < b.order
		}
		return a.Name() < b.Name()
	})
	all = all[:0]
	for _, e := range entries {
		all = append(all, e.Encoding)
	}
}

// All returns the encodings in the order in which they are to be tried. The caller
// must not change the slice.
func All() []Encoding { return all }

// Hides reports whether some encoding could hide text in raw, a payload in whatever
// format: see Encoding.
func Hides(raw []byte) bool {
	for _, e := range others {
		if e.Hides(raw) {
			return true
		}
	}
	return hidesInRun(raw, runners...)
}

// line returns the bounds of the line of text that at lies in, without its end, as
// far as it begins at or after from. A very long line is cut.
func line(text []byte, from, at int) (start, end int) {
	start = max(from, at-maxStretch/2)
	start += bytes.LastIndexByte(text[start:at], '\n') + 1
	end = min(len(text), start+maxStretch)
	if i := bytes.IndexByte(text[at:end], '\n'); i >= 0 {
		end = at + i
	}
	return start, end
}

// units is an encoding that writes some characters of a line otherwise.
type units struct{ codec.Escaping }

func (u units) Decode(dst, stretch []byte) (out []byte, ok bool) {
	from := len(dst)
	out = u.Escaping.Decode(dst, stretch)
	return out, len(out)-from <= MaxDecoded && !bytes.Equal(out[from:], stretch)
}

func (u units) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	return u.Splices(dst, arena, edits, text, stretch, base)
}

// hexByte returns the byte whose two hexadecimal digits b begins with, or -1.
func hexByte(b []byte) int {
	if len(b) < 2 {
		return -1
	}
	hi, lo := codec.HexValue(b[0]), codec.HexValue(b[1])
	if hi < 0 || lo < 0 {
		return -1
	}
	return hi<<4 | lo
}

// isText reports whether c is a character of text in ASCII.
func isText(c int) bool { return c >= ' ' && c <= '~' || c == '\n' || c == '\r' || c == '\t' }
