// Package deflate reads DEFLATE data (RFC 1951) that is in memory as a whole, and
// changes such data where the text that it stands for is changed. For streams, and
// to compress anew, there are other packages.
//
// Terminology, from the RFC: a block has a header, which for dynamic blocks says
// what codes it uses, and symbols; a symbol, with the extra bits behind it, is a
// literal byte, a match of a length at a distance, or the end of the block.
package deflate

import "errors"

// The errors of Decode. They quote no payload.
var (
	ErrCorrupt   = errors.New("deflate: not of the format")
	ErrTruncated = errors.New("deflate: ends too early")
	ErrTooLarge  = errors.New("deflate: decodes to more than the limit")
)

const (
	maxCode   = 15  // bits of a code
	endSymbol = 256 // of the literal and length codes
	maxLit    = 286
	maxDist   = 30
	maxMatch  = 258
	maxWindow = 32 << 10
)

// The values of lengths and distances by symbol (RFC 1951, section 3.2.5).
var (
	lengthBase = [29]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31,
		35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra = [29]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [maxDist]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769,
		1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distExtra = [maxDist]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
	// preOrder is the order in which the lengths of the codes for lengths come.
	preOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
)
