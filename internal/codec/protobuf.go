package codec

import (
	"encoding/binary"
	"slices"
	"strconv"
)

// protoWalker walks one message in the wire format of protobuf
// (https://protobuf.dev/programming-guides/encoding/) by its shape. Fields that the
// shape does not name, or that are of another wire type than it says, stay as they
// are, and so does everything that is not of a length: only a text changes, and the
// lengths of the messages around it. It is a part of a codec's Walker, which says
// what the message is.
type protoWalker struct {
	leaf
	labels  leaf // for what is in a value of the leaf
	codec   string
	path    []byte
	sieve   sieve
	sifting sifting
	dropped bool // the pair at hand goes
	src     []byte
	v       Visitor
	field   Field
	digits  []byte
	open    []formed
}

// wipe clears everything that came from a payload.
func (w *protoWalker) wipe() {
	w.leaf.wipe()
	w.labels.wipe()
	w.path, w.digits = wiped(w.path), wiped(w.digits)
	w.src, w.v, w.field = nil, nil, Field{}
	w.dropped = false
}

// Wire types.
const (
	wireVarint = 0
	wireFixed8 = 1
	wireLength = 2
	wireGroup  = 3
	wireEnd    = 4
	wireFixed4 = 5
)

// wireField is one field as it stands in a payload.
type wireField struct {
	num    uint64
	wire   int
	start  int // of the tag
	length int // where the length begins, for wireLength
	val    int // where the value begins
	end    int
}

const maxFieldNumber = 1<<29 - 1

// readField reads the field at src[i:end]. msg tells what is wrong.
func readField(src []byte, i, end int) (f wireField, msg string) {
	tag, n := binary.Uvarint(src[i:end])
	if n <= 0 || tag>>3 == 0 || tag>>3 > maxFieldNumber {
		return f, "bad tag"
	}
	f = wireField{num: tag >> 3, wire: int(tag & 7), start: i, val: i + n}
	size := 0
	switch f.wire {
	case wireVarint:
		if _, size = binary.Uvarint(src[f.val:end]); size <= 0 {
			return f, "bad varint"
		}
	case wireFixed8:
		size = 8
	case wireFixed4:
		size = 4
	case wireLength:
		length, n := binary.Uvarint(src[f.val:end])
		if n <= 0 || length > uint64(end-f.val-n) {
			return f, "bad length"
		}
		f.length = f.val
		f.val += n
		size = int(length)
	case wireGroup:
		if size = groupSize(src[f.val:end], f.num); size < 0 {
			return f, "bad group"
		}
	default:
		return f, "bad wire type"
	}
	if size > end-f.val {
		return f, "unexpected end"
	}
	f.end = f.val + size
	return f, ""
}

// groupSize returns the length of the rest of group num, with the tag that ends it,
// -1 if it is not well formed.
func groupSize(src []byte, num uint64) int {
	open := []uint64{num}
	for i := 0; ; {
		tag, n := binary.Uvarint(src[i:])
		if n <= 0 {
			return -1
		}
		switch tag & 7 {
		case wireGroup:
			if len(open) == maxShapes {
				return -1
			}
			open = append(open, tag>>3)
			i += n
		case wireEnd:
			top := len(open) - 1
			if open[top] != tag>>3 {
				return -1
			}
			i += n
			if open = open[:top]; top == 0 {
				return i
			}
		default:
			f, msg := readField(src, i, len(src))
			if msg != "" {
				return -1
			}
			i = f.end
		}
	}
}

// walk appends the splices of src, a message of shape s. names are the textNames of s.
// They lie in src, and their texts are valid until the next begin.
func (w *protoWalker) walk(dst []Splice, src []byte, s *shape, names []byte, v Visitor) ([]Splice, error) {
	w.src, w.v, w.path = src, v, w.path[:0]
	w.sieve, w.dropped, w.open = sieve{}, false, w.open[:0]
	w.sifting = askFirst
	if v.Suspect(names) {
		w.sifting = visitAll
	}
	mark := len(dst)
	dst, err := w.message(dst, 0, len(src), s, nil, 0)
	if err != nil {
		return dst[:mark], err
	}
	return dst, nil
}

func (w *protoWalker) fail(at int, msg string) error {
	return &SyntaxError{Codec: w.codec, Offset: int64(at), Msg: msg}
}

// message walks the message src[start:end], which stands under key.
func (w *protoWalker) message(dst []Splice, start, end int, s *shape, key []byte, depth int) (out []Splice, err error) {
	if depth == maxShapes {
		return dst, w.fail(start, tooDeep)
	}
	path := len(w.path)
	var name []Splice // of the pair's name, until it is there
	if s.pair {
		if key, name, err = w.pairName(start, end, s); err != nil {
			return dst, err
		}
	}
	for i := start; i < end; {
		f, msg := readField(w.src, i, end)
		if msg != "" {
			return dst, w.fail(i, msg)
		}
		i = f.end
		m := s.byNumber(f.num)
		switch {
		case m == nil || m.kind == kept:
		case s.pair && m == &s.members[0]:
			if len(name) > 0 && name[0].Start >= f.val && name[0].Start <= f.end {
				mark := len(dst)
				dst = w.relength(append(dst, name...), mark, &f)
			}
		case m.kind == integer && f.wire == wireVarint:
			dst, err = w.integer(dst, &f, key, s.pair)
		case m.kind != integer && f.wire == wireLength:
			dst, err = w.member(dst, &f, m, s, key, depth)
		}
		if err != nil {
			return dst, err
		}
	}
	w.path = w.path[:path]
	return dst, nil
}

// member walks a field that has a length.
func (w *protoWalker) member(dst []Splice, f *wireField, m *member, in *shape, key []byte, depth int) (_ []Splice, err error) {
	mark, path, sifting := len(dst), len(w.path), w.sifting
	if !m.flat {
		w.path = appendSegment(w.path, m.name)
		key = m.name
	}
	isPair := m.kind == message && m.of.pair
	switch {
	case isPair && sifting == askFirst:
		w.sifting = w.siftPair(f, m.of)
	case m.many && !isPair:
		w.path = append(w.path, "[]"...)
	}
	remove := false
	if m.kind == message {
		open := len(w.open)
		if m.of.tells {
			w.open = append(w.open, formed{m.of.form, f.val, f.end})
		}
		dst, err = w.message(dst, f.val, f.end, m.of, key, depth+1)
		w.open = w.open[:open]
	} else if w.wants(f) {
		dst, remove, err = w.value(dst, f, m.kind, key)
	}
	w.path, w.sifting = w.path[:path], sifting
	if err != nil {
		return dst, err
	}
	switch {
	case remove && (in.pair || m.flat):
		w.dropped = true // for the pair, if there is one
		dst = erase(dst[:mark], f.val, f.end)
	case remove:
		dst = erase(dst[:mark], f.val, f.end)
	case isPair && w.dropped:
		w.dropped = false
		return append(dst[:mark], Splice{Start: f.start, End: f.end}), nil
	}
	if m.many || !m.flat {
		w.dropped = false // not all of what a pair holds
	}
	return w.relength(dst, mark, f), nil
}

// siftPair says what of a pair is visited. A name that is not followed by its value
// is followed by what may look like a part of it.
func (w *protoWalker) siftPair(f *wireField, s *shape) sifting {
	for i, nth := f.val, 0; i < f.end; nth++ {
		in, msg := readField(w.src, i, f.end)
		switch {
		case msg != "", nth > 1, in.num != uint64(s.members[nth].num), in.wire != wireLength, w.glued(in.val):
			return visitAll
		}
		if i = in.end; nth == 1 && s.members[1].kind == message && in.val < in.end {
			value, msg := readField(w.src, in.val, in.end)
			if msg != "" || value.end != in.end || value.wire == wireLength && (w.glued(value.val) || s.members[1].of.byNumber(value.num).isContainer()) {
				return visitAll
			}
		}
	}
	if w.sieve.spares(w.v, w.src, f.start, f.end) {
		return hiddenOnly
	}
	return visitAll
}

// isContainer reports whether m holds values in messages of their own.
func (m *member) isContainer() bool { return m != nil && m.kind == message }

// glued reports whether the length that ends before src[i] looks like a part of the
// text that begins there: asked about both, a visitor may see no finding in the text.
func (w *protoWalker) glued(i int) bool { return w.src[i-1] > ' ' }

// wants reports whether the text in f is visited.
func (w *protoWalker) wants(f *wireField) bool {
	switch {
	case w.sifting == visitAll:
		return true
	case w.sifting == hiddenOnly:
		return false
	case w.glued(f.val):
		return w.v.Suspect(w.src[f.val:f.end])
	}
	return !w.sieve.spares(w.v, w.src, f.val, f.end)
}

// pairName finds the name of the pair src[start:end], visits it and appends it to the
// path. Of several the last counts, as for a parser.
func (w *protoWalker) pairName(start, end int, s *shape) (key []byte, edits []Splice, err error) {
	at := -1
	for i := start; i < end; {
		f, msg := readField(w.src, i, end)
		if msg != "" {
			return nil, nil, w.fail(i, msg)
		}
		if f.num == uint64(s.members[0].num) && f.wire == wireLength {
			key, at = w.src[f.val:f.end], f.val
		}
		i = f.end
	}
	if at < 0 {
		return nil, nil, nil
	}
	if w.sifting != hiddenOnly {
		if edits, err = w.name(&w.field, w.v, key, w.path); err != nil {
			return nil, nil, err
		}
	}
	w.path = appendSegment(w.path, edited(key, edits))
	edits, w.arena = put(nil, w.arena, edits, key, key, at, verbatim{})
	return key, edits, nil
}

// name visits the name of a member in the object at path.
func (l *leaf) name(f *Field, v Visitor, name, path []byte) (edits []Splice, err error) {
	*f = Field{Path: path, Value: name, Kind: Name}
	edits, remove, err := v.Visit(f)
	if remove {
		edits = []Splice{{Start: 0, End: len(name)}}
	}
	return edits, err
}

// edited returns value with edits done, value itself without any.
func edited(value []byte, edits []Splice) []byte {
	if len(edits) == 0 {
		return value
	}
	return Apply(nil, value, edits)
}

// value visits the text in f.
func (w *protoWalker) value(dst []Splice, f *wireField, kind memberKind, key []byte) (_ []Splice, remove bool, err error) {
	raw := w.src[f.val:f.end]
	w.field = Field{Key: key, Path: w.path, Kind: String, Around: w}
	mark := len(dst)
	if kind == labels {
		var ok bool
		if dst, ok, err = w.labels.labelSet(dst, &w.field, w.v, raw, f.val); ok || err != nil {
			return dst, false, err
		}
	}
	dst, remove, err = w.visit(dst, w.v, &w.field, raw, f.val, verbatim{})
	if kind == line && err == nil {
		boundLine(dst[mark:], raw, f.val, verbatim{})
	}
	return dst, remove, err
}

// integer visits a number in f.
func (w *protoWalker) integer(dst []Splice, f *wireField, key []byte, pair bool) ([]Splice, error) {
	x, _ := binary.Uvarint(w.src[f.val:f.end])
	w.digits = strconv.AppendInt(w.digits[:0], int64(x), 10)
	w.field = Field{Key: key, Path: w.path, Value: w.digits, Kind: Number, Around: w}
	edits, remove, err := w.v.Visit(&w.field)
	if err != nil || len(edits) == 0 && !remove {
		return dst, err
	}
	n := int64(0)
	if remove {
		w.dropped = true
	} else if n, err = strconv.ParseInt(string(numberFor(edits, len(w.digits))), 10, 64); err != nil {
		n = 0
	}
	at := len(w.arena)
	w.arena = binary.AppendUvarint(w.arena, uint64(n))
	return append(dst, Splice{Start: f.val, End: f.end, Text: w.arena[at:len(w.arena):len(w.arena)]}), nil
}

// relength puts in front of the splices dst[mark:] of the content of f that of its
// length, if they change it.
func (w *protoWalker) relength(dst []Splice, mark int, f *wireField) []Splice {
	grown := 0
	for _, s := range dst[mark:] {
		grown += len(s.Text) - (s.End - s.Start)
	}
	if grown == 0 {
		return dst
	}
	at := len(w.arena)
	w.arena = binary.AppendUvarint(w.arena, uint64(f.end-f.val+grown))
	return slices.Insert(dst, mark, Splice{Start: f.length, End: f.val, Text: w.arena[at:len(w.arena):len(w.arena)]})
}
