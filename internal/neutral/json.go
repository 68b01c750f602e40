package neutral

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/redactd/redactd/redact"
)

// node is a value of a JSON document: where it stands, and what is in it.
type node struct {
	start, end int
	kind       json.Delim // '{', '[' or 0 for a scalar
	text       string     // of a string or a number
	number     bool
	isString   bool
	members    []member // of an object, or elements of an array, which have no name
}

// member is a member of an object: from its name on.
type member struct {
	start int
	name  string
	value node
}

func looksJSON(text []byte) bool {
	text = bytes.TrimSpace(text)
	return len(text) > 1 && (text[0] == '{' || text[0] == '[') && json.Valid(text)
}

// parseJSON reads one document, with nothing but white space behind it. The error is
// redact.ErrGaveUp where it has too many values.
func parseJSON(src []byte) (root node, ok bool, err error) {
	if !json.Valid(src) {
		return node{}, false, nil
	}
	p := &jsonParser{src: src, dec: json.NewDecoder(bytes.NewReader(src))}
	p.dec.UseNumber()
	root = p.value()
	if p.nodes > maxNodes {
		return node{}, false, redact.ErrGaveUp
	}
	_, err = p.dec.Token()
	return root, !p.failed && err == io.EOF, nil
}

type jsonParser struct {
	src    []byte
	dec    *json.Decoder
	nodes  int
	failed bool
}

// value reads the next value.
func (p *jsonParser) value() node {
	start := p.start()
	tok, err := p.dec.Token()
	if p.nodes++; err != nil || p.nodes > maxNodes {
		p.failed = true
		return node{}
	}
	n := node{start: start}
	switch tok := tok.(type) {
	case json.Delim:
		n.kind = tok
		for !p.failed && p.dec.More() {
			m := member{start: p.start()}
			if tok == '{' {
				name, err := p.dec.Token()
				m.name, _ = name.(string)
				p.failed = p.failed || err != nil
			}
			m.value = p.value()
			n.members = append(n.members, m)
		}
		if _, err := p.dec.Token(); err != nil {
			p.failed = true
		}
	case string:
		n.text, n.isString = tok, true
	case json.Number:
		n.text, n.number = string(tok), true
	}
	n.end = int(p.dec.InputOffset())
	return n
}

// start returns where the next token begins.
func (p *jsonParser) start() int {
	at := int(p.dec.InputOffset())
	for at < len(p.src) && bytes.IndexByte([]byte(" \t\r\n,:"), p.src[at]) >= 0 {
		at++
	}
	return at
}

// json reads a body that is a JSON document. Done is false where it is none.
func (n *neutraliser) json(text []byte) (done bool, err error) {
	root, ok, err := parseJSON(text)
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
	does := make([]effect, len(v.members))
	for _, beside := range []bool{false, true} {
		for i := range v.members {
			if does[i] != nothing {
				continue
			}
			var err error
			if does[i], err = w.discloses(v, i, does, beside); err != nil {
				return err
			}
		}
	}
	kept := false
	for i := range v.members {
		m := &v.members[i]
		switch {
		case does[i].gone():
			w.drop(v, i, kept)
			continue
		case does[i] != nothing:
			w.left++
			w.put(&m.value, []byte(does[i].Instead))
		default:
			if err := w.value(&m.value); err != nil {
				return err
			}
		}
		kept = true
	}
	return nil
}

// effect is the rule by which a member goes, or loses its value.
type effect struct{ *rule }

var nothing effect

func (e effect) gone() bool { return e != nothing && e.Instead == "" }

// discloses returns what becomes of member i of an object, and notes it. Of several rules
// the first one counts. Those that ask for a name beside it are tried with beside, when it
// is known what becomes of the others: a name that rules know too stands beside only where
// they take its value for what they look for. A trace beside is none if it is an id.
func (w *jsonWriter) discloses(object *node, i int, does []effect, beside bool) (e effect, err error) {
	m := &object.members[i]
	if m.value.kind == 0 && !m.value.isString && !(m.value.number && beside) {
		return nothing, nil
	}
	var text []byte
	for _, r := range w.n.set.members[fold(m.name)] {
		if !r.OnStatus(w.n.status) || beside != (len(r.beside) > 0) || beside && !w.stands(object, does, r.beside) {
			continue
		}
		if text == nil {
			text = m.value.lines(nil, "")
		}
		if fits, err := w.n.matches(r.value, text); err != nil || !fits {
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
	if e != nothing {
		_, _, err = w.n.find(text) // for what it tells
	}
	return e, err
}

// stands reports whether one of names stands in an object for what it says.
func (w *jsonWriter) stands(object *node, does []effect, names []string) bool {
	for i := range object.members {
		name := fold(object.members[i].name)
		if slices.Contains(names, name) && (does[i] != nothing || !w.n.set.named(name)) {
			return true
		}
	}
	return false
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
	if looksJSON(inner) {
		root, ok, err := parseJSON(inner)
		if err != nil {
			return err
		}
		sub := jsonWriter{n: w.n, depth: w.depth + 1}
		if ok && sub.depth < maxNested {
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

// maxNested is how deep documents in strings are read as such.
const maxNested = 4

func (w *jsonWriter) put(v *node, text []byte) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(string(text)) // a string can be written
	w.edits = append(w.edits, edit{v.start, v.end, string(bytes.TrimSuffix(b.Bytes(), newline))})
}
