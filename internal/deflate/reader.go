package deflate

import "encoding/binary"

// reader takes bits from src, the least significant first. Bits of buf above the
// first n may be set; they are what src has there.
type reader struct {
	src []byte
	in  int // bytes of src that are in buf
	buf uint64
	n   uint
}

// fill takes in as many bytes as fit; 56 bits at least unless src ends.
func (r *reader) fill() {
	if r.in+8 <= len(r.src) {
		r.buf |= binary.LittleEndian.Uint64(r.src[r.in:]) << (r.n & 63)
		r.in += int(63-r.n) >> 3
		r.n |= 56
		return
	}
	for r.n <= 56 && r.in < len(r.src) {
		r.buf |= uint64(r.src[r.in]) << (r.n & 63)
		r.in++
		r.n += 8
	}
}

// take returns the next n bits, up to 16; ok is false where src ends before.
func (r *reader) take(n uint) (v uint32, ok bool) {
	if r.n < n {
		if r.fill(); r.n < n {
			return 0, false
		}
	}
	v = uint32(r.buf) & (1<<n - 1)
	r.skip(n)
	return v, true
}

func (r *reader) skip(n uint) {
	r.buf >>= n & 63
	r.n -= n
}

// bit returns the offset of the next bit.
func (r *reader) bit() int { return r.in*8 - int(r.n) }

// align goes on to the next whole byte and puts those in buf back.
func (r *reader) align() {
	r.in -= int(r.n / 8)
	r.buf, r.n = 0, 0
}

// codes reads the header of a dynamic block, behind its type (section 3.2.7).
func (r *reader) codes(c *codes) error {
	head, ok := r.take(14)
	if !ok {
		return ErrTruncated
	}
	c.nlit = int(head&31) + 257
	ndist := int(head>>5&31) + 1
	npre := int(head>>10) + 4
	if c.nlit > maxLit || ndist > maxDist {
		return ErrCorrupt
	}
	var pre [1 << preBits]entry
	var lens [19]uint8
	for _, i := range preOrder[:npre] {
		n, ok := r.take(3)
		if !ok {
			return ErrTruncated
		}
		lens[i] = uint8(n)
	}
	if !build(pre[:], preBits, lens[:], preEntries[:]) {
		return ErrCorrupt
	}
	total := c.nlit + ndist
	for i := 0; i < total; {
		if r.n < preBits+7 {
			r.fill()
		}
		e := pre[r.buf&(1<<preBits-1)]
		if e&isOther != 0 {
			return r.noCode()
		}
		if uint(e&0xff) > r.n {
			return ErrTruncated
		}
		extra := uint32(r.buf) & (1<<(e&0xff) - 1) >> (e >> 8 & 15)
		r.skip(uint(e & 0xff))
		symbol := e >> 16
		if symbol < 16 {
			c.lens[i] = uint8(symbol)
			i++
			continue
		}
		value, n := uint8(0), int(extra)+3
		switch symbol {
		case 16:
			if i == 0 {
				return ErrCorrupt
			}
			value = c.lens[i-1]
		case 18:
			n += 8
		}
		for ; n > 0; n-- {
			c.lens[i] = value
			i++
		}
		if i > total {
			return ErrCorrupt
		}
	}
	if !build(c.lit[:], litBits, c.lens[:c.nlit], litEntries[:]) ||
		!build(c.dist[:], distBits, c.lens[c.nlit:total], distEntries[:]) {
		return ErrCorrupt
	}
	clear(c.lens[total:])
	return nil
}

// noCode is the error where the next bits are no code: there may be too few.
func (r *reader) noCode() error {
	if r.n < maxCode {
		return ErrTruncated
	}
	return ErrCorrupt
}

// preEntries are the entries of the codes for lengths: the symbol, and how many
// extra bits say how often it repeats.
var preEntries = func() (t [19]entry) {
	for i := range t {
		t[i] = entry(i) << 16
	}
	t[16] |= 2
	t[17] |= 3
	t[18] |= 7
	return t
}()

// stored reads the header of a stored block, behind its type, and returns the
// bytes in it (section 3.2.4).
func (r *reader) stored() ([]byte, error) {
	r.align()
	if len(r.src)-r.in < 4 {
		return nil, ErrTruncated
	}
	n := binary.LittleEndian.Uint16(r.src[r.in:])
	if n != ^binary.LittleEndian.Uint16(r.src[r.in+2:]) {
		return nil, ErrCorrupt
	}
	r.in += 4
	if len(r.src)-r.in < int(n) {
		return nil, ErrTruncated
	}
	b := r.src[r.in : r.in+int(n)]
	r.in += int(n)
	return b, nil
}
