package redact

import "golang.org/x/sys/cpu"

func vectorKernels() (list []*kernel) {
	if cpu.X86.HasAVX512VBMI && cpu.X86.HasAVX512BW && cpu.X86.HasAVX512VL {
		list = append(list, &kernel{name: "avx512vbmi", fill: vectorFill(fillVBMI)})
	}
	if cpu.X86.HasAVX2 {
		list = append(list, &kernel{name: "avx2", fill: vectorFill(fillAVX2), halves: true})
	}
	return list
}

// The routines of kernel_amd64.s: see routine.

//go:noescape
func fillVBMI(t *buckets, text *byte, out *masks, from, n int)

//go:noescape
func fillAVX2(t *buckets, text *byte, out *masks, from, n int)
