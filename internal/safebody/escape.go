package safebody

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// escaping is how a value is written where it stands.
type escaping uint8

const (
	plain      escaping = iota
	markup              // text and quoted attributes of HTML and XML
	jsonString          // within the quotation marks of a JSON string
	uriSegment          // within a segment of a URI: unreserved characters only (RFC 3986, 2.3)
)

const (
	hexDigits      = "0123456789abcdef"
	upperHexDigits = "0123456789ABCDEF"
)

// specials tells by a bit for each escaping which bytes it changes.
var specials = func() (t [256]uint8) {
	for c := range ' ' {
		t[c] |= 1 << jsonString
	}
	t['\\'] |= 1 << jsonString
	for _, c := range `<>&"` {
		t[c] |= 1<<markup | 1<<jsonString
	}
	t['\''] |= 1 << markup
	return t
}()

// appendEscaped appends s, which is clean (see [clean]).
func appendEscaped(dst []byte, s string, e escaping) []byte {
	from := 0
	for i := 0; i < len(s); i++ {
		c := s[i]
		if specials[c]>>e&1 == 0 {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch {
		case e == jsonString && (c == '"' || c == '\\'):
			dst = append(dst, '\\', c)
		case e == jsonString:
			// Nothing that a browser could take for markup, whatever it takes the body for.
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, charRef(c)...)
		}
	}
	return append(dst, s[from:]...)
}

// charRef returns the character reference of a character that is special in
// markup, in a form that HTML and XML both know.
func charRef(c byte) string {
	switch c {
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	case '&':
		return "&amp;"
	case '"':
		return "&#34;"
	}
	return "&#39;"
}

// clean makes a value fit to be written everywhere: what is not UTF-8 or can't
// be printed (control characters, marks that turn the direction of writing, what
// XML forbids) becomes U+FFFD, and it ends after limit bytes.
func clean(s string, limit int) string {
	if len(s) <= limit && printableASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if !printable(r) {
			r = utf8.RuneError
		}
		if b.Len()+utf8.RuneLen(r) > limit {
			break
		}
		b.WriteRune(r)
	}
	return b.String()
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// printable reports whether a rune may stand in a value: letters, marks, digits,
// punctuation, symbols and blanks.
func printable(r rune) bool {
	return unicode.IsPrint(r) || r == '\u00a0' || r == '\u202f' || r == '\u3000'
}

func appendPercent(dst []byte, s string) []byte {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', upperHexDigits[c>>4], upperHexDigits[c&15])
		}
	}
	return dst
}
