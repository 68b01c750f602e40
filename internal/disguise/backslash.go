package disguise

import (
	"bytes"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderUnits, backslash{units{codec.NewEscaping(backslashUnits{})}}) }

// backslash is text with the escapes of programming languages: \xXX, \uXXXX, and the
// short ones. Since rules read the short ones as they are, a stretch is a line with
// one of the others for a character of ASCII.
type backslash struct{ units }

func (backslash) Name() string { return "backslash" }

func (backslash) Next(text []byte, from int) (start, end int) {
	for at := from; ; at++ {
		i := bytes.IndexByte(text[at:], '\\')
		if i < 0 {
			return -1, -1
		}
		if at += i; spellsASCII(text[at+1:]) {
			return line(text, from, at)
		}
	}
}

// Hides looks at every backslash, those of escapes of a format too, so that it sees
// through any number of levels.
func (b backslash) Hides(raw []byte) bool {
	start, _ := b.Next(raw, 0)
	return start >= 0
}

// spellsASCII reports whether b, behind a backslash, goes on with the hexadecimal
// digits of a character of ASCII.
func spellsASCII(b []byte) bool {
	switch {
	case len(b) >= 3 && b[0] == 'x':
		c := hexByte(b[1:])
		return c >= 0 && c < utf8.RuneSelf
	case len(b) >= 5 && b[0] == 'u' && b[1] == '0' && b[2] == '0':
		c := hexByte(b[3:])
		return c >= 0 && c < utf8.RuneSelf
	}
	return false
}

type backslashUnits struct{}

func (backslashUnits) Plain(raw []byte) int {
	if i := bytes.IndexByte(raw, '\\'); i >= 0 {
		return i
	}
	return len(raw)
}

func (backslashUnits) Next(dst, raw []byte) (out []byte, n int) {
	if len(raw) > 3 && raw[1] == 'x' {
		if c := hexByte(raw[2:]); c >= 0 {
			return append(dst, byte(c)), 4
		}
	}
	if len(raw) > 1 && raw[1] == '\'' {
		return append(dst, '\''), 2
	}
	return codec.Backslash.Next(dst, raw)
}

func (backslashUnits) Escape(dst, text []byte) []byte { return codec.Backslash.Escape(dst, text) }
