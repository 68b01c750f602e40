package codec

import "bytes"

// attr is an attribute of a tag; offsets are in the tag. quote is 0 if the
// value has none; val < 0 if there is no value.
type attr struct {
	name, nameEnd, val, valEnd int
	quote                      byte
}

// tag walks the start or end tag that src begins with.
func (w *markupWalker) tag(dst []Splice, src []byte, base int, final bool, v Visitor) ([]Splice, int, bool, error) {
	size := w.scan.end(src)
	if size < 0 {
		if !final {
			return dst, 0, false, nil
		}
		// A tag that never ends is shown as the text it is.
		dst, err := w.text(dst, src, base, Text, entities{}, v)
		return dst, len(src), true, err
	}
	w.scan = tagScan{}
	tag := src[:size]
	if !isTag(tag) {
		// Such as <user@host>, which a message forgot to escape.
		dst, err := w.text(dst, tag[1:size-1], base+1, Text, inTag, v)
		return dst, size, true, err
	}
	if tag[1] == '/' {
		name := tag[2:nameEnd(tag, 2)]
		dst, err := w.oddName(dst, name, base+2, v)
		if err == nil {
			w.rules.close(name)
		}
		return dst, size, true, err
	}
	end := nameEnd(tag, 1)
	name := tag[1:end]
	dst, err := w.oddName(dst, name, base+1, v)
	if err != nil {
		return dst, 0, false, err
	}
	w.parse(tag, end)
	w.naming(tag)
	for i := range w.attrs {
		var err error
		if dst, err = w.attribute(dst, tag, name, &w.attrs[i], base, v); err != nil {
			return dst, 0, false, err
		}
	}
	empty := size > 2 && tag[size-2] == '/'
	w.rules.open(name, w.name, empty)
	if w.kind = w.rules.raw(name); w.kind != rawNone {
		w.inner = append(w.inner[:0], bytes.ToLower(name)...)
	}
	return dst, size, true, nil
}

// oddName visits the name of a tag that looks like none, such as <token>, which a message
// forgot to escape.
func (w *markupWalker) oddName(dst []Splice, name []byte, base int, v Visitor) ([]Splice, error) {
	const least = 12 // bytes; few elements have longer names, and none of HTML has a digit in one
	if len(name) < least || !bytes.ContainsAny(name, "0123456789") {
		return dst, nil
	}
	return w.text(dst, name, base, Text, inTag, v)
}

// isTag reports whether tag begins with a name that elements have. One with an
// equals or at sign in it, or with a scheme like that of a URL, is the text of
// somebody who forgot to escape it, whatever readers take it for.
func isTag(tag []byte) bool {
	start := 1
	if tag[1] == '/' {
		start++
	}
	i := start
	for i < len(tag) && tag[i] != '>' && !isSpace(tag[i]) {
		i++
	}
	word := tag[start:i]
	end := nameEnd(tag, start)
	return !bytes.ContainsAny(tag[start:end], "=@") && !bytes.Contains(word[:min(len(word), end-start+2)], []byte("://"))
}

// tagScan is how far a tag has been searched for its end.
type tagScan struct {
	at    int
	value bool // an equals sign came last: a quote begins a value
	quote byte // the quote that is open
}

// end returns the offset behind the > that ends the tag, or -1.
func (t *tagScan) end(src []byte) int {
	for t.at = max(t.at, 1); t.at < len(src); t.at++ {
		if t.quote != 0 {
			if t.at += indexByte(src[t.at:], t.quote); t.at == len(src) {
				return -1
			}
			t.quote = 0
			continue
		}
		switch c := src[t.at]; {
		case c == '>':
			return t.at + 1
		case (c == '"' || c == '\'') && t.value:
			t.quote, t.value = c, false
		case c == '=':
			t.value = true
		case !isSpace(c):
			t.value = false
		}
	}
	return -1
}

// nameEnd returns the end of the name at i in a tag.
func nameEnd(tag []byte, i int) int {
	for i < len(tag) && tag[i] != '>' && tag[i] != '/' && !isSpace(tag[i]) {
		i++
	}
	return i
}

// parse fills w.attrs with the attributes of tag from i on.
func (w *markupWalker) parse(tag []byte, i int) {
	w.attrs = w.attrs[:0]
	end := len(tag) - 1
	for {
		for i < end && (isSpace(tag[i]) || tag[i] == '/') {
			i++
		}
		if i >= end {
			return
		}
		a := attr{name: i, val: -1}
		for i++; i < end && tag[i] != '=' && tag[i] != '/' && !isSpace(tag[i]); i++ {
		}
		a.nameEnd = i
		j := i
		for j < end && isSpace(tag[j]) {
			j++
		}
		if j < end && tag[j] == '=' {
			i = w.parseValue(&a, tag, j+1)
		}
		w.attrs = append(w.attrs, a)
	}
}

// parseValue sets the value of a, whose equals sign is before i, and returns
// the offset behind it.
func (w *markupWalker) parseValue(a *attr, tag []byte, i int) int {
	end := len(tag) - 1
	for i < end && isSpace(tag[i]) {
		i++
	}
	a.val = i
	if i < end && (tag[i] == '"' || tag[i] == '\'') {
		a.quote = tag[i]
		a.val++
		a.valEnd = a.val + indexByte(tag[a.val:end], a.quote)
		return min(a.valEnd+1, end)
	}
	for i < end && !isSpace(tag[i]) {
		i++
	}
	a.valEnd = i
	return i
}

// naming sets w.name to the value of the attribute that names the element.
func (w *markupWalker) naming(tag []byte) {
	w.name = w.name[:0]
	for _, a := range w.attrs {
		name := tag[a.name:a.nameEnd]
		switch {
		case a.val < 0:
		case fold(name, "name"), fold(name, "key"):
			w.name = decode(w.name[:0], tag[a.val:a.valEnd], entities{})
			return
		case fold(name, "type") && fold(tag[a.val:a.valEnd], "password"):
			w.name = append(w.name[:0], "password"...) // unless it has a name
		}
	}
}

// attribute visits the value of a, in the tag at offset base. It stands under
// the name of the attribute or, where that is value or content, of the element.
func (w *markupWalker) attribute(dst []Splice, tag, elem []byte, a *attr, base int, v Visitor) ([]Splice, error) {
	name := tag[a.name:a.nameEnd]
	if a.val < 0 {
		return w.text(dst, name, base+a.name, Text, bareAttribute{}, v)
	}
	if a.val == a.valEnd {
		return dst, nil
	}
	w.path = appendSegment(w.rules.attribute(w.path[:0], elem), name)
	key := name
	if len(w.name) > 0 && (fold(name, "value") || fold(name, "content")) {
		key = w.name
	}
	w.field = Field{Key: key, Path: w.path, Kind: Text}
	raw := tag[a.val:a.valEnd]
	var e escaping = entities{}
	if a.quote == 0 {
		e = bareAttribute{}
	}
	mark := len(dst)
	dst, remove, err := w.visit(dst, v, &w.field, raw, base+a.val, e)
	if err != nil {
		return dst, err
	}
	if remove {
		dst = erase(dst, base+a.val, base+a.valEnd)
	}
	if a.quote == 0 && len(dst) > mark {
		dst = w.keepValue(dst, mark, raw, base+a.val)
	}
	return dst, nil
}

// keepValue writes quotes for the bare value raw if the splices from mark on
// leave nothing of it: the next attribute would be taken for the value else.
func (w *markupWalker) keepValue(dst []Splice, mark int, raw []byte, base int) []Splice {
	left := len(raw)
	for _, s := range dst[mark:] {
		left += len(s.Text) - (s.End - s.Start)
	}
	if left > 0 {
		return dst
	}
	return append(dst[:mark], Splice{base, base + len(raw), []byte(`""`), noteOf(dst[mark:])})
}
