package redact

import "math/bits"

// byteSet is a set of byte values.
type byteSet [4]uint64

func (s *byteSet) add(b byte) { s[b>>6] |= 1 << (b & 63) }

func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *byteSet) size() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// within reports whether all of s is in other.
func (s *byteSet) within(other *byteSet) bool {
	for i := range s {
		if s[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}

// first returns the least byte of s, which is not empty.
func (s *byteSet) first() byte {
	for i, word := range s {
		if word != 0 {
			return byte(64*i + bits.TrailingZeros64(word))
		}
	}
	return 0
}

// each calls yield for every byte of s.
func (s *byteSet) each(yield func(b byte)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			yield(byte(64*i + bits.TrailingZeros64(word)))
		}
	}
}

func setOf(bytes string) (s byteSet) {
	for _, b := range []byte(bytes) {
		s.add(b)
	}
	return s
}

// foldedSet returns the bytes of s as the prefilter sees them, which is with bit 5
// set: letters in lower case, and a few other pairs of bytes as one, which only
// makes it report more. In each word of 64 the lower half falls onto the upper.
func foldedSet(s *byteSet) (out byteSet) {
	for i, word := range s {
		out[i] = (word | word<<32) &^ (1<<32 - 1)
	}
	return out
}

func foldedSize(s *byteSet) int {
	f := foldedSet(s)
	return f.size()
}
