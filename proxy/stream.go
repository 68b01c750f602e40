package proxy

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"time"

	"github.com/redactd/redactd/internal/scrub"
)

var (
	errTooLarge   = errors.New("the body is larger than max_body")
	errBodySource = errors.New("the body to send could not be produced")
	errEnded      = errors.New("the exchange has ended")
)

// sourceError is a failure of a body on its way in, seen by whoever sends it
// on. It tells such failures from those of the other side.
type sourceError struct{ err error }

func (e *sourceError) Error() string        { return errBodySource.Error() }
func (e *sourceError) Unwrap() error        { return e.err }
func (e *sourceError) Is(target error) bool { return target == errBodySource }

// sourceReader marks the errors of a reader as those of the source.
type sourceReader struct{ io.Reader }

func (s sourceReader) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = &sourceError{err}
	}
	return n, err
}

// hitNotifier is a scrubber that tells its findings as it makes them, each
// time before the bytes that held them are written. An error ends the stream.
type hitNotifier interface {
	OnHits(func(hits []scrub.Hit) error)
}

// transform scrubs a stream in a goroutine of its own, as the sending side of
// fasthttp pulls. Whoever started it ends it with stop, which waits.
type transform struct {
	out  *io.PipeReader
	done chan struct{}
	res  scrub.Result // after done
	err  error        // after done
	told bool         // findings were recorded on the way
	read int64        // bytes that were counted on the way; after done
}

// readNotifier is a scrubber that tells what it reads of a stream, see
// scrub.Scrubber.OnRead.
type readNotifier interface {
	OnRead(func(n int64, skipped string))
}

// startTransform begins to scrub src. record takes findings as they are made,
// where the scrubber can tell.
func (p *Proxy) startTransform(f *filter, dir string, s scrubber, src io.Reader, m scrub.Meta, record func([]scrub.Hit) error) *transform {
	pr, pw := io.Pipe()
	t := &transform{out: pr, done: make(chan struct{})}
	if n, ok := s.(hitNotifier); ok {
		t.told = true
		n.OnHits(record)
	}
	if n, ok := s.(readNotifier); ok {
		n.OnRead(func(n int64, skipped string) {
			t.read += n
			p.m.coveredMore(f.name, dir, cmp.Or(skipped, f.unenforced()), 0, n)
		})
	}
	started := p.goroutines.start(func() {
		defer close(t.done)
		defer func() {
			if recover() != nil {
				t.err = &sourceError{errors.New("panic while scrubbing a stream")}
				_ = pw.CloseWithError(t.err)
			}
		}()
		t.res, t.err = s.Stream(pw, src, m)
		if t.err != nil {
			_ = pw.CloseWithError(&sourceError{t.err})
		} else {
			_ = pw.Close()
		}
	})
	if !started {
		t.err = &sourceError{errEnded}
		_ = pw.CloseWithError(t.err)
		close(t.done)
	}
	return t
}

// stop ends the transform and waits for it. interrupt unblocks its source.
func (t *transform) stop(interrupt func()) {
	_ = t.out.CloseWithError(errEnded)
	select {
	case <-t.done:
	default:
		interrupt()
		<-t.done
	}
}

// canStream reports whether a body of the request or answer can be scrubbed
// piece by piece. Where every event must be on disk before its payload goes
// on, that takes a scrubber which tells its findings in time.
func (x *exchange) canStream(m scrub.Meta) bool {
	if !x.rt.canStream(m) {
		return false
	}
	if x.pol.cfg.Audit.Required && !x.rt.shadow {
		_, tells := x.requestScrubber().(hitNotifier)
		return tells
	}
	return true
}

// startUpload begins to scrub the request's body on its way through. What was
// read of it so far is in x.reqBuf.
func (x *exchange) startUpload(maxBody int64) {
	x.body.extend = orDefault(x.pol.cfg.Server.ReadTimeout, defaultReadTimeout)
	rest := &limitReader{r: &x.body, n: maxBody - int64(len(x.reqBuf.b)), err: errTooLarge}
	src := io.MultiReader(bytes.NewReader(x.reqBuf.b), rest)
	x.upload = x.p.startTransform(&x.rt.filter, dirRequest, x.requestScrubber(), src, x.requestMeta(), x.recorder(dirRequest))
}

// recorder returns what takes the findings of a stream. In shadow mode a trail
// that refuses them is counted, and stops nothing.
func (x *exchange) recorder(dir string) func([]scrub.Hit) error {
	return func(hits []scrub.Hit) error {
		err := x.record(dir, hits)
		if x.rt.shadow {
			return nil
		}
		return err
	}
}

// stopUpload ends the upload and records what it found. err is what sending
// came to; where that was the upload's own failure, its refusal is returned.
func (x *exchange) stopUpload(err error) *refusal {
	t := x.upload
	if t == nil {
		return nil
	}
	x.upload = nil
	t.stop(func() { _ = x.ctx.Conn().SetReadDeadline(time.Unix(1, 0)) })
	x.p.countRest(&x.rt.filter, dirRequest, &t.res, x.body.n, t.read)
	if !t.told {
		// Too late to hold anything back; the trail's own metric tells.
		_ = x.record(dirRequest, t.res.Hits)
	}
	switch {
	case t.err == nil || !errors.Is(err, errBodySource):
		return nil
	case errors.Is(t.err, errAudit):
		return refuseAudit
	case x.body.failed || errors.Is(t.err, errTooLarge):
		return bodyRefusal(t.err)
	}
	kind := kindOf(t.err)
	x.p.m.blocked.WithLabelValues(x.rt.name, dirRequest, kind).Inc()
	return requestRefusal(scrub.Kind(kind), knownCodings(x.coding))
}

// stopDownload ends the scrubbing of a streamed answer and records it.
func (x *exchange) stopDownload() {
	t := x.download
	if t == nil {
		return
	}
	x.download = nil
	t.stop(func() {
		if x.conn != nil {
			_ = x.conn.Close()
		}
	})
	x.p.countRest(&x.rt.filter, dirResponse, &t.res, x.source.n, t.read)
	if !t.told {
		_ = x.record(dirResponse, t.res.Hits)
	}
	if t.err != nil && !errors.Is(t.err, errEnded) {
		kind := kindOf(t.err)
		if kind == string(scrub.KindIO) {
			x.brokenOff(t.err)
			return
		}
		x.p.m.blocked.WithLabelValues(x.rt.name, dirResponse, kind).Inc()
	}
}

// upstreamBody reads an upstream's body and limits its standing still.
type upstreamBody struct {
	r       io.Reader
	conn    *upConn
	wait    time.Duration
	chunked bool
	n       int64 // bytes read
}

// Read implements io.Reader. The end of a connection is no end of chunks, though fasthttp
// takes it for one between two of them: then the last one is missing, and no read had to
// meet the connection's end otherwise.
func (b *upstreamBody) Read(p []byte) (n int, err error) {
	defer func() { b.n += int64(n) }()
	if b.conn == nil {
		return b.r.Read(p)
	}
	b.conn.extend(b.wait)
	n, err = b.r.Read(p)
	if err == io.EOF && b.chunked && b.conn.ended {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// heldBody is the body of an answer that is held back until it is known what becomes of
// it: whole while it is gathered, and the end of what came in a stream. It is a
// scrub.Patient.
type heldBody struct {
	src    *upstreamBody
	conn   *upConn
	head   []byte // gathered already
	waiter *scrub.Waiter
}

// ReadBefore implements scrub.Patient.
func (h *heldBody) ReadBefore(p []byte, t time.Time) (int, error) {
	if len(h.head) > 0 {
		n := copy(p, h.head)
		h.head = h.head[n:]
		return n, nil
	}
	if h.waiter == nil {
		if t.IsZero() || h.conn == nil {
			return h.src.Read(p)
		}
		h.waiter = scrub.NewWaiter(h.src)
		h.conn.waiter = h.waiter
	}
	return h.waiter.ReadBefore(p, t)
}

func (h *heldBody) Read(p []byte) (int, error) { return h.ReadBefore(p, time.Time{}) }

// stop lets go of the source, which may stand in the middle of a read.
func (h *heldBody) stop() {
	if h.waiter != nil {
		h.conn.waiter = nil
		h.waiter.Stop()
	}
}

// gathering reads a heldBody until delay after its first byte.
type gathering struct {
	*heldBody
	delay  time.Duration
	until  time.Time
	length int64 // -1 if unknown
	n      int64
}

func (g *gathering) Read(p []byte) (n int, err error) {
	switch {
	case g.n == 0: // nothing is held back as yet
		n, err = g.src.Read(p)
		g.until = time.Now().Add(g.delay)
	case g.n == g.length: // nothing to wait for but the end
		return g.ReadBefore(p, time.Time{})
	case !time.Now().Before(g.until):
		return 0, scrub.ErrWaiting
	default:
		n, err = g.ReadBefore(p, g.until)
	}
	g.n += int64(n)
	return n, err
}

// gather reads x.held into x.respBuf: up to buffer_body, and for max_delay at most.
// Where that was not all of it, the rest goes on behind it.
func (x *exchange) gather(length int64) (whole bool, err error) {
	var src io.Reader = x.held.src
	if delay := time.Duration(x.rt.cfg.MaxDelay); delay > 0 {
		src = &gathering{heldBody: &x.held, delay: delay, length: length}
	}
	x.respBuf = acquireBuffer()
	limit := limitOr(int64(x.pol.cfg.Server.BufferBody), defaultBufferBody)
	whole, err = x.respBuf.fill(src, limit, length)
	if err == scrub.ErrWaiting {
		err = nil
	}
	if !whole {
		x.held.head = x.respBuf.b
	}
	return whole, err
}
