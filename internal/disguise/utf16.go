package disguise

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderBlocks, utf16Text{}) }

// utf16Text is text in UTF-16 (RFC 2781) in base64, as commands are handed to
// PowerShell. Its first characters are of ASCII.
type utf16Text struct{}

func (utf16Text) Name() string { return "utf-16" }

func (utf16Text) within(run []byte) (start, end int) {
	if utf16Order(run) == 0 {
		return -1, -1
	}
	return 0, len(run)
}

// utf16Order says in which order the bytes of the characters of run are written:
// 1 for the lower one first, 2 for the upper one, 0 if it is no UTF-16. There may be a
// byte order mark.
func utf16Order(run []byte) int {
	if len(run) < headChars {
		return 0
	}
	// Half of the bytes are 0, and so is every eighth character of base64 or more often.
	var head [headChars / 4 * 3]byte
	for i, j := 0, 0; i < headChars; i, j = i+4, j+3 {
		a, b, c, d := base64Value[run[i]], base64Value[run[i+1]], base64Value[run[i+2]], base64Value[run[i+3]]
		if a|b|c|d >= 64 {
			return 0
		}
		head[j], head[j+1], head[j+2] = a<<2|b>>4, b<<4|c>>2, c<<6|d
	}
	from, order := 0, 1
	switch {
	case head[0] == 0xFF && head[1] == 0xFE:
		from = 2
	case head[0] == 0xFE && head[1] == 0xFF:
		from, order = 2, 2
	case head[0] == 0:
		order = 2
	}
	for i := from; i < len(head); i += 2 {
		low, high := head[i], head[i+1]
		if order == 2 {
			low, high = high, low
		}
		if high != 0 || !isText(int(low)) {
			return 0
		}
	}
	return order
}

func (e utf16Text) Next(text []byte, from int) (start, end int) {
	start, end = nextIn(e, text, from)
	if start < 0 {
		return start, end
	}
	return start, wrappedEnd(text, start, end, wholeGroups)
}

func (e utf16Text) Hides(raw []byte) bool { return hidesInRun(raw, e) }

func (utf16Text) Decode(dst, stretch []byte) (out []byte, ok bool) {
	order := utf16Order(stretch)
	if order == 0 {
		return dst, false
	}
	from := len(dst)
	raw, ok := decodeBase64(dst, stretch, MaxDecoded)
	if !ok || (len(raw)-from)%2 != 0 {
		return dst, false
	}
	// What a character becomes is at most half as long again as what it was: the text
	// goes behind the bytes that it is made of.
	end := len(raw)
	for i := from; i < end; i += 2 {
		r := rune(utf16Unit(raw[i:], order))
		if utf16.IsSurrogate(r) && i+4 <= end {
			if pair := utf16.DecodeRune(r, rune(utf16Unit(raw[i+2:], order))); pair != utf8.RuneError {
				r = pair
				i += 2
			}
		}
		raw = utf8.AppendRune(raw, r)
	}
	n := copy(raw[from:], raw[end:])
	clear(raw[from+n:])
	raw = raw[:from+n]
	if !mostlyText(bytes.TrimPrefix(raw[from:], []byte("\uFEFF"))) {
		return dst, false
	}
	return raw, true
}

func utf16Unit(b []byte, order int) uint16 {
	if order == 1 {
		return uint16(b[0]) | uint16(b[1])<<8
	}
	return uint16(b[1]) | uint16(b[0])<<8
}

func (utf16Text) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	if len(edits) == 0 {
		return dst, arena
	}
	order := utf16Order(stretch)
	var raw []byte
	for _, r := range string(codec.Apply(nil, text, edits)) {
		for _, u := range utf16.AppendRune(nil, r) {
			if order == 1 {
				raw = append(raw, byte(u), byte(u>>8))
			} else {
				raw = append(raw, byte(u>>8), byte(u))
			}
		}
	}
	at := len(arena)
	arena = appendBase64(arena, raw, stretch)
	return whole(dst, arena, at, stretch, base), arena
}
