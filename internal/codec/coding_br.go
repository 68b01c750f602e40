package codec

import (
	"bufio"
	"io"
	"reflect"
	"sync"

	"github.com/andybalholm/brotli"
)

func init() { registerCoding(brotliCoding{}) }

// brotliCoding is Brotli (RFC 7932). Its window is 16 MiB at most.
type brotliCoding struct{}

// brotliLevel is where the cost per byte is near that of gzip at its fastest.
const brotliLevel = 1

var (
	brotliReaders = sync.Pool{New: func() any { return new(brotli.Reader) }}
	brotliWriters = sync.Pool{New: func() any { return brotli.NewWriterLevel(nil, brotliLevel) }}
)

func (brotliCoding) names() []string { return []string{"br"} }

func (brotliCoding) decode(src *bufio.Reader) (io.Reader, func(), error) {
	r := brotliReaders.Get().(*brotli.Reader)
	if err := r.Reset(src); err != nil {
		return nil, nil, err
	}
	return &brotliReader{r: r}, func() {
		r.Reset(nil)
		brotliReaders.Put(r)
	}, nil
}

// brotliReader corrects brotli.Reader (as of 1.2.8) where the last bytes of a
// stream come in a piece of less than eight: those pass through a buffer of
// their own, which is then taken for data behind the end. Whether there are any
// is to be seen in its field "in" alone; without that field, the error stands.
type brotliReader struct {
	r    *brotli.Reader
	done bool
}

func (b *brotliReader) Read(p []byte) (int, error) {
	if b.done {
		return 0, io.EOF
	}
	n, err := b.r.Read(p)
	if err != nil && err.Error() == "brotli: excessive input" {
		in := reflect.ValueOf(b.r).Elem().FieldByName("in")
		if in.IsValid() && in.Kind() == reflect.Slice && in.Len() == 0 {
			b.done = true
			return n, nil
		}
	}
	return n, err
}

func (brotliCoding) encode(dst io.Writer) (Encoder, func()) {
	w := brotliWriters.Get().(*brotli.Writer)
	w.Reset(dst)
	return w, func() {
		w.Reset(nil)
		brotliWriters.Put(w)
	}
}
