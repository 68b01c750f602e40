package codec

import (
	"bytes"
	"mime"
	"net/textproto"
	"strings"
)

func init() { Register(multipartCodec{}) }

// multipartCodec is multipart/form-data (RFC 7578) and its kin. Parts that are
// text, by their type or by their looks, are visited under their name, as JSON
// if they are that; headers, boundaries and binary parts are left alone. The
// boundary is read off the first line, since a preamble is not used on the web;
// with another one in front, parts would be visited as text all the same.
type multipartCodec struct{}

func (multipartCodec) Name() string { return "multipart" }

func (multipartCodec) MediaTypes() []string {
	return []string{"multipart/form-data", "multipart/mixed", "multipart/related", "multipart/alternative"}
}

func (multipartCodec) NewWalker() Walker { return &multipartWalker{} }
func (multipartCodec) Streams() bool     { return true }
func (multipartCodec) mixed()            {}

// Opaque reports zeros too, so that parts which are no text are counted.
func (multipartCodec) Opaque(src []byte) bool {
	return bytes.IndexByte(src, '\\') >= 0 || bytes.IndexByte(src, 0) >= 0
}

type partState uint8

const (
	atStart   partState = iota // before the first boundary
	inHeader                   // behind a boundary
	inText                     // in the content of a part that is visited
	inContent                  // in content of which is not known yet what it is
	inBinary                   // in content that is left alone
	inEpilogue
)

const (
	// maxBoundary allows a little more than the 70 bytes of RFC 2046.
	maxBoundary = 128
	maxHeader   = 64 << 10
	// sniffLen is how much of a content shows whether it is text.
	sniffLen = 512
)

type multipartWalker struct {
	leaf
	state    partState
	boundary []byte // with the line feed and dashes in front
	seen     int    // bytes of the content at hand that hold no boundary
	name     []byte
	path     []byte
	kind     string // media type of the part
	wide     string // charset of the part, see wideText
	inner    inner
	field    Field
}

func (w *multipartWalker) Reset() {
	w.wipe()
	w.inner.reset()
	w.state, w.seen, w.kind, w.wide = atStart, 0, "", ""
	w.boundary, w.name, w.path = w.boundary[:0], wiped(w.name), wiped(w.path)
	w.field = Field{}
}

func (w *multipartWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	w.inner.begin()
	for n < len(src) {
		size, msg := 0, ""
		switch w.state {
		case atStart:
			size, msg = w.start(src[n:], final)
		case inHeader:
			size, msg = w.header(src[n:], final)
		case inEpilogue:
			return w.epilogue(dst, src, n, final, v)
		default:
			dst, size, msg, err = w.content(dst, src[n:], n, final, v)
		}
		if err != nil {
			return dst, n, err
		}
		if msg != "" {
			return dst, n, &SyntaxError{Codec: "multipart", Offset: int64(n), Msg: msg}
		}
		if size == 0 {
			break
		}
		n += size
	}
	if final && w.state != inEpilogue && w.state != atStart {
		return dst, n, &SyntaxError{Codec: "multipart", Offset: int64(n), Msg: unexpectedEnd}
	}
	return dst, n, nil
}

// start reads the first boundary and goes behind its line.
func (w *multipartWalker) start(src []byte, final bool) (size int, msg string) {
	blank := 0
	for blank < len(src) && (src[blank] == '\r' || src[blank] == '\n') {
		blank++
	}
	end := indexByte(src[blank:], '\n')
	line := bytes.TrimRight(src[blank:blank+end], " \t\r\n")
	if len(line) > maxBoundary || blank > maxBoundary || len(line) > 1 && string(line[:2]) != "--" {
		return 0, "boundary expected"
	}
	if blank+end == len(src) {
		if final {
			return 0, "boundary expected"
		}
		return 0, ""
	}
	if len(line) < 3 {
		return 0, "boundary expected"
	}
	w.boundary = append(append(w.boundary[:0], '\n'), line...)
	w.state = inHeader
	return blank + end + 1, ""
}

// header reads the header of a part.
func (w *multipartWalker) header(src []byte, final bool) (size int, msg string) {
	size = headerEnd(src)
	if size < 0 && !final && len(src) <= maxHeader {
		return 0, ""
	}
	if size < 0 || size > maxHeader {
		return 0, "header of a part has no end"
	}
	w.name, w.kind, w.seen = w.name[:0], "", 0
	for _, line := range bytes.Split(src[:size], []byte("\n")) {
		name, value, _ := strings.Cut(string(bytes.TrimSpace(line)), ":")
		switch textproto.CanonicalMIMEHeaderKey(strings.TrimSpace(name)) {
		case "Content-Disposition":
			if _, params, err := mime.ParseMediaType(value); err == nil {
				w.name = append(w.name, params["name"]...)
			}
		case "Content-Type":
			w.kind = strings.TrimSpace(value)
		}
	}
	w.state = inContent
	return size, ""
}

// headerEnd returns the offset behind the empty line that ends a header, or -1.
func headerEnd(src []byte) int {
	for i := 0; ; {
		end := bytes.IndexByte(src[i:], '\n')
		if end < 0 {
			return -1
		}
		line := src[i : i+end]
		i += end + 1
		if len(line) == 0 || string(line) == "\r" {
			return i
		}
	}
}

// content walks the content of a part as far as it is there.
func (w *multipartWalker) content(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, size int, msg string, err error) {
	end, after, last := w.delimiter(src, final)
	if w.state == inContent && (end >= 0 || w.seen >= sniffLen) {
		head := src[:min(len(src), sniffLen)]
		if end >= 0 {
			head = src[:min(end, sniffLen)]
		}
		w.state = inText
		w.wide = wideText(w.kind, head)
		if len(head) > 0 && w.wide == "" && Detect("", w.kind, head) == nil {
			w.state = inBinary
		}
	}
	if end < 0 {
		if w.state == inBinary {
			size, w.seen = w.seen, 0
			skip(v, size)
		}
		if final && size == 0 {
			msg = unexpectedEnd
		}
		return dst, size, msg, nil
	}
	switch w.state {
	case inBinary:
		skip(v, end)
	case inText:
		if w.wide != "" {
			dst, err = w.inner.wide(dst, src[:end], base, w.wide, v)
		} else {
			dst, err = w.part(dst, src[:end], base, v)
		}
		if err != nil {
			return dst, 0, "", err
		}
	}
	w.state, w.seen = inHeader, 0
	if last {
		w.state = inEpilogue
	}
	return dst, after, "", nil
}

// delimiter finds the boundary that ends the content at the beginning of src:
// the content ends at end, what follows begins at after. The line break before
// a boundary belongs to it; for an empty content that is the one that ends the
// header. If there is no boundary yet, end < 0, and w.seen is the number of
// bytes that are surely content.
func (w *multipartWalker) delimiter(src []byte, final bool) (end, after int, last bool) {
	at := w.seen
	if w.state == inContent && at == 0 && bytes.HasPrefix(src, w.boundary[1:]) {
		switch after, last, t := afterBoundary(src, len(w.boundary)-1, final); t {
		case tokenWhole:
			return 0, after, last
		case tokenCut:
			return -1, 0, false
		}
	}
	for {
		i := bytes.Index(src[at:], w.boundary)
		if i < 0 {
			// It may have begun, with its line break.
			w.seen = max(w.seen, len(src)-len(w.boundary)-1)
			return -1, 0, false
		}
		end = at + i
		at = end + 1
		after, last, t := afterBoundary(src, end+len(w.boundary), final)
		if t == tokenBad {
			continue
		}
		if end > 0 && src[end-1] == '\r' {
			end--
		}
		if t == tokenCut {
			w.seen = max(w.seen, end)
			return -1, 0, false
		}
		return end, after, last
	}
}

// afterBoundary looks at the rest of a boundary's line: dashes on the last one,
// or white space.
func afterBoundary(src []byte, i int, final bool) (after int, last bool, t token) {
	if bytes.HasPrefix(src[i:], []byte("--")) {
		return i + 2, true, tokenWhole
	}
	line, _, whole := bytes.Cut(src[i:], []byte("\n"))
	switch {
	case !whole && !final && string(line) == "-":
		return 0, false, tokenCut
	case len(bytes.TrimSpace(line)) > 0:
		return 0, false, tokenBad
	case whole:
		return i + len(line) + 1, false, tokenWhole
	case final:
		return i + len(line), false, tokenWhole
	}
	return 0, false, tokenCut
}

// part visits the content raw, at offset base, of a part that is text.
func (w *multipartWalker) part(dst []Splice, raw []byte, base int, v Visitor) ([]Splice, error) {
	if len(raw) == 0 {
		return dst, nil
	}
	w.path = appendSegment(w.path[:0], w.name)
	w.field = Field{Path: w.path, Kind: Text}
	if len(w.name) > 0 {
		w.field.Key = w.name
	}
	dst, remove, err := w.visit(dst, v, &w.field, raw, base, verbatim{})
	if remove {
		dst = erase(dst, base, base+len(raw))
	}
	return dst, err
}

// epilogue visits what is behind the last boundary as text.
func (w *multipartWalker) epilogue(dst []Splice, src []byte, n int, final bool, v Visitor) ([]Splice, int, error) {
	if !final {
		return dst, n, nil
	}
	rest := src[n:]
	if len(bytes.TrimSpace(rest)) == 0 {
		return dst, len(src), nil
	}
	w.name = w.name[:0]
	dst, err := w.part(dst, rest, n, v)
	if err != nil {
		return dst, n, err
	}
	return dst, len(src), nil
}
