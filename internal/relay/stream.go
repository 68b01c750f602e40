package relay

import (
	"errors"
	"io"
	"net"
)

// lineProtocol is what the protocols have of their own whose clients send one message
// after the other and want no answer.
type lineProtocol interface {
	framing() framing
	// clean appends to dst the scrubbed messages of a buffer, each in its framing.
	clean(l *Listener, f *framing, dst, buf []byte, frames []frame) []byte
	sinkFormat
}

// lineConn is the connection of a client of a lineProtocol.
type lineConn struct {
	l      *Listener
	p      lineProtocol
	conn   net.Conn
	f      framing
	sink   sink
	buf    []byte // read and not handed on yet
	out    []byte
	frames []frame
}

const readSize = 16 << 10

// serveLines serves the connection of a client.
func serveLines(l *Listener, p lineProtocol, c net.Conn) {
	s := &lineConn{l: l, p: p, conn: c, f: p.framing(), sink: l.newSink(p)}
	s.f.from = sender(c)
	defer s.sink.close()
	defer func() { clear(s.buf[:cap(s.buf)]); clear(s.out[:cap(s.out)]) }()
	for {
		var err error
		s.buf, err = readMore(s.conn, s.buf)
		if !s.handOn(errors.Is(err, io.EOF)) {
			return
		}
		if err != nil {
			if len(s.buf) > 0 {
				s.l.drop(DroppedFraming, 1, "the connection ended in a message")
			}
			return
		}
	}
}

// readMore reads what has come behind buf. It wipes a buffer that it leaves.
func readMore(c net.Conn, buf []byte) ([]byte, error) {
	if cap(buf)-len(buf) < readSize {
		grown := make([]byte, len(buf), 2*cap(buf)+readSize)
		copy(grown, buf)
		clear(buf)
		buf = grown
	}
	n, err := c.Read(buf[len(buf):cap(buf)])
	if n > 0 {
		err = nil // it comes again
	}
	return buf[:len(buf)+n], err
}

// shifted takes the first n bytes out of buf, and wipes what they leave. It lets go of
// a large buffer that is empty.
func shifted(buf []byte, n int) []byte {
	if n == 0 {
		return buf
	}
	rest := copy(buf, buf[n:])
	clear(buf[rest:])
	if rest == 0 && cap(buf) > 16*readSize {
		return nil
	}
	return buf[:rest]
}

// handOn takes the whole messages out of the buffer, and hands them on. With final,
// the client has said that nothing follows: what is in the buffer is whole then, unless
// it stands behind a length. It returns false where the connection can't go on.
func (s *lineConn) handOn(final bool) bool {
	n := s.f.discard(s.buf)
	s.frames = s.frames[:0]
	from, messages := n, 0
	var err error
	for {
		var fr frame
		var ok bool
		if fr, ok, err = s.f.next(s.buf[n:], final && !s.f.over); err != nil || !ok {
			break
		}
		if fr.hasBody() {
			messages++
		}
		fr.start, fr.stop, fr.end = fr.start+n-from, fr.stop+n-from, fr.end+n-from
		s.frames = append(s.frames, fr)
		n = from + fr.end
	}
	if !s.deliver(s.buf[from:n], messages) {
		return false
	}
	s.buf = shifted(s.buf, n)
	switch {
	case err != nil:
		s.l.drop(DroppedFraming, 1, err.Error())
		return false
	case len(s.buf) > 0 && s.f.tooLarge(s.buf, int(s.l.host.Settings().MaxMessage)):
		s.l.drop(DroppedTooLarge, 1, "larger than max_message")
		s.buf = shifted(s.buf, s.f.discard(s.buf))
	}
	return true
}

// deliver scrubs the messages that buf holds, and hands them on.
func (s *lineConn) deliver(buf []byte, messages int) bool {
	if len(buf) == 0 {
		return true
	}
	s.l.host.Count(Received, messages)
	s.l.host.Count(ReceivedBytes, len(buf))
	s.out = s.p.clean(s.l, &s.f, s.out[:0], buf, s.frames)
	if len(s.out) == 0 {
		return true
	}
	ok := s.sink.put(batch{framed: s.out, bodies: s.bodies})
	if !ok {
		s.l.drop(DroppedStop, messages, "the upstream was not there before the end")
	}
	clear(s.out)
	return ok
}

// bodies cuts what was scrubbed into messages again.
func (s *lineConn) bodies() (bodies [][]byte) {
	f := s.p.framing()
	f.began, f.counted = true, s.f.counted
	for n := 0; n < len(s.out); {
		fr, ok, err := f.next(s.out[n:], true)
		if !ok || err != nil {
			break
		}
		if fr.start < fr.stop {
			bodies = append(bodies, s.out[n+fr.start:n+fr.stop])
		}
		n += fr.end
	}
	return bodies
}
