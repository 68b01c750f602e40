package redact

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// KnownValues are the values of one source of secrets, as fingerprints. They are not
// safe for concurrent use, and immutable once they were given to Replace.
type KnownValues struct {
	key     *knownKey
	secrets []Secret
	classes [len(knownShapes)]knownPart
	encoded int    // values whose encoded forms are known too
	first   uint32 // number of secrets[0] in the index that is being made
	digest  uint64 // of names and values in their order
	// used counts windows by hash, so that of what many values share little is taken.
	used   []uint8
	shares [len(knownShapes)][]float32 // see knownShares
}

// knownPart is what a source has of a class.
type knownPart struct {
	kinds  *knownKinds // of the windows; nil if there are none
	hashes []uint64    // of the windows, those of a form one behind the other
	forms  []knownForm
}

// MaxEncoded is how many values of a source are known in base64 and hexadecimal
// digits too, wherever those begin and end. Of further ones this holds for those that
// are shorter than alwaysEncoded bytes; longer ones are found where what is encoded
// is seen to be text.
const (
	MaxEncoded    = 100_000
	alwaysEncoded = 17
)

// NewValues returns an empty list of values for k.
func (k *Known) NewValues() *KnownValues { return &KnownValues{key: &k.key} }

// Len returns the number of values added.
func (v *KnownValues) Len() int { return len(v.secrets) }

// Encoded returns the number of values that are known in base64 and hexadecimal
// digits too.
func (v *KnownValues) Encoded() int { return v.encoded }

// Equal reports whether v and o have the same values under the same names, in the same
// order.
func (v *KnownValues) Equal(o *KnownValues) bool {
	return len(v.secrets) == len(o.secrets) && v.digest == o.digest
}

// Add takes a value of MinKnown to MaxKnown bytes; others are left out. Of value
// itself nothing is kept, and it can be wiped afterwards.
func (v *KnownValues) Add(s Secret, value []byte) {
	if len(value) < MinKnown || len(value) > MaxKnown {
		return
	}
	if v.used == nil {
		v.used, v.shares = make([]uint8, 1<<18), knownShares()
	}
	number := uint32(len(v.secrets))
	v.secrets = append(v.secrets, s)
	for _, part := range [][]byte{value, []byte(s.Name)} {
		v.digest = bits.RotateLeft64(v.digest, 7)*5 ^ v.key.print.sum(part)
	}
	encoded := len(v.secrets) <= MaxEncoded || len(value) < alwaysEncoded
	if encoded {
		v.encoded++
	}
	knownForms(value, encoded, func(how knownKind, form []byte) {
		v.form(knownForm{secret: number, how: how, value: uint32(len(value)), length: uint32(len(form))}, form)
	})
}

// form takes one way to write a value.
func (v *KnownValues) form(f knownForm, text []byte) {
	for i, shape := range knownShapes {
		from, to, first := 0, len(text), -1
		if shape.raw {
			from, to, first = v.bestRun(text, i)
		} else if len(text) >= shape.stretch() {
			first, _ = v.best(text, 0, len(text), i)
		}
		if first < 0 {
			continue
		}
		from, to = max(from, first-around), min(to, first+shape.stretch()+around)
		f.from, f.to, f.first = uint32(from), uint32(to), uint32(first)
		f.run, f.whole = v.key.print.sum(text[from:to]), v.key.print.sum(text)
		c := &v.classes[i]
		if c.kinds == nil {
			c.kinds = new(knownKinds)
		}
		for k := range shape.stride {
			w := windowAt(text[first+k:], shape.width)
			c.kinds.add(kindOf(w))
			h := v.key.windowHash(w)
			c.hashes = append(c.hashes, h)
			if n := &v.used[h>>46]; *n < math.MaxUint8 {
				*n++
			}
		}
		c.forms = append(c.forms, f)
		return
	}
}

// around is how much of what stands around its windows, in bytes on each side, is
// compared before the whole of a form is.
const around = 32

// windowAt returns the first bytes of text.
func windowAt(text []byte, width int) uint64 {
	if len(text) >= 8 {
		return binary.LittleEndian.Uint64(text) & (^uint64(0) >> (64 - 8*width))
	}
	var b [8]byte
	copy(b[:], text[:width])
	return binary.LittleEndian.Uint64(b[:])
}

// early is how far into a value, in bytes, its windows are looked for first: a stream
// has to hold back as much.
const early = 256

// bestRun returns the run of bytes that no escape changes in which the windows are
// best, and where they begin, -1 if there is none.
func (v *KnownValues) bestRun(text []byte, class int) (from, to, first int) {
	shape := knownShapes[class]
	first = -1
	most := math.Inf(-1)
	for start := 0; start < len(text); {
		end := start
		for end < len(text) && isPlain(text[end]) {
			end++
		}
		if end-start >= shape.stretch() && (first < 0 || start < early) {
			if at, score := v.best(text, start, end, class); score > most {
				from, to, first, most = start, end, at, score
			}
		}
		start = end + 1
	}
	return from, to, first
}

// isPlain reports bytes that stand for themselves in every payload that is searched
// before it is parsed, see Suspect.
func isPlain(b byte) bool { return b >= ' ' && b <= '~' && b != '"' && b != '\\' }

// best returns where in text[start:end] windows are rarest, and how rare they are.
func (v *KnownValues) best(text []byte, start, end, class int) (first int, score float64) {
	shape := knownShapes[class]
	stretch := shape.stretch()
	last := end - stretch
	if start < early {
		last = min(last, max(start, early))
	}
	first, score = start, math.Inf(-1)
	sum, share := 0.0, 0.0
	for i := start; i < start+stretch; i++ {
		sum += rareness[text[i]]
	}
	var shares [8]float64 // of the windows at the last positions
	for k := range shape.stride {
		shares[(start+k)%shape.stride] = v.share(text[start+k:], class)
		share += shares[(start+k)%shape.stride]
	}
	for at := start; ; at++ {
		s := sum - repeated[v.used[v.key.windowHash(windowAt(text[at+stretch-shape.width:], shape.width))>>46]]
		if s > score {
			if s -= commonness(share); s > score {
				first, score = at, s
			}
		}
		if at >= last {
			return first, score
		}
		sum += rareness[text[at+stretch]] - rareness[text[at]]
		next := v.share(text[at+shape.stride:], class)
		share += next - shares[at%shape.stride]
		shares[at%shape.stride] = next
	}
}

// share returns by what share of a log more the filter of the class would be asked
// with the window that text begins with.
func (v *KnownValues) share(text []byte, class int) float64 {
	kind := kindOf(windowAt(text, knownShapes[class].width))
	if kinds := v.classes[class].kinds; kinds != nil && kinds.has(kind) {
		return 0
	}
	return float64(v.shares[class][kind])
}

// repeated is how many bits it counts against windows that one of them was used so
// often already.
var repeated = func() (r [math.MaxUint8 + 1]float64) {
	for n := range r {
		r[n] = 8 * math.Log2(1+float64(n))
	}
	return r
}()

// rareness is about how many bits a byte of a log tells.
var rareness = func() (r [256]float64) {
	for b := range r {
		folded := byte(b)
		if isUpper(folded) {
			folded |= 0x20
		}
		r[b] = math.Log2(10_000 / float64(max(1, logBytes[folded])))
		if isUpper(byte(b)) {
			r[b] += 2
		}
	}
	return r
}()
