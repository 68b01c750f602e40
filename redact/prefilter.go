package redact

import (
	"encoding/binary"
	"math/bits"
	"regexp/syntax"
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
	slots   []gramSlot
	mask    uint32
	entries []entry // one list per gram
	// byRun are the triggers found by each of runShapes, byBegin those found
	// only where a number or a word begins.
	byRun, byBegin [len(runShapes)][]int32
	runs           bool // there are some
	// most is how far from the start of a match the bytes go that announce it.
	most int
	// raw says that texts are payloads, with escapes in them.
	raw bool
}

type gramSlot struct {
	gram     uint32
	from, to uint32 // the gram's list in entries
}

// entry is a trigger in the list of one of its grams, and which letters may stand
// before and behind it.
type entry struct {
	before, behind uint64
	trigger        int32
}

const (
	bitmapLog  = 18
	bitmapBits = 1 << bitmapLog // 32 KiB: stays in the first-level cache
	gramMask   = 0xffffff
	foldMask   = 0x202020
	hashFactor = 0x9E3779B1
)

func bitmapHash(gram uint32) uint32 { return gram * hashFactor >> (32 - bitmapLog) }

// newPrefilter returns the prefilter of triggers for values of fields.
func newPrefilter(triggers []trigger) *prefilter {
	p := &prefilter{}
	p.buckets.add(triggers)
	p.triggers = merge(triggers)
	p.tabulate()
	return p
}

// newRawPrefilter returns the prefilter of triggers for raw payloads.
func newRawPrefilter(triggers []trigger) *prefilter {
	p := &prefilter{raw: true, triggers: triggers}
	for i := range triggers {
		triggers[i].before.inPayload()
	}
	p.buckets.add(triggers)
	p.tabulate()
	return p
}

// tabulate fills the tables for p.triggers.
func (p *prefilter) tabulate() {
	lists := map[uint32][]entry{}
	for i := range p.triggers {
		t := &p.triggers[i]
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
		w := t.around(t.gram)
		e := entry{before: w[0], behind: w[windowLen-1], trigger: int32(i)}
		t.foldedGrams(func(gram uint32) { lists[gram] = append(lists[gram], e) })
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
		from := uint32(len(p.entries))
		p.entries = append(p.entries, list...)
		p.slots[i] = gramSlot{gram: gram, from: from, to: uint32(len(p.entries))}
	}
}

// merge makes one of the triggers that the same window announces for the same rule
// at the same place: with the classes that they begin with together.
func merge(triggers []trigger) (out []trigger) {
	type place struct {
		rule              int32
		gram, least, most int
		before            context
		around            window
		suffix            *syntax.Regexp
	}
	seen := map[place]int{}
	for i := range triggers {
		t := &triggers[i]
		if t.shape != byGram {
			out = append(out, *t)
			continue
		}
		p := place{t.rule, t.gram, t.least, t.most, t.before, t.around(t.gram), t.suffix}
		k, ok := seen[p]
		if !ok {
			seen[p] = len(out)
			out = append(out, *t)
			continue
		}
		same := 0
		for same < min(len(t.seq), len(out[k].seq)) && t.seq[same] == out[k].seq[same] {
			same++
		}
		if same < t.gram+gramLen {
			out = append(out, *t)
			continue
		}
		out[k].seq = out[k].seq[:same]
	}
	return out
}

// foldedGrams calls yield for every folded gram of t once.
func (t *trigger) foldedGrams(yield func(uint32)) {
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

// at returns the entries of the gram at text[i].
func (p *prefilter) at(text []byte, i int) []entry {
	gram := uint32(text[i]) | uint32(text[i+1])<<8 | uint32(text[i+2])<<16 | foldMask
	for i := gram * hashFactor >> 8 & p.mask; ; i = (i + 1) & p.mask {
		s := &p.slots[i]
		if s.to == 0 {
			return nil
		}
		if s.gram == gram {
			return p.entries[s.from:s.to]
		}
	}
}

func (p *prefilter) bit(gram uint32) uint64 {
	h := bitmapHash(gram & gramMask)
	return p.bitmap[h/64] >> (h % 64) & 1
}

// The lengths of runShapes.
const (
	digitRun = 12
	wordRun  = 20
	tokenRun = 40
)

// runsOf returns the positions of a block at which the runs of each shape begin.
// ahead is the block behind it. some is false if there are none.
func (b *block) runsOf(ahead *block) (found [len(runShapes)]uint64, some bool) {
	d, da := b.digits|b.gaps, ahead.digits|ahead.gaps
	d2, da := both(d, da, 1)
	d4, da := both(d2, da, 2)
	d8, _ := both(d4, da, 4)
	found[byDigit-1] = d8 & (d4>>8 | da<<(64-8))
	if !holdsOctet(b.words) && !holdsOctet(ahead.words) {
		return found, found[byDigit-1] != 0 // every run of 15 or more holds eight from a multiple of eight on
	}
	w2, a2 := both(b.words, ahead.words, 1)
	w4, a4 := both(w2, a2, 2)
	w8, a8 := both(w4, a4, 4)
	w16, a16 := both(w8, a8, 8)
	w20 := w16 & (w4>>16 | a4<<(64-16))
	found[byWord-1] = w20
	if w20 != 0 {
		w32, _ := both(w16, a16, 16)
		found[byToken-1] = w32 & (w8>>32 | a8<<(64-32))
	}
	return found, w20|found[byDigit-1] != 0
}

// both returns which bits of mask and of the one behind it are set together with
// those n behind.
func both(mask, ahead uint64, n int) (m, a uint64) {
	return mask & (mask>>n | ahead<<(64-n)), ahead & (ahead >> n)
}

// holdsOctet reports whether one of the eight bytes of mask has all bits set.
func holdsOctet(mask uint64) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	return (^mask-ones)&mask&tops != 0
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

// each calls yield for the triggers that may stand in text from at on, with the
// place of their gram or the begin of their run. It ends when yield returns false.
//
// A chunk of blocks at a time goes through three steps: the kernel marks places,
// a loop without branches keeps those whose gram is in the bitmap, and only for
// these the triggers are looked up. One loop for all would cost a mispredicted
// branch for most places.
func (p *prefilter) each(sc *Scratch, text []byte, at int, yield func(trigger int32, i int) bool) {
	var left leftover
	if at > 0 && at <= len(text) {
		before := uint64(classesOf(text[at-1]))
		left.digit = before / classDigit & 1
		left.word = before / classWord & 1 &^ (before / classGap)
	}
	for at < len(text) {
		n := p.fill(sc, text, at)
		if p.raw {
			left.markEscaped(sc.blocks[:n], len(text)-at)
		}
		places := collect(sc, n)
		if !active.exact {
			places = p.keep(places, text, at)
		}
		for _, place := range places {
			if !p.yieldGram(text, at+int(place), yield) {
				return
			}
		}
		if p.runs && !p.yieldRuns(sc.blocks[:n+1], &left, at, yield) {
			return
		}
		at += n * blockSize
	}
}

// leftover is what one block leaves for the next: whether its last byte is a digit
// or of a word, 1 or 0, and the positions behind its last escapes.
type leftover struct{ digit, word, escapes uint64 }

// markEscaped marks the positions behind escapes, of n bytes that are left: what
// stands before them is anything.
func (left *leftover) markEscaped(blocks []block, n int) {
	for i := range blocks {
		b := &blocks[i]
		if b.escapes|left.escapes == 0 {
			continue
		}
		b.grams |= b.escapes<<2 | b.escapes<<6 | left.escapes
		left.escapes = b.escapes>>62 | b.escapes>>58
		if rest := n - i*blockSize - gramLen + 1; rest < blockSize {
			b.grams &= 1<<max(rest, 0) - 1
		}
	}
}

// fill lets the kernel look at the next blocks of text and returns how many are
// ready. Runs reach into the block behind: the last of a chunk is filled again
// with the next one.
func (p *prefilter) fill(sc *Scratch, text []byte, at int) int {
	blocks, rest := &sc.blocks, len(text)-at
	n := min(chunk, (rest+blockSize-1)/blockSize)
	active.fill(p, text, at, blocks[:n], &sc.edge)
	if n*blockSize < rest {
		return n - 1
	}
	blocks[n] = block{}
	// No gram begins in the last bytes.
	if last := rest - (n-1)*blockSize - gramLen + 1; last < blockSize {
		blocks[n-1].grams &= 1<<max(last, 0) - 1
		if last < 0 && n > 1 {
			blocks[n-2].grams &= 1<<(blockSize+last) - 1
		}
	}
	return n
}

// collect lists the marked positions of n blocks.
func collect(sc *Scratch, n int) []uint16 {
	list, have := &sc.places, 0
	for i := range sc.blocks[:n] {
		m := sc.blocks[i].grams
		base, count := uint16(i*blockSize), bits.OnesCount64(m)
		// Four at once, whether there are or not, spare guessing how many.
		some := list[have : have+4]
		for k := range some {
			some[k] = base + uint16(bits.TrailingZeros64(m))
			m &= m - 1
		}
		for k := have + 4; m != 0; k++ {
			list[k] = base + uint16(bits.TrailingZeros64(m))
			m &= m - 1
		}
		have += count
	}
	return list[:have]
}

// keep returns the places, counted from text[at], whose gram is in the bitmap.
func (p *prefilter) keep(places []uint16, text []byte, at int) []uint16 {
	kept := 0
	for _, place := range places {
		i := at + int(place)
		places[kept] = place
		t := text[i : i+gramLen]
		kept += int(p.bit(uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | foldMask))
	}
	return places[:kept]
}

// yieldGram calls yield for the triggers of the gram at text[i].
func (p *prefilter) yieldGram(text []byte, i int, yield func(trigger int32, i int) bool) bool {
	list := p.at(text, i)
	if len(list) == 0 {
		return true
	}
	before, behind := letterAt(text, i-1)%64, letterAt(text, i+gramLen)%64
	escaped := p.raw && endsEscape(text[:i])
	for k := range list {
		e := &list[k]
		if e.behind>>behind&(e.before>>before|flag(escaped))&1 == 1 && !yield(e.trigger, i) {
			return false
		}
	}
	return true
}

func flag(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// yieldRuns calls yield for the triggers by runs that begin in blocks, the first of
// which is at text[at] and the last of which is only looked ahead to.
func (p *prefilter) yieldRuns(blocks []block, left *leftover, at int, yield func(trigger int32, i int) bool) bool {
	for i := range blocks[:len(blocks)-1] {
		b := &blocks[i]
		words := b.words &^ b.gaps
		inNumber, inWord := b.digits<<1|left.digit, words<<1|left.word
		left.digit, left.word = b.digits>>63, words>>63
		found, some := b.runsOf(&blocks[i+1])
		if !some {
			continue
		}
		for k, mask := range found {
			begins := mask &^ inWord
			if k == int(byDigit)-1 {
				begins = mask & b.digits &^ inNumber
			}
			base := at + i*blockSize
			if !eachBit(p.byRun[k], mask, base, yield) || !eachBit(p.byBegin[k], begins, base, yield) {
				return false
			}
		}
	}
	return true
}

// eachBit calls yield for each trigger at each bit of mask.
func eachBit(triggers []int32, mask uint64, at int, yield func(trigger int32, i int) bool) bool {
	for _, id := range triggers {
		for m := mask; m != 0; m &= m - 1 {
			if !yield(id, at+bits.TrailingZeros64(m)) {
				return false
			}
		}
	}
	return true
}
