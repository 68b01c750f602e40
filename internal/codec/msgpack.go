package codec

import "slices"

func init() { Register(msgpackCodec{}) }

// msgpackCodec is MessagePack (github.com/msgpack/msgpack, spec.md): any number of
// values one after the other. Strings, numbers and the names in maps are visited, and
// so is binary data that looks like text. Timestamps, Fluentd's EventTime and other
// extensions that look like none are left alone.
//
// A string keeps the form of its head where that can tell its new length; a number
// becomes 0 in its own form; a pair that is removed is counted off its map.
type msgpackCodec struct{}

func (msgpackCodec) Name() string { return "msgpack" }

func (msgpackCodec) MediaTypes() []string {
	return []string{"application/msgpack", "application/x-msgpack", "application/vnd.msgpack", "+msgpack"}
}

func (msgpackCodec) NewWalker() Walker { return &msgpackWalker{} }

// Opaque is always so: numbers are not written in digits, and a head can end in a
// byte that looks as if it belonged to the text behind it.
func (msgpackCodec) Opaque(src []byte) bool { return true }

func (msgpackCodec) Streams() bool { return true }

func (msgpackCodec) framed(src []byte) bool { return len(src) == 0 || !isTextByte(src[0]) }

type msgpackWalker struct {
	leaf
	scan  packScan
	path  []byte
	field Field
}

func (w *msgpackWalker) Reset() {
	w.wipe()
	w.path = wiped(w.path)
	w.scan, w.field = packScan{}, Field{}
}

func (w *msgpackWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	return w.values(dst, src, final, "msgpack", func(dst []Splice, n, end int) ([]Splice, error) {
		dst, _, _, err := w.value(dst, src[:end], n, nil, 0, v)
		return dst, err
	})
}

// values hands each value of src to walk once it is whole.
func (w *msgpackWalker) values(dst []Splice, src []byte, final bool, codec string, walk func(dst []Splice, n, end int) ([]Splice, error)) (out []Splice, n int, err error) {
	for n < len(src) {
		size, t := w.scan.run(src[n:])
		if t == tokenCut && !final {
			return dst, n, nil
		}
		if t != tokenWhole {
			msg := "no type of value"
			if t == tokenCut {
				msg = unexpectedEnd
			}
			return dst, n, &SyntaxError{Codec: codec, Offset: int64(n), Msg: msg}
		}
		if isTextByte(src[n]) {
			return dst, n, &SyntaxError{Codec: codec, Offset: int64(n), Msg: "text in place of a value"}
		}
		w.path = w.path[:0]
		mark := len(dst)
		if dst, err = walk(dst, n, n+size); err != nil {
			return dst[:mark], n, err
		}
		n += size
	}
	return dst, n, nil
}

// isTextByte reports whether c begins text in ASCII. As MessagePack it is a number of one
// byte, and text is a row of them; numbers with nothing around them are no log.
func isTextByte(c byte) bool {
	return c >= ' ' && c < 0x7f || c == '\t' || c == '\n' || c == '\r'
}

// isPacked reports whether src is maps and arrays, each there as a whole.
func isPacked(src []byte) bool {
	for at := 0; at < len(src); {
		p, _ := readPacked(src[at:])
		var s packScan
		size, t := s.run(src[at:])
		if t != tokenWhole || p.kind != packMap && p.kind != packArray {
			return false
		}
		at += size
	}
	return len(src) > 0
}

// value walks the value at offset at of src, which is there as a whole, and returns
// its end.
func (w *msgpackWalker) value(dst []Splice, src []byte, at int, key []byte, depth int, v Visitor) (out []Splice, end int, remove bool, err error) {
	p, _ := readPacked(src[at:])
	end = at + p.end()
	if depth == maxDepth {
		return dst, end, false, &SyntaxError{Codec: "msgpack", Offset: int64(at), Msg: tooDeep}
	}
	switch p.kind {
	case packArray:
		dst, end, err = w.array(dst, src, end, p.values, key, depth, v)
	case packMap:
		dst, end, err = w.pairs(dst, src, at, &p, depth, v)
	case packInt, packFloat:
		dst, remove, err = w.number(dst, src, at, &p, key, v)
	case packStr, packBin, packExt:
		if p.size > 0 && (p.kind == packStr || isPackedText(&p, src[at+p.head:end])) {
			dst, remove, err = w.str(dst, src, at, &p, key, v)
		}
	}
	return dst, end, remove, err
}

// isPackedText reports whether the data of p, which is not of type string, is text.
func isPackedText(p *packed, data []byte) bool {
	const fluentTime, timestamp = 0, 0xff
	if p.kind == packExt && (p.ext == fluentTime || p.ext == timestamp) && len(data) <= 12 {
		return false
	}
	return looksText(data)
}

func (w *msgpackWalker) array(dst []Splice, src []byte, at, n int, key []byte, depth int, v Visitor) (out []Splice, end int, err error) {
	outer := len(w.path)
	w.path = append(w.path, "[]"...)
	for range n {
		mark := len(dst)
		start := at
		var remove bool
		if dst, at, remove, err = w.value(dst, src, at, key, depth+1, v); err != nil {
			return dst, at, err
		}
		if remove {
			dst = w.empty(dst[:mark], src, start)
		}
	}
	w.path = w.path[:outer]
	return dst, at, nil
}

// empty appends the splices that make the string or number at offset at say nothing.
func (w *msgpackWalker) empty(dst []Splice, src []byte, at int) []Splice {
	p, _ := readPacked(src[at:])
	if p.kind == packInt || p.kind == packFloat {
		return append(dst, p.zero(at))
	}
	return append(dst, Splice{Start: at, End: at + p.end(), Text: w.head(&p, 0)})
}

// head returns the head of p for another size.
func (w *msgpackWalker) head(p *packed, size int) []byte {
	from := len(w.arena)
	w.arena = p.resize(w.arena, size)
	return w.arena[from:len(w.arena):len(w.arena)]
}

// pairs walks the map p at offset at.
func (w *msgpackWalker) pairs(dst []Splice, src []byte, at int, p *packed, depth int, v Visitor) (out []Splice, end int, err error) {
	outer, top, left := len(w.path), len(dst), p.values/2
	end = at + p.head
	for range p.values / 2 {
		mark, start := len(dst), end
		var key []byte
		if dst, key, end, err = w.name(dst, src, end, depth, v); err != nil {
			return dst, end, err
		}
		var remove bool
		if dst, end, remove, err = w.value(dst, src, end, key, depth+1, v); err != nil {
			return dst, end, err
		}
		if remove {
			dst = append(dst[:mark], Splice{Start: start, End: end})
			left--
		}
		w.path = w.path[:outer]
	}
	if left < p.values/2 {
		from := len(w.arena)
		w.arena = p.recount(w.arena, left)
		dst = slices.Insert(dst, top, Splice{Start: at, End: at + p.head, Text: w.arena[from:len(w.arena):len(w.arena)]})
	}
	return dst, end, nil
}

// name walks the key of a pair and appends it to the path. A key that is no text is
// walked like any value.
func (w *msgpackWalker) name(dst []Splice, src []byte, at, depth int, v Visitor) (out []Splice, key []byte, end int, err error) {
	p, _ := readPacked(src[at:])
	end = at + p.end()
	if p.kind != packStr && p.kind != packBin {
		mark := len(dst)
		dst, end, remove, err := w.value(dst, src, at, nil, depth+1, v)
		if remove {
			dst = w.empty(dst[:mark], src, at)
		}
		return dst, nil, end, err
	}
	key = src[at+p.head : end]
	if len(key) == 0 {
		return dst, key, end, nil
	}
	w.field = Field{Path: w.path, Value: key, Kind: Name}
	edits, remove, err := v.Visit(&w.field)
	switch {
	case err != nil:
		return dst, nil, end, err
	case remove:
		return append(dst, Splice{Start: at, End: end, Text: w.head(&p, 0)}), key, end, nil
	case len(edits) == 0:
		w.path = appendSegment(w.path, key)
		return dst, key, end, nil
	}
	w.path = appendSegment(w.path, Apply(nil, key, edits))
	mark := len(dst)
	dst = w.put(dst, edits, key, key, at+p.head, verbatim{})
	return w.sized(dst, mark, &p, at), key, end, nil
}

// str walks the string p at offset at.
func (w *msgpackWalker) str(dst []Splice, src []byte, at int, p *packed, key []byte, v Visitor) (out []Splice, remove bool, err error) {
	mark, start := len(dst), at+p.head
	w.field = Field{Key: key, Path: w.path, Kind: String}
	dst, remove, err = w.visit(dst, v, &w.field, src[start:start+p.size], start, verbatim{})
	if err != nil || remove {
		return dst, remove, err
	}
	return w.sized(dst, mark, p, at), false, nil
}

// sized puts a head that tells the new size of p, at offset at, before the splices of
// its data, which are those from mark on.
func (w *msgpackWalker) sized(dst []Splice, mark int, p *packed, at int) []Splice {
	if size := p.size + growth(dst[mark:]); size != p.size {
		dst = slices.Insert(dst, mark, Splice{Start: at, End: at + p.head, Text: w.head(p, size)})
	}
	return dst
}

// growth is how many bytes longer splices make what they are of.
func growth(splices []Splice) int {
	n := 0
	for _, s := range splices {
		n += len(s.Text) - (s.End - s.Start)
	}
	return n
}

// number visits the number p at offset at.
func (w *msgpackWalker) number(dst []Splice, src []byte, at int, p *packed, key []byte, v Visitor) (out []Splice, remove bool, err error) {
	w.text = p.appendNumber(room(w.text, 32), src[at:at+p.end()])
	if len(w.text) == 0 {
		return dst, false, nil
	}
	w.field = Field{Key: key, Path: w.path, Value: w.text, Kind: Number}
	edits, remove, err := v.Visit(&w.field)
	if err == nil && !remove && len(edits) > 0 {
		dst = append(dst, p.zero(at))
	}
	return dst, remove, err
}
