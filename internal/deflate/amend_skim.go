package deflate

import "encoding/binary"

// skim passes on symbols that are neither edited nor copy from an edit or over one,
// as long as there are plenty of them.
func (a *amender) skim(c *codes) {
	src, text, put := a.src, len(a.text), a.copied < 0
	in, buf, n, p, least := a.in, a.reader.buf, a.reader.n, a.p, 0
	if a.k < len(a.edits) {
		text = a.edits[a.k].Start
	}
	if len(a.done) > 0 {
		least = a.done[len(a.done)-1].end
	}
	if put && a.k == len(a.edits) { // then to be copied, see startCopy
		text = min(text, least+maxWindow+maxMatch)
	}
	for in < len(src)-16 && p+maxMatch < text {
		if n < 2*maxCode+5+13 {
			buf |= binary.LittleEndian.Uint64(src[in:]) << (n & 63)
			in += int(63-n) >> 3
			n |= 56
		}
		e, used := c.lit[buf&(1<<litBits-1)], uint(0)
		if e&(isOther|isSubtable) == isOther|isSubtable {
			used = litBits
			e = c.lit[(e>>16&0x7fff+uint32(buf>>litBits)&(1<<(e>>8&15)-1))%litSize]
		}
		if e&isOther != 0 {
			break
		}
		length, first := 1, used+uint(e&63)
		if e&isLiteral == 0 {
			length = int(e>>16) + int(buf>>used&(1<<(e&63)-1)>>(e>>8&15))
			rest := buf >> (first & 63)
			d, behind := c.dist[rest&(1<<distBits-1)], uint(0)
			if d&(isOther|isSubtable) == isOther|isSubtable {
				behind = distBits
				d = c.dist[(d>>16&0x7fff+uint32(rest>>distBits)&(1<<(d>>8&15)-1))%distSize]
			}
			if d&isOther != 0 {
				break
			}
			dist := int(d>>16) + int(rest>>behind&(1<<(d&63)-1)>>(d>>8&15))
			used = first + behind + uint(d&63)
			if put {
				if p-dist < least {
					break
				}
				a.put(buf&(1<<first-1), first)
				a.put(rest&(1<<(used-first)-1), used-first)
			}
		} else if used = first; put {
			a.put(buf&(1<<first-1), first)
		}
		p += length
		buf >>= used & 63
		n -= used
	}
	a.in, a.reader.buf, a.reader.n, a.p = in, buf, n, p
}
