package codec

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// sentryMeta keeps _meta of an event in step with what was changed in the event. _meta
// repeats the structure of the event; under the empty name of a value stands what was
// done to it, as Sentry's own scrubber writes it (getsentry/relay, relay-protocol,
// Meta and Remark): "rem", a list of [rule, type, start, end], where type is "s" for a
// part that was substituted and "x" for a value that is gone, and start and end are
// bytes of the value as it is now; and "len", how many characters it had.
//
// A _meta that is there is added to; remarks in it move with the text that they are
// about. One that holds an edit itself is replaced. Where edits have no notes, nothing is
// told and remarks only move.
type sentryMeta struct {
	texts   []byte
	src     []byte
	splices []Splice // of src, without those that this makes
	next    int      // the first of splices that is not dealt with
	path    [][]byte // to the value at hand: names as they are written, and positions
	changes []change
	made    []Splice

	some       bool // the event has members that stay
	start, end int  // of the value of _meta; end is 0 if there is none
	soiled     bool // an edit is in it
	quiet      bool // edits have no notes
}

// change is a value that was changed.
type change struct {
	path    [][]byte
	splices []Splice
	raw     []byte // without quotes
	base    int    // offset of raw
	text    bool   // it is a string
	removed bool
}

func (m *sentryMeta) begin() { m.texts = m.texts[:0] }

func (m *sentryMeta) reset() {
	clear(m.made[:cap(m.made)])
	clear(m.changes[:cap(m.changes)])
	clear(m.path[:cap(m.path)])
	*m = sentryMeta{texts: wiped(m.texts), made: m.made[:0], changes: m.changes[:0], path: m.path[:0]}
}

// annotate adds to dst, whose splices from mark on are those of src, which is an object,
// those that _meta needs, and returns them in order.
func (m *sentryMeta) annotate(dst []Splice, mark int, src []byte) []Splice {
	m.quiet = !slices.ContainsFunc(dst[mark:], func(s Splice) bool { return s.Note != "" })
	if m.quiet && !bytes.Contains(src, []byte(`"_meta"`)) {
		return dst
	}
	m.src, m.splices, m.next = src, slices.Clone(dst[mark:]), 0
	m.path, m.changes, m.made = m.path[:0], m.changes[:0], m.made[:0]
	m.some, m.start, m.end, m.soiled = false, 0, 0, false
	open := skipSpace(src, 0)
	if open == len(src) || src[open] != '{' {
		return dst
	}
	after := m.value(open)
	switch hard := m.soiled || m.end > 0 && src[m.start] != '{'; {
	case len(m.changes) == 0, m.quiet && (hard || m.end == 0):
		return dst
	case m.end == 0:
		m.insert(after-1, m.some, func() {
			m.texts = append(m.texts, `"_meta":`...)
			m.write(m.changes, 0)
		})
	case hard:
		kept := slices.DeleteFunc(dst[mark:], func(s Splice) bool { return s.Start >= m.start && s.End <= m.end })
		dst = dst[:mark+len(kept)]
		m.replace(m.start, m.end, func() { m.write(m.changes, 0) })
	default:
		m.merge(m.start, m.changes, 0)
	}
	dst = append(dst, m.made...)
	slices.SortStableFunc(dst[mark:], func(a, b Splice) int { return a.Start - b.Start })
	m.src, m.splices = nil, nil
	return dst
}

// value goes over the value that begins at i and returns where it ends.
func (m *sentryMeta) value(i int) int {
	switch c := m.src[i]; c {
	case '{', '[':
		return m.container(i, c == '{')
	case '"':
		end, _, _ := scanString(m.src, i+1)
		m.changed(i+1, end-1, end, true)
		return end
	}
	end := scalarEnd(m.src, i)
	m.changed(i, end, end, false)
	return end
}

// scalarEnd returns where the number or literal at i of a valid document ends.
func scalarEnd(src []byte, i int) int {
	for i < len(src) && !endsScalar(src[i]) {
		i++
	}
	return i
}

// container goes over the object or array that begins at i.
func (m *sentryMeta) container(i int, object bool) int {
	depth := len(m.path)
	for position := 0; ; position++ {
		i = skipSpace(m.src, i+1) // behind the bracket or comma
		if m.src[i] == '}' || m.src[i] == ']' {
			return i + 1
		}
		m.path = append(m.path[:depth], nil)
		if object {
			i = m.member(i, depth)
		} else {
			m.path[depth] = strconv.AppendInt(nil, int64(position), 10)
			i = m.value(i)
		}
		m.path = m.path[:depth]
		if i = skipSpace(m.src, i); m.src[i] != ',' {
			return i + 1
		}
	}
}

// member goes over the member whose name begins at i.
func (m *sentryMeta) member(i, depth int) int {
	for m.next < len(m.splices) && m.splices[m.next].End <= i {
		m.next++ // of a separator
	}
	end, _, _ := scanString(m.src, i+1)
	val := skipSpace(m.src, skipSpace(m.src, end)+1)
	name := m.src[i+1 : end-1]
	if m.next < len(m.splices) && m.splices[m.next].Start <= i && m.splices[m.next].End >= end {
		s := m.splices[m.next : m.next+1 : m.next+1]
		m.next++
		m.path[depth] = name
		m.note(change{splices: s, removed: true})
		return s[0].End
	}
	from := m.next
	for m.next < len(m.splices) && m.splices[m.next].Start < end {
		m.next++
	}
	if m.next > from {
		edits := slices.Clone(m.splices[from:m.next])
		shift(edits, -(i + 1))
		name = Apply(nil, name, edits)
	}
	m.path[depth] = name
	if depth > 0 || string(decode(nil, name, backslash{})) != "_meta" {
		after := m.value(val)
		if depth == 0 {
			m.some = true
		}
		return after
	}
	from = m.next
	m.start = val
	m.end = documentEnd(m.src, val)
	for m.next < len(m.splices) && m.splices[m.next].Start < m.end {
		m.next++
	}
	m.soiled = m.next > from
	m.some = true
	return m.end
}

// documentEnd returns where the value at i of a valid document ends.
func documentEnd(src []byte, i int) int {
	depth := 0
	for {
		switch src[i] {
		case '"':
			i, _, _ = scanString(src, i+1)
		case '{', '[':
			depth++
			i++
		case '}', ']':
			depth--
			i++
		case ' ', '\t', '\r', '\n', ',', ':':
			i++
			continue
		default:
			i = scalarEnd(src, i)
			if i < len(src) && src[i] == ':' {
				i++
			}
		}
		if depth == 0 {
			return i
		}
	}
}

// changed notes the value src[start:end], which ends at after with its quote, if there
// are edits of it.
func (m *sentryMeta) changed(start, end, after int, text bool) {
	from := m.next
	for m.next < len(m.splices) && m.splices[m.next].Start < after {
		m.next++
	}
	if m.next == from {
		return
	}
	c := change{splices: m.splices[from:m.next:m.next], raw: m.src[start:end], base: start, text: text}
	if s := c.splices[0]; len(c.splices) == 1 && text && s.Start == start && s.End == end && len(s.Text) == 0 {
		c.removed = true
	}
	m.note(c)
}

func (m *sentryMeta) note(c change) {
	c.path = slices.Clone(m.path)
	m.changes = append(m.changes, c)
}

// insert makes a splice at offset i, in an object that has members already or not.
func (m *sentryMeta) insert(i int, some bool, write func()) {
	at := len(m.texts)
	if some {
		m.texts = append(m.texts, ',')
	}
	write()
	m.made = append(m.made, Splice{Start: i, End: i, Text: m.texts[at:len(m.texts):len(m.texts)]})
}

func (m *sentryMeta) replace(start, end int, write func()) {
	at := len(m.texts)
	write()
	m.made = append(m.made, Splice{Start: start, End: end, Text: m.texts[at:len(m.texts):len(m.texts)]})
}

// find returns where the value of the member of that name begins, in the object at
// src[i]; -1 if there is none.
func (m *sentryMeta) find(i int, name []byte) int {
	at := -1
	eachMember(m.src, i, func(raw []byte, val int) {
		if bytes.Equal(decode(nil, raw, backslash{}), name) {
			at = val
		}
	})
	return at
}

// eachMember calls fn, if there is one, for each member of the object at src[i], and
// returns whether there are any and where its closing bracket is.
func eachMember(src []byte, i int, fn func(name []byte, val int)) (some bool, closing int) {
	for {
		i = skipSpace(src, i+1)
		if src[i] == '}' {
			return some, i
		}
		some = true
		end, _, _ := scanString(src, i+1)
		val := skipSpace(src, skipSpace(src, end)+1)
		if fn != nil {
			fn(src[i+1:end-1], val)
		}
		if i = skipSpace(src, documentEnd(src, val)); src[i] == '}' {
			return some, i
		}
	}
}

// eachElement calls fn with where each element of the array at src[i] begins.
func eachElement(src []byte, i int, fn func(at int)) {
	for {
		i = skipSpace(src, i+1)
		if src[i] == ']' {
			return
		}
		fn(i)
		if i = skipSpace(src, documentEnd(src, i)); src[i] == ']' {
			return
		}
	}
}

// decodedLen returns the length in bytes of what raw, inside of quotes, stands for.
func decodedLen(raw []byte) int {
	n := 0
	eachUnit(raw, func(text []byte) { n += len(text) })
	return n
}

// characters returns how many characters raw, inside of quotes, stands for.
func characters(raw []byte) int {
	n := 0
	eachUnit(raw, func(text []byte) { n += utf8.RuneCount(text) })
	return n
}

func eachUnit(raw []byte, fn func(text []byte)) {
	var buf [8]byte
	for len(raw) > 0 {
		if n := (backslash{}).plain(raw); n > 0 {
			fn(raw[:n])
			raw = raw[n:]
			continue
		}
		out, n := (backslash{}).next(buf[:0], raw)
		fn(out)
		raw = raw[n:]
	}
}
