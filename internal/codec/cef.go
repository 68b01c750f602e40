package codec

import (
	"bytes"
	"slices"
)

func init() { Register(cefCodec{}) }

// cefCodec is lines of the Common Event Format (ArcSight, "Implementing CEF"), each
// maybe behind the header of syslog, which is visited as text. Of the header of an
// event its name is visited, and the extension's pairs under their names; a custom
// field such as cs1 under what cs1Label says. Vendor, product, version, class and
// severity are left alone. A line without an event is walked like NDJSON.
type cefCodec struct{}

func (cefCodec) Name() string           { return "cef" }
func (cefCodec) MediaTypes() []string   { return []string{"application/cef", "text/cef"} }
func (cefCodec) Opaque(src []byte) bool { return bytes.IndexByte(src, '\\') >= 0 }
func (cefCodec) Streams() bool          { return true }

func (cefCodec) sifts() {}

func (cefCodec) NewWalker() Walker {
	return &eventLines{find: func(line []byte) int { return bytes.Index(line, []byte("CEF:")) }}
}

var (
	cefHeader = slashed{special: `|\`}
	cefValue  = slashed{special: `=\`, breaks: true}
)

// cef walks text, which lies at offset base, if it is an event in CEF.
func (w *eventWalker) cef(dst []Splice, text []byte, base int, v Visitor) (out []Splice, ok bool, err error) {
	var bars [7]int
	if !bytes.HasPrefix(text, []byte("CEF:")) || !pipes(text, 0, &bars, len(bars), true) {
		return dst, false, nil
	}
	if name := text[bars[4]+1 : bars[5]]; len(name) > 0 {
		doc := &w.line.doc
		doc.field = Field{Key: []byte("name"), Path: []byte("name"), Kind: String}
		mark := len(dst)
		var remove bool
		dst, remove, err = doc.visit(dst, v, &doc.field, name, base+bars[4]+1, cefHeader)
		if err != nil {
			return dst, true, err
		}
		if remove {
			dst = erase(dst[:mark], base+bars[4]+1, base+bars[5])
		}
	}
	w.cefPairs(text, bars[6]+1)
	label := func(p *pair) []byte { return w.cefLabel(text, p) }
	rest, end := bars[6]+1, len(text)
	if len(w.pairs) > 0 {
		end = max(rest, w.pairs[0].key-1) // without the space
	}
	if dst, err = w.line.text(dst, text[rest:end], base+rest, v); err != nil {
		return dst, true, err
	}
	dst, err = w.attributes(dst, text, base, cefValue, label, v)
	return dst, true, err
}

// cefPairs reads the extension from offset at on. A value ends where the space before
// the next name begins.
func (w *eventWalker) cefPairs(text []byte, at int) {
	w.pairs = w.pairs[:0]
	from := at // no name begins before
	for i := at; i < len(text); i++ {
		if text[i] == '\\' {
			i++
			continue
		}
		if text[i] != '=' {
			continue
		}
		key := i
		for key > from && isCEFName(text[key-1]) {
			key--
		}
		if key == i || key > at && text[key-1] != ' ' {
			continue // a = that should have been escaped
		}
		if n := len(w.pairs); n > 0 {
			last := &w.pairs[n-1]
			last.valEnd = max(last.val, key-1)
			last.end = last.valEnd
		}
		w.pairs = append(w.pairs, pair{key: key, keyEnd: i, val: i + 1, valEnd: len(text), end: len(text)})
		from = i + 1
	}
}

// isCEFName reports whether c can stand in the name of a pair.
func isCEFName(c byte) bool {
	return isWordByte(c) || c == '_' || c == '.' || c == '-' || c == '[' || c == ']' || c == ':'
}

// cefLabel returns what the value of p stands under: the label of a custom field, if
// the event has one, else its name.
func (w *eventWalker) cefLabel(text []byte, p *pair) []byte {
	name := text[p.key:p.keyEnd]
	i := slices.IndexFunc(w.pairs, func(q pair) bool {
		label, ok := bytes.CutSuffix(text[q.key:q.keyEnd], []byte("Label"))
		return ok && bytes.Equal(label, name)
	})
	if i < 0 || w.pairs[i].val == w.pairs[i].valEnd {
		return name
	}
	return text[w.pairs[i].val:w.pairs[i].valEnd]
}
