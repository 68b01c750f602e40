package scrub

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/disguise"
	"github.com/redactd/redactd/redact"
)

// lineWriter looks for what is encoded in a stream of plain text that was searched as
// it is, and whose findings are replaced. It takes whole lines, and those that could
// belong together at once, up to maxLines bytes: what is longer is cut. For that it
// puts back what was replaced: a finding may be a part of what is encoded.
type lineWriter struct {
	st   *stream
	buf  []byte // as it came
	line int    // of buf[0]

	edits   []codec.Splice // of buf: what was found in it as it is
	due     []replacement  // what was found in what is not written yet
	written int            // bytes
	shift   int            // how much longer what is written is than the text as it came
}

// replacement is what stands for a finding in what is written.
type replacement struct {
	start, end int
	value      []byte
}

// maxLines is how many bytes of lines are held back at most.
const maxLines = 64 << 10

// found notes a finding and how long what is written for it is.
func (w *lineWriter) found(fd redact.Finding, value []byte, length int) {
	at := fd.Start + w.shift
	w.due = append(w.due, replacement{at, at + length, bytes.Clone(value)})
	w.shift += length - len(value)
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.restore(p)
	n := min(settled(w.buf), disguise.OpenKey(w.buf))
	if n == 0 && len(w.buf) >= maxLines {
		n = len(w.buf)
	}
	return len(p), w.pass(n)
}

// restore appends p as it came to the buffer, and notes what became of it. All of a
// finding is written at once.
func (w *lineWriter) restore(p []byte) {
	at, done := 0, 0
	for _, r := range w.due {
		start, end := r.start-w.written, r.end-w.written
		if end > len(p) {
			break
		}
		done++
		w.buf = append(w.buf, p[at:start]...)
		from := len(w.buf)
		if from > 0 && w.buf[from-1] == escape {
			from-- // see visitor.edit
		}
		w.buf = append(w.buf, r.value...)
		w.edits = append(w.edits, codec.Splice{Start: from, End: len(w.buf), Text: bytes.Clone(p[start:end])})
		clear(r.value)
		at = end
	}
	w.buf = append(w.buf, p[at:]...)
	w.written += len(p)
	w.due = w.due[:copy(w.due, w.due[done:])]
}

// flush passes on the whole words of a line that has not ended yet, where nothing in it
// is encoded: more of it may be long in coming.
func (w *lineWriter) flush() error {
	if n := len(w.buf); n > 0 && w.buf[n-1] == '\n' && !wraps(lastLine(w.buf[:n-1])) {
		return w.pass(n)
	}
	n := bytes.LastIndexAny(w.buf, " \n") + 1
	if n == 0 || disguise.Stands(w.buf) {
		return nil
	}
	return w.pass(n)
}

func lastLine(text []byte) []byte { return text[bytes.LastIndexByte(text, '\n')+1:] }

// settled returns how much of text ends with a line that the next can't belong to.
func settled(text []byte) int {
	last := bytes.LastIndexByte(text, '\n')
	if last < 0 || !disguise.Stands(text[:last+1]) {
		return last + 1
	}
	for end := last; end >= 0; {
		line := lastLine(text[:end])
		if !wraps(line) && !belongs(text[end+1:]) && !(end+1 == len(text) && disguise.Stands(line)) {
			if rest := text[end+1 : last+1]; len(rest) > 0 && disguise.Stands(rest) {
				return end + 1
			}
			return last + 1
		}
		end -= len(line) + 1
	}
	return 0
}

// belongs reports whether text goes on with what is before it, and is no record of its
// own.
func belongs(text []byte) bool { return len(text) > 0 && disguise.GoesOn(text) }

// minWrapped is the length from which a word at the end of a line may be a part of
// what is wrapped over lines; minBroken and maxBroken bound a line that the next is
// joined to by a soft break.
const (
	minWrapped = 20
	minBroken  = 60
	maxBroken  = 77
)

// wraps reports whether a line could be encoded together with the next one: it ends
// with the = of a soft break or with a long word.
func wraps(line []byte) bool {
	line = bytes.TrimSuffix(line, []byte("\r"))
	n := len(line)
	if n < minWrapped {
		return false
	}
	if line[n-1] == '=' {
		return n >= minBroken && n <= maxBroken && line[n-2] != '='
	}
	for _, c := range line[n-minWrapped:] {
		if c|0x20 < 'a' && (c < '0' || c > '9') && c != '+' && c != '/' && c != '-' && c != '_' || c|0x20 > 'z' {
			return false
		}
	}
	return true
}

func (w *lineWriter) close() error { return w.pass(len(w.buf)) }

func (w *lineWriter) wipe() {
	clear(w.buf[:cap(w.buf)])
	for _, r := range w.due {
		clear(r.value)
	}
}

// pass writes the first n bytes, which are whole lines, or a little more where a finding
// ends later, with what is found and what is encoded in them replaced.
func (w *lineWriter) pass(n int) error {
	if n == 0 {
		return nil
	}
	own := 0
	for own < len(w.edits) && w.edits[own].Start < n {
		n = max(n, w.edits[own].End)
		own++
	}
	st, v := w.st, &w.st.s.v
	v.clear()
	raw := w.buf[:n]
	edits, _, err := v.unmask(append(v.edits, w.edits[:own]...), v.one(codec.Field{Value: raw, Kind: codec.Text}), w.line)
	if err != nil {
		return err
	}
	v.edits = edits
	out := raw
	if len(edits) > 0 {
		st.s.out = codec.Apply(st.s.out[:0], raw, edits)
		out = st.s.out
		st.res.Changed = st.res.Changed || !st.s.policy.Shadow
		if err := st.tell(); err != nil {
			return err
		}
	}
	if _, err := st.enc.Write(out); err != nil {
		return err
	}
	w.line += bytes.Count(raw, []byte("\n"))
	w.buf = w.buf[:copy(w.buf, w.buf[n:])]
	w.edits = w.edits[:copy(w.edits, w.edits[own:])]
	for i := range w.edits {
		w.edits[i].Start -= n
		w.edits[i].End -= n
	}
	return nil
}
