package relay

import (
	"context"
	"net"
	"time"
	"unicode/utf8"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
)

// batch is scrubbed messages.
type batch struct {
	framed []byte // as they go over a stream
	// bodies returns them one by one, as parts of framed.
	bodies func() [][]byte
}

// sink takes batches. It is for one goroutine.
type sink interface {
	// put returns when the upstream's system has taken the messages, or the disk. It
	// returns false where that could not be before the listener's time was over.
	put(b batch) bool
	close()
}

// sinkFormat is how a protocol writes bodies.
type sinkFormat interface {
	// record is what a body is in the store.
	record(body []byte) dialect.Record
	// parts returns the datagrams of at most limit bytes that a body is sent in, nil
	// where that can't be.
	parts(l *Listener, body []byte, limit int) [][]byte
}

// newSink returns a sink of its own for a connection, or a socket.
func (l *Listener) newSink(f sinkFormat) sink {
	switch {
	case l.cfg.Upstream == config.StoreUpstream:
		return &storeSink{l, f}
	case l.toDatagrams():
		return &datagramSink{l: l, f: f}
	}
	return &streamSink{uplink{l: l, opened: l.watch}}
}

// toDatagrams reports whether the upstream is one that takes datagrams.
func (l *Listener) toDatagrams() bool { return config.ParseAddress(l.cfg.Upstream).Scheme == "udp" }

type streamSink struct{ up uplink }

func (s *streamSink) put(b batch) bool { return s.up.send(b.framed) }
func (s *streamSink) close()           { s.up.close() }

// storeSink keeps messages in the embedded store.
type storeSink struct {
	l *Listener
	f sinkFormat
}

func (s *storeSink) put(b batch) bool {
	bodies := b.bodies()
	records := make([]dialect.Record, 0, len(bodies))
	for _, body := range bodies {
		records = append(records, s.f.record(body))
	}
	return s.l.store(records, len(b.framed))
}

// storeTimeout bounds how long records wait to be on disk before they are given to
// the store again.
const storeTimeout = 10 * time.Second

// store keeps records, which came in so many bytes, and tries until the listener's
// time is over.
func (l *Listener) store(records []dialect.Record, size int) bool {
	if len(records) == 0 {
		return true
	}
	for pause := retryFirst; ; pause = min(2*pause, retryMost) {
		ctx, cancel := context.WithTimeout(l.ctx, storeTimeout)
		err := l.host.Store(ctx, l.cfg.Protocol, records)
		cancel()
		if err == nil {
			l.host.Count(SentBytes, size)
			return true
		}
		l.log.Error("store does not accept records, clients wait", "error", err)
		if !l.sleep(pause) {
			return false
		}
	}
}

func (s *storeSink) close() {}

// datagramSink sends each message as a datagram, or as several.
type datagramSink struct {
	l    *Listener
	f    sinkFormat
	conn net.Conn
	to   string // address that conn leads to
}

// maxSend is the longest datagram over IPv4.
const maxSend = 65507

func (s *datagramSink) put(b batch) bool {
	for _, body := range b.bodies() {
		s.send(body, int(s.l.host.Settings().MaxDatagram))
	}
	return true
}

// send sends a body in datagrams of at most limit bytes. One that can't be sent is
// dropped: there is nobody who could send it again.
func (s *datagramSink) send(body []byte, limit int) {
	parts := s.f.parts(s.l, body, min(limit, maxSend))
	if parts == nil {
		s.l.drop(DroppedSend, 1, "larger than what datagrams can hold")
	}
	for _, data := range parts {
		if err := s.write(data); err != nil {
			s.l.host.Count(UpstreamFailed, 1)
			s.l.drop(DroppedSend, 1, "the datagram can't be sent")
			s.close()
			return
		}
	}
}

func (s *datagramSink) write(data []byte) error {
	if to := s.l.host.Settings().Upstream; s.conn == nil || s.to != to {
		s.close()
		c, err := s.l.dial(to)
		if err != nil {
			return err
		}
		s.conn, s.to = c, to
	}
	_, err := s.conn.Write(data)
	if err != nil {
		// What is refused is a datagram sent before; this one was not sent at all.
		_, err = s.conn.Write(data)
	}
	if err == nil {
		s.l.host.Count(SentBytes, len(data))
	}
	return err
}

func (s *datagramSink) close() {
	if s.conn != nil {
		_ = s.conn.Close()
		s.conn = nil
	}
}

// cutText returns at most the first limit bytes of text, whole characters only.
func cutText(l *Listener, text []byte, limit int) []byte {
	if len(text) <= limit {
		return text
	}
	l.host.Count(Cut, 1)
	for i := limit; i > limit-utf8.UTFMax && i > 0; i-- {
		if utf8.RuneStart(text[i]) {
			return text[:i]
		}
	}
	return text[:limit]
}
