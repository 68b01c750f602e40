package neutral

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
	"strings"
)

// json reads a body that is a JSON document. Done is false where it is none.
func (n *neutraliser) json(text []byte) (done bool, err error) {
	return n.jsonIn(text, len(text)-len(bytes.TrimPrefix(text, byteOrderMark)), len(text))
}

// byteOrderMark may stand before a document, though it must not (RFC 8259, 8.1).
var byteOrderMark = []byte("\ufeff")

// jsonIn reads a body that has a JSON document from start to end.
func (n *neutraliser) jsonIn(text []byte, start, end int) (done bool, err error) {
	root, ok, err := parseJSON(text[start:end])
	if !ok {
		return false, err
	}
	w := jsonWriter{n: n}
	if err := w.value(&root); err != nil {
		return true, err
	}
	if len(w.edits) == 0 {
		return true, nil
	}
	if w.left == 0 {
		n.res.Whole = true
		return true, nil
	}
	for i := range w.edits {
		w.edits[i].start += start
		w.edits[i].end += start
	}
	n.res.Text = apply(text, w.edits)
	return true, nil
}

// jsonWriter gathers the edits of a document, in order.
type jsonWriter struct {
	n     *neutraliser
	edits []edit
	left  int // values that stay, in whole or in part
	depth int // of documents in strings
}

// value reads a value.
func (w *jsonWriter) value(v *node) error {
	switch {
	case v.kind == '{':
		return w.object(v)
	case v.kind == '[':
		return w.array(v)
	case !v.isString:
		w.left++
		return nil
	}
	return w.string(v)
}

// array reads an array. Where its strings are the lines of a trace, these go: alone they
// say too little.
func (w *jsonWriter) array(v *node) error {
	gone, err := w.traced(v)
	if err != nil {
		return err
	}
	kept := false
	for i := range v.members {
		m := &v.members[i]
		if gone != nil && gone[i] {
			w.drop(v, i, kept)
			continue
		}
		kept = true
		if err := w.value(&m.value); err != nil {
			return err
		}
	}
	return nil
}

// traced reports which elements of an array of strings are lines of a trace that has more
// than one.
func (w *jsonWriter) traced(v *node) (gone []bool, err error) {
	if len(v.members) < 2 || slices.ContainsFunc(v.members, func(m member) bool { return !m.value.isString }) {
		return nil, nil
	}
	var text []byte
	ends := make([]int, len(v.members))
	for i := range v.members {
		text = append(append(text, strings.TrimSuffix(v.members[i].value.text, "\n")...), '\n')
		ends[i] = len(text)
	}
	edits, own, err := w.n.find(text)
	if err != nil || !own {
		return nil, err
	}
	line := func(at int) int { return sort.Search(len(ends), func(i int) bool { return at < ends[i] }) }
	for _, e := range edits {
		first, last := line(e.start), line(e.end-1)
		if first == last {
			continue
		}
		if gone == nil {
			gone = make([]bool, len(v.members))
		}
		for i := first; i <= min(last, len(gone)-1); i++ {
			gone[i] = true
		}
	}
	return gone, nil
}

// drop takes out member i with the comma before it or, where it is the first that stays,
// behind it.
func (w *jsonWriter) drop(v *node, i int, kept bool) {
	e := edit{start: v.members[i].start, end: v.members[i].value.end}
	if kept {
		e.start = v.members[i-1].value.end
	} else if i+1 < len(v.members) {
		e.end = v.members[i+1].start
	}
	w.edits = append(w.edits, e)
}

func (w *jsonWriter) object(v *node) error {
	does, err := w.effects(v)
	if err != nil {
		return err
	}
	kept := false
	for i := range v.members {
		m := &v.members[i]
		switch {
		case does != nil && does[i].gone():
			w.drop(v, i, kept)
			continue
		case does != nil && does[i] != nothing:
			w.left++
			w.put(&m.value, []byte(does[i].Instead))
		default:
			if err := w.name(m); err != nil {
				return err
			}
			if err := w.value(&m.value); err != nil {
				return err
			}
		}
		kept = true
	}
	return nil
}

// name reads the name of a member, as checks of health have those of hosts for names.
func (w *jsonWriter) name(m *member) error {
	if !strings.ContainsAny(m.name, "./\\:\n") {
		return nil
	}
	out, changed, err := w.n.words([]byte(m.name))
	if changed {
		w.put(&node{start: m.start, end: m.nameEnd}, out)
	}
	return err
}

// effect is the rule by which a member goes, or loses its value.
type effect struct{ *rule }

var nothing effect

func (e effect) gone() bool { return e != nothing && e.Instead == "" }

// effects returns what becomes of each member of an object, nil where no rule knows one.
// Rules that ask for a name beside a member are tried when it is known what becomes of the
// others: a name that rules know too stands beside only where they take its value for what
// they look for. A trace beside is none if it is an id.
func (w *jsonWriter) effects(object *node) (does []effect, err error) {
	known := false
	for i := range object.members {
		m := &object.members[i]
		m.folded = fold(m.name)
		m.rules = w.n.set.members[m.folded]
		known = known || m.rules != nil
	}
	if !known {
		return nil, nil
	}
	does = make([]effect, len(object.members))
	stand := map[string]bool{}
	for _, names := range []map[string]bool{nil, stand} {
		for i := range object.members {
			m := &object.members[i]
			e, err := w.discloses(object, m, names)
			if err != nil {
				return nil, err
			}
			if does[i] == nothing && e != nothing {
				does[i] = e
				if _, _, err = w.n.find(m.value.lines(nil, "")); err != nil { // for what it tells
					return nil, err
				}
			}
			if does[i] != nothing || !w.n.set.named(m.folded) {
				stand[m.folded] = true
			}
		}
	}
	return does, nil
}

// discloses returns what becomes of a member, and notes it. Of several rules the first one
// counts. With stand, the names that stand in the object, the rules are tried that ask for
// one of them; without it, the others.
func (w *jsonWriter) discloses(object *node, m *member, stand map[string]bool) (e effect, err error) {
	beside := stand != nil
	if m.value.kind == 0 && !m.value.isString && !(m.value.number && beside) {
		return nothing, nil
	}
	var text []byte
	for _, r := range m.rules {
		if !r.OnStatus(w.n.status) || beside != (len(r.beside) > 0) ||
			beside && !slices.ContainsFunc(r.beside, func(name string) bool { return stand[name] }) {
			continue
		}
		if text == nil {
			if err := w.n.spend(m.value.end - m.value.start); err != nil {
				return nothing, err
			}
			text = m.value.lines(nil, "")
		}
		if fits, err := w.n.matches(r.value, text); err != nil || !fits {
			if err != nil {
				return nothing, err
			}
			continue
		}
		if fits, err := w.within(r, object); err != nil || !fits {
			if err != nil {
				return nothing, err
			}
			continue
		}
		w.n.note(r, text)
		if e == nothing {
			e = effect{r}
		}
	}
	return e, nil
}

// within reports whether an object says what a rule asks for around its member.
func (w *jsonWriter) within(r *rule, object *node) (bool, error) {
	if r.within == nil {
		return true, nil
	}
	if err := w.n.spend(object.end - object.start); err != nil {
		return false, err
	}
	return w.n.matches(r.within, object.lines(nil, ""))
}

// named reports whether a rule knows a member by its name alone, or by its value.
func (s *Set) named(folded string) bool {
	return slices.ContainsFunc(s.members[folded], func(r *rule) bool { return len(r.beside) == 0 })
}

// lines appends the texts in a value, one a line, each behind its name.
func (v *node) lines(dst []byte, name string) []byte {
	for i := range v.members {
		if len(dst) > maxExamined {
			return dst
		}
		dst = v.members[i].value.lines(dst, v.members[i].name)
	}
	if v.kind != 0 {
		return dst
	}
	if name != "" {
		dst = append(append(dst, name...), ": "...)
	}
	return append(append(dst, v.text...), '\n')
}

// string reads a string, which may be a document itself.
func (w *jsonWriter) string(v *node) error {
	w.left++
	inner := []byte(v.text)
	if w.depth+1 < maxNested && opensJSON(inner) {
		root, ok, err := parseJSON(inner)
		if err != nil {
			return err
		}
		sub := jsonWriter{n: w.n, depth: w.depth + 1}
		if ok {
			if err := sub.value(&root); err != nil || len(sub.edits) == 0 {
				return err
			}
			w.put(v, apply(inner, sub.edits))
			return nil
		}
	}
	out, changed, err := w.n.words(inner)
	if changed {
		w.put(v, out)
	}
	return err
}

func looksJSON(text []byte) bool { return opensJSON(text) && json.Valid(text) }

// opensJSON reports whether text begins and ends as an object or array does.
func opensJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	last := len(text) - 1
	return last > 0 && (text[0] == '{' && text[last] == '}' || text[0] == '[' && text[last] == ']')
}

// maxNested is how deep documents in strings are read as such.
const maxNested = 4

func (w *jsonWriter) put(v *node, text []byte) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(string(text)) // a string can be written
	w.edits = append(w.edits, edit{v.start, v.end, string(bytes.TrimSuffix(b.Bytes(), newline))})
}
