package codec

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// labelSet visits the values of a label set as Prometheus writes it, {a="b",c="d"},
// which src at offset base is, each under its label's name. It becomes another label
// set. ok is false, and nothing was visited, if src is none. f is overwritten.
func (l *leaf) labelSet(dst []Splice, f *Field, v Visitor, src []byte, base int) (out []Splice, ok bool, err error) {
	if !eachLabel(src, func(labelAt) {}) {
		return dst, false, nil
	}
	path := f.Path
	mark := len(path)
	eachLabel(src, func(at labelAt) {
		if err != nil {
			return
		}
		name := src[at.name:at.nameEnd]
		path = appendSegment(path[:mark], name)
		var e escaping = quoted{}
		if src[at.val-1] == '`' {
			e = backquoted{}
		}
		*f = Field{Key: name, Path: path, Kind: String}
		var remove bool
		dst, remove, err = l.visit(dst, v, f, src[at.val:at.end], base+at.val, e)
		if remove {
			// An empty value is the same as no label.
			dst = erase(dst, base+at.val, base+at.end)
		}
	})
	return dst, true, err
}

// labelAt says where a label stands: its name and its value, without quotes.
type labelAt struct{ name, nameEnd, val, end int }

// eachLabel calls fn for each label of src and reports whether src is a label set;
// if it is not, fn was called for those before the fault.
func eachLabel(src []byte, fn func(labelAt)) bool {
	i := skipSpace(src, 0)
	if i == len(src) || src[i] != '{' {
		return false
	}
	for i = skipSpace(src, i+1); i < len(src) && src[i] != '}'; {
		var at labelAt
		if at.name, at.nameEnd, i = labelName(src, i); i < 0 {
			return false
		}
		if i = skipSpace(src, i); i == len(src) || src[i] != '=' {
			return false
		}
		if i = skipSpace(src, i+1); i == len(src) {
			return false
		}
		if at.val, at.end = i+1, quotedEnd(src, i); at.end < 0 {
			return false
		}
		fn(at)
		if i = skipSpace(src, at.end+1); i < len(src) && src[i] == ',' {
			i = skipSpace(src, i+1)
		} else if i == len(src) || src[i] != '}' {
			return false
		}
	}
	return i < len(src) && skipSpace(src, i+1) == len(src)
}

// labelName finds the name at src[i], a word or in quotes, and what follows it; next
// is negative if there is none.
func labelName(src []byte, i int) (start, end, next int) {
	if end = quotedEnd(src, i); end >= 0 {
		return i + 1, end, end + 1
	}
	for end = i; end < len(src) && (src[end] == '_' || src[end] == ':' || src[end] == '.' || isWord(src[end])); end++ {
	}
	if end == i {
		return 0, 0, -1
	}
	return i, end, end
}

func isWord(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9'
}

// quotedEnd returns the offset of the quote that ends the string at src[i], -1 if it
// is none.
func quotedEnd(src []byte, i int) int {
	quote := src[i]
	if quote != '"' && quote != '`' {
		return -1
	}
	for i++; i < len(src); i++ {
		switch {
		case src[i] == quote:
			return i
		case src[i] == '\\' && quote == '"':
			i++
		}
	}
	return -1
}

// quoted is what stands in double quotes in Go and in the languages of Prometheus and
// Loki. What is no escape stands for itself.
type quoted struct{}

func (quoted) plain(raw []byte) int { return indexByte(raw, '\\') }

func (quoted) next(dst, raw []byte) (out []byte, n int) {
	c, multibyte, tail, err := strconv.UnquoteChar(string(raw[:min(len(raw), 10)]), '"')
	if err != nil {
		return append(dst, raw[0]), 1
	}
	n = min(len(raw), 10) - len(tail)
	if c < utf8.RuneSelf || !multibyte {
		return append(dst, byte(c)), n
	}
	return utf8.AppendRune(dst, c), n
}

func (quoted) escape(dst, text []byte) []byte {
	for _, c := range text {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c < ' ':
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// backquoted is what stands in backquotes, where nothing is an escape.
type backquoted struct{ verbatim }

func (backquoted) escape(dst, text []byte) []byte {
	from := len(dst)
	dst = append(dst, text...)
	for i := from; i < len(dst); i++ {
		if dst[i] == '`' {
			dst[i] = '\''
		}
	}
	return dst
}

// hidesGo reports whether a backslash in src makes a printable character look
// different, as quoted has it.
func hidesGo(src []byte) bool {
	if hidesASCII(src) {
		return true
	}
	for {
		i := bytes.IndexByte(src, '\\')
		if i < 0 || i+1 == len(src) {
			return false
		}
		src = src[i+1:]
		if c := src[0]; c == 'x' || c == 'U' || c >= '0' && c <= '7' {
			return true
		}
	}
}

// longLine is the length in bytes from which on a line is not made longer: backends
// refuse lines of more than a limit, which is 256 KiB at Loki unless its operator has
// set another, and what a replacement adds must not be what exceeds it.
const longLine = 64 << 10

// boundLine makes splices that replace text of raw, at offset base of the payload, by
// longer one replace it by as many asterisks, if raw would become a long line.
func boundLine(splices []Splice, raw []byte, base int, e escaping) {
	grown := 0
	for _, s := range splices {
		grown += len(s.Text) - (s.End - s.Start)
	}
	if grown <= 0 || len(raw)+grown <= longLine {
		return
	}
	for i := range splices {
		s := &splices[i]
		if span := raw[s.Start-base : s.End-base]; len(s.Text) > len(span) {
			s.Text = bytes.Repeat([]byte{'*'}, len(decode(nil, span, e)))
		}
	}
}
