package redact

// Every arm64 processor has the vectors of kernel_arm64.s. A lookup by halves costs
// 128-bit vectors more than a hash costs the other registers.
func vectorKernels() []*kernel {
	return []*kernel{{name: "neon", fill: vectorFill(fillBitmap), bitmap: true}, {name: "neonhalves", fill: vectorFill(fillNEON), halves: true}}
}

// The routines of kernel_arm64.s: see routine.

//go:noescape
func fillNEON(t *buckets, text *byte, out *masks, from, n int)

//go:noescape
func fillBitmap(t *buckets, text *byte, out *masks, from, n int)
