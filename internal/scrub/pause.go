package scrub

import (
	"errors"
	"io"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// countReader counts what is read, and tells a Waiter of pauses.
type countReader struct {
	r      io.Reader
	n      int64
	waiter *Waiter
}

func (c *countReader) Read(p []byte) (int, error) {
	for {
		n, err := c.read(p)
		c.n += int64(n)
		if err != ErrWaiting {
			return n, err
		}
		if !c.waiter.Wait() {
			return n, errStopped
		}
	}
}

func (c *countReader) read(p []byte) (int, error) {
	if patient, ok := c.r.(Patient); ok && c.waiter != nil {
		return patient.ReadBefore(p, c.waiter.Until())
	}
	return c.r.Read(p)
}

// read reads what is decoded. Where it has not come at t, it returns ErrWaiting, if the
// source can tell; a zero t never comes.
func (st *stream) read(p []byte, t time.Time) (int, error) {
	if st.waiter == nil {
		if t.IsZero() || !st.patient() {
			return st.dec.Read(p)
		}
		st.waiter = NewWaiter(st.dec)
		st.raw.waiter = st.waiter
	}
	return st.waiter.ReadBefore(p, t)
}

// patient reports whether anything has to be let go when its time is over.
func (st *stream) patient() bool {
	_, ok := st.raw.r.(Patient)
	return ok && st.s.policy.MaxDelay > 0
}

// fillText reads more text. Where it is long in coming, what is held back and need not be
// is passed on meanwhile.
func (st *stream) fillText(w *redact.Writer, lines *lineWriter) error {
	if !st.paused || w.Held()+len(lines.buf) == 0 || !st.patient() {
		return st.fill(readSize)
	}
	err := st.fillBefore(readSize, time.Now().Add(st.s.policy.MaxDelay))
	if err != ErrWaiting {
		return err
	}
	if err := errors.Join(w.Yield(), lines.flush(), st.enc.Flush()); err != nil {
		return err
	}
	return st.fill(readSize)
}

// wait reads more. Where it is long in coming, records that are held because of it are
// passed on meanwhile.
func (st *stream) wait(w codec.Walker, want int) error {
	l, ok := w.(*lanes)
	if !ok || !st.patient() {
		return st.next(want, time.Time{})
	}
	until := l.until(st.s.policy.MaxDelay)
	if !until.IsZero() && !time.Now().Before(until) {
		if err := st.expire(l); err != nil {
			return err
		}
		until = time.Time{}
	}
	err := st.next(want, until)
	if err != ErrWaiting {
		return err
	}
	if err := errors.Join(st.expire(l), st.enc.Flush()); err != nil {
		return err
	}
	return st.next(want, time.Time{})
}

func (st *stream) expire(l *lanes) error {
	st.s.v.clear()
	var n int
	var err error
	if st.s.splices, n, err = l.expire(st.s.splices[:0], st.buf); err != nil {
		return err
	}
	return st.pass(n)
}
