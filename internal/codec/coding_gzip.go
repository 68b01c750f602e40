package codec

import (
	"bufio"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
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
