package proxy

import (
	"errors"
	"io"
	"sync"
)

// buffer holds a payload. It has one holder at a time and is wiped when given
// back, so that no later request can see what an earlier one carried.
type buffer struct{ b []byte }

const maxPooledBuffer = 1 << 20

var bufferPool = sync.Pool{New: func() any { return new(buffer) }}

func acquireBuffer() *buffer { return bufferPool.Get().(*buffer) }

func (b *buffer) release() {
	if b == nil {
		return
	}
	clear(b.b)
	if cap(b.b) > maxPooledBuffer {
		b.b = nil
	}
	b.b = b.b[:0]
	bufferPool.Put(b)
}

// fill reads r until its end or until the buffer holds limit bytes; whole says
// that r ended. hint is the expected size, -1 if unknown.
func (b *buffer) fill(r io.Reader, limit, hint int64) (whole bool, err error) {
	// One byte more than expected lets the last Read see the end.
	if want := min(hint, limit) + 1; int64(cap(b.b)) < want {
		b.grow(int(want))
	}
	for int64(len(b.b)) < limit {
		if len(b.b) == cap(b.b) {
			b.grow(max(2*cap(b.b), 4096))
		}
		end := min(int64(cap(b.b)), limit)
		n, err := r.Read(b.b[len(b.b):end])
		b.b = b.b[:len(b.b)+n]
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
	return hint >= 0 && int64(len(b.b)) == hint, nil
}

// grow moves the contents to a larger array and wipes the old one.
func (b *buffer) grow(n int) {
	old := b.b
	b.b = make([]byte, len(old), n)
	copy(b.b, old)
	clear(old[:cap(old)])
}

// limitReader fails with err, instead of ending, after n bytes.
type limitReader struct {
	r   io.Reader
	n   int64
	err error
}

func (l *limitReader) Read(p []byte) (int, error) {
	if l.n < 0 {
		return 0, l.err
	}
	if int64(len(p)) > l.n+1 {
		p = p[:l.n+1]
	}
	n, err := l.r.Read(p)
	l.n -= int64(n)
	if l.n < 0 {
		return n - 1, l.err
	}
	return n, err
}
