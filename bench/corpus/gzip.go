package corpus

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/gzip"
)

// GzipLevel is at which bodies of requests are compressed, and compressed again
// by the peers that do so.
const GzipLevel = gzip.BestSpeed

// Gzip returns text compressed.
func Gzip(text []byte) []byte {
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, GzipLevel)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(text)
	_ = w.Close()
	return b.Bytes()
}

// Gunzip decompresses the first member of data, whatever follows it.
func Gunzip(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	r.Multistream(false)
	return io.ReadAll(r)
}
