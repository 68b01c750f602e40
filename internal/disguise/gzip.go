package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderBlocks, gzipText{}) }

// gzipText is text compressed with gzip (RFC 1952) and written in base64.
type gzipText struct{}

// maxRatio is how many times its size text may decompress to: more is a bomb. Logs
// compress 5 to 30 times.
const maxRatio = 100

// gzipMagic is the header of gzip with no flag set, less its last bits, in base64.
var gzipMagic = []byte("H4sI")

func (gzipText) Name() string { return "gzip" }

func (gzipText) Next(text []byte, from int) (start, end int) {
	i := bytes.Index(text[from:], gzipMagic)
	for i >= 0 {
		start = from + i
		end = start + len(gzipMagic)
		for end < len(text) && inRun[text[end]] {
			end++
		}
		for n := 0; n < 2 && end < len(text) && text[end] == '='; n++ {
			end++
		}
		if end-start >= minRun {
			return start, wrappedEnd(text, start, end, wholeGroups)
		}
		from = end
		i = bytes.Index(text[from:], gzipMagic)
	}
	return -1, -1
}

// wholeGroups reports whether a line is of whole groups of base64.
func wholeGroups(line []byte) bool { return len(line)%4 == 0 }

func (e gzipText) Hides(raw []byte) bool {
	start, _ := e.Next(raw, 0)
	return start >= 0
}

func (gzipText) Decode(dst, stretch []byte) (out []byte, ok bool) {
	packed, ok := decodeBase64(nil, stretch, MaxDecoded)
	if !ok {
		return dst, false
	}
	text, err := codec.Decode(nil, packed, "gzip", min(MaxDecoded, int64(maxRatio*len(packed))))
	if err != nil || !mostlyText(text) {
		return dst, false
	}
	return append(dst, text...), true
}

func (gzipText) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, text, stretch []byte, base int) ([]codec.Splice, []byte) {
	if len(edits) == 0 {
		return dst, arena
	}
	packed, err := codec.Encode(nil, codec.Apply(nil, text, edits), "gzip")
	if err != nil {
		return append(dst, codec.Splice{Start: base, End: base + len(stretch)}), arena // better gone than kept
	}
	at := len(arena)
	arena = appendBase64(arena, packed, stretch)
	return whole(dst, arena, at, stretch, base), arena
}
