package redact

import (
	"fmt"
	"slices"
	"strings"
)

// kernel is the inner loop of the prefilter. Kernels differ in speed and in how
// many places they mark in vain, never in what is found.
type kernel struct {
	name string
	// fill fills n masks with what stands in text from at on, 64 positions each.
	// It may mark more places of grams than there are, and none too few.
	fill func(p *prefilter, text []byte, at, n int, w *walk)
	// halves says that it looks bytes up by halves, so that buckets are better
	// sorted by those.
	halves bool
	// bitmap says that it marks grams by prefilter.marked and has no use for buckets.
	bitmap bool
}

// kernels are those that this processor can run, the fastest first.
var kernels = append(vectorKernels(), &goKernel)

var active = kernels[0]

// Kernel returns the name of the kernel in use: "avx512vbmi", "avx2", "neon" or
// "go".
func Kernel() string { return active.name }

// Kernels returns the names of those that this processor can run, the fastest
// first.
func Kernels() (names []string) {
	for _, k := range kernels {
		names = append(names, k.name)
	}
	return names
}

// UseKernel chooses a kernel by name instead of the fastest. It must be called
// before the first Compile and not concurrently with anything else here. The error
// names those that there are.
func UseKernel(name string) error {
	i := slices.IndexFunc(kernels, func(k *kernel) bool { return k.name == name })
	if i < 0 {
		return fmt.Errorf("no kernel %q for this processor; there are: %s", name, strings.Join(Kernels(), ", "))
	}
	active = kernels[i]
	return nil
}

// masks are what a kernel sees in a chunk of blocks of 64 positions, a bit for each:
// where grams may begin, and which bytes are digits, which blanks or dashes, which
// letters, digits, "_" or "-", and which backslashes.
type masks struct {
	grams, digits, gaps, words, escapes [chunk + 1]uint64
}

// blockSize is how many positions a block has, chunk how many blocks a kernel
// fills at once.
const (
	blockSize = 64
	chunk     = 64
)

// goKernel is the kernel that every machine has. It marks grams by the bitmap.
var goKernel = kernel{name: "go", bitmap: true, fill: func(p *prefilter, text []byte, at, n int, w *walk) {
	for i := range n {
		w.masks.grams[i] = p.marks(text, at)
		if p.runs || p.raw {
			w.masks.classes(i, text[at:min(len(text), at+blockSize)])
		}
		at += blockSize
	}
}}

// Classes of bytes, a bit each.
const (
	classDigit = 1 << iota
	classGap
	classWord
	classEscape
)

// classOf has the classes of each byte in the lowest bits of four words of 16, so
// that a word gathers those of 16 bytes.
var classOf = func() (t [256]uint64) {
	for b := range t {
		class := uint64(classesOf(byte(b)))
		t[b] = class&classDigit | class&classGap<<15 | class&classWord<<30 | class&classEscape<<45
	}
	return t
}()

func classesOf(b byte) (class uint8) {
	if isDigit(b) {
		class |= classDigit
	}
	if b == ' ' || b == '-' {
		class |= classGap
	}
	if isWordByte(b) || b == '-' {
		class |= classWord
	}
	if b == '\\' {
		class |= classEscape
	}
	return class
}

// classes sets the classes of up to 64 bytes.
func (m *masks) classes(i int, text []byte) {
	const part, low = 16, 1<<16 - 1
	var digits, gaps, words, escapes uint64
	for base := 0; base < len(text); base += part {
		acc := uint64(0)
		if rest := text[base:]; len(rest) >= part {
			acc = classesOf16((*[part]byte)(rest))
		} else {
			var padded [part]byte
			copy(padded[:], rest)
			acc = classesOf16(&padded)
		}
		digits |= acc & low << base
		gaps |= acc >> part & low << base
		words |= acc >> (2 * part) & low << base
		escapes |= acc >> (3 * part) << base
	}
	m.digits[i], m.gaps[i], m.words[i], m.escapes[i] = digits, gaps, words, escapes
}

// classesOf16 gathers classOf. Written out, no shift is by a variable.
func classesOf16(b *[16]byte) uint64 {
	t := &classOf
	return t[b[0]] | t[b[1]]<<1 | t[b[2]]<<2 | t[b[3]]<<3 | t[b[4]]<<4 | t[b[5]]<<5 | t[b[6]]<<6 | t[b[7]]<<7 |
		t[b[8]]<<8 | t[b[9]]<<9 | t[b[10]]<<10 | t[b[11]]<<11 | t[b[12]]<<12 | t[b[13]]<<13 | t[b[14]]<<14 | t[b[15]]<<15
}

// edgeBlocks is how many blocks are rather copied than taken in pieces.
const edgeBlocks = 4

// edge holds a copy of what is at an end of a text, with padding.
type edge [1 + edgeBlocks*blockSize + windowLen - 2]byte

// routine fills the masks of out from the one at from on with what stands from text
// on, for n blocks. It reads a byte before them and windowLen-2 behind them.
type routine func(t *buckets, text *byte, out *masks, from, n int)

// vectorFill makes a kernel's fill of a routine.
func vectorFill(run routine) func(p *prefilter, text []byte, at, n int, w *walk) {
	return func(p *prefilter, text []byte, at, n int, w *walk) {
		from := 0
		if n > edgeBlocks {
			if at == 0 {
				w.fillEdge(run, p, text, 0, 0, 1)
				from, at = 1, blockSize
			}
			inside := min(n-from, (len(text)-windowLen+2-at)/blockSize)
			run(&p.buckets, &text[at], &w.masks, from, inside)
			from, at = from+inside, at+inside*blockSize
		}
		if from < n {
			w.fillEdge(run, p, text, at, from, n-from)
		}
	}
}

// fillEdge fills at most edgeBlocks masks from a copy of their text.
func (w *walk) fillEdge(run routine, p *prefilter, text []byte, at, from, n int) {
	e, have := &w.edge, 0
	if at == 0 {
		e[0], have = padding, 1
	} else {
		at--
	}
	size := 1 + n*blockSize + windowLen - 2
	have += copy(e[have:size], text[at:])
	clear(e[have:size])
	run(&p.buckets, &e[1], &w.masks, from, n)
}
