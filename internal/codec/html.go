package codec

import "bytes"

func init() { Register(htmlCodec{}) }

// htmlCodec is HTML as it is found, well-formed or not: text, attributes,
// comments, scripts and styles are visited. What stands beside a value names
// it: the cell before, in the tables of debug pages, and the name attribute of
// a form control.
type htmlCodec struct{}

func (htmlCodec) Name() string         { return "html" }
func (htmlCodec) MediaTypes() []string { return []string{"text/html", "application/xhtml+xml"} }
func (htmlCodec) NewWalker() Walker    { return &markupWalker{rules: &htmlRules{}} }
func (htmlCodec) Streams() bool        { return true }

// Opaque reports character references, and escapes of JSON inside of scripts.
func (htmlCodec) Opaque(src []byte) bool { return bytes.ContainsAny(src, `&\`) }

// maxCell is the length in bytes beyond which a cell is no key.
const maxCell = 128

// htmlRules finds the key of a text: in a row of cells, the text of the cell
// before it.
type htmlRules struct {
	inCell         bool
	cell, prev     []byte // text of the cell at hand, and of the one before
	cellAs, prevAs []byte // the same as edited
	control        []byte // name of the form control that is open
}

func (h *htmlRules) reset() {
	h.inCell = false
	for _, b := range []*[]byte{&h.cell, &h.prev, &h.cellAs, &h.prevAs, &h.control} {
		*b = wiped(*b)
	}
}

func (h *htmlRules) raw(tag []byte) rawKind {
	switch {
	case fold(tag, "script"):
		return rawScript
	case fold(tag, "style"):
		return rawStyle
	case fold(tag, "textarea"), fold(tag, "title"):
		return rawEntities
	case fold(tag, "xmp"), fold(tag, "iframe"), fold(tag, "noembed"), fold(tag, "noframes"):
		return rawVerbatim
	}
	return rawNone
}

func (h *htmlRules) open(tag, name []byte, empty bool) {
	switch {
	case fold(tag, "td"), fold(tag, "th"), fold(tag, "dd"):
		h.endCell()
		h.inCell = true
	case fold(tag, "dt"):
		h.newRow()
		h.inCell = true
	case fold(tag, "tr"), fold(tag, "table"), fold(tag, "dl"):
		h.newRow()
	case fold(tag, "textarea"):
		h.control = append(h.control[:0], name...)
	}
}

func (h *htmlRules) close(tag []byte) {
	switch {
	case fold(tag, "td"), fold(tag, "th"), fold(tag, "dt"):
		h.endCell()
	case fold(tag, "dd"), fold(tag, "tr"), fold(tag, "table"), fold(tag, "dl"):
		h.newRow()
	case fold(tag, "textarea"):
		h.control = h.control[:0]
	}
}

// endCell makes the cell at hand the one before.
func (h *htmlRules) endCell() {
	if h.inCell {
		h.prev, h.cell = h.cell, h.prev[:0]
		h.prevAs, h.cellAs = h.cellAs, h.prevAs[:0]
	}
	h.inCell = false
}

func (h *htmlRules) newRow() {
	h.inCell = false
	h.cell, h.prev = h.cell[:0], h.prev[:0]
	h.cellAs, h.prevAs = h.cellAs[:0], h.prevAs[:0]
}

func (h *htmlRules) key() (key, path []byte) {
	if len(h.control) > 0 {
		return h.control, []byte("textarea")
	}
	if !h.inCell || len(h.prev) == 0 || len(h.prev) > maxCell {
		return nil, nil
	}
	return h.prev, cut(h.prevAs, maxSegment)
}

func (h *htmlRules) attribute(dst, tag []byte) []byte { return append(dst, cut(tag, maxSegment)...) }

func (h *htmlRules) text(value, edited []byte) {
	if h.inCell {
		h.cell = appendCell(h.cell, value)
		h.cellAs = appendCell(h.cellAs, edited)
	}
}

// appendCell appends text to that of a cell, up to a little more than a key
// may have.
func appendCell(cell, text []byte) []byte {
	text = bytes.TrimSpace(text)
	return append(cell, text[:min(len(text), max(0, maxCell+1-len(cell)))]...)
}

// fold reports whether tag is name, which is in lower case.
func fold(tag []byte, name string) bool {
	if len(tag) != len(name) {
		return false
	}
	for i, c := range tag {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != name[i] {
			return false
		}
	}
	return true
}
