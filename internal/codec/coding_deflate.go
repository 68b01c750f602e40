package codec

import (
	"bufio"
	"encoding/binary"
	"hash/adler32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zlib"

	"github.com/redactd/redactd/internal/deflate"
)

func init() {
	registerCoding(deflateCoding{})
	registerCoding(rawDeflateCoding{})
}

// deflateCoding is deflate in the zlib format, as RFC 9110 has it. It reads the
// raw form too, which some senders take it for.
type deflateCoding struct{}

// rawDeflateCoding is deflate without the zlib header and checksum. The name is
// ours alone; see Resolve.
type rawDeflateCoding struct{}

var (
	zlibWriters = sync.Pool{New: func() any {
		w, _ := zlib.NewWriterLevel(nil, speedLevel)
		return w
	}}
	zlibReaders  sync.Pool
	flateReaders = sync.Pool{New: func() any { return flate.NewReader(nil) }}
	flateWriters = sync.Pool{New: func() any {
		w, _ := flate.NewWriter(nil, speedLevel)
		return w
	}}
)

// isZlib reports whether head is the beginning of a zlib stream (RFC 1950,
// section 2.2). A raw stream that looks like one would be a stored block with
// padding that no encoder writes.
func isZlib(head []byte) bool {
	return len(head) >= 2 && head[0]&0x0f == 8 && head[0]>>4 <= 7 &&
		(int(head[0])<<8|int(head[1]))%31 == 0
}

func (deflateCoding) names() []string { return []string{"deflate"} }

func (deflateCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	if head, _ := src.Peek(2); !isZlib(head) {
		return rawDeflateCoding{}.decode(src)
	}
	r, ok := zlibReaders.Get().(io.ReadCloser)
	var err error
	if ok {
		err = r.(zlib.Resetter).Reset(src, nil)
	} else {
		r, err = zlib.NewReader(src)
	}
	if err != nil {
		return nil, nil, err
	}
	return r, func() { zlibReaders.Put(r) }, nil
}

func (deflateCoding) encode(dst io.Writer) (Encoder, func()) {
	w := zlibWriters.Get().(*zlib.Writer)
	w.Reset(dst)
	return w, func() {
		w.Reset(nil)
		zlibWriters.Put(w)
	}
}

func (deflateCoding) decodeWhole(dst, src []byte, limit int) ([]byte, error) {
	if !isZlib(src) {
		return rawDeflateCoding{}.decodeWhole(dst, src, limit)
	}
	const head, trailer, dictionary = 2, 4, 0x20
	if src[1]&dictionary != 0 {
		return dst, deflate.ErrCorrupt
	}
	out, n, err := deflate.Decode(dst, src[head:], limit, -1)
	switch rest := src[head+n:]; {
	case err != nil:
		return out, err
	case len(rest) < trailer:
		return out, deflate.ErrTruncated
	case binary.BigEndian.Uint32(rest) != adler32.Checksum(out[len(dst):]):
		return out, deflate.ErrCorrupt
	case len(rest) > trailer:
		return out, errBehind
	}
	return out, nil
}

func (rawDeflateCoding) decodeWhole(dst, src []byte, limit int) ([]byte, error) {
	out, n, err := deflate.Decode(dst, src, limit, -1)
	if err == nil && n < len(src) {
		err = errBehind
	}
	return out, err
}

func (deflateCoding) amend(dst, src, text, amended []byte, edits []deflate.Edit) (out []byte, ok bool) {
	if out, ok = deflate.Amend(append(dst, src[:2]...), src[2:], text, edits); !ok {
		return dst, false
	}
	return binary.BigEndian.AppendUint32(out, adler32.Checksum(amended)), true
}

func (rawDeflateCoding) amend(dst, src, text, _ []byte, edits []deflate.Edit) (out []byte, ok bool) {
	return deflate.Amend(dst, src, text, edits)
}

func (rawDeflateCoding) names() []string { return []string{"deflate-raw"} }

func (rawDeflateCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	r := flateReaders.Get().(io.ReadCloser)
	if err := r.(flate.Resetter).Reset(src, nil); err != nil {
		return nil, nil, err
	}
	return r, func() { flateReaders.Put(r) }, nil
}

func (rawDeflateCoding) encode(dst io.Writer) (Encoder, func()) {
	w := flateWriters.Get().(*flate.Writer)
	w.Reset(dst)
	return w, func() {
		w.Reset(nil)
		flateWriters.Put(w)
	}
}
