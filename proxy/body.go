package proxy

import (
	"io"
	"net"
	"time"
)

// clientBody reads the body of a request and knows whether it was read to its
// end. It is not safe for concurrent use.
type clientBody struct {
	r      io.Reader // nil without a body
	conn   interface{ SetReadDeadline(time.Time) error }
	length int64 // declared; -1 for chunked
	n      int64
	done   bool
	failed bool
	// extend, if not zero, gives each read that long, so that a long upload
	// is measured by its progress.
	extend time.Duration
}

func (b *clientBody) start(x *exchange, length int) {
	*b = clientBody{conn: x.ctx.Conn(), length: int64(length)}
	if r := x.ctx.Request.BodyStream(); r != nil {
		b.r = r
	} else {
		b.length, b.done = 0, true
	}
}

func (b *clientBody) Read(p []byte) (int, error) {
	if b.done {
		return 0, io.EOF
	}
	if b.extend > 0 {
		_ = b.conn.SetReadDeadline(time.Now().Add(b.extend))
	}
	n, err := b.r.Read(p)
	b.n += int64(n)
	if b.length >= 0 && b.n == b.length && err == nil {
		err = io.EOF
	}
	if err == io.EOF {
		if b.length >= 0 && b.n < b.length || b.length < 0 && b.ended() {
			b.failed = true
			return n, io.ErrUnexpectedEOF // fasthttp reports a short body as complete
		}
		b.done = true
	} else if err != nil {
		b.failed = true
	}
	return n, err
}

// ended reports whether the client's connection ended on its way to the last chunk.
func (b *clientBody) ended() bool {
	c, ok := b.conn.(net.Conn)
	if !ok {
		return false
	}
	d := dataConnOf(c)
	return d != nil && d.ended.Load()
}

// drain reads up to limit bytes more and reports whether the body ended.
func (b *clientBody) drain(limit int64) bool {
	if b.failed || b.length-b.n > limit {
		return false
	}
	_ = b.conn.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	_, _ = io.CopyN(io.Discard, b, limit)
	return b.done
}
