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
	fill func(p *prefilter, text []byte, at int, out []block)
	// halves says that it looks bytes up by halves, so that buckets are better
	// sorted by those.
	halves bool
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
// grams may begin, and which bytes are digits, which blanks or dashes, and which
// letters, digits, "_" or "-".
type block struct{ grams, digits, gaps, words uint64 }

// blockSize is how many positions a block has, chunk how many blocks a kernel
// fills at once.
const (
	blockSize = 64
	chunk     = 64
)

// goKernel is the kernel that every machine has. It marks grams by the bitmap.
var goKernel = kernel{name: "go", fill: func(p *prefilter, text []byte, at int, out []block) {
	for i := range out {
		out[i] = block{grams: p.marks(text, at)}
		if p.runs {
			out[i].classes(text[at:min(len(text), at+blockSize)])
		}
		at += blockSize
	}
}}

// Classes of bytes, a bit each.
const (
	classDigit = 1 << iota
	classGap
	classWord
)

// classOf has the classes of each byte in bits 0, 21 and 42, so that a word can
// gather those of 21 bytes.
var classOf = func() (t [256]uint64) {
	for b := range t {
		class := classesOf(byte(b))
		t[b] = uint64(class&classDigit) | uint64(class&classGap)<<20 | uint64(class&classWord)<<40
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
	return class
}

// classes sets the classes of up to 64 bytes.
func (b *block) classes(text []byte) {
	const part, low = 21, 1<<21 - 1
	for base := 0; base < len(text); base += part {
		acc := uint64(0)
		for i, c := range text[base:min(len(text), base+part)] {
			acc |= classOf[c] << i
		}
		b.digits |= acc & low << base
		b.gaps |= acc >> part & low << base
		b.words |= acc >> (2 * part) << base
	}
}

// vectorFill makes a kernel's fill of a routine that fills n blocks and reads the
// byte before them and the three behind them: at the ends of a text it gets a
// copy with padding.
func vectorFill(routine func(t *buckets, text *byte, out *block, n int)) func(p *prefilter, text []byte, at int, out []block) {
	return func(p *prefilter, text []byte, at int, out []block) {
		const edge = 4 // blocks that are rather copied than taken in pieces
		if len(out) > edge {
			if at == 0 {
				fillPadded(routine, p, text, 0, out[:1])
				at, out = blockSize, out[1:]
			}
			n := min(len(out), (len(text)-windowLen+2-at)/blockSize)
			routine(&p.buckets, &text[at], &out[0], n)
			at, out = at+n*blockSize, out[n:]
		}
		if len(out) > 0 {
			fillPadded(routine, p, text, at, out)
		}
	}
}

// fillPadded fills at most four blocks from a copy of their text.
func fillPadded(routine func(t *buckets, text *byte, out *block, n int), p *prefilter, text []byte, at int, out []block) {
	var padded [1 + 4*blockSize + windowLen - 2]byte
	from := 1
	if at > 0 {
		from, at = 0, at-1
	}
	copy(padded[from:1+len(out)*blockSize+windowLen-2], text[at:])
	routine(&p.buckets, &padded[1], &out[0], len(out))
}
