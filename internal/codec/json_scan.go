package codec

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// skipSpace returns the offset of the first byte at or after i that is no JSON
// white space (RFC 8259, section 2).
func skipSpace(src []byte, i int) int {
	for i < len(src) && (src[i] == ' ' || src[i] == '\n' || src[i] == '\r' || src[i] == '\t') {
		i++
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// stringStop returns the offset of the first byte at or after i that ends a run
// of ordinary string bytes: a quote, a backslash or a control character.
func stringStop(src []byte, i int) int {
	for ; i+8 <= len(src); i += 8 {
		x := binary.LittleEndian.Uint64(src[i:])
		quote, slash := x^('"'*ones), x^('\\'*ones)
		// Each term flags bytes that are zero, zero and below 0x20. A borrow can
		// flag a byte wrongly only above one that is flagged rightly.
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (x-0x20*ones)&^x) & highs
		if stop != 0 {
			return i + bits.TrailingZeros64(stop)/8
		}
	}
	for i < len(src) && src[i] != '"' && src[i] != '\\' && src[i] >= 0x20 {
		i++
	}
	return i
}

// token says how the scan of a token went.
type token uint8

const (
	tokenWhole token = iota
	tokenCut         // src ends before the token does
	tokenBad
)

// scanString scans a string from behind its opening quote and returns the
// offset behind the closing one. A cut string returns the offset from which
// the scan may be taken up again, a bad one that of the offence.
func scanString(src []byte, i int) (end int, escaped bool, t token) {
	for {
		i = stringStop(src, i)
		if i == len(src) {
			return i, escaped, tokenCut
		}
		switch src[i] {
		case '"':
			return i + 1, escaped, tokenWhole
		case '\\':
			escaped = true
			n := escapeLen(src[i:])
			if n == 0 {
				return i, true, tokenBad
			}
			if i+n > len(src) {
				return i, true, tokenCut
			}
			i += n
		default:
			return i, escaped, tokenBad
		}
	}
}

// escapeLen returns the length of the JSON escape that b begins with, which may
// be more than there is of b, or 0 if it is none.
func escapeLen(b []byte) int {
	if len(b) < 2 {
		return 2
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for _, c := range b[2:min(6, len(b))] {
			if HexValue(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

// HexValue returns the value of a hexadecimal digit, -1 for other bytes.
func HexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// scanNumber scans a number. A number that src ends in is cut, since it may go
// on, and end is len(src) if it is a whole number as it stands.
func scanNumber(src []byte, i int) (end int, t token) {
	start := i
	if src[i] == '-' {
		i++
	}
	switch d := digits(src, i); {
	case d == i:
		return missing(src, d, start)
	case src[i] == '0' && d > i+1:
		return i + 1, tokenBad
	default:
		i = d
	}
	if i < len(src) && src[i] == '.' {
		d := digits(src, i+1)
		if d == i+1 {
			return missing(src, d, start)
		}
		i = d
	}
	if i < len(src) && src[i]|0x20 == 'e' {
		i++
		if i < len(src) && (src[i] == '+' || src[i] == '-') {
			i++
		}
		d := digits(src, i)
		if d == i {
			return missing(src, d, start)
		}
		i = d
	}
	if i == len(src) {
		return i, tokenCut
	}
	return i, tokenWhole
}

// missing is the result for a number without a digit where one must be.
func missing(src []byte, i, start int) (int, token) {
	if i == len(src) {
		return start, tokenCut
	}
	return i, tokenBad
}

func digits(src []byte, i int) int {
	for i < len(src) && '0' <= src[i] && src[i] <= '9' {
		i++
	}
	return i
}

// isNumber reports whether text is one JSON number.
func isNumber(text []byte) bool {
	if len(text) == 0 || (text[0] != '-' && (text[0] < '0' || text[0] > '9')) {
		return false
	}
	end, t := scanNumber(text, 0)
	return t == tokenCut && end == len(text)
}

// backslash is the escaping inside of quotes of JSON and of formats that borrow
// it. Malformed escapes stand for themselves.
type backslash struct{}

func (backslash) plain(raw []byte) int { return indexByte(raw, '\\') }

func (backslash) next(dst, raw []byte) (out []byte, n int) {
	if len(raw) < 2 {
		return append(dst, raw...), len(raw)
	}
	switch c := raw[1]; c {
	case '"', '\\', '/':
		return append(dst, c), 2
	case 'b':
		return append(dst, '\b'), 2
	case 'f':
		return append(dst, '\f'), 2
	case 'n':
		return append(dst, '\n'), 2
	case 'r':
		return append(dst, '\r'), 2
	case 't':
		return append(dst, '\t'), 2
	case 'u':
		r := hex4(raw[2:])
		if r < 0 {
			break
		}
		if utf16.IsSurrogate(r) {
			if len(raw) >= 12 && raw[6] == '\\' && raw[7] == 'u' {
				if p := utf16.DecodeRune(r, hex4(raw[8:])); p != utf8.RuneError {
					return utf8.AppendRune(dst, p), 12
				}
			}
			r = utf8.RuneError
		}
		return utf8.AppendRune(dst, r), 6
	}
	return append(dst, '\\'), 1
}

func (backslash) escape(dst, text []byte) []byte {
	const hex = "0123456789abcdef"
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		switch c := text[0]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c < 0x20 || c == 0x7f:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			// Malformed UTF-8 becomes U+FFFD: readers refuse the document else.
			dst = utf8.AppendRune(dst, r)
		}
		text = text[n:]
	}
	return dst
}

// hex4 returns the number that four hexadecimal digits stand for, or -1.
func hex4(b []byte) rune {
	if len(b) < 4 {
		return -1
	}
	var r rune
	for _, c := range b[:4] {
		d := HexValue(c)
		if d < 0 {
			return -1
		}
		r = r<<4 | rune(d)
	}
	return r
}
