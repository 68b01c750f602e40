package scrub

import (
	"bytes"
	"slices"
	"sort"

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
	hits  int            // which of the hits is that of found[0]
	fresh []codec.Splice // of one encoding in the text around
	probe []codec.Splice
}

func (l *layer) wipe() {
	l.text = wiped(l.text)
	clear(l.edits[:cap(l.edits)])
	clear(l.found[:cap(l.found)])
	clear(l.fresh[:cap(l.fresh)])
	clear(l.probe[:cap(l.probe)])
	l.edits, l.found, l.fresh, l.probe = l.edits[:0], l.found[:0], l.fresh[:0], l.probe[:0]
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
	whole  [maxDisguises]bool   // nothing stands beside what was undone
}

// within returns edits, those of the findings in text, joined with those of what is
// encoded in it, in order. A stretch that a finding covers is not decoded. One that a
// finding is a part of is: what was found may be a part of what is there once the
// escapes are undone. Of what two encodings bring to light the first counts.
func (u *unmask) within(edits []codec.Splice, text []byte, depth int) ([]codec.Splice, error) {
	if !disguise.Stands(text) {
		return edits, nil
	}
	var done []codec.Splice
	for _, e := range disguise.All() {
		fresh := u.v.layers[depth].fresh[:0]
		for at := 0; u.left > 0; {
			start, end := e.Next(text, at)
			if start < 0 {
				break
			}
			at = end
			near := overlapping(edits, start, end)
			if len(near) > 0 && near[0].Start <= start && near[0].End >= end && !disguise.Spreads(e, text[start:end]) {
				continue
			}
			mark, hits := len(fresh), len(u.v.hits)
			var err error
			if fresh, err = u.stretch(fresh, near, e, text, start, end, depth); err != nil {
				return edits, err
			}
			if fresh = unclaimed(fresh, mark, done); len(fresh) == mark {
				u.v.hits = u.v.hits[:hits]
				continue
			}
			if u.line > 0 && depth == 0 {
				u.count(text, fresh[mark].Start)
			}
		}
		u.v.layers[depth].fresh = fresh
		done = join(done, fresh)
	}
	return join(edits, done), nil
}

// unclaimed drops those of fresh[from:] that one of done covers.
func unclaimed(fresh []codec.Splice, from int, done []codec.Splice) []codec.Splice {
	kept := fresh[:from]
	for _, s := range fresh[from:] {
		by := overlapping(done, s.Start, s.End)
		if len(by) != 1 || by[0].Start > s.Start || by[0].End < s.End {
			kept = append(kept, s)
		}
	}
	return kept
}

// overlapping returns those of edits, which are in order, that overlap [start, end).
func overlapping(edits []codec.Splice, start, end int) []codec.Splice {
	i := sort.Search(len(edits), func(i int) bool { return edits[i].End > start })
	j := i + sort.Search(len(edits)-i, func(j int) bool { return edits[i+j].Start >= end })
	return edits[i:j]
}

// join returns both lists as one in order. Where two overlap, one takes all that either
// does: the first to begin, since what is put in its place stands alone. Of edits, those
// that are empty have given way.
func join(edits, fresh []codec.Splice) []codec.Splice {
	if len(fresh) == 0 {
		return edits
	}
	all := make([]codec.Splice, 0, len(edits)+len(fresh))
	add := func(s codec.Splice) {
		if n := len(all); n > 0 && all[n-1].End > s.Start {
			all[n-1].End = max(all[n-1].End, s.End)
			return
		}
		all = append(all, s)
	}
	i := 0
	for _, s := range fresh {
		for ; i < len(edits) && edits[i].Start < s.Start; i++ {
			if edits[i].Start < edits[i].End {
				add(edits[i])
			}
		}
		add(s)
	}
	for _, s := range edits[i:] {
		if s.Start < s.End {
			add(s)
		}
	}
	return all
}

// count gives the hits that have no line yet the one that text[at] is on.
func (u *unmask) count(text []byte, at int) {
	n := u.line + bytes.Count(text[:at], []byte("\n"))
	for i := len(u.v.hits) - 1; i >= 0 && u.v.hits[i].Line == 0; i-- {
		u.v.hits[i].Line = n
	}
}

// stretch appends to fresh the edits of text[start:end], which looks encoded; near are
// those of findings in it as it is. What these cover is not found again.
func (u *unmask) stretch(fresh, near []codec.Splice, e disguise.Encoding, text []byte, start, end, depth int) ([]codec.Splice, error) {
	stretch := text[start:end]
	l := &u.v.layers[depth]
	var ok bool
	l.text, ok = e.Decode(l.text[:0], stretch)
	u.left -= max(len(l.text), len(stretch))
	if !ok {
		return fresh, nil
	}
	for i := range near {
		o := &near[i]
		if from, to := disguise.Whole(e, stretch, o.Start-start, o.End-start); from < to {
			o.Start, o.End = from+start, to+start
		} else {
			o.End, o.Text = o.Start, misread
		}
	}
	u.names[depth] = e.Name()
	inner, err := u.search(l, len(bytes.TrimSpace(text)) <= len(stretch), disguise.IsShort(stretch), depth)
	if err != nil || len(inner) == 0 {
		return fresh, err
	}
	if len(near) > 0 {
		if inner = u.unseen(l, inner, near, e, stretch, start); len(inner) == 0 {
			return fresh, nil
		}
	}
	mark := len(fresh)
	fresh, u.v.texts = e.Encode(fresh, u.v.texts, inner, l.text, stretch, start)
	for i := mark; i < len(fresh); i++ {
		fresh[i].Note = inner[0].Note // those that are written anew stand for all
	}
	if len(near) > 0 && disguise.Spreads(e, stretch) {
		for i := range l.found {
			u.v.hits[l.hits+i].gone = true // it was noted as one with all that is between
		}
	}
	if len(near) > 0 && len(fresh) > mark && disguise.IsBlock(e) {
		// What was found in it as it is was so by chance, or is only a part.
		for i := range fresh[mark:] {
			fresh[mark+i].Start -= start
			fresh[mark+i].End -= start
		}
		at := len(u.v.texts)
		u.v.texts = codec.Apply(u.v.texts, stretch, fresh[mark:])
		fresh = append(fresh[:mark], codec.Splice{Start: start, End: end, Text: u.v.texts[at:len(u.v.texts):len(u.v.texts)], Note: inner[0].Note})
	}
	return fresh, nil
}

// unseen returns those of inner, the edits of l.text, that near does not have, and
// takes back the hits of the others: they were noted. One of near that is a
// little longer than what is there once decoded, since it took escapes that belong to
// what follows, gives way.
func (u *unmask) unseen(l *layer, inner, near []codec.Splice, e disguise.Encoding, stretch []byte, base int) []codec.Splice {
	if disguise.IsBlock(e) {
		return inner
	}
	kept, own := inner[:0], 0
	for _, s := range inner {
		for own < len(l.found) && l.found[own].End < s.End {
			own++
		}
		direct := own < len(l.found) && l.found[own].End == s.End && l.found[own].Start-s.Start <= 1
		by := u.covering(l, s, near, e, stretch, base)
		if by != nil && direct {
			u.v.hits[l.hits+own].gone = true
		}
		if by == nil || by.Start == by.End {
			kept = append(kept, s)
		}
	}
	return kept
}

// maxMisread is the length in bytes of the longest escape that a finding in text as it
// is may begin with by mistake.
const maxMisread = 6

// escapes are what escapes begin with, but for the + of forms, which is as often itself.
var escapes = []byte("%&=\\#\x1b")

// covering returns the one of near that takes all that s, an edit of l.text, does. It
// is made empty if s is to stand for it.
func (u *unmask) covering(l *layer, s codec.Splice, near []codec.Splice, e disguise.Encoding, stretch []byte, base int) *codec.Splice {
	texts := len(u.v.texts)
	l.probe, u.v.texts = e.Encode(l.probe[:0], u.v.texts, []codec.Splice{s}, l.text, stretch, base)
	u.v.texts = u.v.texts[:texts]
	if len(l.probe) == 0 {
		return nil
	}
	start, end := l.probe[0].Start, l.probe[len(l.probe)-1].End
	o := overlapping(near, start, end)
	if len(o) != 1 || o[0].Start > start || o[0].End < end {
		return nil
	}
	by := &o[0]
	cut := end < min(by.End, base+len(stretch)) && bytes.IndexByte(escapes, stretch[end-base]) >= 0
	if length := by.End - by.Start; (cut || end == by.End && start > by.Start) && start-by.Start <= maxMisread && 2*(end-start) >= length {
		by.End, by.Text = by.Start, nil
	}
	return by
}

// search returns the edits of the text of l, which is as it was depth+1 encodings ago.
// whole says that it is all that stands in the field; named, that it is too short to be
// told from an id but by the name that it stands under.
func (u *unmask) search(l *layer, whole, named bool, depth int) (edits []codec.Splice, err error) {
	v := u.v
	l.edits = l.edits[:0]
	f := redact.Field{Path: u.field.Path, Value: l.text}
	if u.whole[depth] = whole && (depth == 0 || u.whole[depth-1]); u.whole[depth] {
		f.Key = u.field.Key
	}
	if v.tell != nil {
		v.tell(u.path(depth), f)
	}
	l.found = l.found[:0]
	if named && !v.set.Suspect(v.sc, f.Key) {
		return nil, nil
	}
	if l.found, err = v.set.Find(v.sc, l.found, f); err != nil {
		return nil, err
	}
	l.hits = len(v.hits)
	for _, fd := range l.found {
		l.edits = append(l.edits, v.edit(fd, l.text, &u.remove))
		v.note(fd, u.path(depth), l.text[fd.Start:fd.End], 0)
	}
	if depth+1 < maxDisguises && !named {
		own := l.edits
		l.edits, err = u.within(own, l.text, depth+1)
		v.takeBack(own, l.hits)
	}
	return l.edits, err
}

// misread is the text of an edit that was taken back: it stood in the middle of an
// escape, and is no part of what this stands for.
var misread = []byte("?")[:0]

// takeBack marks the hits, from hits on, of those of own that were taken back.
func (v *visitor) takeBack(own []codec.Splice, hits int) {
	for i, s := range own {
		if s.Text != nil && s.Start == s.End {
			v.hits[hits+i].gone = true
		}
	}
}

// path returns the path of what is found at depth: "msg|percent|base64".
func (u *unmask) path(depth int) []byte {
	path := append([]byte(nil), u.field.Path...)
	for _, name := range u.names[:depth+1] {
		path = append(append(path, '|'), name...)
	}
	return path
}

// unmask joins edits, those of the findings in f.Value, with those of what is encoded
// in it. With remove, an action wants the field gone.
func (v *visitor) unmask(edits []codec.Splice, f *codec.Field, line int) (_ []codec.Splice, remove bool, err error) {
	u := unmask{v: v, field: f, line: line, left: decodedAtLeast + decodedTimes*len(f.Value)}
	own, hits := edits, len(v.hits)
	if line == 0 {
		hits -= len(own) // noted by Visit
	}
	edits, err = u.within(edits, f.Value, 0)
	if line == 0 {
		v.takeBack(own, hits)
	}
	kept := slices.DeleteFunc(v.hits[hits:], func(h Hit) bool { return h.gone })
	v.hits = v.hits[:hits+len(kept)]
	return edits, u.remove, err
}
