package redact

import (
	"encoding/binary"
	"math/bits"
)

// prefilter finds, in one pass over the bytes, the places where a trigger of any
// rule could stand: a kernel marks the positions where a gram may begin, a bitmap
// of folded grams sorts out what the kernel marks too often, and a hash table
// tells the triggers of a gram. Triggers by runs have no gram.
type prefilter struct {
	buckets  buckets // first, see there
	bitmap   [bitmapBits / 64]uint64
	triggers []trigger
	// slots is an open-addressing table; a slot with no entries is empty.
	slots []gramSlot
	mask  uint32
	lists []int32 // indices of triggers, one list per gram
	// byRun are the triggers found by each of runShapes.
	byRun [len(runShapes)][]int32
	runs  bool // there are some
	// numbers says that runs of digits count only where a number begins.
	numbers bool
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

// newPrefilter returns the prefilter of triggers. base, if not nil, has the first of
// them already.
func newPrefilter(triggers []trigger, base *prefilter) *prefilter {
	p := &prefilter{triggers: triggers, numbers: true}
	if base != nil {
		p.buckets = base.buckets
		p.buckets.add(triggers[len(base.triggers):])
	} else {
		p.buckets.add(triggers)
	}
	lists := map[uint32][]int32{}
	for i := range triggers {
		t := &triggers[i]
		p.most = max(p.most, t.most+t.reach())
		if t.shape != byGram {
			p.byRun[t.shape-1] = append(p.byRun[t.shape-1], int32(i))
			p.runs = true
			p.numbers = p.numbers && t.beginsNumber()
			continue
		}
		t.eachGram(func(gram uint32) { lists[gram] = append(lists[gram], int32(i)) })
	}
	size := uint32(16)
	for size < uint32(len(lists))*2 {
		size *= 2
	}
	p.slots, p.mask = make([]gramSlot, size), size-1
	for gram, list := range lists {
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

// beginsNumber reports whether t, if it is found by a run of digits, begins with one
// that no other stands before.
func (t *trigger) beginsNumber() bool {
	if t.shape != byDigit {
		return true
	}
	for b := byte('0'); b <= '9'; b++ {
		if t.before.set.has(b) {
			return false
		}
	}
	return t.seq[0].within(&digits)
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

// at returns the triggers of the gram at text[i].
func (p *prefilter) at(text []byte, i int) []int32 {
	gram := uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | foldMask
	if p.bit(gram) == 0 {
		return nil
	}
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

func (p *prefilter) bit(gram uint32) uint64 {
	h := bitmapHash(gram & gramMask)
	return p.bitmap[h/64] >> (h % 64) & 1
}

// scanner goes through a text block by block.
type scanner struct {
	p      *prefilter
	text   []byte
	at     int // the position of the next block
	blocks *[chunk + 1]block
	i, n   int // the next of blocks, and how many are filled
	last   uint64 // 1 if the byte before the next block is a digit
}

// scan returns a scanner for the positions of text from at on.
func (p *prefilter) scan(sc *Scratch, text []byte, at int) scanner {
	s := scanner{p: p, text: text, at: at, blocks: &sc.blocks}
	if at > 0 && at <= len(text) && isDigit(text[at-1]) {
		s.last = 1
	}
	return s
}

// places are where, in a block, grams may begin, and runs of each shape.
type places struct {
	grams uint64
	runs  [len(runShapes)]uint64
}

// next looks at the next block, which begins at text[at]; ok is false behind the
// last.
func (s *scanner) next() (at int, found places, ok bool) {
	if s.i == s.n && !s.fill() {
		return 0, found, false
	}
	b, ahead := &s.blocks[s.i], &s.blocks[s.i+1]
	found.grams = b.grams
	if s.p.runs {
		found.runs[byDigit-1] = runs(b.digits|b.gaps, ahead.digits|ahead.gaps, runShapes[byDigit-1].length)
		if s.p.numbers {
			found.runs[byDigit-1] &= b.digits &^ (b.digits<<1 | s.last)
			s.last = b.digits >> 63
		}
		found.runs[byWord-1] = runs(b.words, ahead.words, runShapes[byWord-1].length)
		found.runs[byToken-1] = runs(b.words, ahead.words, runShapes[byToken-1].length)
	}
	at = s.at
	s.i++
	s.at += blockSize
	return at, found, true
}

// fill lets the kernel look at the next blocks. Runs reach into the block behind:
// the last of a chunk is filled again with the next one.
func (s *scanner) fill() bool {
	rest := len(s.text) - s.at
	if rest <= 0 {
		return false
	}
	n := min(chunk, (rest+blockSize-1)/blockSize)
	active.fill(s.p, s.text, s.at, s.blocks[:n])
	s.i, s.n = 0, n
	if n*blockSize < rest {
		s.n--
		return true
	}
	s.blocks[n] = block{}
	// No gram begins in the last bytes.
	if last := rest - (n-1)*blockSize - gramLen + 1; last < blockSize {
		s.blocks[n-1].grams &= 1<<max(last, 0) - 1
		if last < 0 && n > 1 {
			s.blocks[n-2].grams &= 1<<(blockSize+last) - 1
		}
	}
	return true
}

// runs returns the positions of a block at which length set bits begin. ahead is
// the mask of the block behind it.
func runs(mask, ahead uint64, length int) uint64 {
	for have := 1; have < length && mask != 0; {
		step := min(have, length-have)
		mask &= mask>>step | ahead<<(64-step)
		ahead &= ahead >> step
		have += step
	}
	return mask
}

// marks returns a bit for each of the up to 64 positions of text from at on where
// a gram of the bitmap begins.
func (p *prefilter) marks(text []byte, at int) (set uint64) {
	n := min(blockSize, len(text)-gramLen+1-at)
	i := 0
	// Eight bytes hold the grams of six positions.
	for ; i+6 <= n && at+i+8 <= len(text); i += 6 {
		v := binary.LittleEndian.Uint64(text[at+i:]) | 0x2020202020202020
		set |= (p.bit(uint32(v)) | p.bit(uint32(v>>8))<<1 | p.bit(uint32(v>>16))<<2 |
			p.bit(uint32(v>>24))<<3 | p.bit(uint32(v>>32))<<4 | p.bit(uint32(v>>40))<<5) << i
	}
	for ; i < n; i++ {
		t := text[at+i : at+i+gramLen]
		set |= p.bit(uint32(t[0])|uint32(t[1])<<8|uint32(t[2])<<16|foldMask) << i
	}
	return set
}

// each calls yield for the triggers that the prefilter finds in text from at on,
// a list at a time, with the place of their gram or the begin of their run. It
// ends when yield returns false.
func (p *prefilter) each(sc *Scratch, text []byte, at int, yield func(list []int32, i int) bool) {
	for s := p.scan(sc, text, at); ; {
		at, found, ok := s.next()
		if !ok {
			return
		}
		for m := found.grams; m != 0; m &= m - 1 {
			i := at + bits.TrailingZeros64(m)
			if list := p.at(text, i); list != nil && !yield(list, i) {
				return
			}
		}
		for k := range found.runs {
			for m := found.runs[k]; m != 0; m &= m - 1 {
				if !yield(p.byRun[k], at+bits.TrailingZeros64(m)) {
					return
				}
			}
		}
	}
}
