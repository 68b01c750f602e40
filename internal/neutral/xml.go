package neutral

import (
	"bytes"
	"encoding/xml"
	"errors"
	"html"
	"io"
	"slices"

	"github.com/redactd/redactd/redact"
)

// xml reads a body that is an XML document. Done is false where it is none.
func (n *neutraliser) xml(text []byte) (done bool, err error) {
	x := xmlReader{n: n, src: text, names: map[string]bool{}, says: map[int][2]int{}}
	if err := x.tokens(x.look); errors.Is(err, redact.ErrGaveUp) {
		return true, err
	} else if err != nil || len(x.names) == 0 {
		return false, nil
	}
	if err := x.tokens(x.token); err != nil {
		return true, err
	}
	switch {
	case x.goes != nil: // to the end, where it is not closed
		n.res.Whole = true
	case len(x.edits) == 0:
	case !x.left:
		n.res.Whole = true
	default:
		n.res.Text = apply(text, x.edits)
	}
	return true, nil
}

// xmlReader gathers the edits of a document, in order. It reads it twice: what an element
// says, and what stands beside it, is known only behind it.
type xmlReader struct {
	n     *neutraliser
	src   []byte
	names map[string]bool // of all elements, folded: whether they say what rules look for
	words []byte          // what the elements say, one a line, each behind its name
	says  map[int][2]int  // the part of words that is of the element that begins there
	open  []xmlElement
	edits []edit
	left  bool // text stays

	elements int

	depth int
	goes  *rule // that takes an element out, or what is in it
	from  int   // where that begins
	level int   // depth of that element
}

type xmlElement struct {
	name        string
	start, says int
}

// look notes what an element says.
func (x *xmlReader) look(start, _ int, tok xml.Token) error {
	switch tok := tok.(type) {
	case xml.StartElement:
		if x.elements++; x.elements > maxNodes {
			return redact.ErrGaveUp
		}
		x.open = append(x.open, xmlElement{tok.Name.Local, start, len(x.words)})
	case xml.CharData:
		if len(x.open) > 0 && !blank(tok) {
			x.words = append(append(append(append(x.words, x.open[len(x.open)-1].name...), ": "...), tok...), '\n')
		}
	case xml.EndElement:
		if last := len(x.open) - 1; last >= 0 {
			e := x.open[last]
			x.says[e.start] = [2]int{e.says, len(x.words)}
			x.open = x.open[:last]
			name := fold(e.name)
			x.names[name] = x.names[name] || !x.n.set.named(name) || slices.ContainsFunc(x.n.set.members[name], func(r *rule) bool {
				return len(r.beside) == 0 && x.fits(r, e.name, e.start)
			})
		}
	}
	return nil
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
		if x.goes != nil {
			return nil
		}
		var err error
		if x.goes, err = x.takes(tok.Name.Local, start); x.goes != nil {
			x.from, x.level = start, x.depth
			if x.goes.Instead != "" {
				x.from, x.left = end, true
			}
		} else if err == nil && len(tok.Attr) > 0 {
			err = x.inside(start, end)
		}
		return err
	case xml.EndElement:
		if x.goes != nil && x.depth == x.level {
			e := edit{x.from, end, x.goes.Instead}
			if e.instead != "" {
				e.end, e.instead = max(start, x.from), escapeXML(e.instead)
			}
			x.edits = append(x.edits, e)
			x.goes = nil
		}
		x.depth--
	case xml.CharData:
		if x.goes != nil {
			return nil
		}
		x.left = x.left || !blank(tok)
		out, changed, err := x.n.words(tok)
		if changed {
			x.edits = append(x.edits, edit{start, end, escapeXML(string(out))})
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

// inside edits the values of the attributes of a tag.
func (x *xmlReader) inside(start, end int) error {
	for at := start; ; {
		i := bytes.IndexByte(x.src[at:end], '=')
		if i < 0 {
			return nil
		}
		at += i + 1
		for at < end && bytes.IndexByte([]byte(" \t\r\n"), x.src[at]) >= 0 {
			at++
		}
		if at == end || x.src[at] != '"' && x.src[at] != '\'' {
			continue // a value without quotes, which is not XML
		}
		quote := x.src[at]
		n := bytes.IndexByte(x.src[at+1:end], quote)
		if n < 0 {
			return nil
		}
		value := x.src[at+1 : at+1+n]
		out, changed, err := x.n.words([]byte(html.UnescapeString(string(value))))
		if err != nil {
			return err
		}
		if changed {
			x.edits = append(x.edits, edit{at + 1, at + 1 + n, escapeXML(string(out))})
		}
		at += n + 2
	}
}

// takes returns the rule by which the element that begins at start goes, or what is in it,
// nil for none, and notes it.
func (x *xmlReader) takes(name string, start int) (takes *rule, err error) {
	for _, r := range x.n.set.members[fold(name)] {
		beside := len(r.beside) == 0 || slices.ContainsFunc(r.beside, func(b string) bool { return x.names[b] })
		if !beside || !x.fits(r, name, start) {
			continue
		}
		if fits, err := x.n.matches(r.within, x.words); err != nil || !fits {
			if err != nil {
				return nil, err
			}
			continue
		}
		text := x.text(name, start)
		x.n.note(r, text)
		if takes == nil {
			takes = r
			if _, _, err = x.n.find(text); err != nil { // for what it tells
				return nil, err
			}
		}
	}
	return takes, nil
}

// text returns what the element says that begins at start.
func (x *xmlReader) text(name string, start int) []byte {
	says := x.says[start]
	return bytes.TrimPrefix(x.words[says[0]:says[1]], []byte(name+": "))
}

// fits reports whether an element is what a rule looks for, whatever stands beside it.
func (x *xmlReader) fits(r *rule, name string, start int) bool {
	text := x.text(name, start)
	if !r.OnStatus(x.n.status) || len(text) == 0 {
		return false
	}
	fits, err := x.n.matches(r.value, text) // on an error, the next search fails
	return fits || err != nil
}

func escapeXML(text string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(text)) // a buffer takes all
	return b.String()
}
