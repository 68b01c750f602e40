package codec

import (
	"bytes"
	"encoding/binary"
	"math"
)

func init() { Register(journaldCodec{}) }

// journaldCodec is the export format of systemd's journal, as systemd-journal-upload
// sends it (systemd.io, "Journal Export Formats"): fields as NAME=text on a line, or as
// NAME on a line, eight bytes with the length, lowest first, and as many bytes and a
// line feed; an empty line ends an entry. The length of a field that changed is written
// anew. Fields of the journal itself, such as __CURSOR, and ids are never visited; a
// large value that is no text is left alone and counted.
type journaldCodec struct{}

func (journaldCodec) Name() string         { return "journald" }
func (journaldCodec) MediaTypes() []string { return []string{"application/vnd.fdo.journal"} }
func (journaldCodec) NewWalker() Walker    { return &journaldWalker{} }
func (journaldCodec) Streams() bool        { return true }

// Opaque reports escapes of JSON in values, and zeros, which all lengths have.
func (journaldCodec) Opaque(src []byte) bool { return hidesASCII(src) || bytes.IndexByte(src, 0) >= 0 }

// framed knows lengths by their zeros.
func (journaldCodec) framed(src []byte) bool { return bytes.IndexByte(src, 0) >= 0 }

// journaldKept are fields that hold ids, beside those that begin with two underscores.
var journaldKept = nameList(`MESSAGE_ID _BOOT_ID _MACHINE_ID INVOCATION_ID _SYSTEMD_INVOCATION_ID _STREAM_ID
	_SOURCE_REALTIME_TIMESTAMP _SOURCE_MONOTONIC_TIMESTAMP _SOURCE_BOOTTIME_TIMESTAMP COREDUMP_TIMESTAMP
	USER_INVOCATION_ID _AUDIT_SESSION _SYSTEMD_SESSION JOB_ID TRACE_ID SPAN_ID`)

// maxOdd is the size in bytes up to which a value is searched that is no text by its
// looks: a control character in a message is enough for the journal to count it.
const maxOdd = 64 << 10

const noLineFeed = "line feed expected behind a field"

type journaldWalker struct {
	leaf
	left  uint64 // of a value that is left alone
	ends  bool   // the line feed behind a value is next
	path  []byte
	field Field
}

func (w *journaldWalker) Reset() {
	w.wipe()
	w.left, w.ends, w.path, w.field = 0, false, wiped(w.path), Field{}
}

func (w *journaldWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	for n < len(src) {
		size, msg := 0, ""
		switch {
		case w.left > 0:
			size = int(min(w.left, uint64(len(src)-n)))
			w.left -= uint64(size)
			skip(v, size)
		case w.ends:
			if size = 1; src[n] != '\n' {
				msg = noLineFeed
			}
			w.ends = false
		default:
			dst, size, msg, err = w.step(dst, src[n:], n, final, v)
		}
		if err != nil {
			return dst, n, err
		}
		if msg != "" {
			return dst, n, &SyntaxError{Codec: "journald", Offset: int64(n), Msg: msg}
		}
		if size == 0 {
			break
		}
		n += size
	}
	if final && (n < len(src) || w.left > 0) { // the last line feed may be missing
		return dst, n, &SyntaxError{Codec: "journald", Offset: int64(n), Msg: unexpectedEnd}
	}
	return dst, n, nil
}

// step takes the field, or the empty line, that src at offset base begins with.
func (w *journaldWalker) step(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, size int, msg string, err error) {
	end := indexByte(src, '\n')
	if end == len(src) && !final {
		return dst, 0, "", nil
	}
	line := src[:end]
	after := min(end+1, len(src))
	eq := indexByte(line, '=')
	switch {
	case end == 0:
		return dst, 1, "", nil
	case eq == 0:
		return dst, 0, "a field without a name", nil
	case eq == len(line):
		return w.counted(dst, src, end, base, final, v)
	}
	mark := len(dst)
	dst, remove, err := w.value(dst, line[:eq], line[eq+1:], base+eq+1, oneLine{}, v)
	if err != nil {
		return dst, 0, "", err
	}
	if remove {
		dst = append(dst[:mark], Splice{Start: base, End: base + after, Note: w.note})
	}
	return dst, after, "", nil
}

// counted takes a field whose value has a length; its name ends at nameEnd.
func (w *journaldWalker) counted(dst []Splice, src []byte, nameEnd, base int, final bool, v Visitor) (out []Splice, size int, msg string, err error) {
	from := nameEnd + 1 + 8
	if len(src) < from {
		if final {
			msg = unexpectedEnd
		}
		return dst, 0, msg, nil
	}
	n := binary.LittleEndian.Uint64(src[nameEnd+1:])
	if n > math.MaxInt64/2 {
		return dst, 0, "length of a field", nil
	}
	have := src[from:]
	if n == 0 || len(have) >= sniffLen || uint64(len(have)) >= n {
		head := have[:min(uint64(len(have)), n, sniffLen)]
		if name := src[:nameEnd]; n == 0 || keptByJournald(name) || n > maxOdd && Detect("", "", head) == nil {
			w.left, w.ends = n, true
			return dst, from, "", nil
		}
	}
	if uint64(len(have)) < n || uint64(len(have)) == n && !final {
		if final {
			msg = unexpectedEnd
		}
		return dst, 0, msg, nil
	}
	after := from + int(n)
	if after < len(src) {
		if src[after] != '\n' {
			return dst, 0, noLineFeed, nil
		}
		after++
	}
	return w.rewrite(dst, src, nameEnd, from, from+int(n), after, base, v)
}

// rewrite visits the value src[from:to] of a field that ends at after, and writes its
// length anew if it changed.
func (w *journaldWalker) rewrite(dst []Splice, src []byte, nameEnd, from, to, after, base int, v Visitor) (out []Splice, size int, msg string, err error) {
	mark := len(dst)
	dst = append(dst, Splice{Start: base + nameEnd + 1, End: base + from})
	dst, remove, err := w.value(dst, src[:nameEnd], src[from:to], base+from, verbatim{}, v)
	switch {
	case err != nil:
		return dst[:mark], 0, "", err
	case remove:
		dst = append(dst[:mark], Splice{Start: base, End: base + after, Note: w.note})
	case len(dst) == mark+1:
		dst = dst[:mark]
	default:
		n := to - from
		for _, s := range dst[mark+1:] {
			n += len(s.Text) - (s.End - s.Start)
		}
		dst[mark].Text = binary.LittleEndian.AppendUint64(nil, uint64(n))
	}
	return dst, after, "", nil
}

func keptByJournald(name []byte) bool {
	return bytes.HasPrefix(name, []byte("__")) || journaldKept[string(name)]
}

// value visits the value raw, at offset base, of the field of that name.
func (w *journaldWalker) value(dst []Splice, name, raw []byte, base int, e escaping, v Visitor) (out []Splice, remove bool, err error) {
	if len(raw) == 0 || keptByJournald(name) {
		return dst, false, nil
	}
	w.path = appendSegment(w.path[:0], name)
	w.field = Field{Key: name, Path: w.path, Kind: String}
	return w.visit(dst, v, &w.field, raw, base, e)
}
