package scrub

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// maxRatio is how many times its size a coded stream may decode to, beyond
// MaxDecoded, and a coded body beyond minBomb: more is a bomb. Logs compress 5 to 30 times.
const maxRatio = 200

// readSize is how many bytes of a stream are asked for at a time.
const readSize = 32 << 10

var errBomb = errors.New("decodes to too many times its size")

func (s *Scrubber) stream(w io.Writer, r io.Reader, m Meta) (Result, error) {
	st := stream{s: s, m: m, raw: &countReader{r: r}, buf: s.piece[:0]}
	defer func() { s.piece = st.buf }()
	err := st.run(w)
	if st.enc != nil && err == nil {
		err = st.enc.Close()
	}
	st.res.Scanned, st.res.Passed = st.decoded, s.v.skipped
	return st.res, fail(err)
}

// shadow passes r on to w while it looks for what Stream would change.
func (s *Scrubber) shadow(w io.Writer, r io.Reader, m Meta) (Result, error) {
	through := &passReader{r: r, w: w}
	res, err := s.stream(io.Discard, through, m)
	var e *Error
	switch {
	case through.err != nil:
		return res, fail(through.err)
	case errors.As(err, &e) && e.Kind != KindIO:
		res.Skipped = string(e.Kind)
	case err != nil:
		return res, err // whoever takes the findings refused them
	}
	if _, err = io.Copy(w, r); err != nil {
		err = fail(err)
	}
	return res, err
}

// passReader writes what it reads to w. Its first error other than the end is
// kept in err.
type passReader struct {
	r   io.Reader
	w   io.Writer
	err error
}

func (p *passReader) Read(b []byte) (int, error) {
	if p.err != nil {
		return 0, p.err
	}
	n, err := p.r.Read(b)
	if n > 0 {
		if _, werr := p.w.Write(b[:n]); werr != nil {
			p.err = werr
			return n, werr
		}
	}
	if err != nil && err != io.EOF {
		p.err = err
	}
	return n, err
}

// stream is one run of Stream.
type stream struct {
	s       *Scrubber
	m       Meta
	raw     *countReader
	dec     io.ReadCloser
	waiter  *Waiter // of dec, once something was waited for
	enc     codec.Encoder
	decoded int64
	codec   codec.Codec
	buf     []byte // decoded, not yet dealt with
	end     bool
	paused  bool // the last read brought less than it could
	passing bool // what is read is passed on piece by piece
	told    int64
	res     Result
}

func (st *stream) run(w io.Writer) (err error) {
	encodings, source := st.resolve()
	if st.dec, err = codec.NewDecoder(source, encodings, math.MaxInt64/2); err != nil {
		return err
	}
	defer func() {
		if st.waiter != nil {
			st.waiter.Stop()
		}
		_ = st.dec.Close()
	}()
	for len(st.buf) < sniff && !st.end {
		if err := st.fill(readSize); err != nil {
			return err
		}
		if bytes.IndexByte(st.buf, '\n') >= 0 {
			break // a whole line must do: more may be long in coming
		}
	}
	if st.s.policy.Shadow {
		encodings = "" // what is written is not looked at
	}
	if st.enc, err = codec.NewEncoder(w, encodings); err != nil {
		return err
	}
	charset, err := codec.Charset(st.m.ContentType, st.buf)
	if err != nil {
		return err
	}
	if charset != "" {
		return st.gather()
	}
	st.codec = st.s.policy.codec(st.m, st.buf)
	switch {
	case st.codec == nil:
		st.res.Skipped, st.passing = "binary", true
		return st.copy()
	case st.codec.Name() != textCodec && !st.codec.Streams(),
		codec.HiddenCoding(st.buf) != "",
		interleaved(st.buf) && !codec.Mixed(st.codec, st.buf):
		return st.gather()
	}
	st.res.Codec, st.passing = st.codec.Name(), true
	if st.codec.Name() == textCodec {
		return st.text(nil)
	}
	return st.walk()
}

// interleaved reports whether zeros stand between the characters of head, as in a
// charset that is not declared. Runs of zeros, as a truncated log has, are none.
func interleaved(head []byte) bool {
	n := 0
	for i := 1; i < len(head); i++ {
		if head[i] == 0 && head[i-1] != 0 {
			n++
		}
	}
	return n > 0 && n >= len(head)/16
}

// resolve returns the content codings by the names that write what was read: the
// two kinds of deflate go by one name in HTTP.
func (st *stream) resolve() (encodings string, source io.Reader) {
	encodings = st.m.ContentEncoding
	if !strings.Contains(strings.ToLower(encodings), "deflate") {
		return encodings, st.raw
	}
	br := bufio.NewReaderSize(st.raw, sniff)
	_, _ = br.Peek(2)
	head, _ := br.Peek(br.Buffered())
	return codec.Resolve(encodings, head), br
}

// fill reads once, up to n bytes more. A read that brings nothing is an end or
// an error.
func (st *stream) fill(n int) error { return st.fillBefore(n, time.Time{}) }

// fillBefore is fill that gives up at t with ErrWaiting.
func (st *stream) fillBefore(n int, t time.Time) error {
	if cap(st.buf)-len(st.buf) < n {
		grown := make([]byte, len(st.buf), max(2*cap(st.buf), len(st.buf)+n))
		copy(grown, st.buf)
		clear(st.buf[:cap(st.buf)])
		st.buf = grown
	}
	got, err := st.read(st.buf[len(st.buf):len(st.buf)+n], t)
	st.buf = st.buf[:len(st.buf)+got]
	st.decoded += int64(got)
	st.paused = got < n
	st.tellRead()
	if st.decoded > st.s.policy.maxDecoded() && st.decoded/maxRatio > st.raw.n {
		return &Error{KindLimit, errBomb}
	}
	if err == io.EOF {
		st.end = true
		return nil
	}
	return err
}

// tellRead tells how much was read, to whoever asked for it.
func (st *stream) tellRead() {
	if n := st.raw.n - st.told; n > 0 && st.passing && st.s.onRead != nil && st.s.v.skipped == 0 {
		st.told = st.raw.n
		st.s.onRead(n, st.res.Skipped)
	}
}

// copy passes a binary stream on.
func (st *stream) copy() error {
	for {
		if _, err := st.enc.Write(st.buf); err != nil {
			return err
		}
		st.buf = st.buf[:0]
		if st.end {
			st.decoded = 0 // not inspected
			return nil
		}
		if err := st.next(1, time.Time{}); err != nil {
			return err
		}
	}
}

// next reads at least want bytes, less where the sender pauses or t has come, which is
// ErrWaiting; after a pause what was written is passed on before.
func (st *stream) next(want int, t time.Time) error {
	if st.paused {
		if err := st.enc.Flush(); err != nil {
			return err
		}
	}
	for from := len(st.buf); len(st.buf)-from < want && !st.end; {
		if err := st.fillBefore(readSize, t); err != nil || st.paused {
			return err
		}
	}
	return nil
}

// gather scrubs the stream as a whole body.
func (st *stream) gather() error {
	limit := st.s.policy.maxDecoded()
	for !st.end {
		if int64(len(st.buf)) > limit {
			return codec.ErrTooLarge
		}
		if err := st.fill(readSize); err != nil {
			return err
		}
	}
	m := st.m
	m.ContentEncoding = ""
	res, err := st.s.body(st.buf, m)
	if err != nil {
		return err
	}
	st.res.Changed, st.res.Codec, st.res.Fallback, st.res.Skipped = res.Changed, res.Codec, res.Fallback, res.Skipped
	st.s.v.hits = append(st.s.v.hits, res.Hits...)
	if err := st.tell(); err != nil {
		return err
	}
	_, err = st.enc.Write(res.Body)
	return err
}

// tell hands the findings so far to whoever asked for them.
func (st *stream) tell() error {
	hits := st.s.v.hits
	if len(hits) == 0 {
		return nil
	}
	if st.s.onHits == nil {
		st.res.Hits = append(st.res.Hits, st.s.takeHits()...)
		return nil
	}
	err := st.s.onHits(hits)
	clear(hits)
	st.s.v.hits = hits[:0]
	return err
}

// text scrubs plain text. refuse, if not nil, stops at text that must not be
// taken for plain.
func (st *stream) text(refuse func([]byte) error) error {
	lines := &lineWriter{st: st, line: 1}
	defer lines.wipe()
	w := redact.NewWriter(lines, st.s.v.set, func(fd redact.Finding, value []byte, line int) error {
		st.s.v.texts, _ = st.s.v.set.AppendReplacement(st.s.v.texts[:0], fd, value)
		lines.found(fd, value, len(st.s.v.texts))
		st.s.v.note(fd, nil, value, line)
		st.res.Changed = st.res.Changed || !st.s.policy.Shadow
		return st.tell()
	})
	for {
		if err := st.textPiece(w, refuse); err != nil {
			w.Close()
			return err
		}
		if st.end {
			return errors.Join(w.Close(), lines.close())
		}
		if st.paused {
			if err := errors.Join(w.Flush(), lines.flush(), st.enc.Flush()); err != nil {
				return err
			}
		}
		st.buf = st.buf[:0]
		if err := st.fillText(w, lines); err != nil {
			w.Close()
			return err
		}
	}
}

func (st *stream) textPiece(w *redact.Writer, refuse func([]byte) error) error {
	if refuse != nil {
		if err := refuse(st.buf); err != nil {
			return err
		}
	}
	_, err := w.Write(st.buf)
	return err
}

// walk scrubs a format that is walked in pieces.
func (st *stream) walk() error {
	st.s.rest()
	w := st.s.walker(st.codec)
	if l, ok := w.(*lanes); ok {
		l.timed = st.patient()
	}
	want := readSize
	for {
		st.s.v.clear()
		st.s.v.origins.begin(st.buf)
		var n int
		var err error
		st.s.splices, n, err = w.Walk(st.s.splices[:0], st.buf, st.end, &st.s.v)
		broken := codec.IsSyntax(err)
		if err != nil && !broken {
			return err
		}
		if err := st.pass(n); err != nil {
			return err
		}
		switch {
		case broken:
			return st.broken(err)
		case st.end:
			return nil
		case n == 0:
			want = min(2*want, 1<<20) // a long record: fewer walks over its beginning
		default:
			want = readSize
		}
		if int64(len(st.buf)) > st.s.policy.maxDecoded() {
			return codec.ErrTooLarge
		}
		if err := st.wait(w, want); err != nil {
			return err
		}
	}
}

// pass writes the first n bytes of the buffer with the splices done.
func (st *stream) pass(n int) error {
	if err := st.tell(); err != nil {
		return err
	}
	out := st.buf[:n]
	if len(st.s.splices) > 0 && !st.s.policy.Shadow {
		st.s.out = codec.Apply(st.s.out[:0], out, st.s.splices)
		out = st.s.out
		st.res.Changed = true
	}
	if _, err := st.enc.Write(out); err != nil {
		return err
	}
	st.buf = st.buf[:copy(st.buf, st.buf[n:])]
	return nil
}

// broken goes on as plain text where the payload stopped being of its format,
// as long as no escape could hide something there.
func (st *stream) broken(cause error) error {
	st.res.Fallback = true
	last := byte(0)
	return st.text(func(piece []byte) error {
		// An escape may be cut by the end of a piece.
		if hides(st.codec, piece) || codec.Framed(st.codec, piece) || last != 0 && len(piece) > 0 && st.codec.Opaque([]byte{last, piece[0]}) {
			return cause
		}
		if len(piece) > 0 {
			last = piece[len(piece)-1]
		}
		return nil
	})
}
