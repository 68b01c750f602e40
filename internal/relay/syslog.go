package relay

import (
	"net"
	"net/netip"

	"github.com/redactd/redactd/internal/dialect"
)

// syslog is RFC 5424 and RFC 3164 over TCP (RFC 6587), TLS (RFC 5425) and UDP
// (RFC 5426).
type syslog struct{}

func (s syslog) stream(l *Listener, c net.Conn) { serveLines(l, s, c) }

func (s syslog) datagrams(l *Listener, c *net.UDPConn) {
	serveDatagrams(l, s, c, func(l *Listener, data []byte, from netip.AddrPort) ([]byte, int) {
		framed := appendCounted(nil, data)
		defer clear(framed)
		out, err := l.scrubNow(framed, "", from)
		if err != nil {
			return nil, 0
		}
		return uncounted(out), max(len(data), int(l.host.Settings().MaxDatagram))
	})
}

func (syslog) framing() framing                     { return framing{end: '\n', counts: true} }
func (syslog) record(body []byte) dialect.Record    { return dialect.Record{Data: body} }
func (syslog) appendFramed(dst, body []byte) []byte { return appendCounted(dst, body) }

// parts cuts off what does not fit into a datagram (RFC 5426, section 3.2, allows
// receivers and relays to do so).
func (syslog) parts(l *Listener, body []byte, limit int) [][]byte {
	return [][]byte{cutText(l, body, limit)}
}

// clean scrubs the messages of a buffer at once, and one by one only where some of
// them can't be scrubbed: then those are left out.
func (s syslog) clean(l *Listener, f *framing, dst, buf []byte, frames []frame) []byte {
	// The codec tells the framing by the first byte.
	mark, first := len(dst), 0
	for f.counted && first < len(frames) && !frames[first].hasBody() {
		first++
	}
	if first > 0 {
		dst = append(dst, buf[:frames[first-1].end]...)
	}
	rest := buf[len(dst)-mark:]
	if len(rest) == 0 {
		return dst
	}
	if f.counted || rest[0] < '1' || rest[0] > '9' {
		out, err := l.scrub(dst, rest, f.from, len(frames) > 1)
		if err == nil {
			return out
		}
		clear(out[mark:])
		if dst = out[:mark]; len(frames) == 1 {
			return dst
		}
	}
	for _, fr := range frames {
		body := buf[fr.start:fr.stop]
		if len(body) == 0 {
			dst = append(dst, buf[fr.stop:fr.end]...)
			continue
		}
		clean := s.scrubBody(l, body, f.from)
		switch {
		case clean == nil:
		case f.counted:
			dst = appendCounted(dst, clean)
		default:
			dst = append(append(dst, clean...), buf[fr.stop:fr.end]...)
		}
		clear(clean)
	}
	return dst
}

// scrubBody returns a scrubbed message in memory of its own, nil where it can't be
// scrubbed. Behind its length, a message is one whatever is in it.
func (syslog) scrubBody(l *Listener, body []byte, from netip.AddrPort) []byte {
	framed := appendCounted(nil, body)
	defer clear(framed)
	out, err := l.scrub(nil, framed, from, false)
	if err != nil {
		return nil
	}
	return uncounted(out)
}
