package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() {
	register(orderUnits, percent{})
	register(orderUnits, uri{})
}

// percent is percent-encoding (RFC 3986, section 2.1) in plain text. A stretch is a
// word that has some. As in forms, + is a blank, unless blanks are written %20.
type percent struct{}

// uri is percent-encoding in which + is itself although no blank shows it.
type uri struct{}

var (
	percentForm = units{codec.NewEscaping(percentUnits{plus: true})}
	percentPath = units{codec.NewEscaping(percentUnits{})}
)

func (uri) Name() string { return "uri" }

func (uri) Next(text []byte, from int) (start, end int) {
	for at := from; ; at = end {
		if start, end = (percent{}).Next(text, at); start < 0 {
			return start, end
		}
		word := text[start:end]
		if bytes.IndexByte(word, '+') >= 0 && bytes.IndexByte(word, '%') >= 0 && !bytes.Contains(word, []byte("%20")) {
			return start, end
		}
	}
}

func (uri) Decode(dst, stretch []byte) (out []byte, ok bool) { return percentPath.Decode(dst, stretch) }

func (uri) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	return percentPath.Encode(dst, arena, edits, text, stretch, base)
}

func (uri) Hides([]byte) bool { return false } // percent says so

func (uri) escaping([]byte) codec.Escaping { return percentPath.Escaping }

func (percent) Name() string { return "percent" }

func (percent) Next(text []byte, from int) (start, end int) {
	i := indexPercent(text[from:])
	if i < 0 {
		return -1, -1
	}
	at := from + i
	start, end = at, at+1
	for start > from && at-start < maxStretch/2 && !endsWord(text[start-1]) {
		start--
	}
	for end < len(text) && end-start < maxStretch && !endsWord(text[end]) {
		end++
	}
	return start, end
}

// chunk is how many bytes are looked at for either sign.
const chunk = 4 << 10

// indexPercent returns where text has an escape, or a + between two words that is not
// the only one, -1 for nowhere.
func indexPercent(text []byte) int {
	for at := 0; at < len(text); at += chunk {
		part := text[at:min(len(text), at+chunk)]
		escape := indexEscape(text[at:], len(part))
		if escape >= 0 {
			part = part[:escape]
		}
		if plus := indexBlanks(text[at:], len(part)); plus >= 0 {
			return at + plus
		}
		if escape >= 0 {
			return at + escape
		}
	}
	return -1
}

// indexEscape returns the first escape that begins in text[:n].
func indexEscape(text []byte, n int) int {
	for at := 0; at < n; at++ {
		i := bytes.IndexByte(text[at:n], '%')
		if i < 0 {
			break
		}
		if at += i; isText(hexByte(text[at+1:])) {
			return at
		}
	}
	return -1
}

// maxWord is the length in bytes of a word between two + of a form: a longer one is
// a part of base64.
const maxWord = 20

// indexBlanks returns the first + in text[:n] that stands between words and has another
// one like it behind it.
func indexBlanks(text []byte, n int) int {
	for at := 0; at < n; at++ {
		i := bytes.IndexByte(text[at:n], '+')
		if i < 0 {
			break
		}
		if at += i; !parts(text, at) {
			continue
		}
		next := bytes.IndexByte(text[at+1:min(len(text), at+2+maxWord)], '+')
		if next >= 0 && parts(text, at+1+next) && !hasBlank(text[at:at+next]) {
			return at
		}
	}
	return -1
}

// parts reports whether text[at] stands between words.
func parts(text []byte, at int) bool {
	return at > 0 && at+1 < len(text) && inWord(text[at-1]) && inWord(text[at+1])
}

// hasBlank reports whether a word ends in text.
func hasBlank(text []byte) bool {
	for _, c := range text {
		if endsWord(c) {
			return true
		}
	}
	return false
}

func inWord(c byte) bool {
	return c == '-' || c == '.' || c == ':' || c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// endsWord reports bytes that don't stand in what is percent-encoded.
func endsWord(c byte) bool { return c <= ' ' || c == '"' || c == '<' || c == '>' || c == '`' }

// form returns the units of stretch.
func (percent) form(stretch []byte) units {
	if bytes.Contains(stretch, []byte("%20")) {
		return percentPath
	}
	return percentForm
}

func (p percent) escaping(stretch []byte) codec.Escaping { return p.form(stretch).Escaping }

func (p percent) Decode(dst, stretch []byte) (out []byte, ok bool) {
	return p.form(stretch).Decode(dst, stretch)
}

func (p percent) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	return p.form(stretch).Encode(dst, arena, edits, text, stretch, base)
}

func (percent) Hides(raw []byte) bool { return indexPercent(raw) >= 0 }

type percentUnits struct{ plus bool }

func (p percentUnits) Plain(raw []byte) int {
	for i, c := range raw {
		if c == '%' || c == '+' && p.plus {
			return i
		}
	}
	return len(raw)
}

func (p percentUnits) Next(dst, raw []byte) (out []byte, n int) {
	if raw[0] == '+' {
		return append(dst, ' '), 1
	}
	if c := hexByte(raw[1:]); c >= 0 {
		return append(dst, byte(c)), 3
	}
	return append(dst, raw[0]), 1
}

func (percentUnits) Escape(dst, text []byte) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~':
			dst = append(dst, c)
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
