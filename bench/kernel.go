package main

import "github.com/redactd/redactd/bench/report"

// The kernels of package redact that goals are set for, by the names that it
// knows them by.
const (
	kernelVBMI = "avx512vbmi"
	kernelAVX2 = "avx2"
	kernelNEON = "neon"
	kernelGo   = "go"
)

// kernels are all kernels, the fastest first. A processor has some of them.
var kernels = []string{kernelVBMI, kernelAVX2, kernelNEON, kernelGo}

// kernelVariable is the environment variable that makes package redact use the
// kernel named instead of the best one.
const kernelVariable = "REDACTD_KERNEL"

// kernelInUse returns the name of the prefilter kernel that package redact uses
// in this process; it has one so far.
func kernelInUse() string { return kernelGo }

// goals are what a figure should at least be, by kernel.
type goals map[string]float64

// The goals for clean logs against the walk of a plain automaton.
var (
	blocksGoals = goals{kernelVBMI: 4.5, kernelAVX2: 3, kernelGo: .9}
	linesGoals  = goals{kernelAVX2: 2.2, kernelGo: .8}
	jsonGoals   = goals{kernelAVX2: 2}
)

// want gives a row its goal for a kernel, if there is one. Where none is set for
// AVX-512 VBMI, that of AVX2 holds: it must not be worse.
func (g goals) want(r *report.Row, column, kernel string) {
	least, ok := g[kernel]
	if !ok && kernel == kernelVBMI {
		least, ok = g[kernelAVX2]
	}
	if ok {
		r.Want(report.Goal{Column: column, Least: least})
	}
}
