package codec

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
)

// ErrTooLarge says that a payload is larger once decoded than its limit.
var ErrTooLarge = errors.New("codec: decoded payload exceeds the limit")

// CodingError says that a payload is not of a content coding it was declared to
// have, or that the coding is not known. It quotes no payload.
type CodingError struct {
	Coding string
	Reason string // "unknown", "corrupt", "truncated" or "data behind the end"
}

func (e *CodingError) Error() string { return "content coding " + e.Coding + ": " + e.Reason }

// coding is one content coding (RFC 9110, section 8.4.1). It is immutable.
type coding interface {
	// names are what Content-Encoding calls it.
	names() []string
	// decode returns a reader of what src decodes to, and a function that gives
	// its memory back.
	decode(src *bufio.Reader) (r io.Reader, release func(), err error)
	// encode returns a writer to dst, and a function that gives its memory back.
	encode(dst io.Writer) (w Encoder, release func())
}

// Encoder writes a payload in its content codings.
type Encoder interface {
	io.Writer
	// Flush passes everything written so far on to the underlying writer.
	Flush() error
	// Close ends the payload. It does not close the underlying writer.
	Close() error
}

var codings = map[string]coding{}

func registerCoding(c coding) {
	for _, name := range c.names() {
		if codings[name] != nil {
			panic("codec: coding " + name + " registered twice")
		}
		codings[name] = c
	}
}

// Codings returns the content codings that payloads can have, each once, by the name that
// Encode knows it by.
func Codings() (names []string) {
	for name, c := range codings {
		if c.names()[0] == name {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// maxCodings bounds how many codings may be stacked.
const maxCodings = 4

// parseCodings returns the codings of a Content-Encoding in the order in which
// they were applied, identity left out.
func parseCodings(encodings string) (list []string, err error) {
	for name := range strings.SplitSeq(encodings, ",") {
		name = strings.ToLower(strings.TrimSpace(name))
		switch {
		case name == "" || name == "identity":
			continue
		case codings[name] == nil || len(list) == maxCodings:
			return nil, &CodingError{Coding: "stack", Reason: "unknown"}
		}
		list = append(list, name)
	}
	return list, nil
}

// Supported reports whether payloads with that Content-Encoding can be decoded
// and encoded.
func Supported(encodings string) bool {
	_, err := parseCodings(encodings)
	return err == nil
}

// Resolve returns encodings with every deflate that body holds without the zlib
// header spelled "deflate-raw", a name that all functions here take, so that
// Encode writes the same. body may be the beginning of the payload.
func Resolve(encodings string, body []byte) string {
	list, err := parseCodings(encodings)
	if err != nil || !strings.Contains(strings.ToLower(encodings), "deflate") {
		return encodings
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i] != "deflate" {
			continue
		}
		var head [2]byte
		d, err := NewDecoder(bytes.NewReader(body), strings.Join(list[i+1:], ","), maxResolve)
		if err != nil {
			break
		}
		n, _ := io.ReadFull(d, head[:])
		d.Close()
		if n == len(head) && !isZlib(head[:]) {
			list[i] = "deflate-raw"
		}
	}
	return strings.Join(list, ", ")
}

// HiddenCoding returns the content coding that a payload shows by its first bytes
// though nothing declares it, "" if none: some clients leave the header out and
// some servers look for themselves. head is the beginning of the payload.
func HiddenCoding(head []byte) string {
	switch {
	case len(head) > 3 && string(head[:3]) == "\x1f\x8b\x08" && head[3] < 0x20: // RFC 1952, section 2.3.1
		return "gzip"
	case len(head) > 4 && string(head[:4]) == "\x28\xb5\x2f\xfd": // RFC 8878, section 3.1.1
		return "zstd"
	}
	return ""
}

// maxResolve bounds what Resolve decodes to see two bytes.
const maxResolve = 1 << 16

// Decode appends to dst what src decodes to under a Content-Encoding. It fails
// with ErrTooLarge if that, or the result of a coding in between, is more than
// limit bytes, for which it never allocates more but for some slack (in between,
// half as much again and some headers are allowed); and with a *CodingError if src
// is not of the codings from the first byte to the last. An empty src is empty.
func Decode(dst, src []byte, encodings string, limit int64) ([]byte, error) {
	if name := theOnly(encodings); len(src) > 0 {
		if w, ok := codings[name].(wholeCoding); ok {
			out, err := w.decodeWhole(dst, src, int(min(limit, math.MaxInt-int64(len(dst)))))
			return out, wholeError(name, err)
		}
	}
	d, err := NewDecoder(bytes.NewReader(src), encodings, limit)
	if err != nil {
		return dst, err
	}
	defer d.Close()
	start := len(dst)
	var own bool // dst was allocated here
	for {
		if len(dst) == cap(dst) {
			have := int64(len(dst) - start)
			if have == limit {
				return dst, probe(d)
			}
			size := min(limit, max(2*have, 4*int64(len(src)), 512))
			grown := append(make([]byte, 0, int64(start)+size), dst...)
			if own {
				clear(dst)
			}
			dst, own = grown, true
		}
		n, err := d.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if err == io.EOF {
			return dst, nil
		}
		if err != nil {
			return dst, err
		}
	}
}

// probe returns nil if r is at its end, ErrTooLarge if it goes on.
func probe(r io.Reader) error {
	var b [1]byte
	for {
		n, err := r.Read(b[:])
		switch {
		case n > 0:
			return ErrTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// Encode appends src to dst in the codings of a Content-Encoding.
func Encode(dst, src []byte, encodings string) ([]byte, error) {
	out := bytes.NewBuffer(dst)
	w, err := NewEncoder(out, encodings)
	if err != nil {
		return dst, err
	}
	if _, err = w.Write(src); err != nil {
		return dst, err
	}
	err = w.Close()
	return out.Bytes(), err
}

var sources = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 16<<10) }}

// decoder is a stack of layers, the outermost coding first.
type decoder struct {
	top     io.Reader
	fault   error // the first error of the source or of a layer
	release []func()
	codings []string
	src     *bufio.Reader
	limit   int64
	started bool
}

// NewDecoder returns a reader of what r decodes to, with the errors of Decode;
// errors of r come as they are. Its memory is bounded, whatever r holds. Close
// gives the memory back and does not close r.
func NewDecoder(r io.Reader, encodings string, limit int64) (io.ReadCloser, error) {
	list, err := parseCodings(encodings)
	if err != nil {
		return nil, err
	}
	d := &decoder{codings: list, limit: limit}
	d.src = d.buffer(&layer{r: r, d: d, left: int64(^uint64(0)>>1) - 1})
	if len(list) == 0 {
		d.top = &layer{r: d.src, d: d, left: limit}
		d.started = true
	}
	return d, nil
}

// buffer returns r with a pooled buffer in front.
func (d *decoder) buffer(r io.Reader) *bufio.Reader {
	src := sources.Get().(*bufio.Reader)
	src.Reset(r)
	d.release = append(d.release, func() {
		src.Reset(nil)
		sources.Put(src)
	})
	return src
}

// start stacks the layers. It waits for the first Read, since headers are read.
func (d *decoder) start() error {
	d.started = true
	if _, err := d.src.Peek(1); err != nil {
		return err // io.EOF: nothing decodes to nothing
	}
	src := d.src
	for i := len(d.codings) - 1; i >= 0; i-- {
		name := d.codings[i]
		r, release, err := codings[name].decode(src)
		if err != nil {
			return d.fail(name, err)
		}
		d.release = append(d.release, release)
		l := &layer{r: r, d: d, left: d.limit, coding: name, src: src}
		d.top = l
		if i > 0 {
			l.left += d.limit/2 + 64<<10 // a coding can make what is small larger
			src = d.buffer(l)
		}
	}
	return nil
}

func (d *decoder) Read(p []byte) (int, error) {
	if !d.started {
		if err := d.start(); err != nil {
			d.top = &failed{err}
		}
	}
	if d.top == nil {
		return 0, io.EOF
	}
	return d.top.Read(p)
}

// Close gives the memory back. It may be called twice.
func (d *decoder) Close() error {
	for i := len(d.release) - 1; i >= 0; i-- {
		d.release[i]()
	}
	d.release = nil
	d.started, d.top, d.src = true, &failed{io.ErrClosedPipe}, nil
	return nil
}

type failed struct{ err error }

func (f *failed) Read([]byte) (int, error) { return 0, f.err }

// fail notes and returns what an error of a coding amounts to. The coding's own
// message is dropped: it could quote what it read.
func (d *decoder) fail(coding string, err error) error {
	if d.fault == nil {
		reason := "corrupt"
		if err == io.EOF || errors.Is(err, io.ErrUnexpectedEOF) {
			reason = "truncated"
		}
		d.fault = &CodingError{Coding: coding, Reason: reason}
	}
	return d.fault
}

// layer limits and checks what a coding, or the source, yields.
type layer struct {
	r      io.Reader
	d      *decoder
	left   int64
	coding string // "" for the source
	src    *bufio.Reader
}

func (l *layer) Read(p []byte) (n int, err error) {
	if l.d.fault != nil {
		return 0, l.d.fault
	}
	if int64(len(p)) > l.left+1 {
		p = p[:l.left+1]
	}
	n, err = l.r.Read(p)
	if int64(n) > l.left {
		l.d.fault = ErrTooLarge
		return int(l.left), ErrTooLarge
	}
	l.left -= int64(n)
	switch {
	case err == nil:
	case l.d.fault != nil:
		err = l.d.fault
	case err != io.EOF && l.coding == "":
		l.d.fault = err
	case err != io.EOF:
		err = l.d.fail(l.coding, err)
	case l.src != nil:
		err = l.end()
	}
	return n, err
}

// end asks that nothing is left of the source where the coding has ended.
func (l *layer) end() error {
	_, err := l.src.ReadByte()
	switch {
	case err == io.EOF:
		return io.EOF
	case l.d.fault != nil:
	case err != nil:
		l.d.fault = err
	default:
		l.d.fault = &CodingError{Coding: l.coding, Reason: "data behind the end"}
	}
	return l.d.fault
}

// encoder is a stack of codings, the innermost first.
type encoder struct {
	w       io.Writer
	stack   []Encoder
	release []func()
}

// NewEncoder returns an Encoder that writes to w in the codings of a
// Content-Encoding, at levels chosen for throughput. It must be closed.
func NewEncoder(w io.Writer, encodings string) (Encoder, error) {
	list, err := parseCodings(encodings)
	if err != nil {
		return nil, err
	}
	e := &encoder{w: w}
	for i := len(list) - 1; i >= 0; i-- {
		enc, release := codings[list[i]].encode(e.w)
		e.w = enc
		e.stack = append([]Encoder{enc}, e.stack...)
		e.release = append(e.release, release)
	}
	return e, nil
}

func (e *encoder) Write(p []byte) (int, error) { return e.w.Write(p) }

func (e *encoder) Flush() error {
	for _, enc := range e.stack {
		if err := enc.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// Close ends the payload; a second call does nothing.
func (e *encoder) Close() (err error) {
	for _, enc := range e.stack {
		if err == nil {
			err = enc.Close()
		}
	}
	for _, release := range e.release {
		release()
	}
	e.stack, e.release, e.w = nil, nil, closedWriter{}
	return err
}

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
