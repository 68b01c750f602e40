package codec

import "bytes"

func init() { Register(formCodec{}) }

// formCodec is application/x-www-form-urlencoded (WHATWG URL, section 5), and
// with it query strings. Anything is a form: pairs are cut at & alone, and a
// malformed percent sequence stands for itself.
type formCodec struct{}

func (formCodec) Name() string         { return "form" }
func (formCodec) MediaTypes() []string { return []string{"application/x-www-form-urlencoded"} }
func (formCodec) NewWalker() Walker    { return &formWalker{} }
func (formCodec) Streams() bool        { return true }

// Opaque reports escapes, and MessagePack, which is always opaque.
func (formCodec) Opaque(src []byte) bool {
	return bytes.ContainsAny(src, "%+") || bytes.Contains(src, []byte("msgpack="))
}

type formWalker struct {
	leaf
	pairs members
	seen  int // bytes of the pair at hand that are known to hold no &
	name  []byte
	path  []byte
	field Field
	pack  *msgpackWalker // walks a value that is MessagePack
}

func (w *formWalker) Reset() {
	w.wipe()
	w.pairs, w.seen = members{}, 0
	w.name, w.path = wiped(w.name), wiped(w.path)
	w.field = Field{}
	if w.pack != nil {
		w.pack.Reset()
	}
}

// Walk takes a pair together with the & before it.
func (w *formWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	for n < len(src) {
		start := n
		if w.pairs.some {
			start++
		}
		end := max(start, n+w.seen)
		end += indexByte(src[min(end, len(src)):], '&')
		if end >= len(src) && !final {
			w.seen = len(src) - n
			break
		}
		end = min(end, len(src))
		w.seen = 0
		if dst, err = w.pair(dst, src, n, start, end, v); err != nil {
			return dst, n, err
		}
		n = end
	}
	return dst, n, nil
}

// pair visits the pair src[start:end], whose separator begins at sep.
func (w *formWalker) pair(dst []Splice, src []byte, sep, start, end int, v Visitor) ([]Splice, error) {
	mark, before := len(dst), w.pairs
	dst = w.pairs.keep(dst, sep, start)
	raw := src[start:end]
	eq := indexByte(raw, '=')
	dst, err := w.key(dst, raw[:eq], start, v)
	if err != nil || eq == len(raw) {
		return dst, err
	}
	if string(w.name) == "msgpack" {
		if out, ok, err := w.packed(dst, raw[eq+1:], start+eq+1, v); ok || err != nil {
			return out, err
		}
	}
	w.field = Field{Key: w.name, Path: w.path, Kind: String}
	dst, remove, err := w.visit(dst, v, &w.field, raw[eq+1:], start+eq+1, percent{})
	if err != nil {
		return dst, err
	}
	if remove {
		w.pairs = before
		dst = w.pairs.drop(dst[:mark], sep, start, end)
	}
	return dst, nil
}

// packed walks the value raw, at offset base, if it is MessagePack: what Fluentd's
// in_http takes under that name.
func (w *formWalker) packed(dst []Splice, raw []byte, base int, v Visitor) (out []Splice, ok bool, err error) {
	value := w.decode(raw, percent{})
	if !isPacked(value) {
		return dst, false, nil
	}
	if w.pack == nil {
		w.pack = &msgpackWalker{}
	}
	edits, _, err := w.pack.Walk(nil, value, true, v)
	if err != nil {
		return dst, true, err
	}
	// Not put, which keeps characters whole: these are bytes.
	c := cursor{raw: raw, e: percent{}}
	for _, ed := range edits {
		c.seek(ed.Start)
		from := c.i
		c.pass(ed.End)
		at := len(w.arena)
		w.arena = percent{}.escape(w.arena, ed.Text)
		dst = append(dst, Splice{Start: base + from, End: base + c.i, Text: w.arena[at:len(w.arena):len(w.arena)]})
	}
	return dst, true, nil
}

// key visits the name of a pair and notes it decoded, and as edited in the path.
func (w *formWalker) key(dst []Splice, raw []byte, base int, v Visitor) ([]Splice, error) {
	w.name = decode(room(w.name, len(raw)), raw, percent{})
	w.path = w.path[:0]
	if len(raw) == 0 {
		return dst, nil
	}
	w.field = Field{Value: w.name, Kind: Name}
	edits, remove, err := v.Visit(&w.field)
	switch {
	case err != nil:
		return dst, err
	case remove:
		return erase(dst, base, base+len(raw)), nil
	case len(edits) == 0:
		w.path = appendSegment(w.path, w.name)
		return dst, nil
	}
	w.path = appendSegment(w.path, Apply(nil, w.name, edits))
	return w.put(dst, edits, w.name, raw, base, percent{}), nil
}

// percent is the escaping of forms.
type percent struct{}

func (percent) plain(raw []byte) int {
	for i, c := range raw {
		if c == '%' || c == '+' {
			return i
		}
	}
	return len(raw)
}

func (percent) next(dst, raw []byte) (out []byte, n int) {
	if raw[0] == '+' {
		return append(dst, ' '), 1
	}
	if len(raw) >= 3 {
		if hi, lo := HexValue(raw[1]), HexValue(raw[2]); hi >= 0 && lo >= 0 {
			return append(dst, byte(hi<<4|lo)), 3
		}
	}
	return append(dst, raw[0]), 1
}

func (percent) escape(dst, text []byte) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range text {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9',
			c == '-', c == '.', c == '_', c == '~', c == '*':
			dst = append(dst, c)
		case c == ' ':
			dst = append(dst, '+')
		default:
			dst = append(dst, '%', hex[c>>4], hex[c&15])
		}
	}
	return dst
}
