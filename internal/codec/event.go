package codec

// eventWalker walks what a log line says: a document, CEF, LEEF or text.
type eventWalker struct {
	line   lineWalker
	params []param
	pairs  []pair
	path   []byte
}

func (w *eventWalker) reset() {
	w.line.doc.Reset()
	w.path = wiped(w.path)
}

// cookie stands before the documents of CEE.
const cookie = "@cee:"

// walk walks text, which lies at offset base.
func (w *eventWalker) walk(dst []Splice, text []byte, base int, v Visitor) ([]Splice, error) {
	if len(text) > len(cookie) && string(text[:len(cookie)]) == cookie {
		if i := skipSpace(text, len(cookie)); looksJSON(text[i:]) {
			text, base = text[i:], base+i
		}
	}
	if out, ok, err := w.cef(dst, text, base, v); ok || err != nil {
		return out, err
	}
	if out, ok, err := w.leef(dst, text, base, v); ok || err != nil {
		return out, err
	}
	if looksJSON(text) {
		if out, ok, err := w.line.json(dst, text, base, v); ok || err != nil {
			return out, err
		}
	}
	return w.line.broken(dst, text, base, v)
}

// attribute visits the pair p of a line at offset base: its name, and its value, which
// is written as e says, under key.
func (w *eventWalker) attribute(dst []Splice, line []byte, base int, p *pair, key []byte, e escaping, v Visitor) (out []Splice, remove bool, err error) {
	doc := &w.line.doc
	name := line[p.key:p.keyEnd]
	doc.field = Field{Value: name, Kind: Name}
	edits, remove, err := v.Visit(&doc.field)
	if err != nil {
		return dst, false, err
	}
	if remove {
		edits = []Splice{{End: len(name), Text: []byte("_")}}
	}
	dst = doc.put(dst, edits, name, name, base+p.key, bareKey{})
	if p.val == p.valEnd {
		return dst, false, nil
	}
	w.path = appendSegment(w.path[:0], name)
	if len(edits) > 0 {
		w.path = appendSegment(w.path[:0], Apply(nil, name, edits))
	}
	doc.field = Field{Key: key, Path: w.path, Kind: String}
	return doc.visit(dst, v, &doc.field, line[p.val:p.valEnd], base+p.val, e)
}

// attributes visits the pairs of a line at offset base, each with the separator before
// it; a pair that shall go takes a separator along. label returns the key of a pair.
func (w *eventWalker) attributes(dst []Splice, line []byte, base int, e escaping, label func(*pair) []byte, v Visitor) ([]Splice, error) {
	var list members
	for i := range w.pairs {
		p := &w.pairs[i]
		sep := p.key
		if i > 0 {
			sep = w.pairs[i-1].end
		}
		mark, before := len(dst), list
		dst = list.keep(dst, base+sep, base+p.key)
		out, remove, err := w.attribute(dst, line, base, p, label(p), e, v)
		if dst = out; err != nil {
			return dst, err
		}
		if remove {
			list = before
			dst = list.drop(dst[:mark], base+sep, base+p.key, base+p.end)
		}
	}
	return dst, nil
}

// pipes returns the offsets of the first n characters | of line from offset at on, -1
// at the end where there are fewer. With escapes, one behind a backslash does not
// count.
func pipes(line []byte, at int, found *[7]int, n int, escapes bool) bool {
	for i := 0; at < len(line) && i < n; at++ {
		switch {
		case escapes && line[at] == '\\':
			at++
		case line[at] == '|':
			found[i] = at
			i++
			if i == n {
				return true
			}
		}
	}
	return false
}

// eventLines walks lines of which each holds an event, maybe behind other text.
type eventLines struct {
	event eventWalker
	lines lines
	sieve sieve
	find  func(line []byte) int // offset of the event, -1 if there is none
}

func (w *eventLines) Reset() {
	w.event.reset()
	w.lines = lines{}
}

func (w *eventLines) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.event.line.doc.begin()
	w.sieve = sieve{}
	for {
		end, after, ok := w.lines.next(src, n, final)
		if !ok {
			return dst, n, nil
		}
		if !w.sieve.spares(v, src, n, end) {
			at := n
			if i := w.find(src[n:end]); i > 0 {
				at += i
				if dst, err = w.event.line.text(dst, src[n:at], n, v); err != nil {
					return dst, n, err
				}
			}
			if dst, err = w.event.walk(dst, src[at:end], at, v); err != nil {
				return dst, n, err
			}
		}
		n = after
	}
}
