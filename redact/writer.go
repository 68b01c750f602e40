package redact

import (
	"bytes"
	"io"
	"slices"
)

// Writer redacts a stream of text. Whatever way the input is cut into writes, the
// output is what Append would give for the whole. It holds back no more than a
// match could still change: the distance at which rules announce themselves, and
// the window of those that did; see MaxHold. It is not safe for concurrent use.
type Writer struct {
	set   *Set
	sc    *Scratch
	w     io.Writer
	found Found

	buf     []byte
	out     []byte
	done    int // matches that begin before are all in spans
	emitted int // bytes of buf that were written
	base    int // offset of buf in the stream
	line    int // of buf[emitted]
	spans   []span
	joined  []Finding
	err     error
}

// keepBehind is how much of what was written stays in the buffer as context: a
// placeholder, or what lookbehind or a validator sees.
const keepBehind = max(maxPlaceholder, lookbehind, surroundings) + 1

// batch is how many bytes are gathered before they are searched.
const batch = 32 << 10

// Found is told of a finding in a stream: its rule, where it stands in the stream,
// its bytes, which are valid during the call only, and the line that it begins on,
// counted from 1. The call comes before anything written for the finding; its error
// ends the stream.
type Found func(f Finding, value []byte, line int) error

// NewWriter returns a Writer that writes redacted bytes to w. It calls found, if
// not nil, for each finding in order.
func NewWriter(w io.Writer, s *Set, found Found) *Writer {
	return &Writer{set: s, sc: s.NewScratch(), w: w, found: found, line: 1}
}

// MaxHold returns the greatest number of bytes that a Writer keeps in memory for
// s besides the batch it gathers.
func (s *Set) MaxHold() int {
	window, most := s.window, s.values.most
	if x := s.knownIndex(); x != nil {
		window, most = max(window, x.reach), max(most, x.most)
	}
	return 2*window + most + maxChain + 2*keepBehind
}

// Write takes p and writes what later input can't change any more, in batches.
// p is not kept.
func (w *Writer) Write(p []byte) (int, error) {
	total := len(p)
	for len(p) > 0 && w.err == nil {
		n := min(len(p), batch)
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
		if len(w.buf)-w.done >= batch+max(w.set.values.most, w.set.knownIndex().hold()) {
			w.advance(false)
		}
	}
	if w.err != nil {
		return 0, w.err
	}
	return total, nil
}

// Flush writes everything that later input can't change.
func (w *Writer) Flush() error {
	w.advance(false)
	return w.err
}

// Yield writes, beside what Flush does, all that no match has begun in as far as can be
// told, but for the last word: for a sender that pauses. What a match is found to have begun
// in later is cut off there, and the rest of it replaced.
func (w *Writer) Yield() error {
	if w.advance(false); w.err != nil {
		return w.err
	}
	kept := len(w.spans)
	w.sc.raw = w.spans
	w.sc.begin()
	sr := search{set: w.set, sc: w.sc, text: w.buf, from: w.done, to: len(w.buf), partial: true, tight: true, undecided: LastWord(w.buf)}
	if w.err = sr.byPattern(); w.err != nil {
		return w.err
	}
	if w.err = sr.byKnown(w.set.knownIndex()); w.err != nil {
		return w.err
	}
	known := slices.Clone(w.sc.raw[:kept])
	w.spans = w.sc.raw
	w.emit(max(sr.undecided, w.emitted))
	// What begins behind done is searched for again.
	w.spans = slices.DeleteFunc(known, func(sp span) bool { return sp.end <= w.emitted })
	return w.err
}

// Held returns how many bytes are held back.
func (w *Writer) Held() int { return len(w.buf) - w.emitted }

// Close writes the rest and wipes the buffers. It does not close the underlying
// writer.
func (w *Writer) Close() error {
	w.advance(true)
	clear(w.buf[:cap(w.buf)])
	clear(w.out[:cap(w.out)])
	w.sc.Wipe()
	w.buf, w.out = nil, nil
	return w.err
}

// advance searches what is new in the buffer and writes what is settled.
func (w *Writer) advance(final bool) {
	if w.err != nil {
		return
	}
	w.sc.raw = w.spans
	w.sc.begin()
	known := w.set.knownIndex() // one for all of this
	sr := search{set: w.set, sc: w.sc, text: w.buf, from: w.done, to: len(w.buf), undecided: len(w.buf)}
	if !final {
		sr.partial, sr.undecided = true, max(w.done, len(w.buf)-max(w.set.values.most, known.hold()))
	}
	if w.err = sr.byPattern(); w.err != nil {
		return
	}
	if w.err = sr.byKnown(known); w.err != nil {
		return
	}
	// What begins where more text could change it is searched again.
	w.done = sr.undecided
	w.spans = slices.DeleteFunc(w.sc.raw, func(sp span) bool { return sp.at >= w.done })
	// A later finding can reach back over a placeholder before it.
	settled := w.done - maxPlaceholder
	if final {
		settled = len(w.buf)
	}
	w.emit(settled)
	w.forget()
}

// emit writes the text before settled, as far as no finding crosses it.
func (w *Writer) emit(settled int) {
	at := w.emitted
	w.spans = slices.DeleteFunc(w.spans, func(sp span) bool { return sp.end <= at })
	w.joined = w.set.join(w.buf, w.spans, w.joined[:0])
	w.out = w.out[:0]
	for _, fd := range w.joined {
		fd.Start = max(fd.Start, at) // the rest was let go, see Yield
		if fd.End > settled {
			settled = min(settled, fd.Start)
			break
		}
		value := w.buf[fd.Start:fd.End]
		w.copy(at, fd.Start)
		if w.found != nil {
			at := fd
			at.Start, at.End = fd.Start+w.base, fd.End+w.base
			if w.err = w.found(at, value, w.line); w.err != nil {
				return
			}
		}
		w.out, _ = w.set.AppendReplacement(w.out, fd, value)
		w.line += bytes.Count(value, newline)
		at = fd.End
	}
	if settled > at {
		w.copy(at, settled)
		at = settled
	}
	w.emitted = at
	w.spans = slices.DeleteFunc(w.spans, func(sp span) bool { return sp.end <= at })
	for i := range w.spans {
		w.spans[i].start = max(w.spans[i].start, at) // cut off by maxChain, see join
	}
	if len(w.out) > 0 {
		_, w.err = w.w.Write(w.out)
	}
}

var newline = []byte("\n")

// copy takes text over as it is.
func (w *Writer) copy(from, to int) {
	w.out = append(w.out, w.buf[from:to]...)
	w.line += bytes.Count(w.buf[from:to], newline)
}

// forget drops from the buffer what nothing can look back at any more.
func (w *Writer) forget() {
	cut := min(w.emitted, w.done) - keepBehind
	if cut < batch/2 {
		return
	}
	w.buf = w.buf[:copy(w.buf, w.buf[cut:])]
	w.base += cut
	w.done -= cut
	w.emitted -= cut
	for i := range w.spans {
		w.spans[i].start -= cut
		w.spans[i].end -= cut
		w.spans[i].at -= cut
	}
}
