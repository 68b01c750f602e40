package disguise

import (
	"math/bits"

	"golang.org/x/sys/cpu"
)

// wide says whether the processor can look at 64 bytes at once.
var wide = cpu.X86.HasAVX2

// runMask sets a bit in dst for each byte of text that can stand in a run, for words
// times 64 bytes.
//
//go:noescape
func runMask(dst *uint64, text *byte, words int)

// nextRunWide is nextRun for processors with AVX2.
func nextRunWide(text []byte, from int) (start, end int) {
	var masks [8]uint64
	// What the words before had left: where 1, 2, 4, 8 and 16 bytes in a row end.
	var one, two, four, eight, sixteen uint64
next:
	for at := from; at < len(text); {
		n := min(len(masks), (len(text)-at)/64)
		if n > 0 {
			runMask(&masks[0], &text[at], n)
		} else {
			n = 1
			var tail [64]byte
			copy(tail[:], text[at:])
			runMask(&masks[0], &tail[0], 1)
		}
		for i, m1 := range masks[:n] {
			m2 := m1 & (m1<<1 | one>>63)
			m4 := m2 & (m2<<2 | two>>62)
			m8 := m4 & (m4<<4 | four>>60)
			m16 := m8 & (m8<<8 | eight>>56)
			long := m16 & (m16<<(minRun-18) | sixteen>>(64-(minRun-18)))
			one, two, four, eight, sixteen = m1, m2, m4, m8, m16
			if long == 0 {
				continue
			}
			if start, end = runAt(text, from, at+64*i+bits.TrailingZeros64(long)); end-start >= minRun {
				return start, end
			}
			at, one, two, four, eight, sixteen = end, 0, 0, 0, 0, 0
			continue next
		}
		at += 64 * n
	}
	return -1, -1
}
