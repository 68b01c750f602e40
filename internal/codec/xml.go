package codec

import "bytes"

func init() { Register(xmlCodec{}) }

// xmlCodec is XML: text, attributes, CDATA sections and comments are visited.
// An element names the text in it, or its name or key attribute does, or, in
// property lists, the key element before it.
type xmlCodec struct{}

func (xmlCodec) Name() string           { return "xml" }
func (xmlCodec) MediaTypes() []string   { return []string{"application/xml", "text/xml", "+xml"} }
func (xmlCodec) NewWalker() Walker      { return &markupWalker{rules: &xmlRules{}} }
func (xmlCodec) Opaque(src []byte) bool { return bytes.ContainsAny(src, `&\`) }
func (xmlCodec) Streams() bool          { return true }

// xmlRules keeps the path of open elements.
type xmlRules struct {
	path   []byte
	marks  []int // lengths of path outside of the open elements
	beyond int   // open elements deeper than marks go
	elem   []byte
	pair   []byte // text of the key element just closed
	last   []byte // text of the element just closed or at hand
	alone  bool   // nothing but text since the start tag
}

func (x *xmlRules) reset() {
	x.marks = x.marks[:0]
	x.beyond, x.alone = 0, false
	for _, b := range []*[]byte{&x.path, &x.elem, &x.pair, &x.last} {
		*b = wiped(*b)
	}
}

func (x *xmlRules) raw([]byte) rawKind { return rawNone }

func (x *xmlRules) open(tag, name []byte, empty bool) {
	if empty {
		x.alone = false
		return
	}
	x.alone = true
	x.last = x.last[:0]
	switch {
	case len(name) > 0:
		x.elem = append(x.elem[:0], name...)
	case len(x.pair) > 0:
		x.elem = append(x.elem[:0], x.pair...)
	default:
		x.elem = append(x.elem[:0], tag...)
	}
	x.pair = x.pair[:0]
	if len(x.marks) == maxDepth {
		x.beyond++
		return
	}
	x.marks = append(x.marks, len(x.path))
	x.path = appendSegment(x.path, tag)
}

func (x *xmlRules) close(tag []byte) {
	x.pair = x.pair[:0]
	if x.alone && (fold(tag, "key") || fold(tag, "name")) {
		x.pair = append(x.pair, x.last...)
	}
	x.alone = false
	switch {
	case x.beyond > 0:
		x.beyond--
	case len(x.marks) > 0:
		top := len(x.marks) - 1
		x.path = x.path[:x.marks[top]]
		x.marks = x.marks[:top]
	}
}

func (x *xmlRules) key() (key, path []byte) {
	if !x.alone {
		return nil, x.path
	}
	return x.elem, x.path
}

func (x *xmlRules) attribute(dst, tag []byte) []byte {
	return appendSegment(append(dst, x.path...), tag)
}

func (x *xmlRules) text(value, _ []byte) { x.last = appendCell(x.last, value) }
