package deflate

import (
	"encoding/binary"
	"math/bits"
)

// writer appends bits to out, the least significant first.
type writer struct {
	out   []byte
	start int // where the data begins in out
	buf   uint64
	n     uint // bits in buf, fewer than 32
}

// put writes the low n bits of v, up to 32; the others must be 0.
func (w *writer) put(v uint64, n uint) {
	w.buf |= v << (w.n & 63)
	w.n += n
	if w.n >= 32 {
		w.out = binary.LittleEndian.AppendUint32(w.out, uint32(w.buf))
		w.buf >>= 32
		w.n -= 32
	}
}

// bit returns the offset of the next bit from the start of the data.
func (w *writer) bit() int { return (len(w.out)-w.start)*8 + int(w.n) }

// flush writes what is in buf, up to a whole byte.
func (w *writer) flush() {
	for ; w.n > 0; w.n -= min(w.n, 8) {
		w.out = append(w.out, byte(w.buf))
		w.buf >>= 8
	}
	w.buf = 0
}

// set makes a bit that was written what v says.
func (w *writer) set(bit int, v bool) {
	i := w.start + bit/8
	if i < len(w.out) {
		w.out[i] &^= 1 << (bit % 8)
		if v {
			w.out[i] |= 1 << (bit % 8)
		}
		return
	}
	bit -= (len(w.out) - w.start) * 8
	w.buf &^= 1 << (bit & 63)
	if v {
		w.buf |= 1 << (bit & 63)
	}
}

// copyBits writes bits from to end (exclusive) of src.
func (w *writer) copyBits(src []byte, from, end int) {
	for ; from < end && from%8 != 0; from++ {
		w.put(uint64(src[from/8]>>(from%8)&1), 1)
	}
	i := from / 8
	if w.n%8 == 0 && end/8-i > 16 {
		w.flush()
		w.out = append(w.out, src[i:end/8]...)
		i = end / 8
	}
	for ; i+4 <= end/8; i += 4 {
		w.put(uint64(binary.LittleEndian.Uint32(src[i:])), 32)
	}
	for ; i < end/8; i++ {
		w.put(uint64(src[i]), 8)
	}
	if rest := uint(end - max(from, i*8)); from < end && rest > 0 {
		w.put(uint64(src[i])&(1<<rest-1), rest)
	}
}

// storedBlocks writes b in blocks without codes, none of them the last.
func (w *writer) storedBlocks(b []byte) {
	for len(b) > 0 {
		n := min(len(b), 0xffff)
		w.put(0, 3)
		w.flush()
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(n))
		w.out = binary.LittleEndian.AppendUint16(w.out, ^uint16(n))
		w.out = append(w.out, b[:n]...)
		b = b[n:]
	}
}

// code is one code to write, with its first bit in the lowest place. One of no
// bits does not exist.
type code struct {
	bits uint16
	n    uint8
}

// assign fills table with the codes of the lengths given.
func assign(table []code, lens []uint8) {
	var count, next [maxCode + 2]uint16
	for _, n := range lens {
		count[n]++
	}
	count[0] = 0
	for n := 1; n <= maxCode; n++ {
		next[n+1] = (next[n] + count[n]) << 1
	}
	clear(table)
	for i, n := range lens {
		if n > 0 {
			table[i] = code{bits.Reverse16(next[n] << (16 - n)), n}
			next[n]++
		}
	}
}

// distSymbol returns the symbol of a distance, and its extra bits.
func distSymbol(dist int) (symbol int, extra uint64, n uint) {
	x := uint64(dist - 1)
	if x < 2 {
		return int(x), 0, 0
	}
	log := bits.Len64(x)
	n = uint(log - 2)
	return 2*(log-1) + int(x>>n&1), x & (1<<n - 1), n
}
