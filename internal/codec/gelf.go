package codec

import "strings"

func init() { Register(gelfCodec{}) }

// gelfCodec is GELF (Graylog Extended Log Format 1.1), and any number of its messages
// one after the other: JSON of which version, host, timestamp and level are left alone.
type gelfCodec struct{ jsonCodec }

func (gelfCodec) Name() string         { return "gelf" }
func (gelfCodec) MediaTypes() []string { return nil }
func (gelfCodec) NewWalker() Walker    { return &gelfWalker{} }

// Endpoint takes what is posted to the path of the HTTP input, under whatever prefix.
func (gelfCodec) Endpoint(path, mediaType string, head []byte) bool {
	return strings.HasSuffix(strings.TrimSuffix(path, "/"), "/gelf") &&
		(mediaType == "" || mediaType == "application/json" || mediaType == "application/x-www-form-urlencoded") &&
		(len(head) == 0 || startsJSON(head))
}

type gelfWalker struct {
	doc  jsonWalker
	keep gelfVisitor
}

func (w *gelfWalker) Reset() {
	w.doc.Reset()
	w.keep.v = nil
}

func (w *gelfWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.keep.v = v
	dst, n, err = w.doc.Walk(dst, src, final, &w.keep)
	w.keep.v = nil
	return dst, n, err
}

// gelfVisitor keeps from v what in a message must stay as it is.
type gelfVisitor struct{ v Visitor }

func (g *gelfVisitor) Suspect(raw []byte) bool     { return g.v.Suspect(raw) }
func (g *gelfVisitor) Tells(name, raw []byte) bool { return g.v.Tells(name, raw) }

func (g *gelfVisitor) Visit(f *Field) ([]Splice, bool, error) {
	name := f.Path
	if f.Kind == Name {
		if len(f.Path) > 0 {
			return g.v.Visit(f)
		}
		name = f.Value
	}
	switch string(name) {
	case "version", "host", "timestamp", "level":
		return nil, false, nil
	}
	return g.v.Visit(f)
}
