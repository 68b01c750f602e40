package redact

// kernel fills blocks with what stands in text from at on, 64 positions each. It
// may mark more places of grams than there are, and none too few.
type kernel struct {
	name string
	fill func(p *prefilter, text []byte, at int, out []block)
}

var active = &goKernel
