package codec

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// PackedEnd finds the ends of MessagePack values in a stream that comes in pieces. The
// zero value is at the beginning of a value.
type PackedEnd struct{ scan packScan }

// ErrPacked says that bytes are no MessagePack.
var ErrPacked = errors.New("no MessagePack")

// Next returns the length of the value at the beginning of src, 0 if it is not there as
// a whole; src must then begin with the same bytes in the next call, with more behind.
// It costs time for what is new in src only.
func (e *PackedEnd) Next(src []byte) (n int, err error) {
	n, t := e.scan.run(src)
	switch t {
	case tokenBad:
		return 0, ErrPacked
	case tokenCut:
		return 0, nil
	}
	return n, nil
}

// PackedElems returns the elements of the array at the beginning of src, or the names
// and values of the map in turn, each as MessagePack; nil if there is neither. src is
// there as a whole.
func PackedElems(src []byte) (elems [][]byte) {
	p, ok := readPacked(src)
	if !ok || p.kind != packArray && p.kind != packMap {
		return nil
	}
	at := p.head
	for range p.values {
		n := skipPacked(src[at:])
		elems = append(elems, src[at:at+n])
		at += n
	}
	return elems
}

// PackedText returns what the string or binary that src is holds.
func PackedText(src []byte) (text []byte, ok bool) {
	p, ok := readPacked(src)
	if !ok || p.kind != packStr && p.kind != packBin {
		return nil, false
	}
	return src[p.head:p.end()], true
}

// AppendPackedString appends text as a MessagePack string.
func AppendPackedString(dst []byte, text string) []byte {
	p := packed{kind: packStr, form: 0xa0}
	return append(p.resize(dst, len(text)), text...)
}

// AppendPackedJSON appends the MessagePack value at the beginning of src, which is
// there as a whole, as JSON, and returns its length. Binary data that is no text and
// extensions become base64, Fluentd's EventTime a time in RFC 3339, and names that are
// no strings what they are as JSON. What nests too deep becomes null.
func AppendPackedJSON(dst, src []byte) (out []byte, n int) { return appendPackedJSON(dst, src, 0) }

func appendPackedJSON(dst, src []byte, depth int) (out []byte, n int) {
	p, _ := readPacked(src)
	n = p.end()
	if depth == maxDepth {
		return append(dst, "null"...), skipPacked(src)
	}
	switch p.kind {
	case packPlain:
		return append(dst, map[byte]string{0xc0: "null", 0xc2: "false", 0xc3: "true"}[p.form]...), n
	case packInt, packFloat:
		from := len(dst)
		if dst = p.appendNumber(dst, src[:n]); len(dst) > from {
			return dst, n
		}
		if f := p.float(src[:n]); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return strconv.AppendFloat(dst, f, 'e', -1, 64), n
		}
		dst = append(dst, "null"...)
		return dst, n
	case packStr, packBin, packExt:
		return appendPackedText(dst, &p, src[p.head:n]), n
	}
	open, close := byte('['), byte(']')
	if p.kind == packMap {
		open, close = '{', '}'
	}
	dst = append(dst, open)
	for i := range p.values {
		name := p.kind == packMap && i%2 == 0
		switch {
		case i > 0 && (p.kind == packArray || name):
			dst = append(dst, ',')
		case i > 0:
			dst = append(dst, ':')
		}
		mark := len(dst)
		var size int
		dst, size = appendPackedJSON(dst, src[n:], depth+1)
		n += size
		if name && dst[mark] != '"' {
			text := string(dst[mark:])
			dst = backslash{}.escape(append(dst[:mark], '"'), []byte(text))
			dst = append(dst, '"')
		}
	}
	return append(dst, close), n
}

// appendPackedText appends the data of p as a JSON string.
func appendPackedText(dst []byte, p *packed, data []byte) []byte {
	dst = append(dst, '"')
	switch {
	case p.kind == packExt && p.ext == 0 && len(data) == 8:
		dst = eventTime(data).AppendFormat(dst, time.RFC3339Nano)
	case p.kind == packStr, p.kind == packBin && utf8.Valid(data):
		dst = backslash{}.escape(dst, data)
	default:
		dst = base64.StdEncoding.AppendEncode(dst, data)
	}
	return append(dst, '"')
}

// eventTime reads the EventTime of the Forward Protocol: seconds and nanoseconds.
func eventTime(data []byte) time.Time {
	return time.Unix(int64(binary.BigEndian.Uint32(data)), int64(binary.BigEndian.Uint32(data[4:]))).UTC()
}

// ForwardEntry is an event of a message of the Forward Protocol: the MessagePack of its
// time, or of its time with metadata, and of its record.
type ForwardEntry struct{ Time, Record []byte }

// ForwardEntries returns the events of a message that ParseForward has read, with
// compressed ones undone up to limit bytes. They are part of msg where they were not
// compressed.
func ForwardEntries(msg []byte, m *ForwardMessage, limit int64) (entries []ForwardEntry, err error) {
	p, _ := readPacked(msg[m.Entries:])
	switch m.Mode {
	case ForwardEvent:
		at := m.Entries + skipPacked(msg[m.Entries:])
		return []ForwardEntry{{msg[m.Time:m.Entries], msg[m.Entries:at]}}, nil
	case ForwardList:
		at := m.Entries + p.head
		return forwardEntries(msg[at:at+skipPacked(msg[m.Entries:])-p.head], p.values)
	case ForwardPacked:
		data := msg[m.Entries+p.head : m.Entries+p.end()]
		if m.Coding != "" {
			if data, err = Decode(nil, data, m.Coding, limit); err != nil {
				return nil, err
			}
		}
		return forwardEntries(data, -1)
	}
	return nil, nil
}

// forwardEntries reads n events, or all that there are with a negative n.
func forwardEntries(data []byte, n int) (entries []ForwardEntry, err error) {
	for at := 0; at < len(data) && n != 0; n-- {
		var s packScan
		size, t := s.run(data[at:])
		p, _ := readPacked(data[at:])
		if t != tokenWhole || p.kind != packArray || p.values != 2 {
			return nil, ErrPacked
		}
		split := at + p.head
		split += skipPacked(data[split:])
		entries = append(entries, ForwardEntry{data[at+p.head : split], data[split : at+size]})
		at += size
	}
	return entries, nil
}
