package redact

import (
	"cmp"
	"math/bits"
	"slices"
)

// The vector kernels look at windowLen bytes for each position: the one before a
// gram, the gram, and the one behind it. Triggers are sorted into buckets. For
// each place in a window, a table says which bytes the triggers of a bucket have
// there; a position survives if one bucket takes all its bytes. That over-reports
// where triggers of a bucket differ in several places, so those that look alike
// share one, and each trigger is looked for by the gram that fits in best.
const (
	windowLen    = gramLen + 2
	bucketGroups = 8 // a byte of a table holds a group of eight buckets
	bucketCount  = 8 * bucketGroups
)

// alphabet is to how many letters bytes are folded for the buckets: upper case onto
// lower, and control bytes and those beyond ASCII onto others.
const alphabet = 64

// letterOf returns the letter of b: what a kernel does in two subtractions.
func letterOf(b byte) byte {
	return (b - 0x20 - (b/0x20+5)/8*0x20) % alphabet
}

// padding stands for what is before the first and behind the last byte of a text.
const padding = 0

// letterAt returns the letter of text[i], or of the padding around text.
func letterAt(text []byte, i int) byte {
	b := byte(padding)
	if uint(i) < uint(len(text)) {
		b = text[i]
	}
	return letters64[b] % alphabet
}

// letters64 has the letter of each byte.
var letters64 = func() (t [256]byte) {
	for b := range t {
		t[b] = letterOf(byte(b))
	}
	return t
}()

// window has, for each place, a bit for every letter that stands there.
type window [windowLen]uint64

// around returns that of t by the gram at offset gram of its sequence.
func (t *trigger) around(gram int) (w window) {
	before := t.before.set
	if gram > 0 {
		before = t.seq[gram-1]
	} else if t.before.start {
		before.add(padding)
	}
	w[0] = letters(&before)
	for k := range gramLen {
		w[1+k] = letters(&t.seq[gram+k])
	}
	w[windowLen-1] = ^uint64(0)
	if gram+gramLen < len(t.seq) {
		w[windowLen-1] = letters(&t.seq[gram+gramLen])
	}
	return w
}

func letters(s *byteSet) (set uint64) {
	s.each(func(b byte) { set |= 1 << letterOf(b) })
	return set
}

func (w *window) with(o *window) (u window) {
	for k := range w {
		u[k] = w[k] | o[k]
	}
	return u
}

// shares estimates, for each place, the share of the bytes of ordinary logs that the
// kernel at hand takes there.
func (w *window) shares() (p [windowLen]float32) {
	for place, set := range w {
		p[place] = 1
		if set == ^uint64(0) {
			continue
		}
		if active.halves {
			set = byHalves(set)
		}
		p[place] = letterShare(set)
	}
	return p
}

// often estimates, from how often letters are alone, the share of positions that it
// takes.
func (w *window) often() float32 {
	p := float32(1)
	for _, share := range w.shares() {
		p *= share
	}
	return p
}

// byHalves returns the letters whose upper and whose lower halves are those of some
// of set, as a kernel sees it that looks them up apart.
func byHalves(set uint64) (out uint64) {
	lower := uint16(set | set>>16 | set>>32 | set>>48)
	for upper := 0; upper < alphabet; upper += 16 {
		if set>>upper&0xffff != 0 {
			out |= uint64(lower) << upper
		}
	}
	return out
}

// letterShare returns the share of the bytes of ordinary logs that are of set.
func letterShare(set uint64) (s float32) {
	for i := range letterShares {
		s += letterShares[i][uint8(set>>(8*i))]
	}
	return s
}

// letterShares has the shares of each set of eight letters that stand together.
var letterShares = func() (t [alphabet / 8][256]float32) {
	for b, n := range logBytes {
		letter := letterOf(byte(b))
		for set := range 256 {
			if set>>(letter%8)&1 == 1 {
				t[letter/8][set] += float32(max(n, 1)) / 10000
			}
		}
	}
	return t
}()

// buckets are the windows that the triggers of each bucket take together, and the
// tables of the kernels, a bit for each bucket of a group: by letter, by the lower
// half of it, and by the upper halves of two letters that stand side by side, the
// left one's in the lower bits.
type buckets struct {
	letters [bucketGroups][windowLen][alphabet]uint8 // first: aligned to 64 bytes
	lowers  [bucketGroups][windowLen][16]uint8
	uppers  [bucketGroups][(windowLen + 1) / 2][16]uint8
	of      [bucketCount]window
}

const (
	// maxOptions bounds the grams of a trigger that are tried.
	maxOptions = 6
	// maxTried bounds the buckets that are tried with the sample.
	maxTried = 4
)

// sorter sorts triggers into buckets.
type sorter struct {
	b      *buckets
	often  [bucketCount]float32            // see window.often
	shares [bucketCount][windowLen]float32 // of each place
	taken  [bucketCount]taken              // what each takes of the sample
	costs  [bucketCount]float32
}

// widen makes buckets fit for triggers that are in them already, and in which more
// may stand before the gram now.
func (b *buckets) widen(triggers []trigger) {
	for i := range triggers {
		if t := &triggers[i]; t.shape == byGram {
			w := t.around(t.gram)
			b.of[t.bucket] = b.of[t.bucket].with(&w)
		}
	}
}

// add puts triggers into buckets, those that logs hold most often first, each into
// the bucket that it makes worse least, and chooses their grams.
func (b *buckets) add(triggers []trigger) {
	type item struct {
		t     *trigger
		often float32
	}
	var items []item
	for i := range triggers {
		if t := &triggers[i]; t.shape == byGram {
			w := t.around(t.gram)
			items = append(items, item{t, w.often()})
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(b.often, a.often) })
	s := sorter{b: b}
	for k := range b.of {
		of := b.of[k].taken()
		s.put(k, &window{}, &of)
	}
	for _, it := range items {
		s.place(it.t)
	}
	b.tabulate()
}

func (s *sorter) place(t *trigger) {
	best, gram, worse := 0, t.gram, float32(2)
	var chosen taken
	for _, offset := range t.options {
		w := t.around(offset)
		of := w.taken()
		for _, k := range s.likely(&w) {
			c := float32(0)
			if u := s.b.of[k].with(&w); u != s.b.of[k] {
				c = s.taken[k].share(&of) + u.often() - s.costs[k]
			}
			if c < worse {
				best, gram, worse, chosen = k, offset, c, of
			}
		}
		if worse == 0 {
			break
		}
	}
	t.gram, t.bucket, t.options = gram, best, nil
	w := t.around(gram)
	s.put(best, &w, &chosen)
}

// put adds a window to a bucket.
func (s *sorter) put(best int, w *window, chosen *taken) {
	s.b.of[best] = s.b.of[best].with(w)
	s.often[best], s.shares[best] = s.b.of[best].often(), s.b.of[best].shares()
	s.taken[best].add(chosen)
	s.costs[best] = s.taken[best].share(&taken{}) + s.often[best]
}

// likely returns the buckets that w makes worse least by the estimate that costs
// least.
func (s *sorter) likely(w *window) []int {
	var list [maxTried]int
	var worse [maxTried]float32
	n := 0
	own := w.shares()
	for k := range s.b.of {
		if n == maxTried {
			least := float32(1)
			for place, share := range s.shares[k] {
				least *= max(share, own[place])
			}
			if least-s.often[k] >= worse[n-1] {
				continue
			}
		}
		c := float32(0)
		if u := s.b.of[k].with(w); u != s.b.of[k] {
			c = u.often() - s.often[k]
		}
		i := n
		if n < maxTried {
			n++
		} else if i--; c >= worse[i] {
			continue
		}
		for ; i > 0 && worse[i-1] > c; i-- {
			list[i], worse[i] = list[i-1], worse[i-1]
		}
		list[i], worse[i] = k, c
	}
	return list[:n]
}

// tabulate fills the tables.
func (b *buckets) tabulate() {
	for bucket := range b.of {
		group, bit := bucket/8, uint8(1)<<(bucket%8)
		var uppers [windowLen + 1]uint8 // by place, a bit for each
		for place, set := range b.of[bucket] {
			for m := set; m != 0; m &= m - 1 {
				letter := bits.TrailingZeros64(m)
				b.letters[group][place][letter] |= bit
				b.lowers[group][place][letter%16] |= bit
				uppers[place] |= 1 << (letter / 16)
			}
		}
		uppers[windowLen] = 0xf
		for pair := range b.uppers[group] {
			for two := range 16 {
				if uppers[2*pair]>>(two%4)&1 == 1 && uppers[2*pair+1]>>(two/4)&1 == 1 {
					b.uppers[group][pair][two] |= bit
				}
			}
		}
	}
}
