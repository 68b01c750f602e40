package codec

import (
	"bytes"
	"html"
	"unicode/utf8"
)

// entities is text with character references (HTML, section 13.5; XML, section
// 4.1). A named one needs its semicolon here: without it, parameters of a URL
// such as &copy=1 would be taken for one.
type entities struct{}

func (entities) plain(raw []byte) int { return indexByte(raw, '&') }

// maxEntity is the length of the longest reference that is tried.
const maxEntity = 40

func (entities) next(dst, raw []byte) (out []byte, n int) {
	if len(raw) > 2 && raw[1] == '#' {
		return numericEntity(dst, raw)
	}
	n = bytes.IndexByte(raw[:min(len(raw), maxEntity)], ';') + 1
	for i := 1; i < n-1; i++ {
		if c := raw[i] | 0x20; (c < 'a' || c > 'z') && (raw[i] < '0' || raw[i] > '9') {
			n = 0
		}
	}
	if n < 3 {
		return append(dst, raw[0]), 1
	}
	switch string(raw[1 : n-1]) {
	case "amp":
		return append(dst, '&'), n
	case "lt":
		return append(dst, '<'), n
	case "gt":
		return append(dst, '>'), n
	case "quot":
		return append(dst, '"'), n
	case "apos":
		return append(dst, '\''), n
	}
	text := html.UnescapeString(string(raw[:n]))
	if text[0] == '&' {
		return append(dst, raw[0]), 1
	}
	return append(dst, text...), n
}

// numericEntity decodes a reference that begins with &#. The semicolon may be
// missing.
func numericEntity(dst, raw []byte) (out []byte, n int) {
	base, i := rune(10), 2
	if raw[2]|0x20 == 'x' {
		base, i = 16, 3
	}
	start := i
	var r rune
	for ; i < len(raw); i++ {
		d := rune(HexValue(raw[i]))
		if d < 0 || d >= base {
			break
		}
		if r = r*base + d; r > utf8.MaxRune {
			r = utf8.MaxRune + 1
		}
	}
	if i == start {
		return append(dst, raw[0]), 1
	}
	if i < len(raw) && raw[i] == ';' {
		i++
	}
	if r == 0 {
		r = utf8.RuneError
	}
	return utf8.AppendRune(dst, r), i
}

func (entities) escape(dst, text []byte) []byte {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&#34;"...)
		case r == '\'':
			dst = append(dst, "&#39;"...)
		case r < ' ' && r != '\t' && r != '\n' && r != '\r':
			dst = utf8.AppendRune(dst, utf8.RuneError) // XML has no way to write it
		default:
			dst = utf8.AppendRune(dst, r)
		}
		text = text[n:]
	}
	return dst
}

// bareAttribute is the value of an attribute without quotes.
type bareAttribute struct{ entities }

func (bareAttribute) escape(dst, text []byte) []byte {
	for i, c := range text {
		switch c {
		case ' ', '\t', '\n', '\r', '\f', '=', '`':
			dst = append(dst, '&', '#')
			if c >= 10 {
				dst = append(dst, '0'+c/10)
			}
			dst = append(dst, '0'+c%10, ';')
		default:
			if c < utf8.RuneSelf {
				dst = entities{}.escape(dst, text[i:i+1])
			} else {
				dst = append(dst, c)
			}
		}
	}
	return dst
}

// instead is raw text in which old can't stand and is written as other.
type instead struct {
	verbatim
	old, other string
}

func (r instead) escape(dst, text []byte) []byte {
	for {
		i := bytes.Index(text, []byte(r.old))
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), r.other...)
		text = text[i+len(r.old):]
	}
}

// The raw texts of markup, each with what would end it early.
var (
	inComment  = instead{old: "-", other: "_"}
	inCDATA    = instead{old: "]]>", other: "]]]]><![CDATA[>"}
	inDecl     = instead{old: ">", other: "_"}
	inTag      = instead{old: ">", other: "_"}
	inStyle    = instead{old: "<", other: "_"}
	inJSONText = instead{old: "<", other: `\u003c`}
)

// inScript is the source of a script, where a finding stands in a string.
type inScript struct{ verbatim }

func (inScript) escape(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	for _, c := range text {
		switch {
		case c < ' ' || c == '<' || c == '"' || c == '\'' || c == '`' || c == '\\':
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}
