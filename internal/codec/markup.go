package codec

import "bytes"

// rawKind says how the content of an element is written that has no tags in it.
type rawKind uint8

const (
	rawNone rawKind = iota
	rawScript
	rawStyle
	rawEntities
	rawVerbatim
)

// markupRules is in what HTML and XML differ. The slices given are valid during
// the call, those returned until the next one.
type markupRules interface {
	reset()
	// raw says how the content of the element is written.
	raw(tag []byte) rawKind
	// open notes a start tag; name is the decoded value of its name or key
	// attribute. empty means that it has no content.
	open(tag, name []byte, empty bool)
	close(tag []byte)
	// key returns what a text at this place stands under, and its path.
	key() (key, path []byte)
	// attribute appends the path of the tag's attributes to dst.
	attribute(dst, tag []byte) []byte
	// text notes a text that was visited, as it is and as edited.
	text(value, edited []byte)
}

// markupWalker is a tolerant scanner of tags and what is between them. It knows
// no errors: what can't be a tag is text.
type markupWalker struct {
	leaf
	rules markupRules
	inner []byte // name of the open element whose content has no tags
	kind  rawKind
	seen  int // bytes of the piece at hand that need not be searched again
	scan  tagScan
	attrs []attr
	name  []byte
	path  []byte
	field Field
}

func (w *markupWalker) Reset() {
	w.wipe()
	w.rules.reset()
	w.inner, w.kind, w.seen, w.scan = w.inner[:0], rawNone, 0, tagScan{}
	w.name, w.path = wiped(w.name), wiped(w.path)
	w.field = Field{}
}

func (w *markupWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	for n < len(src) {
		size, ok := 0, false
		if dst, size, ok, err = w.piece(dst, src[n:], n, final, v); err != nil || !ok {
			return dst, n, err
		}
		n += size
		w.seen = 0
	}
	return dst, n, nil
}

// piece walks the piece of markup that src begins with, which lies at offset
// base. ok is false if it is not whole yet.
func (w *markupWalker) piece(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, size int, ok bool, err error) {
	if w.kind != rawNone {
		return w.rawText(dst, src, base, final, v)
	}
	if src[0] != '<' || (final && len(src) == 1) {
		return w.plainText(dst, src, base, final, v)
	}
	if !final && len(src) < len("<![CDATA[") && indexByte(src, '>') == len(src) {
		return dst, 0, false, nil // what it is can't be told yet
	}
	switch {
	case bytes.HasPrefix(src, []byte("<!--")):
		return w.section(dst, src, base, "<!--", "-->", inComment, final, v)
	case bytes.HasPrefix(src, []byte("<![CDATA[")):
		return w.section(dst, src, base, "<![CDATA[", "]]>", inCDATA, final, v)
	case src[1] == '?':
		return w.section(dst, src, base, "<?", ">", inDecl, final, v)
	case src[1] == '!':
		return w.section(dst, src, base, "<!", ">", inDecl, final, v)
	case src[1] == '/' || isNameStart(src[1]):
		return w.tag(dst, src, base, final, v)
	}
	return w.plainText(dst, src, base, final, v)
}

// isNameStart reports whether c may begin the name of an element.
func isNameStart(c byte) bool {
	return 'a' <= c|0x20 && c|0x20 <= 'z' || c == '_' || c == ':' || c >= 0x80
}

// plainText visits the text up to the next tag.
func (w *markupWalker) plainText(dst []Splice, src []byte, base int, final bool, v Visitor) ([]Splice, int, bool, error) {
	for i := max(1, w.seen); ; i++ {
		i += indexByte(src[i:], '<')
		if i+1 >= len(src) {
			if !final {
				w.seen = i
				return dst, 0, false, nil
			}
			i = len(src)
		} else if c := src[i+1]; c != '!' && c != '?' && c != '/' && !isNameStart(c) {
			continue
		}
		dst, err := w.text(dst, src[:i], base, Text, entities{}, v)
		return dst, i, true, err
	}
}

// section visits what is between begin, which src begins with, and end.
func (w *markupWalker) section(dst []Splice, src []byte, base int, begin, end string, e escaping, final bool, v Visitor) ([]Splice, int, bool, error) {
	start := len(begin)
	from := max(start, w.seen)
	stop := bytes.Index(src[from:], []byte(end))
	size := from + stop + len(end)
	if stop < 0 {
		if !final {
			w.seen = max(start, len(src)-len(end))
			return dst, 0, false, nil
		}
		size = len(src)
		stop = len(src) - from
	}
	dst, err := w.text(dst, src[start:from+stop], base+start, Text, e, v)
	return dst, size, true, err
}

// rawText visits the content of an element that has no tags in it. The end tag
// is left for the next piece.
func (w *markupWalker) rawText(dst []Splice, src []byte, base int, final bool, v Visitor) (out []Splice, size int, ok bool, err error) {
	end := w.endTag(src)
	if end < 0 {
		if !final {
			w.seen = max(0, len(src)-len(w.inner)-3)
			return dst, 0, false, nil
		}
		end = len(src)
	}
	content := src[:end]
	switch w.kind {
	case rawScript:
		dst, err = w.script(dst, content, base, v)
	case rawStyle:
		dst, err = w.text(dst, content, base, Text, inStyle, v)
	case rawEntities:
		dst, err = w.text(dst, content, base, Text, entities{}, v)
	default:
		dst, err = w.text(dst, content, base, Text, inStyle, v)
	}
	w.kind = rawNone
	return dst, end, true, err
}

// endTag finds the end tag of the element that is open, -1 if it is not there.
func (w *markupWalker) endTag(src []byte) int {
	for i := w.seen; ; i++ {
		j := bytes.Index(src[i:], []byte("</"))
		if j < 0 {
			return -1
		}
		i += j
		name := src[i+2:]
		if len(name) > len(w.inner) && fold(name[:len(w.inner)], string(w.inner)) {
			if c := name[len(w.inner)]; c == '>' || c == '/' || isSpace(c) {
				return i
			}
		}
	}
}

// isSpace reports whether c is white space in a tag.
func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'
}

// script visits the content of a script, which may be JSON.
func (w *markupWalker) script(dst []Splice, raw []byte, base int, v Visitor) ([]Splice, error) {
	edits, ok, err := w.nest(raw, nil, nil, nil, v)
	if err != nil || ok {
		return w.put(dst, edits, raw, raw, base, inJSONText), err
	}
	return w.text(dst, raw, base, Text, inScript{}, v)
}

// text visits the text that raw at offset base stands for, unless it is blank.
func (w *markupWalker) text(dst []Splice, raw []byte, base int, kind Kind, e escaping, v Visitor) ([]Splice, error) {
	if len(bytes.TrimSpace(raw)) == 0 {
		return dst, nil
	}
	key, path := w.rules.key()
	if len(key) == 0 {
		key = nil
	}
	w.field = Field{Key: key, Path: path, Kind: kind}
	mark := len(dst)
	dst, remove, err := w.visit(dst, v, &w.field, raw, base, e)
	if err != nil {
		return dst, err
	}
	value, edited := w.field.Value, w.field.Value
	if remove {
		dst = erase(dst, base, base+len(raw))
		edited = nil
	} else if len(dst) > mark {
		shift(dst[mark:], -base)
		edited = decode(nil, Apply(nil, raw, dst[mark:]), e)
		shift(dst[mark:], base)
	}
	if e == (entities{}) || e == inCDATA {
		w.rules.text(value, edited)
	}
	return dst, nil
}
