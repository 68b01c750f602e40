//go:build !amd64

package redact

func vectorKernels() []*kernel { return nil }
