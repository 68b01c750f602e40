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
	// every holds the rules to be tried at every byte.
	every []int32
	// most is the greatest distance of any gram from the start of its match.
	most int
}

type gramSlot struct {
	gram     uint32
	from, to uint32 // the gram's list in lists
}

const (
	bitmapLog  = 17
	bitmapBits = 1 << bitmapLog // 16 KiB: stays in the first-level cache
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
		p.most = max(p.most, t.most+t.gram)
		t.eachGram(func(gram uint32) { byGram[gram] = append(byGram[gram], int32(i)) })
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

// suspect reports whether a trigger stands anywhere in text.
func (p *prefilter) suspect(text []byte) bool {
	if len(p.every) > 0 && len(text) > 0 {
		return true
	}
	for at := 0; ; {
		set, n := p.marks(text, at)
		if n == 0 {
			return false
		}
		for ; set != 0; set &= set - 1 {
			i := at + bits.TrailingZeros64(set)
			for _, id := range p.lookup(gramAt(text, i)) {
				t := &p.triggers[id]
				if t.fits(text, i-t.gram) {
					return true
				}
			}
		}
		at += n
	}
}
