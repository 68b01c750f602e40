package codec

import (
	"bytes"
	"encoding/base64"
)

// shapeWalker walks the JSON form of messages by their shape. What the shape does not
// name is walked as JSON is. It is a part of a codec's Walker, which says what the
// messages are, and wants a payload in one piece.
type shapeWalker struct {
	leaf
	labels  leaf // for what is in a value of the leaf
	doc     jsonWalker
	path    []byte
	keys    []byte // names with escapes of the pairs that are open, decoded
	sieve   sieve
	sifting sifting
	dropped bool // the pair at hand goes
	src     []byte
	v       Visitor
	field   Field
	open    []int // where the objects begin that are open
	edits   []Splice
	bytes   []byte // what base64 stands for
}

// begin lets go of the texts of the walk before.
func (w *shapeWalker) begin() {
	w.leaf.begin()
	w.labels.begin()
	w.doc.begin()
}

// wipe clears everything that came from a payload.
func (w *shapeWalker) wipe() {
	w.leaf.wipe()
	w.labels.wipe()
	w.doc.Reset()
	w.path, w.keys, w.bytes = wiped(w.path), wiped(w.keys), wiped(w.bytes)
	clear(w.edits[:cap(w.edits)])
	w.edits = w.edits[:0]
	w.src, w.v, w.field = nil, nil, Field{}
	w.dropped = false
}

// walk appends the splices of src, any number of messages of shape s, one behind the
// other. names are the textNames of s. An error of syntax comes before any visit.
func (w *shapeWalker) walk(dst []Splice, src []byte, s *shape, names []byte, v Visitor) ([]Splice, error) {
	w.doc.rewind(nil, nil)
	if _, _, err := w.doc.walk(nil, src, true, nil); err != nil {
		return dst, err
	}
	w.src, w.v, w.path, w.keys = src, v, w.path[:0], w.keys[:0]
	w.open, w.doc.outer = w.open[:0], w
	w.sieve, w.dropped = sieve{}, false
	w.sifting = askFirst
	if v.Suspect(names) {
		w.sifting = visitAll
	}
	i := 0
	if bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		i = 3
	}
	var err error
	for i = skipSpace(src, i); i < len(src); i = skipSpace(src, i) {
		if dst, i, err = w.message(dst, i, s, nil, 0); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// skipValue returns the end of the value at src[i], which is valid.
func skipValue(src []byte, i int) int {
	switch src[i] {
	case '"':
		end, _, _ := scanString(src, i+1)
		return end
	case '{', '[':
		for depth := 0; ; i++ {
			switch src[i] {
			case '"':
				end, _, _ := scanString(src, i+1)
				i = end - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
	}
	for i < len(src) && !endsScalar(src[i]) {
		i++
	}
	return i
}

// nameAt returns what stands in quotes at src[i], and the offset of the value behind.
func (w *shapeWalker) nameAt(i int) (raw []byte, val int) {
	end, _, _ := scanString(w.src, i+1)
	val = skipSpace(w.src, end)
	return w.src[i+1 : end-1], skipSpace(w.src, val+1)
}

// message walks the message at src[i], which stands under key, and returns its end.
// What is no object is walked as JSON is.
func (w *shapeWalker) message(dst []Splice, i int, s *shape, key []byte, depth int) (out []Splice, end int, err error) {
	if w.src[i] != '{' {
		return w.loose(dst, i, key)
	}
	if depth == maxShapes {
		return dst, i, &SyntaxError{Codec: "json", Offset: int64(i), Msg: tooDeep}
	}
	path, keys := len(w.path), len(w.keys)
	w.open = append(w.open, i)
	defer func(n int) { w.open = w.open[:n] }(len(w.open) - 1)
	var name []Splice // of the pair's name, until it is there
	if s.pair {
		if key, name, err = w.pairName(i, s); err != nil {
			return dst, i, err
		}
	}
	for i = skipSpace(w.src, i+1); w.src[i] != '}'; {
		raw, val := w.nameAt(i)
		m := s.byName(raw)
		switch {
		case m == nil:
			dst, i, err = w.unknown(dst, i, raw, val)
		case m.kind == kept:
			i = skipValue(w.src, val)
		case s.pair && m == &s.members[0] && w.src[val] == '"':
			i = skipValue(w.src, val)
			if len(name) > 0 && name[0].Start > val && name[0].Start < i {
				dst = append(dst, name...)
			}
		default:
			dst, i, err = w.member(dst, val, m, key, depth)
		}
		if err != nil {
			return dst, i, err
		}
		if i = skipSpace(w.src, i); w.src[i] == ',' {
			i = skipSpace(w.src, i+1)
		}
	}
	w.path, w.keys = w.path[:path], w.keys[:keys]
	return dst, i + 1, nil
}

// member walks the value at src[i] of a member.
func (w *shapeWalker) member(dst []Splice, i int, m *member, key []byte, depth int) (_ []Splice, end int, err error) {
	path := len(w.path)
	if !m.flat {
		w.path = appendSegment(w.path, m.name)
		key = m.name
	}
	if w.src[i] == '[' && m.many {
		dst, end, err = w.list(dst, i, m, false, key, depth)
	} else {
		dst, end, err = w.value(dst, i, m, key, depth)
	}
	if m.many || !m.flat {
		w.dropped = false
	}
	w.path = w.path[:path]
	return dst, end, err
}

// list walks the array at src[i], of values of m, or the tuple that one is. A pair
// that is dropped goes with its comma.
func (w *shapeWalker) list(dst []Splice, i int, m *member, isTuple bool, key []byte, depth int) (_ []Splice, end int, err error) {
	isPair := m.kind == message && m.of.pair
	if !isPair {
		w.path = append(w.path, "[]"...)
	}
	var list members
	nth := 0
	sep := i + 1
	for i = skipSpace(w.src, sep); w.src[i] != ']'; nth++ {
		if w.src[i] == ',' {
			i = skipSpace(w.src, i+1)
		}
		mark, before := len(dst), list
		dst = list.keep(dst, sep, i)
		of := m
		if isTuple {
			if of = &looseMember; nth < len(m.of.members) {
				of = &m.of.members[nth]
			}
		}
		w.dropped = false
		dst, end, err = w.value(dst, i, of, key, depth)
		if err != nil {
			return dst, end, err
		}
		if isPair && w.dropped {
			list = before
			dst = list.drop(dst[:mark], sep, i, end)
		}
		sep = end
		i = skipSpace(w.src, end)
	}
	return dst, i + 1, nil
}

var looseMember = member{kind: loose}

// value walks the value at src[i].
func (w *shapeWalker) value(dst []Splice, i int, m *member, key []byte, depth int) (_ []Splice, end int, err error) {
	switch {
	case m.kind == kept:
		return dst, skipValue(w.src, i), nil
	case m.kind == tuple && w.src[i] == '[':
		path := len(w.path)
		dst, end, err = w.list(dst, i, m, true, key, depth)
		w.path = w.path[:path]
		return dst, end, err
	case m.kind == message && m.of.pair && w.sifting == askFirst:
		w.sifting = w.siftPair(i)
		dst, end, err = w.message(dst, i, m.of, key, depth+1)
		w.sifting = askFirst
		return dst, end, err
	case m.kind == message:
		return w.message(dst, i, m.of, key, depth+1)
	case w.src[i] == '"':
		return w.quoted(dst, i, m.kind, key)
	case m.kind == integer && w.src[i] <= '9': // a digit or a minus
		end = skipValue(w.src, i)
		dst, err = w.number(dst, w.src[i:end], i, key)
		return dst, end, err
	}
	return w.loose(dst, i, key)
}

// siftPair says what of the pair at src[i] is visited.
func (w *shapeWalker) siftPair(i int) sifting {
	if w.sieve.spares(w.v, w.src, i, skipValue(w.src, i)) {
		return hiddenOnly
	}
	return visitAll
}

// pairName finds the name of the pair at src[i], visits it and appends it to the path.
func (w *shapeWalker) pairName(i int, s *shape) (key []byte, edits []Splice, err error) {
	at := -1
	var raw []byte
	for i = skipSpace(w.src, i+1); w.src[i] != '}'; {
		name, val := w.nameAt(i)
		end := skipValue(w.src, val)
		if w.src[val] == '"' && sameName(s.members[0].name, name) {
			raw, at = w.src[val+1:end-1], val+1
			if s.byName(name) == &s.members[0] {
				break
			}
		}
		if i = skipSpace(w.src, end); w.src[i] == ',' {
			i = skipSpace(w.src, i+1)
		}
	}
	if at < 0 {
		return nil, nil, nil
	}
	if key = raw; bytes.IndexByte(raw, '\\') >= 0 {
		from := len(w.keys)
		w.keys = decode(w.keys, raw, backslash{})
		key = w.keys[from:]
	}
	if w.sifting != hiddenOnly {
		if edits, err = w.name(&w.field, w.v, key, w.path); err != nil {
			return nil, nil, err
		}
	}
	w.path = appendSegment(w.path, edited(key, edits))
	edits, w.arena = put(nil, w.arena, edits, key, raw, at, backslash{})
	return key, edits, nil
}

// unknown walks a member that the shape does not name as JSON is walked.
func (w *shapeWalker) unknown(dst []Splice, i int, raw []byte, val int) (_ []Splice, end int, err error) {
	name := raw
	if bytes.IndexByte(raw, '\\') >= 0 {
		name = decode(nil, raw, backslash{})
	}
	if end = skipValue(w.src, val); w.spares(i, end) {
		return dst, end, nil
	}
	edits, err := w.name(&w.field, w.v, name, w.path)
	if err != nil {
		return dst, i, err
	}
	path := len(w.path)
	w.path = appendSegment(w.path, edited(name, edits))
	dst, w.arena = put(dst, w.arena, edits, name, raw, i+1, backslash{})
	dst, end, err = w.loose(dst, val, name)
	w.path = w.path[:path]
	return dst, end, err
}

// loose walks the value at src[i] as JSON is walked.
func (w *shapeWalker) loose(dst []Splice, i int, key []byte) (_ []Splice, end int, err error) {
	end = skipValue(w.src, i)
	if w.spares(i, end) {
		return dst, end, nil
	}
	mark := len(dst)
	dst, _, err = w.doc.document(dst, w.src[i:end], w.path, key, w.v)
	shift(dst[mark:], i)
	return dst, end, err
}

// spares reports whether src[i:end] needs no visit.
func (w *shapeWalker) spares(i, end int) bool {
	switch w.sifting {
	case visitAll:
		return false
	case hiddenOnly:
		return true
	}
	return w.sieve.spares(w.v, w.src, i, end)
}

// quoted visits the string at src[i].
func (w *shapeWalker) quoted(dst []Splice, i int, kind memberKind, key []byte) (_ []Splice, end int, err error) {
	end = skipValue(w.src, i)
	raw, base := w.src[i+1:end-1], i+1
	switch {
	case kind == integer && isNumber(raw):
		dst, err = w.number(dst, raw, base, key)
		return dst, end, err
	case kind == octets:
		var ok bool
		if dst, ok, err = w.base64(dst, raw, base, key); ok || err != nil {
			return dst, end, err
		}
	case kind == labels:
		var ok bool
		if dst, ok, err = w.labelText(dst, raw, base, key); ok || err != nil {
			return dst, end, err
		}
	}
	if w.spares(i, end) {
		return dst, end, nil
	}
	mark := len(dst)
	w.field = Field{Key: key, Path: w.path, Kind: String, Around: w}
	dst, remove, err := w.visit(dst, w.v, &w.field, raw, base, backslash{})
	switch {
	case remove:
		w.dropped = true // for the pair, if there is one
		dst = erase(dst, base, end-1)
	case kind == line && err == nil:
		boundLine(dst[mark:], raw, base, backslash{})
	}
	return dst, end, err
}

// number visits digits in quotes, at offset base.
func (w *shapeWalker) number(dst []Splice, raw []byte, base int, key []byte) ([]Splice, error) {
	w.field = Field{Key: key, Path: w.path, Value: raw, Kind: Number, Around: w}
	edits, remove, err := w.v.Visit(&w.field)
	if err != nil || len(edits) == 0 && !remove {
		return dst, err
	}
	w.dropped = w.dropped || remove
	at := len(w.arena)
	w.arena = append(w.arena, numberFor(edits, len(raw))...)
	return append(dst, Splice{Start: base, End: base + len(raw), Text: w.arena[at:len(w.arena):len(w.arena)]}), nil
}

// base64 visits what raw, at offset base, stands for in base64. ok is false if it is
// none.
func (w *shapeWalker) base64(dst []Splice, raw []byte, base int, key []byte) (_ []Splice, ok bool, err error) {
	w.bytes, err = base64.StdEncoding.AppendDecode(room(w.bytes, len(raw)), raw)
	if err != nil {
		return dst, false, nil
	}
	w.field = Field{Key: key, Path: w.path, Kind: String}
	edits, remove, err := w.visit(w.edits[:0], w.v, &w.field, w.bytes, 0, verbatim{})
	w.edits = edits
	switch {
	case err != nil:
		return dst, false, err
	case remove:
		w.dropped = true
		return erase(dst, base, base+len(raw)), true, nil
	case len(edits) == 0:
		return dst, true, nil
	}
	at := len(w.arena)
	w.arena = base64.StdEncoding.AppendEncode(w.arena, Apply(nil, w.bytes, edits))
	return append(dst, Splice{Start: base, End: base + len(raw), Text: w.arena[at:len(w.arena):len(w.arena)]}), true, nil
}

// labelText visits the values of the label set that raw stands for. ok is false if it
// is none.
func (w *shapeWalker) labelText(dst []Splice, raw []byte, base int, key []byte) (_ []Splice, ok bool, err error) {
	value := w.decode(raw, backslash{})
	w.field = Field{Key: key, Path: w.path, Kind: String}
	edits, ok, err := w.labels.labelSet(w.edits[:0], &w.field, w.v, value, 0)
	w.edits = edits
	if !ok || err != nil {
		return dst, ok, err
	}
	return w.put(dst, edits, value, raw, base, backslash{}), true, nil
}
