package redact

import (
	"cmp"
	"encoding/binary"
	"slices"
)

const (
	bitmapLog  = 18
	bitmapBits = 1 << bitmapLog // 32 KiB: stays in the first-level cache
	tableLog   = 15
	gramMask   = 0xffffff
	foldMask   = 0x20202020
	hashFactor = 0x9E3779B1
)

// gramTable finds triggers by a gram, folded, and perhaps the byte behind it. Grams
// whose hashes are equal share a list.
type gramTable struct {
	lists   [1 << tableLog]uint16 // by hash; the first is empty
	heads   []listHead
	entries []entry
}

// listHead is a list of entries, and which letters may stand before and behind some
// of them.
type listHead struct {
	before, behind uint64
	from, to       int32
}

// entry is a trigger in the list of one of its grams, and which letters may stand
// before and behind it.
type entry struct {
	before, behind uint64
	gram           uint32
	trigger        int32
}

// bitmap has the bits of the hashes of grams set.
type bitmap [bitmapBits / 64]uint64

func (b *bitmap) add(gram uint32) {
	h := gram * (hashFactor << 8 & 0xffffffff) >> (32 - bitmapLog)
	b[h/64] |= 1 << (h % 64)
}

// bit returns 1 for a gram that was added, which stands in the lower three bytes of
// word: the factor shifts what stands above it out of the product.
func (b *bitmap) bit(word uint32) uint64 {
	h := word * (hashFactor << 8 & 0xffffffff) >> (32 - bitmapLog)
	return b[h/64] >> (h % 64) & 1
}

func (t *gramTable) fill(entries []entry) {
	hash := func(e entry) uint32 { return e.gram * hashFactor >> (32 - tableLog) }
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(hash(a), hash(b)) })
	t.entries, t.heads = entries, make([]listHead, 1, len(entries)+1)
	for i, e := range entries {
		if i == 0 || hash(e) != hash(entries[i-1]) {
			t.lists[hash(e)] = uint16(len(t.heads))
			t.heads = append(t.heads, listHead{from: int32(i)})
		}
		h := &t.heads[len(t.heads)-1]
		h.before, h.behind, h.to = h.before|e.before, h.behind|e.behind, int32(i+1)
	}
}

// list returns the number of the list of a gram.
func (t *gramTable) list(gram uint32) uint16 { return t.lists[gram*hashFactor>>(32-tableLog)] }

// holds reports whether some trigger has the gram.
func (t *gramTable) holds(gram uint32) bool {
	h := &t.heads[t.list(gram)]
	return slices.ContainsFunc(t.entries[h.from:h.to], func(e entry) bool { return e.gram == gram })
}

// folded returns the four bytes from text[i] on, folded, with padding behind text.
func folded(text []byte, i int) uint32 {
	if i+4 <= len(text) {
		return binary.LittleEndian.Uint32(text[i:]) | foldMask
	}
	t := text[i : i+gramLen]
	return uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | foldMask
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
