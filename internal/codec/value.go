package codec

import (
	"bytes"
	"errors"
	"unicode/utf8"
)

// escaping is how a format writes text: raw bytes are runs that stand for
// themselves and, between them, units that stand for other bytes. An
// implementation is immutable.
type escaping interface {
	// plain returns the length of the run at the beginning of raw that stands
	// for itself.
	plain(raw []byte) int
	// next appends to dst what the unit at the beginning of raw stands for (at
	// least one byte) and returns the length of the unit. It is called only
	// where plain has returned 0 and raw is not empty.
	next(dst, raw []byte) (out []byte, n int)
	// escape appends text so written that it decodes to text.
	escape(dst, text []byte) []byte
}

// decode appends to dst the text that raw stands for.
func decode(dst, raw []byte, e escaping) []byte {
	for len(raw) > 0 {
		n := e.plain(raw)
		dst = append(dst, raw[:n]...)
		if raw = raw[n:]; len(raw) == 0 {
			break
		}
		dst, n = e.next(dst, raw)
		raw = raw[n:]
	}
	return dst
}

// cursor goes through a raw value and its decoded text side by side. Nothing is
// kept while decoding: only values with edits, which are few, pay for offsets.
type cursor struct {
	raw  []byte
	e    escaping
	i, d int // offset in raw, and in the decoded text
	buf  []byte
}

// seek goes to the last unit boundary at or before decoded offset d. It never
// goes back.
func (c *cursor) seek(d int) {
	for c.d < d && c.i < len(c.raw) {
		if n := c.e.plain(c.raw[c.i:]); n > 0 {
			n = min(n, d-c.d)
			c.i += n
			c.d += n
			continue
		}
		if !c.step(d) {
			return
		}
	}
}

// step goes over the unit at hand unless that would lead beyond d.
func (c *cursor) step(d int) bool {
	out, n := c.e.next(c.buf[:0], c.raw[c.i:])
	c.buf = out
	if c.d+len(out) > d {
		return false
	}
	c.i += n
	c.d += len(out)
	return true
}

// pass goes to the first unit boundary at or after decoded offset d.
func (c *cursor) pass(d int) {
	c.seek(d)
	if c.d < d && c.i < len(c.raw) {
		c.step(int(^uint(0) >> 1))
	}
}

// runeBounds widens edit [start, end) of value to whole characters, so that
// valid UTF-8 stays valid.
func runeBounds(value []byte, start, end int) (int, int) {
	if start == end {
		return start, end
	}
	if s, _ := runeAt(value, start); s < start {
		start = s
	}
	if _, e := runeAt(value, end); e > end {
		end = e
	}
	return start, end
}

// runeAt returns the bounds of the well-formed character that offset i is
// inside of, or i twice if it is at a boundary or in malformed text.
func runeAt(value []byte, i int) (start, end int) {
	if i >= len(value) || utf8.RuneStart(value[i]) {
		return i, i
	}
	for s := i - 1; s >= 0 && s > i-utf8.UTFMax; s-- {
		if utf8.RuneStart(value[s]) {
			if _, n := utf8.DecodeRune(value[s:]); s+n > i {
				return s, s + n
			}
			break
		}
	}
	return i, i
}

// maxNest is how many documents may sit in strings of one another. Each level
// doubles the backslashes of the one in it, so that honest writers stay far below.
const maxNest = 32

// ErrTooDeep says that documents sit in strings of one another beyond reach.
var ErrTooDeep = errors.New("codec: documents nested in strings too deep")

// keepMemory is the size in bytes above which working memory is let go on Reset.
const keepMemory = 1 << 20

// keepAlways is the size in bytes up to which it is kept.
const keepAlways = 64 << 10

// leaf is the working memory for the values of one payload, shared by all
// walkers: it decodes a value, asks the visitor, and writes the edits back.
type leaf struct {
	text   []byte // the decoded value
	arena  []byte // texts of the splices handed out by the current Walk
	nested []Splice
	note   string      // of what the visitor removed last
	child  *jsonWalker // walks documents inside of values
	depth  int
}

// begin lets go of the texts of the Walk before.
func (l *leaf) begin() { l.arena = l.arena[:0] }

// wipe clears everything that came from a payload.
func (l *leaf) wipe() {
	l.text = wiped(l.text)
	l.arena = wiped(l.arena)
	clear(l.nested[:cap(l.nested)])
	l.nested = l.nested[:0]
	if l.child != nil {
		l.child.Reset()
	}
}

// wiped clears b and returns it empty, or nil if it has grown too large to keep, or
// to clear for the little that was in it.
func wiped(b []byte) []byte {
	clear(b[:cap(b)])
	if cap(b) > keepMemory || cap(b) > keepAlways && cap(b)/8 > len(b) {
		return nil
	}
	return b[:0]
}

// room returns b empty with a capacity of at least n; a b too small is cleared.
func room(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:0]
	}
	clear(b[:cap(b)])
	return make([]byte, 0, n+n/4)
}

// decode returns the text of raw: raw itself if nothing in it is escaped, else
// memory that the next call reuses.
func (l *leaf) decode(raw []byte, e escaping) []byte {
	if e.plain(raw) == len(raw) {
		return raw
	}
	l.text = decode(room(l.text, len(raw)), raw, e)
	return l.text
}

// put appends to dst the splices that edits of value amount to in raw, which
// lies at offset base of the payload.
func (l *leaf) put(dst []Splice, edits []Splice, value, raw []byte, base int, e escaping) []Splice {
	dst, l.arena = put(dst, l.arena, edits, value, raw, base, e)
	return dst
}

// put appends to dst the splices that edits of value amount to in raw, at offset
// base of the payload, and their texts to arena. An edit that begins or ends inside
// of an escape takes the whole of it.
func put(dst []Splice, arena []byte, edits []Splice, value, raw []byte, base int, e escaping) (out []Splice, texts []byte) {
	c := cursor{raw: raw, e: e}
	last := 0
	for _, ed := range edits {
		start, end := runeBounds(value, ed.Start, ed.End)
		start = max(start, last)
		end = max(end, start)
		last = end
		c.seek(start)
		from := c.i
		c.pass(end)
		at := len(arena)
		arena = e.escape(arena, ed.Text)
		dst = append(dst, Splice{base + from, base + c.i, arena[at:len(arena):len(arena)], ed.Note})
	}
	return dst, arena
}

// nest walks value as JSON if it is that, and returns the splices of it; they
// are valid until the next call. It visits nothing if ok is false.
func (l *leaf) nest(value, path, key []byte, around Around, v Visitor) (edits []Splice, ok bool, err error) {
	if !looksJSON(value) {
		return nil, false, nil
	}
	if l.depth >= maxNest { // more than that switches documents in strings off
		if l.depth == maxNest && bytes.IndexByte(value, '\\') >= 0 {
			err = ErrTooDeep // what is in it can't be told from its escapes
		}
		return nil, false, err
	}
	if l.child == nil {
		l.child = &jsonWalker{leaf: leaf{depth: l.depth + 1}}
	}
	l.child.begin()
	l.child.outer = around
	l.nested, ok, err = l.child.document(l.nested[:0], value, path, key, v)
	return l.nested, ok, err
}

// visit asks the visitor about the value that raw stands for, with the rest of
// f set by the caller, and appends the splices to dst. A value that is JSON is
// walked as such; the visitor is asked about it as a whole only if that brought
// no edit, so that what is found by the key alone is found too.
func (l *leaf) visit(dst []Splice, v Visitor, f *Field, raw []byte, base int, e escaping) (out []Splice, remove bool, err error) {
	f.Value = l.decode(raw, e)
	key := f.Key
	if f.Beside != nil {
		key = f.Beside
	}
	edits, ok, err := l.nest(f.Value, f.Path, key, f.Around, v)
	if err != nil {
		return dst, false, err
	}
	if !ok || len(edits) == 0 {
		edits, remove, err = v.Visit(f)
		if err != nil || remove {
			l.note = noteOf(edits)
			return dst, remove, err
		}
	}
	if len(edits) == 0 {
		return dst, false, nil
	}
	return l.put(dst, edits, f.Value, raw, base, e), false, nil
}

// noteOf returns the note of the first edit, "" where there is none.
func noteOf(edits []Splice) string {
	if len(edits) == 0 {
		return ""
	}
	return edits[0].Note
}

// looksJSON reports whether text begins like a JSON object or array.
func looksJSON(text []byte) bool {
	i := skipSpace(text, 0)
	return i < len(text) && (text[i] == '{' || text[i] == '[')
}

// erase appends the splice that empties src[start:end].
func erase(dst []Splice, start, end int) []Splice {
	if start == end {
		return dst
	}
	return append(dst, Splice{Start: start, End: end})
}

// members takes removed members out of a list together with the separators
// that this leaves over. Each member comes with the offset where its separator
// begins, which is where the member before ended.
type members struct {
	some bool // there was a member before
	gone bool // there was, and all so far were removed
}

// keep notes a member that stays; its separator, src[sep:start], goes if all
// before it have gone.
func (m *members) keep(dst []Splice, sep, start int) []Splice {
	if m.gone {
		dst = erase(dst, sep, start)
	}
	m.some, m.gone = true, false
	return dst
}

// drop removes the member src[start:end].
func (m *members) drop(dst []Splice, sep, start, end int) []Splice {
	if m.some {
		start = sep
	} else {
		m.gone = true
	}
	m.some = true
	return append(dst, Splice{Start: start, End: end})
}

// maxSegment is the length in bytes at which a segment of a path is cut.
const maxSegment = 64

// appendSegment appends a member's name to a path.
func appendSegment(path, name []byte) []byte {
	if len(path) > 0 {
		path = append(path, '.')
	}
	return append(path, cut(name, maxSegment)...)
}

// cut returns at most the first n bytes of text, whole characters only.
func cut(text []byte, n int) []byte {
	if len(text) <= n {
		return text
	}
	start, _ := runeAt(text, n)
	return text[:start]
}

// verbatim is text that stands for itself.
type verbatim struct{}

func (verbatim) plain(raw []byte) int                     { return len(raw) }
func (verbatim) next(dst, raw []byte) (out []byte, n int) { return append(dst, raw[0]), 1 }
func (verbatim) escape(dst, text []byte) []byte           { return append(dst, text...) }

// oneLine is text that stands for itself and can't hold a line break.
type oneLine struct{ verbatim }

func (oneLine) escape(dst, text []byte) []byte {
	for len(text) > 0 {
		i := bytes.IndexAny(text, "\r\n")
		if i < 0 {
			return append(dst, text...)
		}
		dst = append(append(dst, text[:i]...), ' ')
		text = text[i+1:]
	}
	return dst
}
