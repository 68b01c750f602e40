package neutral

import (
	"bytes"
	"encoding/xml"
	"io"
)

// xml reads a body that is an XML document. Done is false where it is none.
func (n *neutraliser) xml(text []byte) (done bool, err error) {
	x := xmlReader{n: n, src: text, names: map[string]bool{}}
	err = x.tokens(func(_, _ int, tok xml.Token) error {
		if e, ok := tok.(xml.StartElement); ok {
			x.names[fold(e.Name.Local)] = true
		}
		return nil
	})
	if err != nil || len(x.names) == 0 {
		return false, nil
	}
	if err := x.tokens(x.token); err != nil {
		return true, err
	}
	switch {
	case len(x.edits) == 0:
	case !x.left:
		n.res.Whole = true
	default:
		n.res.Text = apply(text, x.edits)
	}
	return true, nil
}

// xmlReader gathers the edits of a document, in order.
type xmlReader struct {
	n     *neutraliser
	src   []byte
	names map[string]bool // of all elements, folded
	edits []edit
	left  bool // text stays

	depth int
	goes  *rule // that takes an element out
	from  int   // where that element begins
	level int   // depth of that element
	says  []byte
}

// tokens calls take for each token of the document, with the bytes that it has.
func (x *xmlReader) tokens(take func(start, end int, tok xml.Token) error) error {
	dec := xml.NewDecoder(bytes.NewReader(x.src))
	dec.Strict = false
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil } // it is UTF-8 by now
	for {
		start := int(dec.InputOffset())
		tok, err := dec.RawToken()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := take(start, int(dec.InputOffset()), tok); err != nil {
			return err
		}
	}
}

func (x *xmlReader) token(start, end int, tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		x.depth++
		if x.goes == nil {
			if x.goes = x.takes(tok.Name.Local); x.goes != nil {
				x.from, x.level, x.says = start, x.depth, x.says[:0]
			} else if len(tok.Attr) > 0 {
				return x.inside(start, end)
			}
		}
	case xml.EndElement:
		if x.goes != nil && x.depth == x.level {
			x.edits = append(x.edits, edit{start: x.from, end: end})
			x.n.note(x.goes, x.says)
			x.goes = nil
			if _, _, err := x.n.find(x.says); err != nil { // for what it tells
				return err
			}
		}
		x.depth--
	case xml.CharData:
		if x.goes != nil {
			x.says = append(append(x.says, tok...), '\n')
			return nil
		}
		x.left = x.left || !blank(tok)
		out, changed, err := x.n.words(tok)
		if changed {
			var b bytes.Buffer
			_ = xml.EscapeText(&b, out) // a buffer takes all
			x.edits = append(x.edits, edit{start, end, b.String()})
		}
		return err
	case xml.Comment:
		if x.goes != nil {
			return nil
		}
		found, _, err := x.n.find(tok)
		if len(found) > 0 {
			x.edits = append(x.edits, edit{start: start, end: end})
		}
		return err
	}
	return nil
}

// inside edits the attributes of a tag.
func (x *xmlReader) inside(start, end int) error {
	found, _, err := x.n.find(x.src[start:end])
	for _, e := range found {
		x.edits = append(x.edits, edit{start + e.start, start + e.end, e.instead})
	}
	return err
}

// takes returns the rule by which an element goes, nil for none.
func (x *xmlReader) takes(name string) *rule {
	for _, r := range x.n.set.members[fold(name)] {
		beside := len(r.beside) == 0
		for _, b := range r.beside {
			beside = beside || x.names[b]
		}
		if beside && r.value == nil && r.OnStatus(x.n.status) {
			return r
		}
	}
	return nil
}
