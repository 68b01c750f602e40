package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderUnits, percent{}) }

// percent is percent-encoding (RFC 3986, section 2.1) in plain text. A stretch is a
// word that has some. As in forms, + is a blank, unless blanks are written %20.
type percent struct{}

var (
	percentForm = units{codec.NewEscaping(percentUnits{plus: true})}
	percentPath = units{codec.NewEscaping(percentUnits{})}
)

func (percent) Name() string { return "percent" }

func (percent) Next(text []byte, from int) (start, end int) {
	for at := from; ; {
		i := bytes.IndexByte(text[at:], '%')
		if i < 0 {
			return -1, -1
		}
		at += i
		if isText(hexByte(text[at+1:])) {
			start, end = at, at+3
			for start > from && at-start < maxStretch/2 && !endsWord(text[start-1]) {
				start--
			}
			for end < len(text) && end-start < maxStretch && !endsWord(text[end]) {
				end++
			}
			return start, end
		}
		at++
	}
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

func (p percent) Decode(dst, stretch []byte) (out []byte, ok bool) {
	return p.form(stretch).Decode(dst, stretch)
}

func (p percent) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	return p.form(stretch).Encode(dst, arena, edits, text, stretch, base)
}

func (p percent) Hides(raw []byte) bool {
	start, _ := p.Next(raw, 0)
	return start >= 0
}

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
