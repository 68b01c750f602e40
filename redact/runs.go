package redact

import (
	"math/bits"
	"slices"
)

// digitRuns returns the positions of a block at which runs of runDigits begin.
func (m *masks) digitRuns(i int) uint64 {
	d, a := m.digits[i]|m.gaps[i], m.digits[i+1]|m.gaps[i+1]
	d2, a2 := both(d, a, 1)
	d4, a4 := both(d2, a2, 2)
	d8, _ := both(d4, a4, 4)
	return d8 & (d4>>8 | a4<<(64-8))
}

// wordRuns returns the positions of a block at which runs of runWords begin.
func (m *masks) wordRuns(i int) uint64 {
	w2, a2 := both(m.words[i], m.words[i+1], 1)
	w4, a4 := both(w2, a2, 2)
	w8, a8 := both(w4, a4, 4)
	w16, _ := both(w8, a8, 8)
	return w16 & (w4>>16 | a4<<(64-16))
}

// both returns which bits of mask and of the one behind it are set together with
// those n behind.
func both(mask, ahead uint64, n int) (m, a uint64) {
	return mask & (mask>>n | ahead<<(64-n)), ahead & (ahead >> n)
}

// findDigits fills p.digitsAt.
func (p *prefilter) findDigits() {
	list := slices.Concat(p.byRun[byDigit-1], p.byBegin[byDigit-1])
	for at := maxRun - 1; at > 0 && len(list) > 0 && len(p.digitsAt) < maxDigitsAt; at-- {
		all := true
		for _, id := range list {
			seq := p.triggers[id].seq
			all = all && at < len(seq) && seq[at].within(&digits)
		}
		if all {
			p.digitsAt = append(p.digitsAt, at)
		}
	}
}

// maxDigitsAt bounds what is asked at every position; more sorts out little.
const maxDigitsAt = 3

// yieldRuns calls yield for the triggers by runs that begin in n blocks, the first
// of which is at text[at].
func (p *prefilter) yieldRuns(w *walk, n, at int, yield func(trigger int32, i int) bool) bool {
	m := &w.masks
	if len(p.byRun[byDigit-1])+len(p.byBegin[byDigit-1]) > 0 {
		for i := range n {
			w.anywhere[i] = m.digitRuns(i)
			for _, at := range p.digitsAt {
				w.anywhere[i] &= m.digits[i]>>at | m.digits[i+1]<<(64-at)
			}
			w.begins[i] = w.anywhere[i] & m.digits[i] &^ (m.digits[i]<<1 | w.digit)
			w.digit = m.digits[i] >> 63
			w.beginBehindEscapes(i)
		}
		if !p.yieldShape(byDigit, w, n, at, yield) {
			return false
		}
	}
	if len(p.byRun[byWord-1])+len(p.byBegin[byWord-1]) > 0 {
		for i := range n {
			words := m.words[i] &^ m.gaps[i]
			w.anywhere[i] = m.wordRuns(i)
			w.begins[i] = w.anywhere[i] &^ (words<<1 | w.word)
			w.word = words >> 63
			w.beginBehindEscapes(i)
		}
		return p.yieldShape(byWord, w, n, at, yield)
	}
	return true
}

// beginBehindEscapes lets runs begin behind escapes, the last letters of which look like
// the begin of the number or word, in a raw payload.
func (w *walk) beginBehindEscapes(i int) {
	if w.hasEscapes {
		w.begins[i] |= w.anywhere[i] & w.behind[i]
	}
}

// yieldShape calls yield for the triggers by one shape, where w has found it.
func (p *prefilter) yieldShape(s shape, w *walk, n, at int, yield func(trigger int32, i int) bool) bool {
	return p.yieldAll(p.byRun[s-1], &w.anywhere, w, n, at, yield) && p.yieldAll(p.byBegin[s-1], &w.begins, w, n, at, yield)
}

// yieldAll calls yield for each trigger at each position of masks.
func (p *prefilter) yieldAll(triggers []int32, masks *[chunk + 1]uint64, w *walk, n, at int, yield func(trigger int32, i int) bool) bool {
	if len(triggers) == 0 {
		return true
	}
	for i, m := range masks[:n] {
		for ; m != 0; m &= m - 1 {
			place := at + i*blockSize + bits.TrailingZeros64(m)
			for _, id := range triggers {
				if !yield(id, place) {
					return false
				}
			}
		}
	}
	return true
}
