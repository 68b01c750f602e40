package redact

import (
	"encoding/binary"
	"math/bits"
)

// knownIndex finds known values. A search looks at every few bytes of a text only:
// of each value as many windows are known, one behind the other, so that one of them
// is met wherever the value stands. It is immutable.
type knownIndex struct {
	key    *knownKey
	values int
	// secrets, by number; forms refer to them.
	secrets []Secret
	classes [len(knownShapes)]knownClass
	most    int // how far from its start a form is announced at most, in bytes
	reach   int // the longest form, in bytes
}

// knownShape is how the windows of a class are: so many bytes long, at every so many.
type knownShape struct {
	width, stride int
	// raw says that the windows hold nothing that an escape could change, so that
	// they are found in payloads too.
	raw bool
}

// stretch is how many bytes of a form the windows of it take.
func (s knownShape) stretch() int { return s.width + s.stride - 1 }

// A form is of the first class whose windows fit into it.
var knownShapes = [...]knownShape{
	{width: 8, stride: 8, raw: true},
	{width: 5, stride: 4, raw: true},
	{width: 5, stride: 2},
}

// knownForm is one way that a value is written.
type knownForm struct {
	run    uint64 // fingerprint of the part that holds the windows
	whole  uint64 // fingerprint of all of it
	secret uint32
	length uint32 // in bytes
	// The part that holds the windows, and the first window, in bytes from the start.
	from, to, first uint32
	value           uint32 // length of the value in bytes
	how             knownKind
}

// knownClass is the forms whose windows have one shape.
type knownClass struct {
	knownShape
	mask  uint64      // of the bytes of a window
	kinds *knownKinds // of all windows
	// filter has three bits of one word set for each window; the word is chosen by
	// the highest bits of its hash.
	filter []uint64
	shift  uint
	// windows are those whose hash ends alike, by those bits, from heads[i] to
	// heads[i+1].
	heads   []uint32
	windows []knownWindow
	forms   []knownForm
}

// knownWindow is a window by its number, stride for each form in their order, and the
// upper half of its hash.
type knownWindow struct{ number, hash uint32 }

// windowHash hashes up to eight bytes.
func (k *knownKey) windowHash(x uint64) uint64 {
	hi, lo := bits.Mul64(x^k.windows[0], k.windows[1])
	return hi ^ lo
}

// Where in its word of the filter a window has its bits.
func filterBits(h uint64) uint64 { return 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63) }

// newKnownIndex joins the values of several sources.
func newKnownIndex(key *knownKey, sources []*KnownValues) *knownIndex {
	x := &knownIndex{key: key}
	for _, v := range sources {
		v.first = uint32(x.values)
		x.values += len(v.secrets)
	}
	x.secrets = make([]Secret, 0, x.values)
	for _, v := range sources {
		x.secrets = append(x.secrets, v.secrets...)
	}
	for i, shape := range knownShapes {
		c := &x.classes[i]
		c.knownShape = shape
		c.mask = ^uint64(0) >> (64 - 8*shape.width)
		var parts []*knownPart
		n := 0
		for _, v := range sources {
			parts = append(parts, &v.classes[i])
			n += len(v.classes[i].forms)
		}
		c.forms = make([]knownForm, 0, n)
		for _, v := range sources {
			for _, f := range v.classes[i].forms {
				f.secret += v.first
				c.forms = append(c.forms, f)
				x.most = max(x.most, int(f.first)+c.stretch())
				x.reach = max(x.reach, int(f.length))
			}
		}
		c.tabulate(parts)
	}
	return x
}

// bitsPerWindow returns the size of the filter for n windows: the more, the fewer
// positions pass it by chance, as long as a processor's cache holds it.
func bitsPerWindow(n int) int {
	switch {
	case n <= 1<<16:
		return 64
	case n <= 1<<19:
		return 32
	}
	return 16
}

// tabulate fills the filters and the lists for the windows of the parts.
func (c *knownClass) tabulate(parts []*knownPart) {
	n := len(c.forms) * c.stride
	if n == 0 {
		return
	}
	words := bits.Len(uint(max(n*bitsPerWindow(n)/64, 1) - 1))
	words = max(words, 3)
	c.kinds, c.filter, c.shift = new(knownKinds), make([]uint64, 1<<words), uint(64-words)
	c.heads = make([]uint32, 1<<max(1, bits.Len(uint(n))-1)+1)
	for _, part := range parts {
		c.kinds.join(part.kinds)
		for _, h := range part.hashes {
			c.filter[h>>c.shift] |= filterBits(h)
			c.heads[c.list(h)]++
		}
	}
	// First where each list ends, then, while it is filled from behind, where it begins.
	for i := 1; i < len(c.heads); i++ {
		c.heads[i] += c.heads[i-1]
	}
	c.windows = make([]knownWindow, n)
	number := uint32(0)
	for _, part := range parts {
		for _, h := range part.hashes {
			head := &c.heads[c.list(h)]
			*head--
			c.windows[*head] = knownWindow{number, uint32(h >> 32)}
			number++
		}
	}
}

// list returns the number of the list that a window with that hash is in.
func (c *knownClass) list(h uint64) uint64 { return h & uint64(len(c.heads)-2) }

// each calls yield for the forms of which a window stands in text, from text[from]
// on, with where the form then begins: before text perhaps. It ends when yield
// returns false.
func (c *knownClass) each(key *knownKey, text []byte, from int, yield func(f *knownForm, start int) bool) bool {
	if len(c.filter) == 0 {
		return true
	}
	var passed [64]uint32 // offsets of windows whose kind there is
	at := from
	for at+8 <= len(text) {
		part := text[at:min(len(text), at+(len(passed)-1)*c.stride+8)]
		for _, i := range passed[:c.sift(&passed, part)] {
			w := binary.LittleEndian.Uint64(part[i:]) & c.mask
			if h := key.windowHash(w); c.passes(h) && !c.yield(h, at+int(i), yield) {
				return false
			}
		}
		at += (len(part)-8)/c.stride*c.stride + c.stride
	}
	for ; at+c.width <= len(text); at += c.stride {
		var last [8]byte
		copy(last[:], text[at:])
		h := key.windowHash(binary.LittleEndian.Uint64(last[:]) & c.mask)
		if c.passes(h) && !c.yield(h, at, yield) {
			return false
		}
	}
	return true
}

// sift notes where in text, of 8 bytes or more, windows stand whose kind there is, and
// returns how many they are. It does not branch on them: what kinds follow each other
// can't be foreseen.
func (c *knownClass) sift(passed *[64]uint32, text []byte) (n int) {
	kinds, mask, stride := c.kinds, c.mask, c.stride
	for i := 0; i+8 <= len(text); i += stride {
		k := kindOf(binary.LittleEndian.Uint64(text[i:]) & mask)
		passed[n&63] = uint32(i)
		n += int(kinds[k>>6] >> (k & 63) & 1)
	}
	return n
}

// passes reports whether the filter lets a window with that hash pass.
func (c *knownClass) passes(h uint64) bool {
	m := filterBits(h)
	return c.filter[h>>(c.shift&63)]&m == m
}

// yield calls yield for the forms that have a window with that hash, at text[at].
func (c *knownClass) yield(h uint64, at int, yield func(f *knownForm, start int) bool) bool {
	l := c.list(h)
	for _, w := range c.windows[c.heads[l]:c.heads[l+1]] {
		if w.hash != uint32(h>>32) {
			continue
		}
		f := &c.forms[int(w.number)/c.stride]
		if !yield(f, at-int(f.first)-int(w.number)%c.stride) {
			return false
		}
	}
	return true
}
