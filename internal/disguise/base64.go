package disguise

import (
	"bytes"
	"encoding/base64"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderBlocks, base64Text{}) }

// base64Text is base64 (RFC 4648, sections 4 and 5), with padding or without, on one
// line or wrapped over several of the same length.
type base64Text struct{}

// base64Value gives the value of a character in either alphabet, 64 for others.
var base64Value = func() (v [256]byte) {
	for c := range v {
		v[c] = 64
	}
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	for i := range alphabet {
		v[alphabet[i]] = byte(i)
	}
	v['+'], v['-'], v['/'], v['_'] = 62, 62, 63, 63
	return v
}()

func (base64Text) Name() string { return "base64" }

// headChars is how many characters of a run are decoded to see whether it is text.
const headChars = 16

// maxParts is how many parts of a run, such as a path, are looked at.
const maxParts = 8

// within tries the beginning of the run at each of its four characters, since the
// first may be missing or belong to something before, and each part of a path.
func (base64Text) within(run []byte) (start, end int) {
	if readsBase64(run) {
		return 0, len(run)
	}
	for i := 1; i < 4; i++ {
		if mayReadASCII(run[i:]) && readsBase64(run[i:]) {
			return i, len(run)
		}
	}
	parts := 0
	for i := 0; i+headChars < len(run) && parts < maxParts; i++ {
		if base64Value[run[i]] < 62 || base64Value[run[i+1]] >= 32 {
			continue
		}
		if parts++; readsBase64(run[i+1:]) {
			return i + 1, len(run)
		}
	}
	return -1, -1
}

// mayReadASCII reports whether the first byte of each of the first groups of run is
// one of ASCII.
func mayReadASCII(run []byte) bool {
	return len(run) >= headChars &&
		(base64Value[run[0]]|base64Value[run[4]]|base64Value[run[8]]|base64Value[run[12]])&32 == 0
}

// readsBase64 reports whether the first characters of run decode to text in UTF-8. Of
// what is random, one byte in two ends the test.
func readsBase64(run []byte) bool {
	if len(run) < headChars {
		return false
	}
	left := 0 // bytes of a character that are still to come
	for i := 0; i < headChars; i += 4 {
		a, b, c, d := base64Value[run[i]], base64Value[run[i+1]], base64Value[run[i+2]], base64Value[run[i+3]]
		if a|b|c|d >= 64 {
			return false
		}
		for _, x := range [3]byte{a<<2 | b>>4, b<<4 | c>>2, c<<6 | d} {
			n := textBytes[x]
			switch {
			case left > 0:
				if left--; n != inside {
					return false
				}
			case n == inside || n == never:
				return false
			default:
				left = int(n) - 1
			}
		}
	}
	return true
}

// textBytes gives the length of the character of text that a byte begins, or one of
// what follows.
var textBytes = func() (t [256]uint8) {
	for c := range 256 {
		switch {
		case isText(c):
			t[c] = 1
		case c >= 0x80 && c < 0xC0:
			t[c] = inside
		case c >= 0xC2 && c < 0xE0:
			t[c] = 2
		case c >= 0xE0 && c < 0xF0:
			t[c] = 3
		case c >= 0xF0 && c < 0xF5:
			t[c] = 4
		default:
			t[c] = never
		}
	}
	return t
}()

const (
	inside = 8 // a byte within a character
	never  = 9 // no byte of text
)

// shortBase64 reports whether text is a short word that decodes to nothing but
// characters: one random word of twelve in a hundred thousand does.
func shortBase64(text []byte) bool {
	if !isShort(text) {
		return false
	}
	var buf [minRun]byte
	out, ok := decodeBase64(buf[:0], text, minRun)
	return ok && allText(out)
}

func (e base64Text) Next(text []byte, from int) (start, end int) {
	if from == 0 && shortBase64(text) {
		return 0, len(text)
	}
	start, end = nextIn(e, text, from)
	if start < 0 {
		return start, end
	}
	return start, wrappedEnd(text, start, end, linesRead)
}

// linesRead reports whether a line of base64 decodes to text.
func linesRead(line []byte) bool {
	var buf [128]byte
	out, ok := decodeBase64(buf[:0], line[:min(len(line), cap(buf))], MaxDecoded)
	return ok && mostlyText(out)
}

func (e base64Text) Hides(raw []byte) bool { return hidesInRun(raw, e) }

// wrappedEnd returns where base64 that begins at start and whose first line ends at
// end goes to: over lines as long as the first one and a shorter one, as far as reads
// says that they belong to it.
func wrappedEnd(text []byte, start, end int, reads func(line []byte) bool) int {
	width := end - start
	if width%4 != 0 || text[end-1] == '=' {
		return end
	}
	for end-start < 2*MaxDecoded {
		n := softBreak(text[end:])
		if n == 0 {
			break
		}
		next := end + n
		for next < len(text) && next-end-n < width && inRun[text[next]] {
			next++
		}
		for p := 0; p < 2 && next < len(text) && text[next] == '='; p++ {
			next++
		}
		if next == end+n || next < len(text) && text[next] != '\n' && text[next] != '\r' && text[next] != '"' && text[next] != '\'' {
			break // the line is not of it
		}
		if (next-end-n)%4 == 1 || !reads(text[end+n:next]) {
			break
		}
		last := next-end-n < width || text[next-1] == '='
		end = next
		if last {
			break
		}
	}
	return end
}

func (base64Text) Decode(dst, stretch []byte) (out []byte, ok bool) {
	from := len(dst)
	dst, ok = decodeBase64(dst, stretch, MaxDecoded)
	if !ok || !mostlyText(dst[from:]) {
		return dst[:from], false
	}
	return dst, true
}

// decodeBase64 appends to dst what stretch stands for, at most limit bytes.
func decodeBase64(dst, stretch []byte, limit int) (out []byte, ok bool) {
	if len(stretch)/4*3 > limit || bytes.ContainsAny(stretch, "+/") && bytes.ContainsAny(stretch, "-_") {
		return dst, false
	}
	var word uint32
	n := 0
	for _, c := range stretch {
		v := base64Value[c]
		if v == 64 {
			continue // padding and line breaks
		}
		word = word<<6 | uint32(v)
		if n++; n == 4 {
			dst = append(dst, byte(word>>16), byte(word>>8), byte(word))
			word, n = 0, 0
		}
	}
	switch n {
	case 2:
		dst = append(dst, byte(word>>4))
	case 3:
		dst = append(dst, byte(word>>10), byte(word>>2))
	}
	return dst, true
}

func (base64Text) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	if len(edits) == 0 {
		return dst, arena
	}
	at := len(arena)
	arena = appendBase64(arena, codec.Apply(nil, text, edits), stretch)
	return whole(dst, arena, at, stretch, base), arena
}

// appendBase64 appends data to dst in base64 that is written as that of model is: its
// alphabet, its padding, its lines.
func appendBase64(dst, data, model []byte) []byte {
	e := base64.StdEncoding
	if bytes.ContainsAny(model, "-_") {
		e = base64.URLEncoding
	}
	chars := bytes.Count(model, nil) - 1
	width, newline := len(model), ""
	if i := bytes.IndexByte(model, '\n'); i >= 0 {
		width, newline = i, "\n"
		if model[i-1] == '\r' {
			width, newline = i-1, "\r\n"
		}
		chars -= bytes.Count(model, []byte("\n")) * len(newline)
	}
	if chars%4 != 0 { // a lone character at the end stands for nothing
		e = e.WithPadding(base64.NoPadding)
	}
	out := e.AppendEncode(nil, data)
	for newline != "" && len(out) > width {
		dst = append(append(dst, out[:width]...), newline...)
		out = out[width:]
	}
	return append(dst, out...)
}
