package disguise

import (
	"bytes"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderUnits, backslash{units{codec.NewEscaping(backslashUnits{})}}) }

// backslash is text with the escapes of programming languages: \xXX, \uXXXX, the short
// ones, and those for the escape character of terminals. A stretch is a line with one.
type backslash struct{ units }

func (backslash) Name() string { return "backslash" }

func (backslash) Next(text []byte, from int) (start, end int) {
	for at := from; ; {
		i := bytes.IndexByte(text[at:], '\\')
		if i < 0 {
			return -1, -1
		}
		at += i
		behind := behindRun(text, at)
		if spellsASCII(text[behind:]) || shortEscape(text, behind) {
			return line(text, from, at)
		}
		at = behind
	}
}

// hasEscapes reports whether text has short escapes.
func hasEscapes(text []byte) bool {
	for at := 0; ; {
		i := bytes.IndexByte(text[at:], '\\')
		if i < 0 {
			return false
		}
		if at = behindRun(text, at+i); shortEscape(text, at) {
			return true
		}
	}
}

// isEscape reports whether the backslash at text[at] begins a short escape of a
// quotation mark, a slash or white space, written once or more often.
func isEscape(text []byte, at int) bool { return shortEscape(text, behindRun(text, at)) }

// behindRun returns the offset behind the backslashes at text[at]. Who goes on there looks
// at each of them once, however many there are.
func behindRun(text []byte, at int) int {
	for at < len(text) && text[at] == '\\' {
		at++
	}
	return at
}

// shortEscape reports whether text[at], behind a backslash, makes a short escape of it.
func shortEscape(text []byte, at int) bool {
	return at < len(text) && bytes.IndexByte([]byte(`"'/nrt`), text[at]) >= 0
}

// Hides looks at every backslash, those of escapes of a format too, so that it sees
// through any number of levels.
func (backslash) Hides(raw []byte) bool {
	for at := 0; ; at++ {
		i := bytes.IndexByte(raw[at:], '\\')
		if i < 0 {
			return false
		}
		if at += i; spellsASCII(raw[at+1:]) {
			return true
		}
	}
}

// spellsASCII reports whether b, behind a backslash, goes on with the digits of a
// character of ASCII, or as an escape character and what belongs to it do.
func spellsASCII(b []byte) bool {
	switch {
	case len(b) >= 2 && b[0] == 'e' && b[1] == '[', len(b) >= 4 && string(b[:4]) == "033[":
		return true
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
	switch {
	case len(raw) > 1 && raw[1] == '\'':
		return append(dst, '\''), 2
	case len(raw) > 2 && raw[1] == 'e' && raw[2] == '[':
		return append(dst, esc), 2
	case len(raw) > 4 && string(raw[1:5]) == "033[":
		return append(dst, esc), 4
	}
	return codec.Backslash.Next(dst, raw)
}

func (backslashUnits) Escape(dst, text []byte) []byte { return codec.Backslash.Escape(dst, text) }
