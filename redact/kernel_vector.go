//go:build amd64 || arm64

package redact

// classLower and classUpper are for the routines of the vector kernels: they look up
// the classes of a byte by its halves, and join the two. Bits:
//
//	0 digits (3x), 1 letters (4x 6x), 2 letters (5x 7x), 3 "_", 4 "-", 5 blank,
//	6 backslash
var (
	classLower = [16]uint8{0x25, 7, 7, 7, 7, 7, 7, 7, 7, 7, 6, 2, 0x42, 0x12, 2, 0x0a}
	classUpper = [16]uint8{2: 0x30, 3: 0x01, 4: 0x02, 5: 0x4c, 6: 0x02, 7: 0x04}
)
