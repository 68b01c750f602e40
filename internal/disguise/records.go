package disguise

import (
	"bytes"
	"regexp"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderBlocks, records{}) }

// records is a private key in PEM (RFC 7468) whose lines stand in log records of their
// own, each behind a prefix and before what ends a record. A stretch goes from the line
// that begins the key to the one that ends it, or to the last that is a part of it.
type records struct{}

func (records) Name() string { return "records" }

var (
	pemBegin = []byte("-----BEGIN ")
	pemEnd   = []byte("-----END ")
	pemKey   = []byte("PRIVATE KEY")
	pemDash  = []byte("-----")
)

const (
	// maxLabel is the length in bytes up to which a label is read.
	maxLabel = 64
	// maxKeyLines is how many lines a key has at most: one of RSA with 16384 bits has
	// about 200.
	maxKeyLines = 256
	// maxRecordLine is the length in bytes of the longest record.
	maxRecordLine = 1 << 10
	// minBody is the length from which a run is taken for a line of a key if it stands
	// elsewhere than the first line.
	minBody = 16
)

// afterBody are what may stand behind the last line of a body, which is a short one.
var afterBody = []byte("\\\"'\r")

// label returns the length of the line in PEM that text begins with, which begins as
// given and is of a private key; 0 if it is none.
func label(text, begin []byte) int {
	if !bytes.HasPrefix(text, begin) {
		return 0
	}
	rest := text[len(begin):min(len(text), len(begin)+maxLabel)]
	end := bytes.Index(rest, pemDash)
	if end < 0 || !bytes.Contains(rest[:end], pemKey) {
		return 0
	}
	return len(begin) + end + len(pemDash)
}

// part is a part of a key in a stretch.
type part struct{ start, end int }

// keyParts appends to dst the parts of the key that text begins with. done reports whether
// no more of it can follow behind text.
func keyParts(dst []part, text []byte) (_ []part, done bool) {
	dst = append(dst, part{0, label(text, pemBegin)})
	column := -1 // where the parts stand in their lines
	for range maxKeyLines {
		last := dst[len(dst)-1].end
		rest := text[last:min(len(text), last+maxRecordLine)]
		next := bytes.IndexByte(rest, '\n')
		if next < 0 {
			return dst, len(rest) == maxRecordLine
		}
		if column < 0 && hasRun(rest[:next]) {
			return dst, true // the key itself goes on in its first line
		}
		from := last + next + 1
		line, whole := text[from:min(len(text), from+maxRecordLine)], false
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line, whole = line[:i], true
		}
		if i := bytes.Index(line, pemEnd); i >= 0 {
			if n := label(line[i:], pemEnd); n > 0 {
				return append(dst, part{from + i, from + i + n}), true
			}
		}
		start, end := body(line, column)
		if start <= 0 { // without a prefix, rules read it as it is
			return dst, whole
		}
		column = start
		dst = append(dst, part{from + start, from + end})
	}
	return dst, true
}

// between is what stands between the parts of a string that source code breaks over
// lines: signs, escapes of line breaks and references of quotation marks.
var between = regexp.MustCompile(`^(?:[^0-9A-Za-z&\\]|\\[nrt]?|&#?[0-9a-z]+;)*$`)

// apart reports whether more than that stands between the parts of the key in stretch.
func apart(stretch []byte) bool {
	list, _ := keyParts(nil, stretch)
	for i := 1; i < len(list); i++ {
		if !between.Match(stretch[list[i-1].end:list[i].start]) {
			return true
		}
	}
	return false
}

// hasRun reports whether a part of a key may stand in text.
func hasRun(text []byte) bool {
	start, _ := nextRunPlain(text, 0)
	return start >= 0
}

// body returns the bounds of the part of a key in a line, start -1 for none: what stands
// in the column where the one before does, else the longest run.
func body(line []byte, column int) (start, end int) {
	if column >= 0 && column < len(line) && inRun[line[column]] && (column == 0 || !inRun[line[column-1]]) {
		start, end = runAt(line, column, column)
		if end-start >= minBody || end == len(line) || bytes.IndexByte(afterBody, line[end]) >= 0 {
			return start, end
		}
	}
	start = -1
	for at := 0; at < len(line); {
		a, b := runAt(line, at, at)
		if b-a >= minBody && b-a > end-start {
			start, end = a, b
		}
		at = max(b, at+1)
	}
	return start, end
}

func (records) Next(text []byte, from int) (start, end int) {
	for at := from; ; at++ {
		i := bytes.Index(text[at:], pemBegin)
		if i < 0 {
			return -1, -1
		}
		if at += i; label(text[at:], pemBegin) == 0 {
			continue
		}
		var buf [16]part
		if list, _ := keyParts(buf[:0], text[at:]); len(list) > 1 {
			return at, at + list[len(list)-1].end
		}
	}
}

// OpenKey returns where the line begins that a private key in text begins on of which
// more may follow, len(text) if there is none.
func OpenKey(text []byte) int {
	if !bytes.Contains(text, pemBegin) { // far faster than to look for the last
		return len(text)
	}
	at := bytes.LastIndex(text, pemBegin)
	if label(text[at:], pemBegin) == 0 {
		return len(text)
	}
	var buf [16]part
	if _, done := keyParts(buf[:0], text[at:]); done {
		return len(text)
	}
	return bytes.LastIndexByte(text[:at], '\n') + 1
}

func (records) Hides(raw []byte) bool {
	return bytes.Contains(raw, pemBegin) && bytes.Contains(raw, pemKey)
}

func (records) Decode(dst, stretch []byte) (out []byte, ok bool) {
	list, _ := keyParts(nil, stretch)
	for _, p := range list {
		dst = append(append(dst, stretch[p.start:p.end]...), '\n')
	}
	return dst, true
}

// Encode leaves what stands between the parts where it is: an edit goes to the first
// part that it takes, and the others are emptied.
func (records) Encode(dst []codec.Splice, arena []byte, edits []codec.Splice, _, stretch []byte, base int) ([]codec.Splice, []byte) {
	list, _ := keyParts(nil, stretch)
	for _, ed := range edits {
		text := ed.Text
		at := 0
		for _, p := range list {
			n := p.end - p.start
			from, to := max(ed.Start, at), min(ed.End, at+n)
			if from < to {
				dst = append(dst, codec.Splice{Start: base + p.start + from - at, End: base + p.start + to - at, Text: text})
				text = nil
			}
			at += n + 1
		}
	}
	return dst, arena
}
