package disguise

import (
	"bytes"
	"slices"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderUnits, ansi{units{codec.NewEscaping(ansiUnits{})}}) }

// ansi is text with control sequences of terminals (ECMA-48, section 5.4), such as
// colours. A stretch is a line with one: its last letter hides where a word begins.
type ansi struct{ units }

const esc = 0x1b

func (ansi) Name() string { return "ansi" }

func (ansi) Next(text []byte, from int) (start, end int) {
	for at := from; ; at++ {
		i := bytes.IndexByte(text[at:], esc)
		if i < 0 {
			return -1, -1
		}
		at += i
		if sequence(text[at:]) > 0 {
			return line(text, from, at)
		}
	}
}

// Hides looks for the bare character only: escapes of a format for it are those that
// the encoding backslash looks for.
func (ansi) Hides(raw []byte) bool { return bytes.IndexByte(raw, esc) >= 0 }

// maxSequence is the length in bytes of the longest sequence that is taken for one.
const maxSequence = 32

// sequence returns the length of the control sequence that b begins with, 0 if it is
// none: one with parameters, or one that chooses a set of characters.
func sequence(b []byte) int {
	if len(b) < 3 || b[0] != esc {
		return 0
	}
	if b[1] == '(' && (b[2] == 'B' || b[2] == '0') {
		return 3
	}
	if b[1] != '[' {
		return 0
	}
	for i, c := range b[2:min(len(b), maxSequence)] {
		if c >= 0x40 && c <= 0x7e {
			return i + 3
		}
		if c < 0x20 || c > 0x3f {
			return 0
		}
	}
	return 0
}

// Encode leaves the sequences inside of an edit where they are, behind its text, so
// that what comes after it is shown as before.
func (a ansi) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	first := len(dst)
	dst, arena = a.units.Encode(dst, arena, edits, text, stretch, base)
	for i := first; i < len(dst); i++ {
		s := dst[i]
		at, n := ansiUnits{}.Plain(stretch[s.Start-base:s.End-base]), 0
		for at < s.End-s.Start {
			if n = sequence(stretch[s.Start-base+at:]); n > 0 {
				break
			}
			at++
		}
		if at >= s.End-s.Start || n == 0 {
			continue
		}
		// What is before the sequence, and what is behind it.
		dst[i].End = s.Start + at
		if rest := (codec.Splice{Start: s.Start + at + n, End: s.End}); rest.Start < rest.End {
			dst = slices.Insert(dst, i+1, rest)
		}
	}
	return dst, arena
}

type ansiUnits struct{}

func (ansiUnits) Plain(raw []byte) int {
	if i := bytes.IndexByte(raw, esc); i >= 0 {
		return i
	}
	return len(raw)
}

func (ansiUnits) Next(dst, raw []byte) (out []byte, n int) {
	if n = sequence(raw); n > 0 {
		return dst, n
	}
	return append(dst, raw[0]), 1
}

func (ansiUnits) Escape(dst, text []byte) []byte { return append(dst, text...) }
