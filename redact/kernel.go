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
	// fill fills blocks with what stands in text from at on, 64 positions each.
	// It may mark more places of grams than there are, and none too few.
	fill func(p *prefilter, text []byte, at int, out []block, edge *edge)
	// halves says that it looks bytes up by halves, so that buckets are better
	// sorted by those.
	halves bool
	// exact says that it marks by the bitmap.
	exact bool
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

// block is what a kernel sees in 64 positions of a text, a bit for each: where
// grams may begin, and which bytes are digits, which blanks or dashes, which
// letters, digits, "_" or "-", and which backslashes.
type block struct{ grams, digits, gaps, words, escapes uint64 }

// blockSize is how many positions a block has, chunk how many blocks a kernel
// fills at once.
const (
	blockSize = 64
	chunk     = 64
)

// goKernel is the kernel that every machine has. It marks grams by the bitmap.
var goKernel = kernel{name: "go", fill: func(p *prefilter, text []byte, at int, out []block, _ *edge) {
	for i := range out {
		out[i] = block{grams: p.marks(text, at)}
		if p.runs || p.raw {
			out[i].classes(text[at:min(len(text), at+blockSize)])
		}
		at += blockSize
	}
}, exact: true}

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
func (b *block) classes(text []byte) {
	const part, low = 16, 1<<16 - 1
	for base := 0; base < len(text); base += part {
		acc := uint64(0)
		for i, c := range text[base:min(len(text), base+part)] {
			acc |= classOf[c] << i
		}
		b.digits |= acc & low << base
		b.gaps |= acc >> part & low << base
		b.words |= acc >> (2 * part) & low << base
		b.escapes |= acc >> (3 * part) << base
	}
}

// edgeBlocks is how many blocks are rather copied than taken in pieces.
const edgeBlocks = 4

// edge holds a copy of what is at an end of a text, with padding.
type edge [1 + edgeBlocks*blockSize + windowLen - 2]byte

// routine fills n blocks at out with what stands from text on. It reads a byte
// before them and windowLen-2 behind them.
type routine func(t *buckets, text *byte, out *block, n int)

// vectorFill makes a kernel's fill of a routine.
func vectorFill(run routine) func(p *prefilter, text []byte, at int, out []block, edge *edge) {
	return func(p *prefilter, text []byte, at int, out []block, edge *edge) {
		if len(out) > edgeBlocks {
			if at == 0 {
				edge.fill(run, p, text, 0, out[:1])
				at, out = blockSize, out[1:]
			}
			n := min(len(out), (len(text)-windowLen+2-at)/blockSize)
			run(&p.buckets, &text[at], &out[0], n)
			at, out = at+n*blockSize, out[n:]
		}
		if len(out) > 0 {
			edge.fill(run, p, text, at, out)
		}
	}
}

// fill fills at most edgeBlocks blocks from a copy of their text.
func (e *edge) fill(run routine, p *prefilter, text []byte, at int, out []block) {
	n := 0
	if at == 0 {
		e[0], n = padding, 1
	} else {
		at--
	}
	size := 1 + len(out)*blockSize + windowLen - 2
	n += copy(e[n:size], text[at:])
	clear(e[n:size])
	run(&p.buckets, &e[1], &out[0], len(out))
}
