package scrub

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/disguise"
)

// lineWriter looks for what is encoded in a stream of plain text that was searched as
// it is, and whose findings are replaced. It takes whole lines, and those that could
// belong together at once, up to maxLines bytes: what is longer is cut.
type lineWriter struct {
	st   *stream
	buf  []byte
	line int // of buf[0], in the text as it came

	// spanned are the findings of more than one line in what is not written yet.
	spanned []spanned
}

// spanned is a finding that had more lines than what stands for it.
type spanned struct{ line, more int }

// maxLines is how many bytes of lines are held back at most.
const maxLines = 64 << 10

// found notes a finding that begins on a line.
func (w *lineWriter) found(line int, value []byte) {
	if n := bytes.Count(value, []byte("\n")); n > 0 {
		w.spanned = append(w.spanned, spanned{line, n})
	}
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	n := settled(w.buf)
	if n == 0 && len(w.buf) >= maxLines {
		n = len(w.buf)
	}
	return len(p), w.pass(n)
}

// flush passes on the whole words of a line that has not ended yet, where nothing in it
// is encoded: more of it may be long in coming.
func (w *lineWriter) flush() error {
	n := bytes.LastIndexAny(w.buf, " \n") + 1
	if n == 0 || disguise.Hides(w.buf) {
		return nil
	}
	return w.pass(n)
}

// settled returns how much of text ends with a line that the next can't belong to.
func settled(text []byte) int {
	last := bytes.LastIndexByte(text, '\n')
	for end := last; end >= 0; {
		i := bytes.LastIndexByte(text[:end], '\n')
		if !goesOn(text[i+1 : end]) {
			if rest := text[end+1 : last+1]; len(rest) > 0 && disguise.Hides(rest) {
				return end + 1
			}
			return last + 1
		}
		end = i
	}
	if last >= 0 && !disguise.Hides(text[:last+1]) {
		return last + 1
	}
	return 0
}

// minWrapped is the length from which a word at the end of a line may be a part of
// what is wrapped over lines; minBroken and maxBroken bound a line that the next is
// joined to by a soft break.
const (
	minWrapped = 20
	minBroken  = 60
	maxBroken  = 77
)

// goesOn reports whether a line could be encoded together with the next one: it ends
// with the = of a soft break or with a long word.
func goesOn(line []byte) bool {
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

func (w *lineWriter) wipe() { clear(w.buf[:cap(w.buf)]) }

// pass writes the first n bytes, which are whole lines, with what is encoded in them
// replaced.
func (w *lineWriter) pass(n int) error {
	if n == 0 {
		return nil
	}
	st, v := w.st, &w.st.s.v
	text := w.buf[:n]
	v.clear()
	mark := len(v.hits)
	edits, _, err := v.unmask(v.edits, v.one(codec.Field{Value: text, Kind: codec.Text}), w.line)
	if err != nil {
		return err
	}
	w.advance(text, v.hits[mark:])
	out := text
	if len(edits) > 0 {
		v.edits = edits
		st.s.out = codec.Apply(st.s.out[:0], text, edits)
		out = st.s.out
		st.res.Changed = st.res.Changed || !st.s.policy.Shadow
		if err := st.tell(); err != nil {
			return err
		}
	}
	if _, err := st.enc.Write(out); err != nil {
		return err
	}
	w.buf = w.buf[:copy(w.buf, w.buf[n:])]
	return nil
}

// advance counts the lines of text, and with them those that findings had; hits are
// what was found in it.
func (w *lineWriter) advance(text []byte, hits []Hit) {
	w.line += bytes.Count(text, []byte("\n"))
	i := 0
	for ; i < len(w.spanned) && w.spanned[i].line < w.line; i++ {
		s := w.spanned[i]
		w.line += s.more
		for j := range hits {
			if hits[j].Line > s.line {
				hits[j].Line += s.more
			}
		}
	}
	w.spanned = w.spanned[:copy(w.spanned, w.spanned[i:])]
}
