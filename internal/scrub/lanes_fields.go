package scrub

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// gatherer is a visitor that notes the strings of a record, and the numbers that say which
// of several texts they go on with.
type gatherer struct {
	fields []gathered
	texts  []byte
	name   []byte
}

// gathered is a field; from, mid and to are where in gatherer.texts its path and its value
// are.
type gathered struct {
	from, mid, to int
	index         bool // "index", "output_index" and the like
}

func (g *gatherer) begin() { g.fields, g.texts = g.fields[:0], g.texts[:0] }

func (g *gatherer) wipe() {
	clear(g.fields[:cap(g.fields)])
	g.fields, g.texts, g.name = g.fields[:0], wiped(g.texts), wiped(g.name)
}

// Visit implements codec.Visitor.
func (g *gatherer) Visit(f *codec.Field) ([]codec.Splice, bool, error) {
	name := lastName(f.Path)
	index := f.Kind == codec.Number && (bytes.Equal(name, []byte("index")) || bytes.HasSuffix(name, []byte("_index")))
	text := (f.Kind == codec.Text || f.Kind == codec.String) && len(f.Value) > 0 && !tells(name)
	if (index || text) && len(g.fields) <= maxLaneFields {
		from := len(g.texts)
		mid := from + len(f.Path)
		g.texts = appendWiping(appendWiping(g.texts, f.Path), f.Value)
		g.fields = append(g.fields, gathered{from, mid, len(g.texts), index})
	}
	return nil, false, nil
}

func (g *gatherer) path(f *gathered) []byte  { return g.texts[f.from:f.mid] }
func (g *gatherer) value(f *gathered) []byte { return g.texts[f.mid:f.to] }

// Suspect implements codec.Visitor.
func (g *gatherer) Suspect([]byte) bool { return true }

// Tells implements codec.Visitor.
func (g *gatherer) Tells(_, _ []byte) bool { return false }

// key returns the key of the lane of the string with that number: its path, and of the
// objects that it stands in, as which of several they are numbered; where they are not, how
// many strings with the path stand before it.
func (g *gatherer) key(i int) []byte {
	path := g.path(&g.fields[i])
	nth := 0
	for k := range g.fields[:i] {
		if f := &g.fields[k]; !f.index && bytes.Equal(g.path(f), path) {
			nth++
		}
	}
	g.name = append(g.name[:0], path...)
	numbered := false
	for k := range g.fields {
		f := &g.fields[k]
		if !f.index {
			continue
		}
		own := g.path(f)
		if around := own[:len(own)-len(lastName(own))]; bytes.HasPrefix(path, around) && g.belongs(k, nth) {
			g.name = append(append(g.name, 0), g.value(f)...)
			numbered = true
		}
	}
	if !numbered {
		g.name = append(g.name, 0, 1, byte(nth))
	}
	return g.name
}

// belongs reports whether of the numbers of one name the one with that number in fields is
// that of the nth string: the nth, or the last where there are fewer.
func (g *gatherer) belongs(k, nth int) bool {
	before, last := 0, true
	for m := range g.fields {
		if f := &g.fields[m]; f.index && m != k && bytes.Equal(g.path(f), g.path(&g.fields[k])) {
			if m > k {
				last = false
			} else {
				before++
			}
		}
	}
	return before == nth || before < nth && last
}

// lastName returns the name of the member that a path leads to.
func lastName(path []byte) []byte {
	return bytes.TrimSuffix(path[bytes.LastIndexByte(path, '.')+1:], []byte("[]"))
}

// tells reports whether members of that name tell something of a record, and are no text
// that goes on.
func tells(name []byte) bool {
	return telling[string(name)] || bytes.HasSuffix(name, []byte("_id")) || bytes.HasSuffix(name, []byte("Id"))
}

var telling = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range []string{"event:", "id", "type", "object", "model", "role", "event", "status", "level", "kind",
		"created", "created_at", "timestamp", "time", "ts", "date", "version", "jsonrpc", "method",
		"finish_reason", "stop_reason", "system_fingerprint", "service_tier"} {
		m[name] = true
	}
	return m
}()

// editor is the visitor of a record in whose lanes something was found.
type editor struct {
	*visitor
	pieces []piece
	next   int
	lost   bool
	// whole says that documents within strings are left alone where a lane has something
	// to say about the string.
	whole bool
}

func (e *editor) begin(pieces []piece) { e.pieces, e.next, e.lost, e.whole = pieces, 0, false, false }

// missed reports whether the walk went past a string that has to be edited.
func (e *editor) missed() bool {
	e.skip(len(e.pieces))
	return e.lost
}

func (e *editor) skip(to int) {
	for ; e.next < to; e.next++ {
		e.lost = e.lost || e.pieces[e.next].edited()
	}
}

// Suspect implements codec.Visitor.
func (e *editor) Suspect([]byte) bool { return true }

// Visit implements codec.Visitor.
func (e *editor) Visit(f *codec.Field) ([]codec.Splice, bool, error) {
	at := e.find(f)
	if at < 0 {
		if e.whole && e.within(f.Path) {
			return nil, false, nil
		}
		return e.visitor.Visit(f)
	}
	e.skip(at)
	e.next = at + 1
	edits, remove, err := e.visitor.Visit(f)
	if err != nil || remove {
		return edits, remove, err
	}
	return e.joined(edits, f.Value, &e.pieces[at])
}

// find returns which of the pieces from the next on the field is, -1 if none.
func (e *editor) find(f *codec.Field) int {
	if f.Kind != codec.Text && f.Kind != codec.String {
		return -1
	}
	id := fieldID(f.Path, f.Value)
	for i := e.next; i < len(e.pieces); i++ {
		if e.pieces[i].id == id {
			return i
		}
	}
	return -1
}

// within reports whether path leads into a string that has to be edited.
func (e *editor) within(path []byte) bool {
	for i := range e.pieces {
		p := &e.pieces[i]
		if len(path) > len(p.lane.path) && bytes.HasPrefix(path, p.lane.path) && p.edited() {
			return true
		}
	}
	return false
}

// joined returns edits, those of what is found in a piece by itself, with those of what is
// found in its lane. Of a finding that lies in several pieces, what is put in its place goes
// into the first of them.
func (e *editor) joined(edits []codec.Splice, text []byte, p *piece) ([]codec.Splice, bool, error) {
	l := p.lane
	var fresh []codec.Splice
	alone, err := e.set.Find(e.sc, nil, redact.Field{Value: text})
	if err != nil {
		return nil, false, err
	}
	for _, fd := range l.found {
		from, to := fd.Start+l.base, fd.End+l.base
		start, end := max(from, p.from), min(to, p.to)
		if start >= end {
			continue
		}
		if start == from && end == to && found(alone, start-p.from, end-p.from) {
			l.masked, l.noted = to, max(l.noted, to)
			continue // the record by itself says what becomes of it
		}
		value := l.text[fd.Start:fd.End]
		s := codec.Splice{Start: start - p.from, End: end - p.from}
		if start == from || l.masked < start {
			s.Text, _ = e.set.AppendReplacement(nil, fd, value)
		}
		if e.annotate {
			s.Note = fd.Rule.ID
		}
		if from >= l.noted {
			e.note(fd, l.path, value, 0)
		}
		l.masked, l.noted = end, max(l.noted, to)
		fresh = append(fresh, s)
	}
	return join(edits, fresh), false, nil
}

// found reports whether one of list overlaps [start, end).
func found(list []redact.Finding, start, end int) bool {
	for _, fd := range list {
		if fd.Start < end && fd.End > start {
			return true
		}
	}
	return false
}
