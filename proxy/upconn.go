package proxy

import (
	"errors"
	"io"
	"net"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/redactd/redactd/internal/scrub"
)

// A notSentError says that an exchange failed before any byte of the request
// left: it may be tried again elsewhere, whatever its method.
type notSentError struct{ err error }

func (e *notSentError) Error() string { return e.err.Error() }
func (e *notSentError) Unwrap() error { return e.err }
func (e *notSentError) Timeout() bool {
	var t interface{ Timeout() bool }
	return errors.As(e.err, &t) && t.Timeout()
}

var errStale = &notSentError{errors.New("the upstream closed the idle connection")}

// upConn is a connection to an upstream. fasthttp's client owns it; the hooks
// it calls at the beginning of every exchange (SetWriteDeadline, then
// SetReadDeadline) are used to learn what the client doesn't tell: whether a
// pooled connection is still alive and whether anything was sent.
type upConn struct {
	net.Conn
	alive   func() bool // reports whether an idle connection can be used again
	timeout time.Duration
	used    bool
	reused  bool // the exchange at hand is not its first
	sent    bool
	// broken is set when the peer stopped reading. What it answered before
	// can still be read, and is: a 413 must reach the client.
	broken bool
	// progress: each write has the timeout to itself, for streamed requests.
	progress bool
	gone     atomic.Bool
	set      *connSet
	addr     upAddr
	until    time.Time // deadline of reads
	// waiter, if not nil, is told when a read has waited for as long as it may.
	waiter *scrub.Waiter
	ended  bool // a read met the end
}

// upAddr leads from a fasthttp.Response back to its connection.
type upAddr struct {
	net.Addr
	conn *upConn
}

func (c *upConn) RemoteAddr() net.Addr {
	if c.addr.conn == nil {
		c.addr = upAddr{c.Conn.RemoteAddr(), c}
	}
	return &c.addr
}

// SetWriteDeadline begins an exchange. A zero t asks for progress deadlines.
func (c *upConn) SetWriteDeadline(t time.Time) error {
	if c.used && c.alive != nil && !c.alive() {
		return errStale
	}
	c.reused, c.used, c.sent = c.used, true, false
	c.progress = t.IsZero()
	return c.Conn.SetWriteDeadline(t)
}

// SetReadDeadline starts the wait for the answer; without a deadline of the
// caller the upstream's timeout holds.
func (c *upConn) SetReadDeadline(t time.Time) error {
	if t.IsZero() {
		t = time.Now().Add(c.timeout)
	}
	c.until = t
	return c.Conn.SetReadDeadline(t)
}

func (c *upConn) Write(p []byte) (int, error) {
	if c.broken {
		return len(p), nil
	}
	if c.progress {
		if err := c.Conn.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
			return 0, err
		}
	}
	n, err := c.Conn.Write(p)
	if n > 0 {
		c.sent = true
	}
	switch {
	case err == nil:
		return n, nil
	case !c.sent:
		return n, &notSentError{err}
	case errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET):
		c.broken = true
		return len(p), nil
	}
	return n, err
}

// extend gives the next read of a body d of time, or up to an eighth less where it
// has that: setting a deadline costs more than asking for the time.
func (c *upConn) extend(d time.Duration) {
	until := time.Now().Add(d)
	if early := until.Sub(c.until); early >= 0 && early < d/8 {
		return
	}
	c.until = until
	_ = c.Conn.SetReadDeadline(until)
}

// Read implements net.Conn. It has its own waiter, if there is one, learn of pauses; a
// read that is cut off by a deadline has taken nothing, under TLS neither, and can be
// done again.
func (c *upConn) Read(p []byte) (int, error) {
	n, err := c.read(p)
	c.ended = c.ended || err == io.EOF
	return n, err
}

func (c *upConn) read(p []byte) (int, error) {
	if c.waiter == nil {
		return c.Conn.Read(p)
	}
	defer func() { _ = c.Conn.SetReadDeadline(c.until) }()
	for {
		t := c.waiter.Until()
		if t.IsZero() || t.After(c.until) {
			t = c.until
		}
		_ = c.Conn.SetReadDeadline(t)
		n, err := c.Conn.Read(p)
		if n > 0 || !isTimeout(err) || !t.Before(c.until) {
			return n, err
		}
		if !c.waiter.Wait() {
			return 0, errEnded
		}
	}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

func (c *upConn) Close() error {
	if c.gone.Swap(true) {
		return nil
	}
	c.set.remove(c.Conn)
	return c.Conn.Close()
}
