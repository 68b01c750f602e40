package proxy

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/scrub"
)

// maxMessage is the size in bytes from which a text message is withheld, where max_body or
// max_response is not less: a message is scrubbed as a whole.
const maxMessage = 16 << 20

// messageMeta says nothing of what is in a message: its looks decide.
var messageMeta = scrub.Meta{ContentType: "text/plain"}

// wsRelay connects a client and an upstream that speak WebSocket.
type wsRelay struct {
	p         *Proxy
	pol       *policy
	rt        *route
	id        string // of the request
	down, up  wsSide
	closeOnce sync.Once
}

// wsSide is the connection to the client or to the upstream.
type wsSide struct {
	net.Conn
	mu     sync.Mutex // held while a frame is written
	server bool       // what is written to it is masked
	wait   time.Duration
}

// wsStream is what one side sends to the other.
type wsStream struct {
	*wsRelay
	dir      string
	r        *bufio.Reader
	from, to *wsSide
	inspect  bool
	limit    int64
	scr      scrubber
	text     *buffer // of the message at hand
	out      *buffer
	opcode   byte // of the message at hand, 0 for none
	through  bool // its frames go on as they come
}

// run relays until one of the sides ends. br is what came from the upstream already.
func (w *wsRelay) run(br *bufio.Reader) {
	s := &w.pol.cfg.Server
	up := wsStream{
		wsRelay: w, dir: dirRequest, r: bufio.NewReaderSize(w.down.Conn, readPiece), from: &w.down, to: &w.up,
		inspect: w.rt.cfg.Request == config.ScopeAll, limit: min(maxMessage, limitOr(int64(s.MaxBody), defaultMaxBody)),
	}
	down := wsStream{
		wsRelay: w, dir: dirResponse, r: br, from: &w.up, to: &w.down,
		inspect: w.rt.cfg.Response == config.ScopeAll, limit: min(maxMessage, limitOr(int64(w.rt.up.cfg.MaxResponse), defaultMaxResponse)),
	}
	done := make(chan struct{})
	if !w.p.goroutines.start(func() { defer close(done); up.run() }) {
		return
	}
	down.run()
	<-done
}

// close ends both connections.
func (w *wsRelay) close() {
	w.closeOnce.Do(func() {
		_ = w.down.Close()
		_ = w.up.Close()
	})
}

// fail tells both sides why the connection ends, as far as they are between frames, and
// ends it.
func (w *wsRelay) fail(code uint16) {
	for _, side := range []*wsSide{&w.down, &w.up} {
		if side.mu.TryLock() {
			_ = side.SetWriteDeadline(time.Now().Add(min(side.wait, time.Second)))
			_, _ = side.Write(appendClose(nil, code, side.server))
			side.mu.Unlock()
		}
	}
	w.close()
}

// A wsFailure ends a connection with a status code.
type wsFailure struct {
	code uint16
	kind string
}

func (f *wsFailure) Error() string { return f.kind }

// run relays one direction until it ends.
func (s *wsStream) run() {
	defer s.close()
	s.scr, s.text, s.out = s.rt.newScrubber(), acquireBuffer(), acquireBuffer()
	defer func() {
		s.scr.Release()
		s.text.release()
		s.out.release()
	}()
	defer func() {
		if v := recover(); v != nil {
			s.p.log.Error("panic while relaying messages", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()), "request_id", s.id)
			s.fail(wsInternalError)
		}
	}()
	for {
		err := s.frame()
		var f *wsFailure
		switch {
		case err == nil:
			continue
		case errors.As(err, &f):
			s.p.m.blocked.WithLabelValues(s.rt.name, s.dir, f.kind).Inc()
			s.fail(f.code)
		case errors.Is(err, errFrame):
			s.p.m.errors.WithLabelValues(s.rt.name, "upgrade", "frame").Inc()
			s.fail(wsProtocolError)
		}
		return
	}
}

// frame relays one frame. An end between frames is io.EOF.
func (s *wsStream) frame() error {
	deadline := time.Time{}
	if s.opcode != 0 { // a message that has begun goes on
		deadline = time.Now().Add(s.from.wait)
	}
	_ = s.from.SetReadDeadline(deadline)
	if _, err := s.r.Peek(1); err != nil {
		return err
	}
	_ = s.from.SetReadDeadline(time.Now().Add(s.from.wait))
	f, err := readFrame(s.r, s.dir == dirRequest)
	switch {
	case err != nil:
		return err
	case f.control():
		return s.control(&f)
	case (f.opcode == wsContinuation) != (s.opcode != 0):
		return errFrame
	case f.opcode != wsContinuation:
		s.opcode, s.through = f.opcode, f.opcode == wsBinary || !s.inspect
	}
	if s.through {
		err = s.pass(&f)
	} else {
		err = s.gather(&f)
	}
	if f.fin {
		s.opcode = 0
	}
	return err
}

// payload reads a frame's payload behind what is in b.
func (s *wsStream) payload(b *buffer, f *wsFrame) error {
	for left, at := f.length, len(b.b); left > 0; {
		n := int(min(left, readPiece))
		if cap(b.b)-len(b.b) < n {
			b.grow(max(2*cap(b.b), len(b.b)+n))
		}
		_ = s.from.SetReadDeadline(time.Now().Add(s.from.wait))
		got, err := s.r.Read(b.b[len(b.b) : len(b.b)+n])
		if f.masked {
			unmask(b.b[len(b.b):len(b.b)+got], f.mask, len(b.b)-at)
		}
		b.b = b.b[:len(b.b)+got]
		if left -= int64(got); err != nil {
			return short(err)
		}
	}
	return nil
}

// write writes whole frames.
func (s *wsStream) write(frames []byte) error {
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	for len(frames) > 0 {
		_ = s.to.SetWriteDeadline(time.Now().Add(s.to.wait))
		n, err := s.to.Write(frames[:min(len(frames), writePiece)])
		if frames = frames[n:]; err != nil {
			return err
		}
	}
	return nil
}

// pass hands a frame on as it is.
func (s *wsStream) pass(f *wsFrame) error {
	reason := coverage.BinaryMessage
	switch {
	case !s.inspect:
		reason = coverage.OutOfScope
	case s.opcode == wsText: // the rest of one that is too large
		reason = string(scrub.KindLimit)
	}
	payloads := 1
	if f.opcode == wsContinuation {
		payloads = 0
	}
	s.p.m.coveredMore(s.rt.name, s.dir, reason, payloads, f.length)
	s.to.mu.Lock()
	defer s.to.mu.Unlock()
	_ = s.to.SetWriteDeadline(time.Now().Add(s.to.wait))
	if _, err := s.to.Write(appendFrame(nil, f)); err != nil {
		return err
	}
	if cap(s.out.b) < readPiece {
		s.out.grow(readPiece)
	}
	for left := f.length; left > 0; {
		_ = s.from.SetReadDeadline(time.Now().Add(s.from.wait))
		n, err := s.r.Read(s.out.b[:min(left, readPiece)])
		if n > 0 {
			_ = s.to.SetWriteDeadline(time.Now().Add(s.to.wait))
			if _, werr := s.to.Write(s.out.b[:n]); werr != nil {
				return werr
			}
		}
		if left -= int64(n); err != nil {
			return short(err)
		}
	}
	return nil
}

// gather adds a frame to the text message at hand and hands that on when it is whole.
func (s *wsStream) gather(f *wsFrame) error {
	if int64(len(s.text.b))+f.length > s.limit {
		if !s.rt.pass && !s.rt.shadow {
			return &wsFailure{wsTooBig, string(scrub.KindLimit)}
		}
		return s.letThrough(f)
	}
	if err := s.payload(s.text, f); err != nil || !f.fin {
		return err
	}
	body, err := s.scrubbed(s.text.b)
	if err != nil {
		return err
	}
	return s.send(wsText, body)
}

// letThrough hands on a message that is too large to be scrubbed, and what is to come of it.
func (s *wsStream) letThrough(f *wsFrame) error {
	if len(s.text.b) > 0 {
		s.p.m.covered(s.rt.name, s.dir, string(scrub.KindLimit), int64(len(s.text.b)))
		s.out.grow(max(cap(s.out.b), len(s.text.b)+maxFrameHeader))
		s.out.b = appendMessage(s.out.b[:0], wsText, s.text.b, s.to.server)
		s.out.b[0] &^= 0x80 // more follows
		err := s.write(s.out.b)
		s.empty()
		if err != nil {
			return err
		}
		f.opcode = wsContinuation
	} else {
		f.opcode = wsText
	}
	s.through = true
	return s.pass(f)
}

// send writes a message of one frame.
func (s *wsStream) send(opcode byte, payload []byte) error {
	s.out.grow(max(cap(s.out.b), len(payload)+maxFrameHeader))
	s.out.b = appendMessage(s.out.b[:0], opcode, payload, s.to.server)
	err := s.write(s.out.b)
	s.empty()
	return err
}

// empty wipes the buffers, and lets go of large ones.
func (s *wsStream) empty() {
	for _, b := range []**buffer{&s.text, &s.out} {
		(*b).release()
		*b = acquireBuffer()
	}
}

// scrubbed returns a text message without what is found in it, which is recorded. An error
// withholds it.
func (s *wsStream) scrubbed(text []byte) ([]byte, error) {
	res, err := s.scr.Body(text, messageMeta)
	if err != nil {
		return s.unsure(text, err)
	}
	if err := s.p.record(s.pol, &s.rt.filter, s.dir, s.id, res.Hits); err != nil && !s.rt.shadow {
		return s.unsure(text, err)
	}
	s.p.count(&s.rt.filter, s.dir, &res, int64(len(text)))
	if s.rt.shadow {
		return text, nil
	}
	return res.Body, nil
}

// unsure returns a message that could not be scrubbed where the operator wants it so.
func (s *wsStream) unsure(text []byte, err error) ([]byte, error) {
	kind := kindOf(err)
	if s.rt.pass || s.rt.shadow {
		s.p.m.covered(s.rt.name, s.dir, kind, int64(len(text)))
		return text, nil
	}
	code := uint16(wsInternalError)
	if kind == string(scrub.KindLimit) {
		code = wsTooBig
	}
	return nil, &wsFailure{code, kind}
}

// control hands on a control frame. Where something is found in it, its text goes.
func (s *wsStream) control(f *wsFrame) error {
	b := acquireBuffer()
	defer b.release()
	if err := s.payload(b, f); err != nil {
		return err
	}
	text, before := b.b, 0
	if f.opcode == wsClose && len(text) > 2 {
		before = 2
	}
	if s.inspect && len(text) > before {
		out, err := s.scrubbed(text[before:])
		if err != nil {
			return err
		}
		if string(out) != string(text[before:]) {
			text = text[:before]
		}
	}
	return s.write(appendMessage(nil, f.opcode, text, s.to.server))
}
