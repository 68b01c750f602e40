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

// Stands reports whether text, a field as it is decoded, may hold a stretch. Unlike a
// raw payload, in which a format writes such escapes itself and a search sees through
// them, it is asked for escapes like \n and \" too, and for a value that is short and
// all encoded: of those, only what stands under a name that rules know can be told from
// an id, and such a name makes the payload suspect.
func Stands(text []byte) bool {
	return shortBase64(text) || shortHex(text) || hasEscapes(text) || Hides(text)
}

// IsShort reports whether stretch is one that is looked for only where nothing else
// stands, and of which Hides does not tell.
func IsShort(stretch []byte) bool { return shortBase64(stretch) || shortHex(stretch) }

// IsBlock reports whether what e writes can't be read a part at a time: what a search
// finds in it as it is, it finds by chance.
func IsBlock(e Encoding) bool {
	for _, o := range entries {
		if o.Encoding == e {
			return o.order == orderBlocks
		}
	}
	return false
}

// Spreads reports whether a stretch of e has other text between its parts, which a
// finding in the text as it is would take with it.
func Spreads(e Encoding, stretch []byte) bool {
	_, ok := e.(records)
	return ok && apart(stretch)
}

// line returns the bounds of the line of text that at lies in, without its end, as
// far as it begins at or after from, and of the lines that go on with it. A very long
// line is cut.
func line(text []byte, from, at int) (start, end int) {
	start = max(from, at-maxStretch/2)
	start += bytes.LastIndexByte(text[start:at], '\n') + 1
	end = min(len(text), start+maxStretch)
	if i := bytes.IndexByte(text[at:end], '\n'); i >= 0 {
		end = at + i
	}
	for end < len(text) && text[end] == '\n' && end-at < maxRecord && GoesOn(text[end+1:]) {
		next := bytes.IndexByte(text[end+1:], '\n')
		if next < 0 {
			next = len(text) - end - 1
		}
		if next > maxRecord {
			break
		}
		end += 1 + next
	}
	return start, end
}

// maxRecord bounds, in bytes, the lines that are read together with the first.
const maxRecord = 8 << 10

// GoesOn reports whether text, at the beginning of a line, goes on with the line before:
// it is indented, or closes a bracket or an element.
func GoesOn(text []byte) bool {
	if len(text) == 0 {
		return false
	}
	switch text[0] {
	case ' ', '\t', '}', ']', ')':
		return true
	}
	return len(text) > 1 && text[0] == '<' && text[1] == '/'
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

func (u units) escaping([]byte) codec.Escaping { return u.Escaping }

// Whole returns the part of stretch[from:to] that is made of whole units, if e is of
// an encoding that has such: an escape that the bounds cut is left out. Either bound may
// lie outside of stretch, and stays there.
func Whole(e Encoding, stretch []byte, from, to int) (int, int) {
	u, ok := e.(interface {
		escaping(stretch []byte) codec.Escaping
	})
	if !ok {
		return from, to
	}
	x := u.escaping(stretch)
	var buf [16]byte
	start, end := from, to
	for at := 0; at < len(stretch) && at < to; {
		if n := x.Plain(stretch[at:]); n > 0 {
			at += n
			continue
		}
		_, n := x.Next(buf[:0], stretch[at:])
		next := at + max(n, 1)
		if at < from && from < next {
			start = next
		}
		if at < to && to < next {
			end = at
		}
		at = next
	}
	if e.Name() == "backslash" && end <= len(stretch) {
		end = beforeBackslashes(stretch, start, end)
	}
	return start, end
}

// beforeBackslashes returns where the backslashes begin that text[start:end] ends with,
// if they belong to an escape that was escaped itself, else end.
func beforeBackslashes(text []byte, start, end int) int {
	first, last := end, end
	for first > max(start, 0) && text[first-1] == '\\' {
		first--
	}
	for last < len(text) && text[last] == '\\' {
		last++
	}
	if first < end && last < len(text) && isEscape(text, last-1) {
		return first
	}
	return end
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
