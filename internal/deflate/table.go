package deflate

import (
	"math/bits"
	"sync"
)

// entry is what a decoding table has at the next bits of the input.
//
//	bits 0-7:   how many bits to take, extra bits among them
//	bits 8-11:  how many of them are the code
//	bits 12-15: what it is, see below
//	bits 16-30: the literal byte, or the base of a length or distance
//	bit 31:     it is a literal
//
// Codes longer than the table has bits lead to another table behind it: bits 0-7
// are the bits of the first table, 8-11 those of the second, and 16-30 its offset.
// An entry without bits is no code.
type entry = uint32

const (
	isLiteral  entry = 1 << 31
	isOther    entry = 1 << 15 // neither literal nor match: one of the next two, or no code
	isSubtable entry = 1 << 14
	isEnd      entry = 1 << 13
)

// Bits of the first tables, and entries of all tables that a complete code can
// take with them (as counted by the program enough.c of zlib).
const (
	litBits, litSize   = 11, 2342
	distBits, distSize = 8, 402
	preBits            = 7
)

type (
	litTable  [litSize]entry
	distTable [distSize]entry
)

var litEntries, distEntries = func() (lit [288]entry, dist [32]entry) {
	for i := range lit {
		switch {
		case i < endSymbol:
			lit[i] = isLiteral | entry(i)<<16
		case i == endSymbol:
			lit[i] = isOther | isEnd
		case i < maxLit:
			lit[i] = entry(lengthBase[i-endSymbol-1])<<16 | entry(lengthExtra[i-endSymbol-1])
		default:
			lit[i] = isOther
		}
	}
	for i := range dist {
		if dist[i] = isOther; i < maxDist {
			dist[i] = entry(distBase[i])<<16 | entry(distExtra[i])
		}
	}
	return lit, dist
}()

// build fills table for the codes of the lengths given, whose meanings, with the
// extra bits as bits to take, are in symbols. It reports whether the code is one:
// complete, a single code of one bit, or none at all, as other decoders have it.
func build(table []entry, tableBits uint, lens []uint8, symbols []entry) bool {
	var count [maxCode + 1]uint16
	for _, n := range lens {
		count[n]++
	}
	count[0] = 0
	left, codes := 1, 0
	var next [maxCode + 2]uint16
	for n := 1; n <= maxCode; n++ {
		left = left<<1 - int(count[n])
		if left < 0 {
			return false
		}
		codes += int(count[n])
		next[n+1] = (next[n] + count[n]) << 1
	}
	if left > 0 {
		if codes > 1 || codes == 1 && count[1] != 1 {
			return false
		}
		clear(table)
		for i := range table[:1<<tableBits] {
			table[i] = isOther
		}
	}
	free, size := uint32(1)<<tableBits, uint32(1)<<tableBits
	var sub [1 << litBits]uint8 // bits of the second table behind a prefix
	long := false
	for n := tableBits + 1; n <= maxCode; n++ {
		long = long || count[n] > 0
	}
	if long {
		codes := next
		for _, n := range lens {
			if uint(n) > tableBits {
				prefix := bits.Reverse16(codes[n]<<(16-n)) & uint16(size-1)
				sub[prefix] = max(sub[prefix], n-uint8(tableBits))
			}
			codes[n]++
		}
	}
	var at [1 << litBits]uint16 // where that table is
	for i, n := range lens {
		if n == 0 {
			continue
		}
		code := uint32(bits.Reverse16(next[n] << (16 - n)))
		next[n]++
		e := symbols[i]
		if uint(n) <= tableBits {
			e += entry(n)<<8 + entry(n)
			for j := code; j < size; j += 1 << n {
				table[j] = e
			}
			continue
		}
		prefix := code & (size - 1)
		width := sub[prefix]
		if at[prefix] == 0 {
			at[prefix] = uint16(free)
			table[prefix] = isOther | isSubtable | entry(free)<<16 | entry(width)<<8 | entry(tableBits)
			free += 1 << width
		}
		rest := n - uint8(tableBits)
		e += entry(rest)<<8 + entry(rest)
		for j := code >> tableBits; j < 1<<width; j += 1 << rest {
			table[uint32(at[prefix])+j] = e
		}
	}
	return true
}

// codes are the codes of one block, to decode with.
type codes struct {
	lit  litTable
	dist distTable
	lens [maxLit + maxDist + 2 + maxMatch]uint8 // of the codes; a repeat may run over
	nlit int
}

// fixed are the codes of blocks without codes of their own (section 3.2.6).
var fixed = sync.OnceValue(func() *codes {
	c := &codes{nlit: 288}
	for i := range 288 {
		c.lens[i] = 8
		if i >= 144 && i < 256 {
			c.lens[i] = 9
		} else if i >= 256 && i < 280 {
			c.lens[i] = 7
		}
	}
	for i := range 32 {
		c.lens[288+i] = 5
	}
	build(c.lit[:], litBits, c.lens[:288], litEntries[:])
	build(c.dist[:], distBits, c.lens[288:320], distEntries[:])
	return c
})
