package codec

func init() { Register(textCodec{}) }

// textCodec takes the whole payload as one text. A caller with a stream of
// text gives it to the kernel's own Writer, which needs no codec.
type textCodec struct{}

func (textCodec) Name() string { return "text" }

func (textCodec) MediaTypes() []string {
	return []string{
		"text/plain", "text/markdown", "text/css", "text/javascript",
		"application/javascript", "application/x-javascript", "application/yaml",
		"application/x-yaml", "text/yaml", "application/toml", "application/sql",
		"application/x-sh", "application/x-logplex-1", "application/graphql", "+yaml",
	}
}

func (textCodec) NewWalker() Walker      { return &textWalker{} }
func (textCodec) Opaque(src []byte) bool { return false }
func (textCodec) Streams() bool          { return false }

type textWalker struct {
	leaf
	field Field
}

func (w *textWalker) Reset() {
	w.wipe()
	w.field = Field{}
}

func (w *textWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	if !final {
		return dst, 0, nil
	}
	w.begin()
	if len(src) == 0 {
		return dst, 0, nil
	}
	w.field = Field{Value: src, Kind: Text}
	edits, remove, err := v.Visit(&w.field)
	switch {
	case err != nil:
		return dst, 0, err
	case remove:
		dst = erase(dst, 0, len(src))
	default:
		dst = w.put(dst, edits, src, src, 0, verbatim{})
	}
	return dst, len(src), nil
}
