package redact

import "math/bits"

// walk is the memory of each: a chunk, and what one chunk leaves for the next.
type walk struct {
	masks  masks
	edge   edge
	places [chunk*blockSize + 4]uint16
	found  [2*chunk*blockSize + 1]candidate
	hits   [256]hit
	// Where runs of a shape begin, and where a number or a word does with them.
	anywhere, begins [chunk + 1]uint64
	// Whether the last byte before is a digit or of a word, 1 or 0, and the
	// positions behind the last escapes.
	digit, word, escapes uint64
	hasEscapes           bool // there are some in this chunk or right before it
	// The positions behind escapes, where there are some.
	behind [chunk]uint64
}

func (w *walk) begin(text []byte, at int) {
	w.digit, w.word, w.escapes, w.hasEscapes = 0, 0, 0, false
	if at > 0 && at <= len(text) {
		before := uint64(classesOf(text[at-1]))
		w.digit = before / classDigit & 1
		w.word = before / classWord & 1 &^ (before / classGap)
	}
}

// markEscaped marks the positions behind escapes in n blocks, of rest bytes that
// are left: what stands before them is anything.
func (w *walk) markEscaped(n, rest int) {
	m := &w.masks
	some := w.escapes
	for _, mask := range m.escapes[:n] {
		some |= mask
	}
	if w.hasEscapes = some != 0; !w.hasEscapes {
		return
	}
	for i := range n {
		w.behind[i] = m.escapes[i]<<2 | m.escapes[i]<<6 | w.escapes
		m.grams[i] |= w.behind[i]
		w.escapes = m.escapes[i]>>62 | m.escapes[i]>>58
		if left := rest - i*blockSize - gramLen + 1; left < blockSize {
			m.grams[i] &= 1<<max(left, 0) - 1
		}
	}
}

// fill lets the kernel look at the next blocks of text and returns how many are
// ready. Runs reach into the block behind: the last of a chunk is filled again
// with the next one.
func (w *walk) fill(p *prefilter, text []byte, at int) int {
	m, rest := &w.masks, len(text)-at
	n := min(chunk, (rest+blockSize-1)/blockSize)
	active.fill(p, text, at, n, w)
	if n*blockSize < rest {
		return n - 1
	}
	m.digits[n], m.gaps[n], m.words[n] = 0, 0, 0
	// No gram begins in the last bytes.
	if last := rest - (n-1)*blockSize - gramLen + 1; last < blockSize {
		m.grams[n-1] &= 1<<max(last, 0) - 1
		if last < 0 && n > 1 {
			m.grams[n-2] &= 1<<(blockSize+last) - 1
		}
	}
	return n
}

// collect lists the positions that are set in n masks.
func (w *walk) collect(masks *[chunk + 1]uint64, n int) []uint16 {
	have := 0
	for i, m := range masks[:n] {
		base, count := uint16(i*blockSize), bits.OnesCount64(m)
		// Four at once, whether there are or not, spare guessing how many.
		some := w.places[have : have+4]
		for k := range some {
			some[k] = base + uint16(bits.TrailingZeros64(m))
			m &= m - 1
		}
		for k := have + 4; m != 0; k++ {
			w.places[k] = base + uint16(bits.TrailingZeros64(m))
			m &= m - 1
		}
		have += count
	}
	return w.places[:have]
}

// candidate is a place, counted from the begin of a chunk, where some trigger of a
// list may stand.
type candidate struct {
	place uint16
	list  uint16
	long  bool
}

// candidates returns what may stand at places, counted from text[at].
func (w *walk) candidates(p *prefilter, places []uint16, text []byte, at int) []candidate {
	n := 0
	for _, place := range places {
		i := at + int(place)
		gram := folded(text, i)
		before, behind := letterAt(text, i-1), letterAt(text, i+gramLen)
		escaped := w.escaped(text, i)
		short, long := p.short.list(gram&gramMask), p.long.list(gram)
		s, l := &p.short.heads[short], &p.long.heads[long]
		w.found[n] = candidate{place, short, false}
		n += int(s.behind >> behind & (s.before>>before | escaped) & 1)
		w.found[n] = candidate{place, long, true}
		n += int(l.behind >> behind & (l.before>>before | escaped) & 1)
	}
	return w.found[:n]
}

// yieldGrams calls yield for the triggers of candidates, whose places are counted
// from text[at].
func (p *prefilter) yieldGrams(w *walk, candidates []candidate, text []byte, at int, yield func(trigger int32, i int) bool) bool {
	n := 0
	for _, c := range candidates {
		t, i := &p.short, at+int(c.place)
		gram := folded(text, i)
		if c.long {
			t = &p.long
		} else {
			gram &= gramMask
		}
		before, behind := letterAt(text, i-1), letterAt(text, i+gramLen)
		escaped := w.escaped(text, i)
		h := &t.heads[c.list]
		for entries := t.entries[h.from:h.to]; len(entries) > 0; {
			some := entries[:min(len(entries), len(w.hits)-n)]
			for k := range some {
				e := &some[k]
				w.hits[n] = hit{e.trigger, c.place}
				n += int(e.behind >> behind & (e.before>>before | escaped) & isZero(e.gram^gram))
			}
			entries = entries[len(some):]
			if n == len(w.hits) {
				if !yieldHits(w.hits[:n], at, yield) {
					return false
				}
				n = 0
			}
		}
	}
	return yieldHits(w.hits[:n], at, yield)
}

// hit is a trigger that may stand with its gram at a place, counted from the begin
// of a chunk.
type hit struct {
	trigger int32
	place   uint16
}

func yieldHits(hits []hit, at int, yield func(trigger int32, i int) bool) bool {
	for _, h := range hits {
		if !yield(h.trigger, at+int(h.place)) {
			return false
		}
	}
	return true
}

// isZero returns 1 for 0, else 0.
func isZero(x uint32) uint64 { return (uint64(x) - 1) >> 63 }

// escaped returns 1 if what stands before text[i] may be an escape.
func (w *walk) escaped(text []byte, i int) uint64 {
	if w.hasEscapes && endsEscape(text[:i]) {
		return 1
	}
	return 0
}
