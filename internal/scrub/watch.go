package scrub

import (
	"errors"
	"io"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/codec"
)

// Rules that are only watched have a search of their own (Policy.Watch), beside the one
// whose findings are taken out: what becomes of a payload is as if they were off, and what
// is found by them is as if they were alone.

var errWatch = errors.New("panic while rules were watched")

// watched marks hits as those of rules that are only watched.
func watched(hits []Hit) []Hit {
	for i := range hits {
		hits[i].Shadow = true
	}
	return hits
}

// watchBody adds to res what is found in body by rules that are only watched.
func (s *Scrubber) watchBody(body []byte, m Meta, res *Result) {
	if s.watch == nil {
		return
	}
	seen, err := s.watch.body(body, m)
	if err != nil {
		res.Unwatched = kindOfError(err)
		return
	}
	res.Hits = append(res.Hits, watched(seen.Hits)...)
}

// Conceal returns text, which is Result.Text of a payload described by m, without what
// rules find that are only watched. It is for copies that nobody but the payload's
// receiver should have. ok is false where it can't be told. The text returned is valid
// until the next call of any method.
func (s *Scrubber) Conceal(text []byte, m Meta) (out []byte, ok bool) {
	if s.watch == nil || len(text) == 0 {
		return text, true
	}
	m.ContentEncoding, m.ContentType = "", codec.MediaType(m.ContentType)
	res, err := s.watch.body(text, m)
	return res.Text, err == nil && res.Text != nil
}

// Stream scrubs r to w in bounded memory and returns what it found; Body of the
// result is nil. The output carries the content codings of the input, but codes
// anew. What was read is passed on as soon as it can't change any more. Bytes
// written before an error were scrubbed; after one, what was written is not a
// whole payload. Formats that can't be walked in pieces are gathered up to
// MaxDecoded.
//
// Under a policy in shadow mode the output is the input, byte for byte, and what
// can't be scrubbed is passed on too: Skipped of the result says why.
func (s *Scrubber) Stream(w io.Writer, r io.Reader, m Meta) (Result, error) {
	switch {
	case s.policy.Shadow:
		return s.shadow(w, r, m)
	case s.watch == nil:
		return s.stream(w, r, m)
	}
	side := s.startSide(m)
	var src io.Reader = &sideReader{r: r, side: side}
	if p, ok := r.(Patient); ok {
		src = &patientSideReader{sideReader{r: r, side: side}, p}
	}
	tell := s.onHits
	if tell != nil {
		s.onHits = side.telling(tell)
	}
	res, err := s.stream(w, src, m)
	s.onHits = tell
	hits, kind := side.end()
	res.Hits, res.Unwatched = append(res.Hits, hits...), kind
	return res, err
}

// side is a goroutine that looks for what is only watched in a copy of a stream. Whoever
// started it ends it.
type side struct {
	in   *io.PipeWriter
	done chan struct{}
	mu   sync.Mutex // held while findings are told

	res Result // after done
	err error
}

func (s *Scrubber) startSide(m Meta) *side {
	pr, pw := io.Pipe()
	d := &side{in: pw, done: make(chan struct{})}
	look := s.watch
	look.onHits = nil
	if tell := s.onHits; tell != nil {
		look.onHits = d.telling(func(hits []Hit) error { return tell(watched(hits)) })
	}
	go func() {
		defer close(d.done)
		// Nobody waits for a side that has ended.
		defer func() { _, _ = io.Copy(io.Discard, pr) }()
		defer func() {
			if recover() != nil { // its value may quote the payload
				d.err = &Error{KindIO, errWatch}
			}
		}()
		d.res, d.err = look.stream(io.Discard, pr, m)
	}()
	return d
}

// telling returns tell for two goroutines.
func (d *side) telling(tell func([]Hit) error) func([]Hit) error {
	return func(hits []Hit) error {
		d.mu.Lock()
		defer d.mu.Unlock()
		return tell(hits)
	}
}

// end tells the side that the stream has ended, and waits for it.
func (d *side) end() (hits []Hit, unwatched Kind) {
	_ = d.in.Close()
	<-d.done
	if d.err != nil {
		unwatched = kindOfError(d.err)
	}
	return watched(d.res.Hits), unwatched
}

// sideReader gives a side what it reads.
type sideReader struct {
	r    io.Reader
	side *side
}

func (r *sideReader) Read(p []byte) (int, error) { return r.copied(p)(r.r.Read(p)) }

func (r *sideReader) copied(p []byte) func(int, error) (int, error) {
	return func(n int, err error) (int, error) {
		if n > 0 {
			_, _ = r.side.in.Write(p[:n]) // it takes all until it is ended
		}
		return n, err
	}
}

// patientSideReader is a sideReader of a Patient.
type patientSideReader struct {
	sideReader
	patient Patient
}

// ReadBefore implements Patient.
func (r *patientSideReader) ReadBefore(p []byte, t time.Time) (int, error) {
	return r.copied(p)(r.patient.ReadBefore(p, t))
}

func kindOfError(err error) Kind {
	var e *Error
	if errors.As(fail(err), &e) {
		return e.Kind
	}
	return KindIO
}
