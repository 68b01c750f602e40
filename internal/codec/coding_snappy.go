package codec

import (
	"bufio"
	"bytes"
	"io"
	"math"
	"sync"

	"github.com/klauspost/compress/s2"

	"github.com/redactd/redactd/internal/deflate"
)

func init() {
	registerCoding(snappyCoding{})
	registerCoding(snappyFramedCoding{})
}

// snappyCoding is one block of snappy, which is what clients of Prometheus, Loki and
// OTLP mean by the name (https://github.com/google/snappy/blob/main/format_description.txt).
// A block says its size and is decoded as a whole.
type snappyCoding struct{}

// maxSnappyBlock bounds, in bytes, a block that comes from a stream, where no limit is
// known before it is decoded.
const maxSnappyBlock = maxSnappy

func (snappyCoding) names() []string { return []string{"snappy"} }

func (snappyCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	r := &snappyReader{src: src}
	return r, r.release, nil
}

// snappyReader decodes the block when it is first asked for it.
type snappyReader struct {
	src   *bufio.Reader
	plain []byte
	r     bytes.Reader
}

func (r *snappyReader) Read(p []byte) (int, error) {
	if r.src != nil {
		src, err := io.ReadAll(io.LimitReader(r.src, maxSnappyBlock+1))
		defer clear(src)
		r.src = nil
		if err != nil {
			return 0, err
		}
		if r.plain, err = decodeSnappy(nil, src, maxSnappyBlock); err != nil {
			return 0, err
		}
		r.r.Reset(r.plain)
	}
	return r.r.Read(p)
}

func (r *snappyReader) release() {
	clear(r.plain)
	r.plain, r.src = nil, nil
	r.r.Reset(nil)
}

// decodeSnappy appends to dst what the block src decodes to, of limit bytes at most.
func decodeSnappy(dst, src []byte, limit int) ([]byte, error) {
	size := snappySize(src)
	switch {
	case size < 0:
		return dst, errSnappy
	case size > limit:
		return dst, deflate.ErrTooLarge
	}
	from := len(dst)
	if cap(dst)-from < size {
		dst = append(make([]byte, 0, from+size), dst...)
	}
	if _, err := s2.Decode(dst[from:from+size:from+size], src); err != nil {
		return dst[:from], errSnappy
	}
	return dst[:from+size], nil
}

var errSnappy = &CodingError{Coding: "snappy", Reason: "corrupt"}

func (snappyCoding) decodeWhole(dst, src []byte, limit int) ([]byte, error) {
	return decodeSnappy(dst, src, min(limit, math.MaxInt32))
}

func (snappyCoding) amend(dst, _, _, _ []byte, _ []deflate.Edit) ([]byte, bool) { return dst, false }

func (snappyCoding) encode(dst io.Writer) (Encoder, func()) {
	w := &snappyWriter{dst: dst}
	return w, func() { clear(w.plain); w.plain = nil }
}

// snappyWriter gathers the block, which is written when it is closed.
type snappyWriter struct {
	dst   io.Writer
	plain []byte
}

func (w *snappyWriter) Write(p []byte) (int, error) {
	w.plain = append(w.plain, p...)
	return len(p), nil
}

// Flush does nothing: a block has no parts.
func (w *snappyWriter) Flush() error { return nil }

func (w *snappyWriter) Close() error {
	_, err := w.dst.Write(s2.EncodeSnappy(nil, w.plain))
	return err
}

// snappyFramedCoding is the framing format of snappy
// (https://github.com/google/snappy/blob/main/framing_format.txt).
type snappyFramedCoding struct{}

const snappyChunk = 64 << 10 // what a chunk may hold

var (
	snappyReaders = sync.Pool{New: func() any {
		return s2.NewReader(nil, s2.ReaderMaxBlockSize(snappyChunk), s2.ReaderAllocBlock(snappyChunk))
	}}
	snappyWriters = sync.Pool{New: func() any {
		return s2.NewWriter(nil, s2.WriterSnappyCompat(), s2.WriterBlockSize(snappyChunk), s2.WriterConcurrency(1))
	}}
)

func (snappyFramedCoding) names() []string { return []string{"x-snappy-framed"} }

func (snappyFramedCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	r := snappyReaders.Get().(*s2.Reader)
	r.Reset(src)
	return r, func() {
		r.Reset(nil)
		snappyReaders.Put(r)
	}, nil
}

func (snappyFramedCoding) encode(dst io.Writer) (Encoder, func()) {
	w := snappyWriters.Get().(*s2.Writer)
	w.Reset(dst)
	return w, func() {
		w.Reset(nil)
		snappyWriters.Put(w)
	}
}
