package relay

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
)

// forward is the Forward Protocol of Fluentd and Fluent Bit, version 1.5, over TCP and
// TLS, with its heartbeats over UDP.
//
// What the upstream says goes back to the client as it is: acknowledgements are the
// upstream's own, and so is the handshake where this side has no keys. A client that
// waits for acknowledgements is bound to its connection: when the upstream breaks
// that, the client's is closed, so that it sends again what was not acknowledged.
type forward struct{}

func (forward) stream(l *Listener, c net.Conn) {
	s := &forwardConn{l: l, conn: c, from: sender(c)}
	defer func() { clear(s.buf[:cap(s.buf)]); clear(s.out[:cap(s.out)]) }()
	if key := l.host.Settings().SharedKey; key != "" && !s.admit(string(key)) {
		l.host.Count(DroppedAuth, 1)
		l.log.Warn("client did not show the shared key")
		return
	}
	if l.cfg.Upstream == config.StoreUpstream {
		s.serve(s.keep)
		return
	}
	s.back = make(chan struct{})
	s.up = &uplink{l: l, opened: s.opened}
	defer s.up.close()
	// Nothing is read before there is somebody to take it.
	if s.up.connect() && s.serve(s.relay) {
		s.finish()
	}
}

// forwardConn is the connection of a client.
type forwardConn struct {
	l       *Listener
	conn    net.Conn
	from    netip.AddrPort
	buf     []byte // read and not handed on yet
	out     []byte
	end     codec.PackedEnd
	up      *uplink       // nil for the store
	back    chan struct{} // closed when what copies from the upstream in use has ended
	started bool          // the client has sent a message
}

// serve hands each message of the client to take, until one can't be taken or the
// client has sent its last; it returns true then.
func (s *forwardConn) serve(take func(msg []byte) bool) bool {
	for {
		n := 0
		for {
			size, err := s.end.Next(s.buf[n:])
			if err != nil {
				s.l.drop(DroppedFraming, 1, "no message of the Forward Protocol")
				return false
			}
			if size == 0 {
				break
			}
			if !codec.IsForward(s.buf[n:]) {
				s.l.drop(DroppedFraming, 1, "no message of the Forward Protocol")
				return false
			}
			s.l.host.Count(Received, 1)
			s.l.host.Count(ReceivedBytes, size)
			if !take(s.buf[n : n+size]) {
				return false
			}
			n += size
		}
		s.buf = shifted(s.buf, n)
		if len(s.buf) > int(s.l.host.Settings().MaxMessage) {
			s.l.drop(DroppedTooLarge, 1, "larger than max_message")
			return false
		}
		if err := s.read(); err != nil {
			if len(s.buf) > 0 {
				s.l.drop(DroppedFraming, 1, "the connection ended in a message")
			}
			return errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded)
		}
	}
}

func (s *forwardConn) read() (err error) {
	s.buf, err = readMore(s.conn, s.buf)
	return err
}

// relay scrubs a message and sends it on.
func (s *forwardConn) relay(msg []byte) bool {
	first := !s.started
	s.started = true
	if first && isPing(msg) {
		s.up.bound.Store(true) // to the server that has sent the other half of the handshake
		return s.up.send(msg)
	}
	if codec.ParseForward(msg).Chunk != nil {
		s.up.bound.Store(true)
	}
	out, ok := s.scrub(msg)
	if !ok || len(out) == 0 {
		return ok
	}
	ok = s.up.send(out)
	if !ok && !s.up.bound.Load() {
		s.l.drop(DroppedStop, 1, "the upstream was not there before the end")
	}
	return ok
}

// scrub returns a scrubbed message, nothing for one that is dropped. It returns false
// for one that can't be scrubbed and that the client waits to be acknowledged: it then
// keeps it.
func (s *forwardConn) scrub(msg []byte) ([]byte, bool) {
	clear(s.out[:cap(s.out)])
	out, err := s.l.scrub(s.out[:0], msg, s.from, false)
	s.out = out
	if err != nil {
		return nil, codec.ParseForward(msg).Chunk == nil
	}
	return out, true
}

// opened shows the key to the upstream, and copies what it says to the client.
func (s *forwardConn) opened(c net.Conn, dead *atomic.Bool) error {
	if key := s.l.host.Settings().UpstreamSharedKey; key != "" && s.l.guest == nil {
		if err := ShowKey(c, string(key)); err != nil {
			return err
		}
	}
	back := make(chan struct{})
	s.back = back
	s.l.running.Go(func() {
		defer close(back)
		_, _ = io.Copy(s.conn, c)
		dead.Store(true)
		if s.up.bound.Load() {
			_ = s.conn.Close()
		}
	})
	return nil
}

// finish ends the upstream's connection, and waits for what it has to say yet to a
// client that waits for it.
func (s *forwardConn) finish() {
	half, ok := s.up.conn.(interface{ CloseWrite() error })
	if !ok || !s.up.bound.Load() || half.CloseWrite() != nil {
		return
	}
	t := time.NewTimer(time.Duration(s.l.host.Settings().Timeout))
	defer t.Stop()
	select {
	case <-s.back:
	case <-t.C:
	case <-s.l.ctx.Done():
	}
}

// keep keeps the events of a message in the store, and acknowledges them.
func (s *forwardConn) keep(msg []byte) bool {
	out, ok := s.scrub(msg)
	if !ok || len(out) == 0 {
		return ok
	}
	m := codec.ParseForward(out)
	entries, err := codec.ForwardEntries(out, &m, maxInflated)
	switch {
	case m.Mode == codec.ForwardOther && len(out) == 1:
		return true // nil, which keeps connections alive
	case m.Mode == codec.ForwardOther || err != nil:
		s.l.drop(DroppedFraming, 1, "no message of the Forward Protocol")
		return m.Chunk == nil
	}
	records := make([]dialect.Record, len(entries))
	tag := appendJSONString(nil, m.Tag)
	for i, e := range entries {
		at, _ := codec.AppendPackedJSON(nil, e.Time)
		data, _ := codec.AppendPackedJSON(nil, e.Record)
		records[i] = dialect.Record{Attrs: []dialect.Attr{{Name: "tag", Value: tag}, {Name: "timestamp", Value: at}}, Data: data, JSON: true}
	}
	if !s.l.store(records, len(out)) {
		if m.Chunk == nil {
			s.l.drop(DroppedStop, len(records), "the store was not there before the end")
		}
		return false
	}
	if m.Chunk == nil {
		return true
	}
	ack := codec.AppendPackedString([]byte{0x81}, "ack")
	ack = codec.AppendPackedString(ack, string(m.Chunk))
	_ = s.conn.SetWriteDeadline(time.Now().Add(time.Duration(s.l.host.Settings().Timeout)))
	_, err = s.conn.Write(ack)
	return err == nil
}

// appendJSONString appends text as JSON.
func appendJSONString(dst, text []byte) []byte {
	dst, _ = codec.AppendPackedJSON(dst, codec.AppendPackedString(nil, string(text)))
	return dst
}

// datagrams answers heartbeats, each with one byte as Fluentd does.
func (forward) datagrams(l *Listener, c *net.UDPConn) {
	var b [64]byte
	for {
		_, from, err := c.ReadFromUDPAddrPort(b[:])
		if err == nil {
			_, _ = c.WriteToUDPAddrPort([]byte{0}, from)
		} else if l.stopped() || errors.Is(err, net.ErrClosed) || !l.sleep(acceptPause) {
			return
		}
	}
}
