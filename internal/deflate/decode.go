package deflate

import (
	"encoding/binary"
	"sync"
)

// decoder is the working memory of one run.
type decoder struct {
	reader
	out   []byte // up to its capacity
	o     int    // bytes of out that are written
	base  int    // where the data begins in out: matches go no farther back
	limit int    // length that out may reach
	own   codes
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// slack is by how many bytes the buffer is larger than what is in it, so that
// symbols can be decoded without looking for its end each time.
const slack = maxMatch + 3 + 16

// maxRatio is how many bytes a byte of data can stand for: two bits are a match of
// the greatest length.
const maxRatio = 1032

// Decode appends to dst what the data at the beginning of src decodes to, and
// returns how many bytes of src that is. It fails with ErrTooLarge where that is
// more than limit bytes. hint is the expected size, -1 if unknown; it is not
// trusted. What was written before an error is part of out. Memory that dst grew
// out of is cleared from len(dst) on.
func Decode(dst, src []byte, limit, hint int) (out []byte, n int, err error) {
	d := decoders.Get().(*decoder)
	defer decoders.Put(d)
	return d.decode(dst, src, limit, hint)
}

func (d *decoder) decode(dst, src []byte, limit, hint int) (out []byte, n int, err error) {
	d.reader = reader{src: src}
	d.out, d.o, d.base, d.limit = dst[:cap(dst)], len(dst), len(dst), len(dst)+limit
	if hint < 0 || hint > limit || hint/maxRatio > len(src) {
		hint = min(4*len(src), limit)
	}
	d.room(hint)
	err = d.run()
	clear(d.out[d.o:min(d.o+8, len(d.out))]) // what matches wrote too much
	out, n = d.out[:d.o], d.in-int(d.n/8)
	d.src, d.out = nil, nil
	return out, n, err
}

// room makes place for n bytes, and the slack.
func (d *decoder) room(n int) {
	if d.o+n+slack <= len(d.out) {
		return
	}
	grown := make([]byte, max(d.o+n, min(2*d.o, d.limit))+slack)
	copy(grown, d.out[:d.o])
	clear(d.out[d.base:])
	d.out = grown
}

func (d *decoder) run() error {
	for {
		head, ok := d.take(3)
		if !ok {
			return ErrTruncated
		}
		var err error
		switch head >> 1 {
		case 0:
			err = d.copyStored()
		case 1:
			err = d.symbols(fixed())
		case 2:
			if err = d.codes(&d.own); err == nil {
				err = d.symbols(&d.own)
			}
		default:
			err = ErrCorrupt
		}
		if err != nil || head&1 != 0 {
			return err
		}
	}
}

func (d *decoder) copyStored() error {
	b, err := d.stored()
	if err != nil {
		return err
	}
	if len(b) > d.limit-d.o {
		return ErrTooLarge
	}
	d.room(len(b))
	d.o += copy(d.out[d.o:], b)
	return nil
}

// symbols decodes the symbols of a block: in a fast loop where there is enough of
// the input and room for the output, else one by one.
func (d *decoder) symbols(c *codes) error {
	for {
		if done, err := d.fast(c); done || err != nil {
			return err
		}
		if done, err := d.slow(c); done || err != nil {
			return err
		}
	}
}

// fast decodes symbols while src has 16 bytes more and out the slack. It is the
// loop that all time goes into: state is in local variables, and there is one
// refill for up to three literals or for a match.
//
//nolint:gocyclo // one loop, see above
func (d *decoder) fast(c *codes) (done bool, err error) {
	src, out, o, in, buf, n := d.src, d.out, d.o, d.in, d.buf, d.n
	lit, dist := &c.lit, &c.dist
	inEnd, outEnd := len(src)-16, min(len(out), d.limit+slack)-slack
	for in < inEnd && o < outEnd {
		buf |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
		in += int(63-n) >> 3
		n |= 56
		e := lit[buf&(1<<litBits-1)]
		if e&isLiteral != 0 {
			buf >>= e & 63
			n -= uint(e & 63)
			out[o] = byte(e >> 16)
			o++
			e = lit[buf&(1<<litBits-1)]
			if e&isLiteral != 0 {
				buf >>= e & 63
				n -= uint(e & 63)
				out[o] = byte(e >> 16)
				o++
				e = lit[buf&(1<<litBits-1)]
				if e&isLiteral != 0 {
					buf >>= e & 63
					n -= uint(e & 63)
					out[o] = byte(e >> 16)
					o++
					continue
				}
			}
		}
		if e&isOther != 0 {
			if e&isSubtable != 0 {
				buf >>= litBits
				n -= litBits
				e = lit[(e>>16&0x7fff+uint32(buf)&(1<<(e>>8&15)-1))%litSize]
				if e&isLiteral != 0 {
					buf >>= e & 63
					n -= uint(e & 63)
					out[o] = byte(e >> 16)
					o++
					continue
				}
			}
			if e&isOther != 0 {
				if done = e&isEnd != 0; !done {
					err = ErrCorrupt
				} else {
					buf >>= e & 63
					n -= uint(e & 63)
				}
				break
			}
		}
		length := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15))
		buf >>= e & 63
		n -= uint(e & 63)
		if n < 32 {
			buf |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
			in += int(63-n) >> 3
			n |= 56
		}
		e = dist[buf&(1<<distBits-1)]
		if e&isOther != 0 {
			if e&isSubtable == 0 {
				err = ErrCorrupt
				break
			}
			buf >>= distBits
			n -= distBits
			e = dist[(e>>16&0x7fff+uint32(buf)&(1<<(e>>8&15)-1))%distSize]
			if e&isOther != 0 {
				err = ErrCorrupt
				break
			}
		}
		from := o - (int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15)))
		buf >>= e & 63
		n -= uint(e & 63)
		if from < d.base {
			err = ErrCorrupt
			break
		}
		switch end := o + length; {
		case o-from < 8:
			for ; o < end; o++ {
				out[o] = out[from]
				from++
			}
		case length > 32 && o-from >= length:
			copy(out[o:end], out[from:])
			o = end
		default: // writes up to 7 bytes too many, into the slack
			for ; o < end; o += 8 {
				binary.LittleEndian.PutUint64(out[o:], binary.LittleEndian.Uint64(out[from:]))
				from += 8
			}
			o = end
		}
	}
	d.o, d.in, d.buf, d.n = o, in, buf, n
	return done, err
}

// slow decodes one symbol anywhere.
func (d *decoder) slow(c *codes) (done bool, err error) {
	s, err := d.symbol(c)
	switch {
	case err != nil:
		return false, err
	case s.end:
		return true, nil
	case s.length > d.limit-d.o:
		return false, ErrTooLarge
	case s.dist > d.o-d.base:
		return false, ErrCorrupt
	}
	d.room(s.length)
	if s.dist == 0 {
		d.out[d.o] = s.literal
		d.o++
		return false, nil
	}
	for range s.length {
		d.out[d.o] = d.out[d.o-s.dist]
		d.o++
	}
	return false, nil
}

// symbol is one symbol as read.
type symbol struct {
	literal byte
	end     bool
	length  int  // 1 for a literal
	dist    int  // 0 for a literal
	lenBits uint // bits of the symbol but for those of its distance
}

// symbol reads one symbol.
func (r *reader) symbol(c *codes) (s symbol, err error) {
	r.fill()
	e, before := c.lit[r.buf&(1<<litBits-1)], r.n
	if e&isSubtable != 0 && e&isOther != 0 {
		if r.n < litBits {
			return s, ErrTruncated
		}
		r.skip(litBits)
		e = c.lit[e>>16&0x7fff+uint32(r.buf)&(1<<(e>>8&15)-1)]
	}
	if e&0xff == 0 || e&isOther != 0 && e&isEnd == 0 {
		return s, r.noCode()
	}
	if uint(e&63) > r.n {
		return s, ErrTruncated
	}
	s.length = int(e>>16&0x7fff) + int(r.buf&(1<<(e&63)-1)>>(e>>8&15))
	r.skip(uint(e & 63))
	s.lenBits = before - r.n
	switch {
	case e&isLiteral != 0:
		s.literal, s.length = byte(e>>16), 1
		return s, nil
	case e&isOther != 0:
		s.end = true
		return s, nil
	}
	e = c.dist[r.buf&(1<<distBits-1)]
	if e&isOther != 0 && e&isSubtable != 0 {
		if r.n < distBits {
			return s, ErrTruncated
		}
		r.skip(distBits)
		e = c.dist[e>>16&0x7fff+uint32(r.buf)&(1<<(e>>8&15)-1)]
	}
	if e&0xff == 0 || e&isOther != 0 {
		return s, r.noCode()
	}
	if uint(e&63) > r.n {
		return s, ErrTruncated
	}
	s.dist = int(e>>16) + int(r.buf&(1<<(e&63)-1)>>(e>>8&15))
	r.skip(uint(e & 63))
	return s, nil
}
