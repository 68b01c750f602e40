package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderBlocks, hexText{}) }

// hexText is text in pairs of hexadecimal digits, at least sixteen of them.
type hexText struct{}

const minHex = 32

func (hexText) Name() string { return "hex" }

func (hexText) within(run []byte) (start, end int) {
	if len(run) < minHex {
		return -1, -1
	}
	if run[1]|0x20 == 'x' {
		start = 2
	}
	for i := start; i < start+minHex; i += 2 {
		if i+2 > len(run) || !isText(hexByte(run[i:])) {
			return -1, -1
		}
	}
	for end = start + minHex; end < len(run) && codec.HexValue(run[end]) >= 0; end++ {
	}
	if (end-start)%2 != 0 || end < len(run) && base64Value[run[end]] < 62 {
		return -1, -1
	}
	return start, end
}

// shortHex reports whether text is a word of hexadecimal digits, shorter than those that
// are looked for in text, that decodes to nothing but characters.
func shortHex(text []byte) bool {
	if len(text) < minShort || len(text) >= minHex || len(text)%2 != 0 {
		return false
	}
	for i := 0; i < len(text); i += 2 {
		if !isText(hexByte(text[i:])) {
			return false
		}
	}
	return true
}

func (e hexText) Next(text []byte, from int) (start, end int) {
	if from == 0 && shortHex(text) {
		return 0, len(text)
	}
	return nextIn(e, text, from)
}

func (e hexText) Hides(raw []byte) bool { return hidesInRun(raw, e) }

func (hexText) Decode(dst, stretch []byte) (out []byte, ok bool) {
	from := len(dst)
	if len(stretch)/2 > MaxDecoded {
		return dst, false
	}
	for i := 0; i+1 < len(stretch); i += 2 {
		dst = append(dst, byte(hexByte(stretch[i:])))
	}
	if !mostlyText(dst[from:]) {
		return dst[:from], false
	}
	return dst, true
}

func (hexText) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, _, stretch []byte, base int) ([]codec.Splice, []byte) {
	digits := "0123456789abcdef"
	if bytes.ContainsAny(stretch, "ABCDEF") {
		digits = "0123456789ABCDEF"
	}
	for _, ed := range edits {
		at := len(arena)
		for _, c := range ed.Text {
			arena = append(arena, digits[c>>4], digits[c&15])
		}
		dst = append(dst, codec.Splice{Start: base + 2*ed.Start, End: base + 2*ed.End, Text: arena[at:len(arena):len(arena)]})
	}
	return dst, arena
}
