package redact

// Every arm64 processor has the vectors of kernel_arm64.s.
func vectorKernels() []*kernel {
	return []*kernel{{name: "neon", fill: vectorFill(fillNEON), bitmap: true}}
}

// The routine of kernel_arm64.s: see there and routine.
//
//go:noescape
func fillNEON(t *buckets, text *byte, out *masks, from, n int)
