package scrub

import (
	"errors"
	"io"
	"iter"
	"sync"
	"time"
)

// ErrWaiting is what a Patient returns, with no bytes, when the time is over that it
// was given. Its next read goes on waiting; nothing is lost.
var ErrWaiting = errors.New("scrub: the sender pauses")

// errStopped is what a reader gets that waits when its Waiter is stopped.
var errStopped = errors.New("scrub: nobody waits for it any more")

// Patient is a reader that waits for no longer than it is told. Stream asks one for
// what comes after a pause, so that what it holds back meanwhile does not stay for ever.
type Patient interface {
	io.Reader
	// ReadBefore reads like Read; where nothing has come at t, it returns ErrWaiting.
	// A t that is zero never comes.
	ReadBefore(p []byte, t time.Time) (int, error)
}

// Waiter makes a Patient of a reader that knows no time, as decoders and parsers of
// frames do, but whose source, deep inside of it, can tell that it waits. The reader
// runs as a coroutine: where its source waits for too long, it is left standing in the
// middle of its read, and goes on there with the next one. It is not safe for concurrent
// use; calls may come from different goroutines.
type Waiter struct {
	src    io.Reader
	until  time.Time
	piece  *[readSize]byte
	buf    []byte // of piece, what was read
	at     int    // what of it was handed out
	err    error
	next   func() (bool, bool)
	stop   func()
	resume func(bool) bool // inside of the reader: leaves it standing
}

// NewWaiter returns a Waiter for src. Stop must be called in the end.
func NewWaiter(src io.Reader) *Waiter { return &Waiter{src: src} }

// Until is when the source of src has to call Wait at the latest; zero is never.
func (w *Waiter) Until() time.Time { return w.until }

// Wait is called by the source of src, from within its read, when Until has come. It
// reports whether to go on waiting, for which there is a new Until then.
func (w *Waiter) Wait() bool { return w.resume != nil && w.resume(false) }

// Read implements io.Reader.
func (w *Waiter) Read(p []byte) (int, error) { return w.ReadBefore(p, time.Time{}) }

// ReadBefore implements Patient.
func (w *Waiter) ReadBefore(p []byte, t time.Time) (int, error) {
	if w.at == len(w.buf) && w.err == nil {
		if w.next == nil {
			w.next, w.stop = iter.Pull(w.run)
		}
		w.until = t
		if read, ok := w.next(); ok && !read {
			return 0, ErrWaiting
		}
	}
	n := copy(p, w.buf[w.at:])
	if w.at += n; w.at < len(w.buf) || n > 0 {
		return n, nil
	}
	return 0, w.err
}

// run reads src piece by piece. Each true that it yields is a piece, each false a pause.
func (w *Waiter) run(yield func(bool) bool) {
	w.resume = yield
	for w.err == nil {
		if w.piece == nil {
			w.piece = pieces.Get().(*[readSize]byte)
			w.buf = w.piece[:0]
		}
		n, err := w.src.Read(w.buf[:cap(w.buf)])
		w.buf, w.at, w.err = w.buf[:n], 0, err
		if (n > 0 || err != nil) && !yield(true) {
			return
		}
	}
}

// Stop ends the reader, wherever it stands, and wipes what is left.
func (w *Waiter) Stop() {
	if w.stop != nil {
		w.stop()
		w.resume = nil
	}
	if w.err == nil {
		w.err = errStopped
	}
	if w.piece != nil {
		clear(w.piece[:])
		pieces.Put(w.piece)
	}
	w.piece, w.buf, w.at = nil, nil, 0
}

// pieces are the buffers of Waiters.
var pieces = sync.Pool{New: func() any { return new([readSize]byte) }}
