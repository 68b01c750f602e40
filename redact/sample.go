package redact

import (
	_ "embed"
	"math/bits"
	"sync"
)

// sampleLog is a text of ordinary logs of many kinds. It only steers which triggers
// share a bucket.
//
//go:embed sample.log
var sampleLog []byte

// samplePositions is how many positions of the sample are looked at.
const samplePositions = 4096

// sampleSet has a bit for each of these positions.
type sampleSet [samplePositions / 64]uint64

// parts is how many conditions a kernel by halves has for a window, two for each
// place; others have one.
const parts = 2 * windowLen

// taken are the positions of the sample that the parts of a window take.
type taken [parts]sampleSet

// sampleLetters has, for each place of a window, the positions that have a letter
// there.
var sampleLetters = sync.OnceValue(func() (sets *[windowLen][alphabet]sampleSet) {
	sets = new([windowLen][alphabet]sampleSet)
	for i := range samplePositions {
		for place := range windowLen {
			letter := letterAt(sampleLog, i-1+place)
			sets[place][letter][i/64] |= 1 << (i % 64)
		}
	}
	return sets
})

// taken returns what the kernel at hand takes for w.
func (w *window) taken() (t taken) {
	sets := sampleLetters()
	for place, set := range w {
		if !active.halves {
			t[place].addLetters(&sets[place], set)
			continue
		}
		lower := set | set>>16 | set>>32 | set>>48
		lower &= 0xffff
		t[place].addLetters(&sets[place], lower|lower<<16|lower<<32|lower<<48)
		upper := uint64(0)
		for half := 0; half < alphabet; half += 16 {
			if set>>half&0xffff != 0 {
				upper |= 0xffff << half
			}
		}
		t[windowLen+place].addLetters(&sets[place], upper)
	}
	return t
}

func (s *sampleSet) addLetters(sets *[alphabet]sampleSet, letters uint64) {
	for ; letters != 0; letters &= letters - 1 {
		of := &sets[bits.TrailingZeros64(letters)]
		for i := range s {
			s[i] |= of[i]
		}
	}
}

func (t *taken) add(o *taken) {
	for part := range t {
		for i := range t[part] {
			t[part][i] |= o[part][i]
		}
	}
}

// share returns the share of positions that t takes together with o.
func (t *taken) share(o *taken) float32 {
	n, count := windowLen, 0
	if active.halves {
		n = parts
	}
	for i := range t[0] {
		all := ^uint64(0)
		for part := range n {
			all &= t[part][i] | o[part][i]
		}
		count += bits.OnesCount64(all)
	}
	return float32(count) / samplePositions
}
