package codec

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"

	"github.com/redactd/redactd/internal/deflate"
)

func init() { registerCoding(gzipCoding{}) }

// gzipCoding is gzip (RFC 1952), of any number of members.
type gzipCoding struct{}

// speedLevel is the level of deflate in all codings that have it. Level 1 costs
// about a tenth in size and saves half of the time of the default.
const speedLevel = gzip.BestSpeed

var (
	gzipReaders sync.Pool
	gzipWriters = sync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(nil, speedLevel)
		return w
	}}
)

func (gzipCoding) names() []string { return []string{"gzip", "x-gzip"} }

func (gzipCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	r, ok := gzipReaders.Get().(*gzip.Reader)
	if !ok {
		r = new(gzip.Reader)
	}
	if err := r.Reset(src); err != nil {
		gzipReaders.Put(r)
		return nil, nil, err
	}
	return r, func() { gzipReaders.Put(r) }, nil
}

func (gzipCoding) encode(dst io.Writer) (Encoder, func()) {
	w := gzipWriters.Get().(*gzip.Writer)
	w.Reset(dst)
	return w, func() {
		w.Reset(nil)
		gzipWriters.Put(w)
	}
}

// decodeWhole takes the size that the last member tells for that of the whole,
// which it is where there is one member.
func (gzipCoding) decodeWhole(dst, src []byte, limit int) ([]byte, error) {
	hint := -1
	if len(src) >= gzipTrailer {
		hint = int(binary.LittleEndian.Uint32(src[len(src)-4:]))
	}
	for len(src) > 0 {
		head, err := gzipHeader(src)
		if err != nil {
			return dst, err
		}
		from := len(dst)
		var n int
		if dst, n, err = deflate.Decode(dst, src[head:], limit, hint); err != nil {
			return dst, err
		}
		src = src[head+n:]
		if len(src) < gzipTrailer {
			return dst, deflate.ErrTruncated
		}
		text := dst[from:]
		if binary.LittleEndian.Uint32(src) != crc32.ChecksumIEEE(text) || binary.LittleEndian.Uint32(src[4:]) != uint32(len(text)) {
			return dst, deflate.ErrCorrupt
		}
		src = src[gzipTrailer:]
		limit -= len(text)
		hint = -1
	}
	return dst, nil
}

// gzipTrailer is the length of what follows the data of a member: a checksum, and
// the size of what was compressed (RFC 1952, section 2.3.1).
const gzipTrailer = 8

// gzipHeader returns the length of the header of the member that src begins with.
func gzipHeader(src []byte) (n int, err error) {
	const (
		hcrc, extra, name, comment, reserved = 2, 4, 8, 16, 32 // flags
		fixed                                = 10
	)
	if len(src) < fixed {
		return 0, deflate.ErrTruncated
	}
	if string(src[:3]) != "\x1f\x8b\x08" || src[3] >= reserved {
		return 0, deflate.ErrCorrupt
	}
	flags, n := src[3], fixed
	if flags&extra != 0 {
		if len(src) < n+2 {
			return 0, deflate.ErrTruncated
		}
		if n += 2 + int(binary.LittleEndian.Uint16(src[n:])); n > len(src) {
			return 0, deflate.ErrTruncated
		}
	}
	for _, flag := range [...]byte{name, comment} {
		if flags&flag == 0 {
			continue
		}
		size := bytes.IndexByte(src[n:], 0)
		if size < 0 {
			return 0, deflate.ErrTruncated
		}
		n += size + 1
	}
	if flags&hcrc != 0 {
		if len(src) < n+2 {
			return 0, deflate.ErrTruncated
		}
		if binary.LittleEndian.Uint16(src[n:]) != uint16(crc32.ChecksumIEEE(src[:n])) {
			return 0, deflate.ErrCorrupt
		}
		n += 2
	}
	return n, nil
}

// amend changes those members alone that have edits.
func (gzipCoding) amend(dst, src, text, amended []byte, edits []deflate.Edit) (out []byte, ok bool) {
	out = dst
	if len(src) < gzipTrailer {
		return dst, false
	}
	if binary.LittleEndian.Uint32(src[len(src)-4:]) == uint32(len(text)) {
		if out, ok = amendMember(dst, src, text, amended, edits); ok {
			return out, true
		}
		out = dst
	}
	var member []byte
	defer func() { clear(member[:cap(member)]) }()
	for len(src) > 0 {
		head, err := gzipHeader(src)
		if err != nil {
			return dst, false
		}
		var n int
		if member, n, err = deflate.Decode(member[:0], src[head:], len(text), -1); err != nil {
			return dst, false
		}
		end := head + n + gzipTrailer
		if len(src) < end {
			return dst, false
		}
		k, shift := 0, 0
		for k < len(edits) && edits[k].End <= len(member) {
			shift += len(edits[k].Text) - (edits[k].End - edits[k].Start)
			k++
		}
		if k < len(edits) && edits[k].Start < len(member) {
			return dst, false // an edit over two members
		}
		size := len(member) + shift
		if k == 0 {
			out = append(out, src[:end]...)
		} else if out, ok = amendMember(out, src[:end], member, amended[:size], edits[:k]); !ok {
			return dst, false
		}
		src, amended, edits = src[end:], amended[size:], edits[k:]
		for i := range edits {
			edits[i].Start -= len(member)
			edits[i].End -= len(member)
		}
	}
	return out, len(edits) == 0
}

// amendMember does amend for one member.
func amendMember(dst, src, text, amended []byte, edits []deflate.Edit) (out []byte, ok bool) {
	head, err := gzipHeader(src)
	if err != nil {
		return dst, false
	}
	if out, ok = deflate.Amend(append(dst, src[:head]...), src[head:], text, edits); !ok {
		return dst, false
	}
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(amended))
	return binary.LittleEndian.AppendUint32(out, uint32(len(amended))), true
}
