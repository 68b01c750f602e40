package codec

import "bytes"

func indexByte(b []byte, c byte) int {
	if i := bytes.IndexByte(b, c); i >= 0 {
		return i
	}
	return len(b)
}

// outside returns the lengths that path and keys have at the level of the stack.
func (w *jsonWalker) outside() (path, key int) {
	if len(w.stack) == 0 {
		return w.base, 0
	}
	f := &w.stack[len(w.stack)-1]
	return f.path, f.key
}

// take visits the step at hand, which begins at n, and does what it does to the
// stack.
func (w *jsonWalker) take(dst []Splice, src []byte, n int, v Visitor) (out []Splice, msg string, err error) {
	s := &w.step
	if s.kind == '}' || s.kind == ']' {
		w.pop()
		return dst, "", nil
	}
	w.build(src)
	spared, wanted := w.spares(v, src)
	if w.beside, w.role = nil, roleNone; !spared && w.besideOf(src, v) {
		return dst, moreBytes, nil
	}
	open := s.kind == '{' || s.kind == '['
	if open && len(w.stack) == maxDepth {
		return dst, tooDeep, nil
	}
	mark := len(dst)
	var list members // of the container before this step
	if len(w.stack) > 0 {
		f := &w.stack[len(w.stack)-1]
		list = f.members
		dst = f.keep(dst, n, s.comma)
	}
	if spared && !open {
		return dst, "", nil
	}
	key := w.elementKey()
	if s.sep >= 0 {
		if dst, key, err = w.takeName(dst, src, spared, v); err != nil {
			return dst, "", err
		}
	}
	if open {
		if said := w.besideOpen(); said != nil {
			key, wanted = said, true
		}
		w.push(s.kind == '[', wanted, key)
		return dst, "", nil
	}
	dst, remove, err := w.takeScalar(dst, src, key, v)
	if err != nil {
		return dst, "", err
	}
	if remove {
		dst = w.remove(dst[:mark], n, list)
	}
	w.takeBeside(src, v)
	if w.pairs && s.kind == '"' && !list.some {
		w.takePairKey(src)
	}
	path, _ := w.outside()
	w.path = w.path[:path]
	return dst, "", nil
}

// takePairKey makes the string at hand the key of what follows it in its array, if
// that stands in another array: [["name", "value"], ...].
func (w *jsonWalker) takePairKey(src []byte) {
	top := len(w.stack) - 1
	if top < 1 || !w.stack[top].array || !w.stack[top-1].array {
		return
	}
	raw := src[w.step.val+1 : w.step.end-1]
	w.name = decode(room(w.name, len(raw)), raw, backslash{})
	w.keys = append(w.keys[:w.stack[top].key], w.name...)
}

// elementKey returns the key that an element without a name stands under.
func (w *jsonWalker) elementKey() []byte { return w.keyIn(w.stack) }

// keyIn returns the key of elements in the last container of stack.
func (w *jsonWalker) keyIn(stack []frame) []byte {
	key := w.keys[:w.bkey]
	if len(stack) > 0 {
		key = w.keys[stack[len(stack)-1].key:]
	}
	if len(key) == 0 {
		return nil
	}
	return key
}

// spares reports whether the step at hand needs no visit, and for a container that it
// opens, whether the name that it stands under can tell what is in it.
func (w *jsonWalker) spares(v Visitor, src []byte) (spared, wanted bool) {
	s := &w.step
	open := s.kind == '{' || s.kind == '['
	within := len(w.stack) > 0 && w.stack[len(w.stack)-1].wanted
	from := s.val
	if s.sep >= 0 {
		from = s.name - 1
	}
	if w.sifts && !within && w.sieve.spares(v, src, from, s.end) {
		return true, false
	}
	switch {
	case !open:
		return false, false
	case s.sep >= 0:
		name := src[s.name:s.sep]
		if indexByte(name, '\\') < len(name) {
			w.said = decode(room(w.said, len(name)), name, backslash{})
			name = w.said
		}
		return false, v.Tells(name, src[from:s.sep+1])
	case len(w.stack) == 0:
		return false, w.bkey > 0 // a document in a string, of which all is visited
	}
	return false, within
}

// takeName visits the name of the member at hand unless it is spared, adds it to
// the path as edited, and returns it as it was.
func (w *jsonWalker) takeName(dst []Splice, src []byte, spared bool, v Visitor) (out []Splice, key []byte, err error) {
	raw := src[w.step.name:w.step.sep]
	key = raw
	if indexByte(raw, '\\') < len(raw) {
		w.name = decode(room(w.name, len(raw)), raw, backslash{})
		key = w.name
	}
	if spared {
		w.path = appendSegment(w.path, key)
		return dst, key, nil
	}
	w.field = Field{Path: w.path, Value: key, Kind: Name, Around: w}
	edits, remove, err := v.Visit(&w.field)
	switch {
	case err != nil:
		return dst, nil, err
	case remove:
		dst = erase(dst, w.step.name, w.step.sep)
		w.path = appendSegment(w.path, nil)
	case len(edits) > 0:
		dst = w.put(dst, edits, key, raw, w.step.name, backslash{})
		w.path = appendSegment(w.path, Apply(nil, key, edits))
	default:
		w.path = appendSegment(w.path, key)
	}
	return dst, key, nil
}

// takeScalar visits the value at hand.
func (w *jsonWalker) takeScalar(dst []Splice, src, key []byte, v Visitor) (out []Splice, remove bool, err error) {
	s := &w.step
	w.field = Field{Key: key, Path: w.path, Beside: w.beside, Apart: s.sep >= 0 && breaks(src[s.sep+1:s.val]), Around: w}
	switch s.kind {
	case '"':
		raw := src[s.val+1 : s.end-1]
		if w.typed && len(raw) <= maxTyped {
			value := w.decode(raw, backslash{})
			if kind := typeOf(value); kind != String {
				return w.takeTyped(dst, kind, value, v)
			}
		}
		w.field.Kind = String
		return w.visit(dst, v, &w.field, raw, s.val+1, backslash{})
	case '0':
		w.field.Kind = Number
		w.field.Value = src[s.val:s.end]
		edits, remove, err := v.Visit(&w.field)
		if err != nil || remove || len(edits) == 0 {
			w.note = noteOf(edits)
			return dst, remove, err
		}
		at := len(w.arena)
		w.arena = append(w.arena, numberFor(edits, s.end-s.val)...)
		return append(dst, Splice{s.val, s.end, w.arena[at:len(w.arena):len(w.arena)], noteOf(edits)}), false, nil
	}
	return dst, false, nil
}

// breaks reports whether there is a line break in white space and a colon.
func breaks(space []byte) bool {
	for _, c := range space {
		if c == '\n' || c == '\r' {
			return true
		}
	}
	return false
}

// takeTyped visits the string at hand, an address or a date. An element of an array
// that is to go keeps its type as well.
func (w *jsonWalker) takeTyped(dst []Splice, kind Kind, value []byte, v Visitor) (out []Splice, remove bool, err error) {
	s := &w.step
	w.field.Kind, w.field.Value = kind, value
	edits, remove, err := v.Visit(&w.field)
	if err != nil || remove && s.sep >= 0 || len(edits) == 0 && !remove {
		w.note = noteOf(edits)
		return dst, remove, err
	}
	at := len(w.arena)
	w.arena = appendStandIn(w.arena, kind, value, edits)
	return append(dst, Splice{s.val + 1, s.end - 1, w.arena[at:len(w.arena):len(w.arena)], noteOf(edits)}), false, nil
}

var zero = []byte("0")

// numberFor returns the number that replaces one of length n with edits: their
// text if there is one edit of the whole with a number for text, else 0.
func numberFor(edits []Splice, n int) []byte {
	if len(edits) == 1 && edits[0].Start == 0 && edits[0].End == n && isNumber(edits[0].Text) {
		return edits[0].Text
	}
	return zero
}

// remove takes the scalar at hand out: with its name and comma from an object,
// list being what was before it; elsewhere it becomes empty.
func (w *jsonWalker) remove(dst []Splice, n int, list members) []Splice {
	s := &w.step
	if s.sep >= 0 {
		f := &w.stack[len(w.stack)-1]
		f.members = list
		dst = f.drop(dst, n, s.name-1, s.end)
	} else if s.kind == '0' {
		dst = append(dst, Splice{Start: s.val, End: s.end, Text: zero})
	} else if dst = erase(dst, s.val+1, s.end-1); s.val+1 == s.end-1 {
		return dst
	}
	dst[len(dst)-1].Note = w.note
	return dst
}

func (w *jsonWalker) push(array, wanted bool, key []byte) {
	f := frame{array: array, element: w.step.sep < 0 && len(w.stack) > 0, at: w.step.val, wanted: wanted, key: len(w.keys)}
	if array || wanted {
		w.pushKey(key)
	}
	if array {
		w.path = append(w.path, "[]"...)
	}
	f.path = len(w.path)
	w.stack = append(w.stack, f)
	w.built++
}

func (w *jsonWalker) pop() {
	top := len(w.stack) - 1
	if w.built > top {
		w.built = top
		w.keys = w.keys[:w.stack[top].key]
	}
	w.stack = w.stack[:top]
	if w.built == top {
		path, _ := w.outside()
		w.path = w.path[:path]
	}
}

// build makes the paths and keys of what skim has opened.
func (w *jsonWalker) build(src []byte) {
	for ; w.built < len(w.stack); w.built++ {
		f := &w.stack[w.built]
		key := w.keyIn(w.stack[:w.built])
		if f.name >= 0 {
			key = src[f.name:f.nameEnd]
			if indexByte(key, '\\') < len(key) {
				w.name = decode(room(w.name, len(key)), key, backslash{})
				key = w.name
			}
			w.path = appendSegment(w.path, key)
		}
		f.key = len(w.keys)
		if f.array {
			w.pushKey(key)
			w.path = append(w.path, "[]"...)
		}
		f.path = len(w.path)
	}
}
