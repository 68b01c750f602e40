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
	// byRun are the triggers found by each of runShapes, byBegin those found
	// only where a number or a word begins.
	byRun, byBegin [len(runShapes)][]int32
	runs           bool // there are some
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
	p := &prefilter{triggers: triggers}
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
			p.runs = true
			list := &p.byRun[t.shape-1]
			if t.begins {
				list = &p.byBegin[t.shape-1]
			}
			*list = append(*list, int32(i))
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
	edge   *edge
	i, n   int // the next of blocks, and how many are filled
	// Whether the byte before the next block is a digit, or of a word: 1 or 0.
	digit, word uint64
}

// scan returns a scanner for the positions of text from at on.
func (p *prefilter) scan(sc *Scratch, text []byte, at int) scanner {
	s := scanner{p: p, text: text, at: at, blocks: &sc.blocks, edge: &sc.edge}
	if at > 0 && at <= len(text) {
		before := classesOf(text[at-1])
		s.digit = uint64(before / classDigit & 1)
		s.word = uint64(before/classWord&1) &^ uint64(before/classGap&1)
	}
	return s
}

// next looks at the next block, which begins at text[at]; ok is false behind the
// last.
func (s *scanner) next() (at int, b *block, ok bool) {
	if s.i == s.n && !s.fill() {
		return 0, nil, false
	}
	b, at = &s.blocks[s.i], s.at
	s.i++
	s.at += blockSize
	return at, b, true
}

// runs returns where, in the block that next gave last, runs of each shape begin,
// anywhere and at the begin of a number or a word.
func (s *scanner) runs() (anywhere, begins [len(runShapes)]uint64) {
	b, ahead := &s.blocks[s.i-1], &s.blocks[s.i]
	words := b.words &^ b.gaps
	first := [...]uint64{
		byDigit - 1: b.digits &^ (b.digits<<1 | s.digit),
		byWord - 1:  ^(words<<1 | s.word),
		byToken - 1: ^(words<<1 | s.word),
	}
	s.digit, s.word = b.digits>>63, words>>63
	for k := range runShapes {
		some, some2 := len(s.p.byRun[k]) > 0, len(s.p.byBegin[k]) > 0
		if !some && !some2 {
			continue
		}
		mask := runs(b.words, ahead.words, runShapes[k].length)
		if k == int(byDigit)-1 {
			mask = runs(b.digits|b.gaps, ahead.digits|ahead.gaps, runShapes[k].length)
		}
		if some {
			anywhere[k] = mask
		}
		if some2 {
			begins[k] = mask & first[k]
		}
	}
	return anywhere, begins
}

// fill lets the kernel look at the next blocks. Runs reach into the block behind:
// the last of a chunk is filled again with the next one.
func (s *scanner) fill() bool {
	rest := len(s.text) - s.at
	if rest <= 0 {
		return false
	}
	n := min(chunk, (rest+blockSize-1)/blockSize)
	active.fill(s.p, s.text, s.at, s.blocks[:n], s.edge)
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
		at, b, ok := s.next()
		if !ok {
			return
		}
		for m := b.grams; m != 0; m &= m - 1 {
			i := at + bits.TrailingZeros64(m)
			if list := p.at(text, i); list != nil && !yield(list, i) {
				return
			}
		}
		if !p.runs {
			continue
		}
		anywhere, begins := s.runs()
		for k := range runShapes {
			for m := anywhere[k]; m != 0; m &= m - 1 {
				if !yield(p.byRun[k], at+bits.TrailingZeros64(m)) {
					return
				}
			}
			for m := begins[k]; m != 0; m &= m - 1 {
				if !yield(p.byBegin[k], at+bits.TrailingZeros64(m)) {
					return
				}
			}
		}
	}
}
