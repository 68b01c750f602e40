//go:build amd64 || arm64

package redact

import "testing"

// The tables of the vector kernels say of every byte what classesOf says.
func TestClassTables(t *testing.T) {
	const digit, gap, word, escape = 0x01, 0x30, 0x1f, 0x40
	for b := range 256 {
		in, got := classLower[b%16]&classUpper[b/16], uint8(0)
		for i, bits := range [...]uint8{digit, gap, word, escape} {
			if in&bits != 0 {
				got |= 1 << i
			}
		}
		if want := classesOf(byte(b)); got != want {
			t.Errorf("byte %#x: classes %b, want %b", b, got, want)
		}
	}
}
