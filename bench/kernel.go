package main

import (
	"os"

	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/redact"
)

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

// kernelVariable is the environment variable that names the kernel to use instead
// of the fastest.
const kernelVariable = "REDACTD_KERNEL"

// chooseKernel makes package redact use the kernel that the environment names. It
// goes before the first Compile.
func chooseKernel() error {
	if name := os.Getenv(kernelVariable); name != "" {
		return redact.UseKernel(name)
	}
	return nil
}

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
