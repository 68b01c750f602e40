package codec

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"
)

func init() { registerCoding(zstdCoding{}) }

// zstdCoding is Zstandard (RFC 8878).
type zstdCoding struct{}

// zstdWindow is the largest window accepted: as a content coding, zstd must not
// ask for more (RFC 9659).
const zstdWindow = 8 << 20

var (
	zstdReaders = sync.Pool{New: func() any {
		r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			panic("codec: " + err.Error())
		}
		return r
	}}
	zstdWriters = sync.Pool{New: func() any {
		w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithLowerEncoderMem(true),
			zstd.WithWindowSize(1<<20), zstd.WithZeroFrames(true))
		if err != nil {
			panic("codec: " + err.Error())
		}
		return w
	}}
)

func (zstdCoding) names() []string { return []string{"zstd"} }

func (zstdCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	r := zstdReaders.Get().(*zstd.Decoder)
	release := func() {
		r.Reset(nil)
		zstdReaders.Put(r)
	}
	if err := r.Reset(src); err != nil {
		release()
		return nil, nil, err
	}
	return r, release, nil
}

func (zstdCoding) encode(dst io.Writer) (Encoder, func()) {
	w := zstdWriters.Get().(*zstd.Encoder)
	w.Reset(dst)
	return w, func() {
		w.Reset(nil)
		zstdWriters.Put(w)
	}
}
