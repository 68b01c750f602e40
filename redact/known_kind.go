package redact

import (
	"math"
	"sync"
)

// windowKind is what kinds of bytes the up to eight bytes of a window are, two bits
// for each. Few kinds make up most of a log, and random values have windows of other
// ones, so a set of kinds, which stays in the first cache of a processor, keeps most
// of a text from the filter.
type windowKind uint16

// kindOf returns the kind of a window, which is zero behind its end. The bits of a byte
// tell letters, of either case, digits with a few signs, and all else.
func kindOf(x uint64) windowKind {
	const (
		high   = 0x8080808080808080
		gather = 0x0002040810204081 // moves the highest bit of each byte to the top
	)
	letter := x << 1
	lower := x << 2 & (letter | x<<3) // or a digit
	return windowKind(letter&high*gather>>56<<8 | lower&high*gather>>56)
}

// knownKinds is a set of kinds.
type knownKinds [1 << 16 / 64]uint64

func (s *knownKinds) has(k windowKind) bool { return s[k>>6]>>(k&63)&1 != 0 }
func (s *knownKinds) add(k windowKind)      { s[k>>6] |= 1 << (k & 63) }

// kindShares returns the share of the windows of a log, of so many bytes, that are of
// each kind, as if each byte depended on the one before only.
func kindShares(width int) []float32 {
	shares := make([]float32, 1<<16)
	for i := range shares {
		k := windowKind(i)
		before := kindAt(k, 0)
		share := kindBytes[before]
		for i := 1; i < width; i++ {
			next := kindAt(k, i)
			share *= kindPairs[before][next]
			before = next
		}
		shares[k] = float32(share)
	}
	return shares
}

// knownShares are the shares of the kinds for each shape.
var knownShares = sync.OnceValue(func() (shares [len(knownShapes)][]float32) {
	for i, shape := range knownShapes {
		if i > 0 && shape.width == knownShapes[i-1].width {
			shares[i] = shares[i-1]
		} else {
			shares[i] = kindShares(shape.width)
		}
	}
	return shares
})

// kindAt returns of which kind the byte i of a window is: 0 for signs and controls,
// 1 for digits, 2 for capitals, 3 for other letters.
func kindAt(k windowKind, i int) windowKind { return k>>(8+i)&1<<1 | k>>i&1 }

// Shares of the bytes of logs, and of the bytes that follow each kind: the means of
// bench/corpus and of the logs of a dozen servers and systems.
var (
	kindBytes = [4]float64{0.19, 0.31, 0.08, 0.42}
	kindPairs = [4][4]float64{
		{0.18, 0.34, 0.15, 0.33},
		{0.23, 0.69, 0.03, 0.05},
		{0.19, 0.14, 0.36, 0.31},
		{0.15, 0.06, 0.03, 0.76},
	}
)

// join adds the kinds of other, which may be nil.
func (s *knownKinds) join(other *knownKinds) {
	if other == nil {
		return
	}
	for i, kinds := range other {
		s[i] |= kinds
	}
}

// commonness is how many bits windows count against a stretch of them: of the kinds
// that share of a log is.
func commonness(share float64) float64 { return 16 * math.Log2(1+max(0, share)*(1<<16)) }
