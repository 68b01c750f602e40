package disguise

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/codec"
)

// A run is a word of letters, digits and + / - _ with = at its end, at least minRun
// bytes long: what base64 and hexadecimal digits stand in.
const minRun = 23

// runner is an encoding whose stretches are in runs.
type runner interface {
	Encoding
	// within returns the bounds in run of what looks encoded, start -1 for none.
	within(run []byte) (start, end int)
}

// minShort is the length from which a value that is shorter than a run is decoded if
// it is nothing else.
const minShort = 8

// isShort reports whether text is one word that is shorter than a run.
func isShort(text []byte) bool {
	if len(text) < minShort || len(text) >= minRun {
		return false
	}
	for i, c := range text {
		if !inRun[c] && (c != '=' || i < len(text)-2) {
			return false
		}
	}
	return true
}

var inRun = func() (in [256]bool) {
	for c := range in {
		in[c] = base64Value[c] < 64
	}
	return in
}()

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// breaks flags the bytes of x that most often stand between runs: below +, a dot or a
// colon, or beyond ASCII. A borrow can flag a byte wrongly only above one that is
// flagged rightly, so that the lowest flag is right.
func breaks(x uint64) uint64 {
	dot, colon := x^'.'*ones, x^':'*ones
	return ((x-'+'*ones)&^x | (dot-ones)&^dot | (colon-ones)&^colon | x) & highs
}

// nextRun returns the bounds of the first run that begins at or after from, start -1
// if there is none.
func nextRun(text []byte, from int) (start, end int) {
	if wide && len(text)-from >= 64 {
		return nextRunWide(text, from)
	}
	return nextRunPlain(text, from)
}

// nextRunPlain is nextRun on any processor. Of minRun bytes that belong together, eight at a multiple of
// sixteen do, and the eight before or behind them. What begins or ends near the edges
// of text is taken to go on there.
func nextRunPlain(text []byte, from int) (start, end int) {
	at, before := from, uint64(0)
	for at+16 <= len(text) {
		here := breaks(binary.LittleEndian.Uint64(text[at:]))
		behind := breaks(binary.LittleEndian.Uint64(text[at+8:]))
		if here != 0 || before != 0 && behind != 0 {
			at, before = at+16, behind
			continue
		}
		if start, end = runAt(text, from, at); end-start >= minRun {
			return start, end
		}
		if end <= at+16 {
			at, before = at+16, behind
		} else {
			at, before = end, 0
		}
	}
	if at < len(text) {
		if start, end = runAt(text, from, at); end-start >= minRun {
			return start, end
		}
	}
	return -1, -1
}

// runAt returns the bounds of the run that text[at] is in, empty if there is none.
func runAt(text []byte, from, at int) (start, end int) {
	start, end = at, at
	for end < len(text) && inRun[text[end]] {
		end++
	}
	if end == at {
		return at, at
	}
	for start > from && inRun[text[start-1]] {
		start--
	}
	for n := 0; n < 2 && end < len(text) && text[end] == '='; n++ {
		end++
	}
	return start, end
}

// skipEscape returns where the run text[start:end] begins behind the rest of an
// escape: the n of \n, or u00e9.
func skipEscape(text []byte, start, end int) int {
	if start == 0 || text[start-1] != '\\' || start == end {
		return start
	}
	if text[start] == 'u' && end-start > 5 && hexByte(text[start+1:]) >= 0 && hexByte(text[start+3:]) >= 0 {
		return start + 5
	}
	return start + 1
}

// allText reports whether text holds nothing but characters.
func allText(text []byte) bool {
	for _, c := range text {
		if !isText(int(c)) {
			return false
		}
	}
	return len(text) > 0
}

// nextIn returns the bounds of the first stretch that e sees in a run.
func nextIn(e runner, text []byte, from int) (start, end int) {
	for {
		start, end = nextRun(text, from)
		if start < 0 {
			return -1, -1
		}
		from = end
		start = skipEscape(text, start, end)
		if a, b := e.within(text[start:end]); a >= 0 {
			return start + a, start + b
		}
	}
}

// hidesInRun reports whether one of the encodings given sees a stretch in a run.
func hidesInRun(raw []byte, encodings ...runner) bool {
	for from := 0; ; {
		start, end := nextRun(raw, from)
		if start < 0 {
			return false
		}
		from = end
		start = skipEscape(raw, start, end)
		for _, e := range encodings {
			if a, _ := e.within(raw[start:end]); a >= 0 {
				return true
			}
		}
	}
}

// mostlyText reports whether text is worth a search: seven bytes in eight are text.
func mostlyText(text []byte) bool {
	bad := 0
	for i := 0; i < len(text); {
		if text[i] < utf8.RuneSelf {
			if !isText(int(text[i])) {
				bad++
			}
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			bad++
		}
		i += n
	}
	return len(text) > 0 && bad*8 <= len(text)
}

// whole appends to dst the splice that makes stretch, at offset base, what lies in
// arena from at on: from the first byte that differs to the last.
func whole(dst []codec.Splice, arena []byte, at int, stretch []byte, base int) []codec.Splice {
	now := arena[at:len(arena):len(arena)]
	i := 0
	for i < len(now) && i < len(stretch) && now[i] == stretch[i] {
		i++
	}
	j := 0
	for j < len(now)-i && j < len(stretch)-i && now[len(now)-1-j] == stretch[len(stretch)-1-j] {
		j++
	}
	if i == len(now) && i == len(stretch) {
		return dst
	}
	return append(dst, codec.Splice{Start: base + i, End: base + len(stretch) - j, Text: now[i : len(now)-j]})
}
