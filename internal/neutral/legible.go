package neutral

import (
	"bytes"
	"slices"
	"unicode/utf8"
)

// legible returns a text as who reads it understands it: escapes of JSON and of programming
// languages undone, as in scripts, in documents that are cut short and in values that were
// printed; without codes for a terminal, NUL (UTF-16 under another name) and characters
// without width; ordinary spaces for others. It returns nil where that is the text itself.
func legible(text []byte) []byte {
	if !slices.ContainsFunc(unitStarts, func(c byte) bool { return bytes.IndexByte(text, c) >= 0 }) {
		return nil
	}
	out, other := make([]byte, 0, len(text)), false
	for at := 0; at < len(text); {
		c, size, kept := unit(text[at:])
		other = other || kept != size
		if kept > 0 {
			out = append(out, c)
			out = append(out, text[at+1:at+kept]...)
		}
		at += size
	}
	if !other {
		return nil
	}
	return out
}

// unitStarts are the bytes with which a unit may begin that stands for something else.
var unitStarts = []byte{'\\', 0, '\x1b', 0xc2, 0xe2, 0xef}

// unit returns what the beginning of text stands for: size bytes of it for c and those
// behind the first of kept bytes, or for nothing.
func unit(text []byte) (c byte, size, kept int) {
	switch c = text[0]; {
	case c == 0:
		return 0, 1, 0
	case c == '\x1b':
		return 0, terminalCode(text), 0
	case c == '\\':
		return escaped(text)
	case c < utf8.RuneSelf:
		return c, 1, 1
	}
	r, size := utf8.DecodeRune(text)
	switch r {
	case '\u00a0':
		return ' ', size, 1
	case '\u200b', '\u00ad', '\ufeff':
		return 0, size, 0
	}
	return c, size, size
}

// escaped reads an escape, written with one backslash or, in strings in strings, with more.
func escaped(text []byte) (c byte, size, kept int) {
	at := 0
	for at < len(text) && text[at] == '\\' {
		at++
	}
	if at == len(text) {
		return '\\', at, 1
	}
	switch text[at] {
	case 'n', 'r':
		return '\n', at + 1, 1
	case 't':
		return ' ', at + 1, 1
	case '"', '\'', '/':
		return text[at], at + 1, 1
	case 'u':
		if rest := text[at+1:]; len(rest) >= 4 && rest[0] == '0' && rest[1] == '0' {
			high, low := bytes.IndexByte(hexDigits, lower(rest[2])), bytes.IndexByte(hexDigits, lower(rest[3]))
			switch code := high<<4 | low; {
			case high < 0 || low < 0 || code >= utf8.RuneSelf:
			case code == '\x1b':
				return 0, at + 4 + terminalCode(append([]byte{'\x1b'}, rest[4:min(len(rest), 4+maxCode)]...)), 0
			default:
				return byte(code), at + 5, 1
			}
		}
	}
	return '\\', at, 1
}

var hexDigits = []byte("0123456789abcdef")

func lower(c byte) byte { return c | 0x20 }

// maxCode bounds the length of a code for a terminal.
const maxCode = 32

// terminalCode returns the length of the control sequence (ECMA-48, 5.4) that text, which
// begins with an escape character, has there.
func terminalCode(text []byte) int {
	if len(text) < 2 || text[1] != '[' {
		return 1
	}
	for i := 2; i < min(len(text), maxCode); i++ {
		if text[i] >= '@' && text[i] <= '~' {
			return i + 1
		}
	}
	return 1
}
