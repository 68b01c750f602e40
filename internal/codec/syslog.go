package codec

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

func init() { Register(syslogCodec{}) }

// syslogCodec is syslog messages (RFC 5424, RFC 3164) in either framing of RFC 6587:
// each behind its length, where the payload begins with a digit from 1 to 9, or each
// on a line of its own. The values of structured data are visited under their names,
// and the message itself: as JSON (with the cookie of CEE in front, too), CEF or LEEF
// if it is that, else as text.
//
// What stands before it is left alone where it has the form that it should have:
// priority, time, host, application, process, message id, and the names in structured
// data. A header that has another form is visited with the message.
type syslogCodec struct{}

func (syslogCodec) Name() string { return "syslog" }

func (syslogCodec) MediaTypes() []string {
	return []string{"application/syslog", "application/x-syslog", "text/syslog", "application/logplex-1"}
}

func (syslogCodec) NewWalker() Walker      { return &syslogWalker{} }
func (syslogCodec) Opaque(src []byte) bool { return bytes.IndexByte(src, '\\') >= 0 }
func (syslogCodec) Streams() bool          { return true }

func (syslogCodec) sifts() {}

// maxFrameDigits is how many digits the length of a message may have.
const maxFrameDigits = 10

type syslogWalker struct {
	msg     eventWalker
	lines   lines
	sieve   sieve
	began   bool
	counted bool
	path    []byte
	app     []byte // what the message at hand names as its application
}

func (w *syslogWalker) Reset() {
	w.app = nil
	w.msg.reset()
	w.path = wiped(w.path)
	w.lines = lines{}
	w.began, w.counted = false, false
}

func (w *syslogWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.msg.line.doc.begin()
	w.sieve = sieve{}
	if !w.began && len(src) > 0 {
		w.began, w.counted = true, src[0] >= '1' && src[0] <= '9'
	}
	for {
		start, end, after, t := w.next(src, n, final)
		switch t {
		case tokenCut:
			return dst, n, nil
		case tokenBad:
			return dst, n, &SyntaxError{Codec: "syslog", Offset: int64(n), Msg: "length of a message expected"}
		}
		if !w.sieve.spares(v, src, n, end) {
			mark := len(dst)
			if dst, err = w.message(dst, src[start:end], start, v); err != nil {
				return dst[:mark], n, err
			}
			if w.counted && start > n {
				dst = w.recount(dst, mark, n, start, end)
			}
		}
		n = after
	}
}

// next finds the message behind src[n:], whose text is src[start:end].
func (w *syslogWalker) next(src []byte, n int, final bool) (start, end, after int, t token) {
	if !w.counted {
		end, after, ok := w.lines.next(src, n, final)
		if !ok {
			return 0, 0, 0, tokenCut
		}
		return n, end, after, tokenWhole
	}
	if n == len(src) {
		return 0, 0, 0, tokenCut
	}
	if src[n] == '\n' || src[n] == '\r' { // what some put behind a message
		return n, n, n + 1, tokenWhole
	}
	head, size, ok := SyslogFrame(src[n:])
	start, end = n+head, n+head+size
	switch {
	case !ok || final && (head == 0 || end > len(src)):
		return 0, 0, 0, tokenBad
	case head == 0 || end > len(src):
		return 0, 0, 0, tokenCut
	}
	return start, end, end, tokenWhole
}

// SyslogFrame reads the length in front of a message (RFC 6587, section 3.4.1): the
// message is size bytes long and begins at head. A head of 0 says that src ends in the
// length, ok == false that it begins with none.
func SyslogFrame(src []byte) (head, size int, ok bool) {
	for i, c := range src {
		switch {
		case c == ' ' && i > 0:
			return i + 1, size, true
		case c < '0' || c > '9' || i == maxFrameDigits || i == 0 && c == '0':
			return 0, 0, false
		}
		size = 10*size + int(c-'0')
	}
	return 0, 0, true
}

// recount writes the length of a message, which stands in front of it from n on, anew
// where the splices from mark on change it.
func (w *syslogWalker) recount(dst []Splice, mark, n, start, end int) []Splice {
	grown := growth(dst[mark:])
	if grown == 0 {
		return dst
	}
	doc := &w.msg.line.doc
	from := len(doc.arena)
	doc.arena = strconv.AppendInt(doc.arena, int64(end-start+grown), 10)
	return slices.Insert(dst, mark, Splice{Start: n, End: start - 1, Text: doc.arena[from:len(doc.arena):len(doc.arena)]})
}

// message walks one message, which lies at offset base.
func (w *syslogWalker) message(dst []Splice, text []byte, base int, v Visitor) ([]Splice, error) {
	at := priority(text)
	w.app, w.msg.line.doc.outer = nil, w
	if head, ok := header5424(text, at); ok {
		w.app = appName(text[at:head])
		elements, end := w.msg.structured(text, head)
		if end < 0 {
			return w.msg.walk(dst, text[head:], base+head, v)
		}
		for i := range elements {
			var err error
			if dst, err = w.param(dst, text, &elements[i], base, v); err != nil {
				return dst, err
			}
		}
		at = end
		if at < len(text) {
			at++ // the space before the message
		}
	} else {
		from := max(at, head)
		at = header3164(text, from)
		w.app = tagName(text[from:at])
	}
	const bom = "\xef\xbb\xbf"
	if bytes.HasPrefix(text[at:], []byte(bom)) {
		at += len(bom)
	}
	return w.msg.walk(dst, text[at:], base+at, v)
}

// param visits a parameter of structured data; without it, if it shall go, the space
// before it goes too.
func (w *syslogWalker) param(dst []Splice, text []byte, p *param, base int, v Visitor) ([]Splice, error) {
	if p.val == p.valEnd {
		return dst, nil
	}
	key := text[p.key:p.keyEnd]
	w.path = appendSegment(append(w.path[:0], text[p.id:p.idEnd]...), key)
	doc := &w.msg.line.doc
	doc.field = Field{Key: key, Path: w.path, Kind: String, Around: w}
	mark := len(dst)
	dst, remove, err := doc.visit(dst, v, &doc.field, text[p.val:p.valEnd], base+p.val, sdValue)
	if err == nil && remove {
		dst = append(dst[:mark], Splice{Start: base + p.key - 1, End: base + p.valEnd + 1})
	}
	return dst, err
}

// sdValue is how the values of structured data are written (RFC 5424, section 6.3.3).
var sdValue = slashed{special: `"\]`}

// slashed is text in which a backslash takes the meaning from some characters; before
// any other it stands for itself.
type slashed struct {
	special string
	breaks  bool // there are \n and \r; else a line break that is put in becomes a space
}

func (slashed) plain(raw []byte) int { return indexByte(raw, '\\') }

func (e slashed) next(dst, raw []byte) (out []byte, n int) {
	switch {
	case len(raw) < 2:
	case strings.IndexByte(e.special, raw[1]) >= 0:
		return append(dst, raw[1]), 2
	case e.breaks && raw[1] == 'n':
		return append(dst, '\n'), 2
	case e.breaks && raw[1] == 'r':
		return append(dst, '\r'), 2
	}
	return append(dst, raw[0]), 1
}

func (e slashed) escape(dst, text []byte) []byte {
	for _, c := range text {
		switch {
		case strings.IndexByte(e.special, c) >= 0:
			dst = append(dst, '\\', c)
		case c != '\n' && c != '\r':
			dst = append(dst, c)
		case !e.breaks:
			dst = append(dst, ' ')
		case c == '\n':
			dst = append(dst, `\n`...)
		default:
			dst = append(dst, `\r`...)
		}
	}
	return dst
}
