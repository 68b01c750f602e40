package redact

import (
	"encoding/binary"
	"math/bits"
)

// prefilter finds, in one pass over the bytes, the places where a trigger of any
// rule could stand: every folded gram of three bytes is hashed into a bitmap, and
// where its bit is set a hash table tells the triggers of that gram.
type prefilter struct {
	bitmap   [bitmapBits / 64]uint64
	triggers []trigger
	// slots is an open-addressing table; a slot with no entries is empty.
	slots []gramSlot
	mask  uint32
	lists []int32 // indices of triggers, one list per gram
	// digits and words are the triggers found by runs.
	digits, words []int32
	// every holds the rules to be tried at every byte.
	every []int32
	// most is how far from the start of a match the bytes go that announce it.
	most int
}

type gramSlot struct {
	gram     uint32
	from, to uint32 // the gram's list in lists
}

const (
	bitmapLog  = 18
	bitmapBits = 1 << bitmapLog // 32 KiB: stays in the first-level cache
	gramMask   = 0xffffff
	foldMask   = 0x202020
	hashFactor = 0x9E3779B1
)

func bitmapHash(gram uint32) uint32 { return gram * hashFactor >> (32 - bitmapLog) }

func newPrefilter(triggers []trigger, every []int32) *prefilter {
	p := &prefilter{triggers: triggers, every: every}
	byGram := map[uint32][]int32{}
	for i := range triggers {
		t := &triggers[i]
		p.most = max(p.most, t.most+t.reach())
		switch t.shape {
		case byDigit:
			p.digits = append(p.digits, int32(i))
		case byWord:
			p.words = append(p.words, int32(i))
		default:
			t.eachGram(func(gram uint32) { byGram[gram] = append(byGram[gram], int32(i)) })
		}
	}
	size := uint32(16)
	for size < uint32(len(byGram))*2 {
		size *= 2
	}
	p.slots, p.mask = make([]gramSlot, size), size-1
	for gram, list := range byGram {
		h := bitmapHash(gram)
		p.bitmap[h/64] |= 1 << (h % 64)
		i := gram * hashFactor >> 8 & p.mask
		for p.slots[i].to != 0 {
			i = (i + 1) & p.mask
		}
		from := uint32(len(p.lists))
		p.lists = append(p.lists, list...)
		p.slots[i] = gramSlot{gram: gram, from: from, to: uint32(len(p.lists))}
	}
	return p
}

// eachGram calls yield for every folded gram of t once.
func (t *trigger) eachGram(yield func(uint32)) {
	var sets [gramLen]byteSet
	for k := range gramLen {
		sets[k] = foldedSet(&t.seq[t.gram+k])
	}
	sets[0].each(func(a byte) {
		sets[1].each(func(b byte) {
			sets[2].each(func(c byte) { yield(uint32(a) | uint32(b)<<8 | uint32(c)<<16) })
		})
	})
}

// lookup returns the triggers of a folded gram.
func (p *prefilter) lookup(gram uint32) []int32 {
	for i := gram * hashFactor >> 8 & p.mask; ; i = (i + 1) & p.mask {
		s := &p.slots[i]
		if s.to == 0 {
			return nil
		}
		if s.gram == gram {
			return p.lists[s.from:s.to]
		}
	}
}

// marks returns a bit for each of the up to 64 positions of text from at on
// where a gram with a set bit begins, and how many positions it looked at; 0
// when text ends.
func (p *prefilter) marks(text []byte, at int) (set uint64, n int) {
	n = min(64, len(text)-gramLen+1-at)
	if n <= 0 {
		return 0, 0
	}
	i := 0
	// Eight bytes hold the grams of six positions.
	for ; i+6 <= n && at+i+8 <= len(text); i += 6 {
		v := binary.LittleEndian.Uint64(text[at+i:]) | 0x2020202020202020
		set |= (p.bit(uint32(v)) | p.bit(uint32(v>>8))<<1 | p.bit(uint32(v>>16))<<2 |
			p.bit(uint32(v>>24))<<3 | p.bit(uint32(v>>32))<<4 | p.bit(uint32(v>>40))<<5) << i
	}
	for ; i < n; i++ {
		set |= p.bit(gramAt(text, at+i)) << i
	}
	return set, n
}

func (p *prefilter) bit(gram uint32) uint64 {
	h := bitmapHash(gram & gramMask)
	return p.bitmap[h/64] >> (h % 64) & 1
}

// gramAt returns the folded gram at i.
func gramAt(text []byte, i int) uint32 {
	return uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | foldMask
}

// block is what the prefilter sees in up to 64 positions of a text: where grams
// with a set bit begin, and runs of digits and of word characters.
type block struct{ grams, digits, words uint64 }

// scanner goes through a text block by block.
type scanner struct {
	p     *prefilter
	text  []byte
	at, n int // the positions of the block
	runs  bool
	// Classes of the block after the one at hand, which runs reach into.
	ahead, aheadWords uint64
}

// scan returns a scanner for the positions of text from at on.
func (p *prefilter) scan(text []byte, at int) scanner {
	s := scanner{p: p, text: text, at: at}
	if s.runs = len(p.digits)+len(p.words) > 0 && len(text)-at >= min(digitRun, wordRun); s.runs {
		s.ahead, s.aheadWords = classMasks(text, at)
	}
	return s
}

// next looks at the next block; ok is false behind the last.
func (s *scanner) next() (b block, ok bool) {
	s.at += s.n
	b.grams, s.n = s.p.marks(s.text, s.at)
	if s.n == 0 {
		return b, false
	}
	if !s.runs {
		return b, true
	}
	digits, words := s.ahead, s.aheadWords
	s.ahead, s.aheadWords = classMasks(s.text, s.at+s.n)
	b.digits = runs(digits, s.ahead, s.n, digitRun)
	b.words = runs(words, s.aheadWords, s.n, wordRun)
	return b, true
}

// runs returns the positions of a block of n at which length set bits begin.
// ahead is the mask of the block behind it.
func runs(mask, ahead uint64, n, length int) uint64 {
	lo, hi := mask, ahead
	if n < 64 {
		lo, hi = mask&(1<<n-1)|ahead<<n, ahead>>(64-n)
	}
	for have := 1; have < length && lo != 0; {
		step := min(have, length-have)
		lo &= lo>>step | hi<<(64-step)
		hi &= hi >> step
		have += step
	}
	if n < 64 {
		lo &= 1<<n - 1
	}
	return lo
}

// classOf has, for each byte, bit 0 set for a character of a run of digits and
// bit 32 for one of a word.
var classOf = func() (t [256]uint64) {
	for i, r := range runShapes {
		r.set.each(func(b byte) { t[b] |= 1 << (32 * i) })
	}
	return t
}()

// classMasks returns which of the up to 64 bytes of text from at on are digits,
// and which are of words.
func classMasks(text []byte, at int) (digits, words uint64) {
	if at >= len(text) {
		return 0, 0
	}
	text = text[at:min(len(text), at+64)]
	var half [2]uint64
	for h := range half {
		part := text[min(len(text), 32*h):min(len(text), 32*h+32)]
		acc := uint64(0)
		for i, b := range part {
			acc |= classOf[b] << i
		}
		half[h] = acc
	}
	const low = 1<<32 - 1
	return half[0]&low | half[1]<<32, half[0]>>32 | half[1]&^low
}

// suspect reports whether text, a raw payload, holds a place where a rule could
// match in some field of it, or the name of a field that a rule wants.
func (p *prefilter) suspect(sc *Scratch, text []byte) bool {
	if len(p.every) > 0 && len(text) > 0 {
		return true
	}
	for s := p.scan(text, 0); ; {
		b, ok := s.next()
		if !ok {
			return false
		}
		for m := b.grams; m != 0; m &= m - 1 {
			i := s.at + bits.TrailingZeros64(m)
			if p.anyHolds(sc, p.lookup(gramAt(text, i)), text, i) {
				return true
			}
		}
		for m := b.digits; m != 0; m &= m - 1 {
			if p.anyHolds(sc, p.digits, text, s.at+bits.TrailingZeros64(m)) {
				return true
			}
		}
		for m := b.words; m != 0; m &= m - 1 {
			if p.anyHolds(sc, p.words, text, s.at+bits.TrailingZeros64(m)) {
				return true
			}
		}
	}
}

// mayBegin reports whether what stands before text[at], in a raw payload, is
// possible before t in some field. At the start of a field a delimiter of the
// format stands there, which is no letter, digit or underscore in any of them.
func (t *trigger) mayBegin(text []byte, at int) bool {
	if at == 0 {
		return t.before.start
	}
	if t.rule < 0 {
		return startsWord(text, at) || !isLetterOrDigit(text[at-1])
	}
	return t.before.set.has(text[at-1]) || t.before.start && !isWordByte(text[at-1])
}

// anyHolds reports whether one of the triggers stands with its gram at text[i]
// and its pattern goes on behind it.
func (p *prefilter) anyHolds(sc *Scratch, list []int32, text []byte, i int) bool {
	for _, id := range list {
		t := &p.triggers[id]
		at := i - t.gram
		if at < 0 || !t.mayBegin(text, at) || !t.fits(text, at) {
			continue
		}
		// Text that uses up the budget is for Find to give up.
		if probe := t.probe(); probe == nil || sc.nfa.steps > budget(text) || probe.fits(sc, text, at, min(len(text), at+t.window)) {
			return true
		}
	}
	return false
}
