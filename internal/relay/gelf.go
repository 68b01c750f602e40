package relay

import (
	"encoding/json"
	"net"
	"net/netip"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/dialect"
)

// gelf is GELF 1.1 over TCP and TLS, each message ended by a zero byte, and over UDP,
// compressed or not, in one datagram or in chunks.
type gelf struct{}

func (g gelf) stream(l *Listener, c net.Conn) { serveLines(l, g, c) }

func (gelf) framing() framing { return framing{end: 0} }

func (gelf) clean(l *Listener, f *framing, dst, buf []byte, frames []frame) []byte {
	for _, fr := range frames {
		if fr.start < fr.stop {
			mark := len(dst)
			out, err := l.scrub(dst, buf[fr.start:fr.stop], f.from, false)
			if err != nil {
				clear(out[mark:])
				dst = out[:mark]
				continue
			}
			dst = out
		}
		dst = append(dst, buf[fr.stop:fr.end]...)
	}
	return dst
}

func (gelf) record(body []byte) dialect.Record {
	return dialect.Record{Data: body, JSON: json.Valid(body)}
}

func (gelf) appendFramed(dst, body []byte) []byte { return append(append(dst, body...), 0) }

// parts sends a body that is longer than a datagram in chunks.
func (gelf) parts(l *Listener, body []byte, limit int) [][]byte {
	if len(body) <= limit {
		return [][]byte{body}
	}
	return chunks(body, limit)
}

// datagrams puts chunks together. What came in chunks goes on in datagrams no longer
// than they were.
func (g gelf) datagrams(l *Listener, c *net.UDPConn) {
	a := newAssembler(l)
	serveDatagrams(l, g, c, func(l *Listener, data []byte, from netip.AddrPort) (body []byte, limit int) {
		limit = max(len(data), int(l.host.Settings().MaxDatagram))
		if isChunk(data) {
			if data, limit = a.add(data, from); data == nil {
				return nil, 0
			}
			defer clear(data)
		}
		return g.body(l, data, from), limit
	})
}

// body returns a scrubbed message in memory of its own, compressed as it came where
// it goes on as a datagram, and plain elsewhere; nil where it can't be scrubbed.
func (gelf) body(l *Listener, data []byte, from netip.AddrPort) []byte {
	coding := codingOf(data)
	out, err := l.scrubNow(data, coding, from)
	if err != nil {
		return nil
	}
	if coding == "" || l.toDatagrams() {
		return out
	}
	defer clear(out)
	plain, err := codec.Decode(nil, out, coding, maxInflated)
	if err != nil { // it could be decoded before
		l.drop(DroppedTooLarge, 1, "larger than allowed once decompressed")
		return nil
	}
	return plain
}

// maxInflated bounds, in bytes, a message once decompressed.
const maxInflated = 256 << 20

// codingOf tells by its first bytes how a message is compressed (RFC 1950, RFC 1952).
func codingOf(data []byte) string {
	switch {
	case len(data) < 2:
	case data[0] == 0x1f && data[1] == 0x8b:
		return "gzip"
	case data[0]&0x0f == 8 && (int(data[0])<<8|int(data[1]))%31 == 0:
		return "deflate"
	}
	return ""
}
