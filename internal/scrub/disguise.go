package scrub

import (
	"bytes"
	"slices"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/disguise"
	"github.com/redactd/redactd/redact"
)

// maxDisguises is how many encodings of one another text is looked for in.
const maxDisguises = 3

// How many bytes are decoded for one value: this, and a multiple of its length. What
// is encoded beyond that is left as it is, so that crafted text can't take the time of
// all other; the last stretch may exceed it.
const (
	decodedAtLeast = 64 << 10
	decodedTimes   = 8
)

// layer is the working memory for what is decoded at one depth.
type layer struct {
	text  []byte
	edits []codec.Splice
	found []redact.Finding
}

func (l *layer) wipe() {
	l.text = wiped(l.text)
	clear(l.edits[:cap(l.edits)])
	clear(l.found[:cap(l.found)])
	l.edits, l.found = l.edits[:0], l.found[:0]
}

// unmask is the search for disguises in one value.
type unmask struct {
	v     *visitor
	field *codec.Field
	// line is the line that the value begins on, 0 where lines are not counted.
	line int
	left int // how many bytes more may be decoded
	// remove is set when an action wants the whole field gone.
	remove bool
	names  [maxDisguises]string // of the encodings that are undone
}

// between appends to edits, which are those of the findings in text, those of what is
// encoded before, between and behind them, and returns them in order.
func (u *unmask) between(edits []codec.Splice, text []byte, depth int) ([]codec.Splice, error) {
	own := len(edits)
	at := 0
	for i := 0; i <= own; i++ {
		end := len(text)
		if i < own {
			end = edits[i].Start
		}
		var err error
		if edits, err = u.gap(edits, text, at, end, depth); err != nil {
			return edits, err
		}
		if i < own {
			at = edits[i].End
		}
	}
	if len(edits) > own {
		slices.SortFunc(edits, func(a, b codec.Splice) int { return a.Start - b.Start })
	}
	return edits, nil
}

// gap appends to edits those of what is encoded in text[from:to].
func (u *unmask) gap(edits []codec.Splice, text []byte, from, to, depth int) ([]codec.Splice, error) {
	if !disguise.Hides(text[from:to]) {
		return edits, nil
	}
	first := len(edits)
	for _, e := range disguise.All() {
		for at := from; ; {
			start, end := e.Next(text[:to], at)
			if start < 0 || u.left <= 0 {
				break
			}
			at = end
			mark := len(edits)
			var err error
			if edits, err = u.stretch(edits, first, e, text[start:end], start, depth); err != nil {
				return edits[:mark], err
			}
			if u.line > 0 && depth == 0 && len(edits) > mark {
				u.count(text, edits[mark].Start)
			}
		}
	}
	return edits, nil
}

// count gives the hits that have no line yet the one that text[at] is on.
func (u *unmask) count(text []byte, at int) {
	n := u.line + bytes.Count(text[:at], []byte("\n"))
	for i := len(u.v.hits) - 1; i >= 0 && u.v.hits[i].Line == 0; i-- {
		u.v.hits[i].Line = n
	}
}

// stretch appends to edits those of a stretch that lies at offset base, unless they
// overlap one of edits[first:].
func (u *unmask) stretch(edits []codec.Splice, first int, e disguise.Encoding, stretch []byte, base, depth int) ([]codec.Splice, error) {
	l := &u.v.layers[depth]
	var ok bool
	l.text, ok = e.Decode(l.text[:0], stretch)
	u.left -= max(len(l.text), len(stretch))
	if !ok {
		return edits, nil
	}
	u.names[depth] = e.Name()
	hits := len(u.v.hits)
	inner, err := u.search(l, depth)
	if err != nil || len(inner) == 0 {
		return edits, err
	}
	mark := len(edits)
	edits, u.v.texts = e.Encode(edits, u.v.texts, inner, l.text, stretch, base)
	for i := mark; i < len(edits); i++ {
		edits[i].Note = inner[0].Note // those that are written anew stand for all
	}
	kept := edits[:mark]
	for _, s := range edits[mark:] {
		if !overlaps(edits[first:mark], s) {
			kept = append(kept, s)
		}
	}
	if len(kept) == mark {
		u.v.hits = u.v.hits[:hits] // found before, in fewer steps
	}
	return kept, nil
}

func overlaps(edits []codec.Splice, s codec.Splice) bool {
	for _, o := range edits {
		if s.Start < o.End && o.Start < s.End {
			return true
		}
	}
	return false
}

// search returns the edits of the text of l, which is as it was depth+1 encodings ago.
func (u *unmask) search(l *layer, depth int) (edits []codec.Splice, err error) {
	v := u.v
	l.edits = l.edits[:0]
	field := redact.Field{Path: u.field.Path, Value: l.text}
	if v.tell != nil {
		v.tell(u.path(depth), field)
	}
	l.found, err = v.set.Find(v.sc, l.found[:0], field)
	if err != nil {
		return nil, err
	}
	for _, fd := range l.found {
		l.edits = append(l.edits, v.edit(fd, l.text, &u.remove))
		v.note(fd, u.path(depth), l.text[fd.Start:fd.End], 0)
	}
	if depth+1 < maxDisguises {
		l.edits, err = u.between(l.edits, l.text, depth+1)
	}
	return l.edits, err
}

// path returns the path of what is found at depth: "msg|percent|base64".
func (u *unmask) path(depth int) []byte {
	path := append([]byte(nil), u.field.Path...)
	for _, name := range u.names[:depth+1] {
		path = append(append(path, '|'), name...)
	}
	return path
}

// unmask appends to edits, those of the findings in f.Value, those of what is encoded
// in it. With remove, an action wants the field gone.
func (v *visitor) unmask(edits []codec.Splice, f *codec.Field, line int) (_ []codec.Splice, remove bool, err error) {
	u := unmask{v: v, field: f, line: line, left: decodedAtLeast + decodedTimes*len(f.Value)}
	edits, err = u.between(edits, f.Value, 0)
	return edits, u.remove, err
}
