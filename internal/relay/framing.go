package relay

import (
	"bytes"
	"errors"
	"net/netip"
	"strconv"

	"github.com/redactd/redactd/internal/codec"
)

// framing finds the messages in a stream of bytes: each with an end byte behind it, or
// each behind its length (RFC 6587). It is for one connection.
type framing struct {
	end     byte // what ends a message
	counts  bool // messages may stand behind their length, as the first byte tells
	began   bool
	counted bool           // they do
	seen    int            // bytes of the message at hand that hold no end
	skip    int            // bytes of a counted message that is skipped
	from    netip.AddrPort // who sends them
	over    bool           // what comes up to the next end is skipped
}

var errFraming = errors.New("no length in front of a message")

// frame is a message in a stream: body is buf[start:stop], the next one begins at end.
// Between counted messages there may be frames without a body, such as line breaks.
type frame struct{ start, stop, end int }

func (f frame) hasBody() bool { return f.start < f.stop }

// next finds the message at the beginning of buf. ok is false if it is not there as a
// whole. With final, nothing follows buf.
func (f *framing) next(buf []byte, final bool) (fr frame, ok bool, err error) {
	if len(buf) == 0 {
		return frame{}, false, nil
	}
	if !f.began {
		f.began, f.counted = true, f.counts && buf[0] >= '1' && buf[0] <= '9'
	}
	if f.counted {
		return f.nextCounted(buf)
	}
	i := bytes.IndexByte(buf[f.seen:], f.end)
	if i < 0 && !final {
		f.seen = len(buf)
		return frame{}, false, nil
	}
	fr = frame{stop: len(buf), end: len(buf)}
	if i >= 0 {
		fr.stop, fr.end = f.seen+i, f.seen+i+1
	}
	f.seen = 0
	if f.end == '\n' && fr.stop > 0 && buf[fr.stop-1] == '\r' {
		fr.stop--
	}
	return fr, true, nil
}

func (f *framing) nextCounted(buf []byte) (fr frame, ok bool, err error) {
	if buf[0] == '\n' || buf[0] == '\r' { // what some put behind a message
		return frame{end: 1}, true, nil
	}
	head, size, ok := codec.SyslogFrame(buf)
	if !ok {
		return frame{}, false, errFraming
	}
	if head == 0 || head+size > len(buf) {
		return frame{}, false, nil
	}
	return frame{head, head + size, head + size}, true, nil
}

// tooLarge reports whether the message at the beginning of buf, which is not there as
// a whole, is larger than most, and makes discard skip it.
func (f *framing) tooLarge(buf []byte, most int) bool {
	if f.counted {
		head, size, _ := codec.SyslogFrame(buf)
		if head == 0 || size <= most {
			return false
		}
		f.skip = head + size
		return true
	}
	if len(buf) <= most {
		return false
	}
	f.over, f.seen = true, 0
	return true
}

// discard returns how many bytes of buf belong to a message that is skipped.
func (f *framing) discard(buf []byte) int {
	switch {
	case f.skip > 0:
		n := min(f.skip, len(buf))
		f.skip -= n
		return n
	case !f.over:
		return 0
	}
	if i := bytes.IndexByte(buf, f.end); i >= 0 {
		f.over = false
		return i + 1
	}
	return len(buf)
}

// appendCounted appends body behind its length.
func appendCounted(dst, body []byte) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(body)), 10), ' ')
	return append(dst, body...)
}

// uncounted returns a message without the length in front of it.
func uncounted(framed []byte) []byte {
	return framed[bytes.IndexByte(framed, ' ')+1:]
}
