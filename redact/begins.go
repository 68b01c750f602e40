package redact

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// maxBeginning bounds, in bytes, what is looked at to tell whether a word of
// Rule.Begins stands there; maxBeginWord is the longest of those words.
const (
	maxBeginning = 48
	maxBeginWord = 32
)

// beginnings are the words of Rule.Begins, by their first letters. It is immutable.
type beginnings struct {
	marks  [1 << 9]uint64 // a bit for the hash of the first letters of each word
	fourth [1 << 9]uint64 // the same for those and the fourth, of a short word any
	// words are in the order of the hashes of their first letters; those whose hash is of
	// bucket i begin at index[i].
	words []string
	index [1<<bucketBits + 1]uint16
}

// bucketBits is how many bits of a hash, of its hashBits, tell buckets apart.
const (
	hashBits   = 15
	bucketBits = 11
)

func bucketOf(hash uint32) uint32 { return hash >> (hashBits - bucketBits) }

// newBeginnings returns those of words, nil for none.
func newBeginnings(words []string) (*beginnings, error) {
	if len(words) == 0 {
		return nil, nil
	}
	b := &beginnings{words: slices.Clone(words)}
	if len(words) > math.MaxUint16 {
		return nil, fmt.Errorf("%d words: there may be %d", len(words), math.MaxUint16)
	}
	for _, w := range words {
		if len(w) < gramLen || len(w) > maxBeginWord || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return nil, fmt.Errorf("%q: a word has 3 to 32 lower-case letters and digits", w)
		}
		at := hashBeginning([gramLen]byte([]byte(w)))
		b.index[bucketOf(at)+1]++
		b.marks[at/64] |= 1 << (at % 64)
		for c := range 256 {
			if len(w) == gramLen || w[gramLen] == byte(c) {
				at := hashFour(at, byte(c))
				b.fourth[at/64] |= 1 << (at % 64)
			}
		}
	}
	for i := range b.index[1:] {
		b.index[i+1] += b.index[i]
	}
	slices.SortFunc(b.words, func(v, w string) int {
		return cmp.Compare(hashBeginning([gramLen]byte([]byte(v))), hashBeginning([gramLen]byte([]byte(w))))
	})
	return b, nil
}

// hashFour returns a hash of the letters with the hash at and of another.
func hashFour(at uint32, next byte) uint32 {
	return ((at<<8 | uint32(next)) * 0x9E3779B1) >> (32 - hashBits)
}

func hashBeginning(gram [gramLen]byte) uint32 {
	return (uint32(gram[0])<<16 | uint32(gram[1])<<8 | uint32(gram[2])) * 0x9E3779B1 >> (32 - hashBits)
}

// fits reports whether one of the words stands at the beginning of text, in any
// case, behind "_" or not. A lower-case letter behind it would make it another
// word, unless it begins one of wordsBehind.
func (b *beginnings) fits(text []byte) bool {
	if len(text) > 0 && text[0] == '_' {
		text = text[1:]
	}
	if len(text) < gramLen {
		return false
	}
	at := hashAt(text, 0)
	if !b.marked(at) {
		return false
	}
	if len(text) > gramLen {
		if four := hashFour(at, lower(text[gramLen])); b.fourth[four/64]>>(four%64)&1 == 0 {
			return false
		}
	}
	bucket := bucketOf(at)
	for _, w := range b.words[b.index[bucket]:b.index[bucket+1]] {
		if beginsFolded(text, w) && endsName(text[len(w):]) {
			return true
		}
	}
	return false
}

// may reports whether the first letters of a word stand at text[i], in any case, or behind
// a "_" there: it turns down all but few places. Of letters that are cut it says yes.
func (b *beginnings) may(text []byte, i int) bool {
	if text[i] == '_' {
		i++
	}
	if i+gramLen > len(text) {
		return true
	}
	return b.marked(hashAt(text, i))
}

func (b *beginnings) marked(hash uint32) bool { return b.marks[hash/64]>>(hash%64)&1 != 0 }

// hashAt is hashBeginning of the letters at text[i], in any case.
func hashAt(text []byte, i int) uint32 {
	return hashBeginning([gramLen]byte{lower(text[i]), lower(text[i+1]), lower(text[i+2])})
}

// wordsBehind may follow a name in lower case without a sign between them.
var wordsBehind = []string{"api", "key", "token", "secret", "auth", "app", "client", "pat", "user", "access"}

func endsName(text []byte) bool {
	if len(text) == 0 || !isLower(text[0]) {
		return true
	}
	for _, w := range wordsBehind {
		if beginsFolded(text, w) {
			return true
		}
	}
	return false
}

// beginsFolded reports whether text begins with word, which is in lower case.
func beginsFolded(text []byte, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		if lower(text[i]) != word[i] {
			return false
		}
	}
	return true
}
