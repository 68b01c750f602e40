package codec

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
)

// packKind is a family of MessagePack types.
type packKind uint8

const (
	packBad   packKind = iota
	packPlain          // nil and booleans
	packInt
	packFloat
	packStr
	packBin
	packExt
	packArray
	packMap
)

// packed is the head of a value, as the MessagePack specification lays it out.
type packed struct {
	kind packKind
	form byte // the first byte
	head int  // bytes of the head
	size int  // bytes behind it that are not values themselves
	// values is how many values follow that belong to this one: twice the pairs of
	// a map.
	values int
	ext    byte // type of an extension, as it is written
}

// end returns the offset behind the head and the bytes that follow it.
func (p *packed) end() int { return p.head + p.size }

// readPacked reads the head at the beginning of src. ok is false if src ends in it.
func readPacked(src []byte) (p packed, ok bool) {
	if len(src) == 0 {
		return packed{}, false
	}
	c := src[0]
	p = packed{form: c, head: 1}
	switch {
	case c < 0x80 || c >= 0xe0:
		p.kind = packInt
	case c < 0x90:
		p.kind, p.values = packMap, 2*int(c&15)
	case c < 0xa0:
		p.kind, p.values = packArray, int(c&15)
	case c < 0xc0:
		p.kind, p.size = packStr, int(c&31)
	default:
		return readLong(p, src)
	}
	return p, true
}

// longForms say, from 0xc0 on, how a value goes on behind its first byte.
var longForms = [32]struct {
	kind   packKind
	length int // bytes that count the size, or the values
	size   int // bytes that follow, where nothing counts them
}{
	{kind: packPlain}, {kind: packBad}, {kind: packPlain}, {kind: packPlain},
	{kind: packBin, length: 1}, {kind: packBin, length: 2}, {kind: packBin, length: 4},
	{kind: packExt, length: 1}, {kind: packExt, length: 2}, {kind: packExt, length: 4},
	{kind: packFloat, size: 4}, {kind: packFloat, size: 8},
	{kind: packInt, size: 1}, {kind: packInt, size: 2}, {kind: packInt, size: 4}, {kind: packInt, size: 8},
	{kind: packInt, size: 1}, {kind: packInt, size: 2}, {kind: packInt, size: 4}, {kind: packInt, size: 8},
	{kind: packExt, size: 1}, {kind: packExt, size: 2}, {kind: packExt, size: 4}, {kind: packExt, size: 8}, {kind: packExt, size: 16},
	{kind: packStr, length: 1}, {kind: packStr, length: 2}, {kind: packStr, length: 4},
	{kind: packArray, length: 2}, {kind: packArray, length: 4},
	{kind: packMap, length: 2}, {kind: packMap, length: 4},
}

func readLong(p packed, src []byte) (packed, bool) {
	f := &longForms[p.form-0xc0]
	p.kind, p.size, p.head = f.kind, f.size, 1+f.length
	if p.kind == packExt {
		p.head++
	}
	if len(src) < p.head {
		return p, false
	}
	n := 0
	for _, c := range src[1 : 1+f.length] {
		n = n<<8 | int(c)
	}
	switch {
	case p.kind == packArray:
		p.values = n
	case p.kind == packMap:
		p.values = 2 * n
	case f.length > 0:
		p.size = n
	}
	if p.kind == packExt {
		p.ext = src[p.head-1]
	}
	return p, true
}

// form is a first byte that tells sizes up to max.
type form struct {
	first byte
	max   int64
}

// wider lists the forms of each kind with a size, from the narrowest on, with the
// largest size that each can tell.
var wider = map[packKind][]form{
	packStr: {{0xa0, 31}, {0xd9, math.MaxUint8}, {0xda, math.MaxUint16}, {0xdb, math.MaxUint32}},
	packBin: {{0xc4, math.MaxUint8}, {0xc5, math.MaxUint16}, {0xc6, math.MaxUint32}},
	packExt: {{0xc7, math.MaxUint8}, {0xc8, math.MaxUint16}, {0xc9, math.MaxUint32}},
}

// resize appends the head of p for another size: in the form that it had, if that can
// tell the size, else in the next one that can.
func (p *packed) resize(dst []byte, size int) []byte {
	forms := wider[p.kind]
	own := slices.IndexFunc(forms, func(f form) bool { return f.first == p.form })
	forms = forms[max(own, 0):] // what is in no list is narrower than all
	for len(forms) > 1 && forms[0].max < int64(size) {
		forms = forms[1:]
	}
	switch form := forms[0].first; form {
	case 0xa0:
		dst = append(dst, form|byte(size))
	case 0xd9, 0xc4, 0xc7:
		dst = append(dst, form, byte(size))
	case 0xda, 0xc5, 0xc8:
		dst = binary.BigEndian.AppendUint16(append(dst, form), uint16(size))
	default:
		dst = binary.BigEndian.AppendUint32(append(dst, form), uint32(size))
	}
	if p.kind == packExt {
		dst = append(dst, p.ext)
	}
	return dst
}

// recount appends the head of a map with fewer pairs.
func (p *packed) recount(dst []byte, pairs int) []byte {
	switch p.form {
	case 0xde:
		return binary.BigEndian.AppendUint16(append(dst, p.form), uint16(pairs))
	case 0xdf:
		return binary.BigEndian.AppendUint32(append(dst, p.form), uint32(pairs))
	}
	return append(dst, 0x80|byte(pairs))
}

// appendNumber appends a number in decimal, nothing for one that is none or has more
// than 21 digits. raw is all of it.
func (p *packed) appendNumber(dst, raw []byte) []byte {
	var bits uint64
	for _, c := range raw[1:] {
		bits = bits<<8 | uint64(c)
	}
	switch {
	case p.kind == packFloat:
		f := p.float(raw)
		if math.IsNaN(f) || math.Abs(f) >= 1e21 {
			return dst
		}
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	case p.size == 0:
		return strconv.AppendInt(dst, int64(int8(p.form)), 10)
	case p.form < 0xd0:
		return strconv.AppendUint(dst, bits, 10)
	}
	shift := 64 - 8*p.size
	return strconv.AppendInt(dst, int64(bits<<shift)>>shift, 10)
}

// float returns a number of kind packFloat. raw is all of it.
func (p *packed) float(raw []byte) float64 {
	if p.size == 4 {
		return float64(math.Float32frombits(binary.BigEndian.Uint32(raw[1:])))
	}
	return math.Float64frombits(binary.BigEndian.Uint64(raw[1:]))
}

// zeros are what the bytes of a number become.
var zeros [8]byte

// zero returns the splice that makes the number at offset at 0.
func (p *packed) zero(at int) Splice {
	if p.size == 0 {
		return Splice{Start: at, End: at + 1, Text: zeros[:1]}
	}
	return Splice{Start: at + 1, End: at + 1 + p.size, Text: zeros[:p.size]}
}

// packScan finds the end of a value, which may come in pieces.
type packScan struct {
	at   int // bytes of it that were looked at
	left int // values that are still to come, less the first one
}

// run returns the length of the value at the beginning of src once it is whole.
func (s *packScan) run(src []byte) (end int, t token) {
	for s.left >= 0 {
		if s.at > len(src) {
			return 0, tokenCut
		}
		p, ok := readPacked(src[s.at:])
		if p.kind == packBad && (ok || len(src) > s.at) {
			return 0, tokenBad
		}
		if !ok {
			return 0, tokenCut
		}
		s.at += p.end()
		s.left += p.values - 1
	}
	if s.at > len(src) {
		return 0, tokenCut
	}
	end = s.at
	*s = packScan{}
	return end, tokenWhole
}
