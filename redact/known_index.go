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
	mask uint64 // of the bytes of a window
	// filter has three bits of one word set for each window; the word is chosen by
	// the highest bits of its hash.
	filter []uint64
	shift  uint
	// windows are the numbers of those whose hash ends alike, by those bits, from
	// heads[i] to heads[i+1].
	heads   []uint32
	windows []uint32
	hashes  []uint64 // by the number of the window
	forms   []knownForm
}

// windowHash hashes up to eight bytes.
func (k *knownKey) windowHash(x uint64) uint64 {
	hi, lo := bits.Mul64(x^k.windows[0], k.windows[1])
	return hi ^ lo
}

// Where in its word of the filter a window has its bits.
func filterBits(h uint64) uint64 { return 1<<(h&63) | 1<<(h>>6&63) | 1<<(h>>12&63) }

// headBits is where the bits begin that choose a list of windows.
const headBits = 18

// newKnownIndex joins the values of several sources.
func newKnownIndex(key *knownKey, sources []*KnownValues) *knownIndex {
	x := &knownIndex{key: key}
	for i, shape := range knownShapes {
		c := &x.classes[i]
		c.knownShape = shape
		c.mask = ^uint64(0) >> (64 - 8*shape.width)
		for _, v := range sources {
			part := &v.classes[i]
			first := uint32(len(x.secrets))
			if i > 0 {
				first = v.first
			} else {
				v.first = first
				x.secrets = append(x.secrets, v.secrets...)
			}
			c.hashes = append(c.hashes, part.hashes...)
			for _, f := range part.forms {
				f.secret += first
				c.forms = append(c.forms, f)
			}
		}
		c.tabulate()
		for k := range c.forms {
			f := &c.forms[k]
			x.most = max(x.most, int(f.first)+c.stretch())
			x.reach = max(x.reach, int(f.length))
		}
	}
	x.values = len(x.secrets)
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

// tabulate fills the filter and the lists for c.hashes.
func (c *knownClass) tabulate() {
	n := len(c.hashes)
	if n == 0 {
		return
	}
	words := bits.Len(uint(max(n*bitsPerWindow(n)/64, 1) - 1))
	words = max(words, 3)
	c.filter, c.shift = make([]uint64, 1<<words), uint(64-words)
	c.heads = make([]uint32, 1<<max(1, bits.Len(uint(n))-1)+1)
	for _, h := range c.hashes {
		c.filter[h>>c.shift] |= filterBits(h)
		c.heads[c.list(h)+1]++
	}
	for i := 1; i < len(c.heads); i++ {
		c.heads[i] += c.heads[i-1]
	}
	c.windows = make([]uint32, n)
	next := append([]uint32(nil), c.heads...)
	for i, h := range c.hashes {
		l := c.list(h)
		c.windows[next[l]] = uint32(i)
		next[l]++
	}
}

// list returns the number of the list that a window with that hash is in.
func (c *knownClass) list(h uint64) uint64 { return h >> headBits & uint64(len(c.heads)-2) }

// each calls yield for the forms of which a window stands in text, from text[from]
// on, with where the form then begins: before text perhaps. It ends when yield
// returns false.
func (c *knownClass) each(key *knownKey, text []byte, from int, yield func(f *knownForm, start int) bool) bool {
	if len(c.filter) == 0 {
		return true
	}
	stride, mask, filter, shift := c.stride, c.mask, c.filter, c.shift&63
	k0, k1 := key.windows[0], key.windows[1]
	at := from
	for ; at+8 <= len(text); at += stride {
		hi, lo := bits.Mul64(binary.LittleEndian.Uint64(text[at:])&mask^k0, k1)
		h := hi ^ lo
		if m := filterBits(h); filter[h>>shift]&m == m && !c.yield(h, at, yield) {
			return false
		}
	}
	for ; at+c.width <= len(text); at += stride {
		var last [8]byte
		copy(last[:], text[at:])
		h := key.windowHash(binary.LittleEndian.Uint64(last[:]) & mask)
		if m := filterBits(h); filter[h>>shift]&m == m && !c.yield(h, at, yield) {
			return false
		}
	}
	return true
}

// yield calls yield for the forms that have a window with that hash, at text[at].
func (c *knownClass) yield(h uint64, at int, yield func(f *knownForm, start int) bool) bool {
	l := c.list(h)
	for _, w := range c.windows[c.heads[l]:c.heads[l+1]] {
		if c.hashes[w] != h {
			continue
		}
		f := &c.forms[int(w)/c.stride]
		if !yield(f, at-int(f.first)-int(w)%c.stride) {
			return false
		}
	}
	return true
}
