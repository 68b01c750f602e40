package codec

import "bytes"

// Inflater is a Visitor that bounds what coded data inside of a payload decodes to.
type Inflater interface {
	// Inflate returns how many bytes size more bytes of coded data may decode to.
	Inflate(size int) (limit int64)
	// Inflated tells what they decoded to.
	Inflated(size int)
}

// maxInner bounds, in bytes, what coded data inside of a payload decodes to for a visitor
// that sets no bound.
const maxInner = 64 << 20

// inflate appends to dst what data, which stands in a payload under content codings,
// decodes to. It fails as Decode does.
func inflate(v Visitor, dst, data []byte, codings string) ([]byte, error) {
	b, ok := v.(Inflater)
	if !ok {
		return Decode(dst, data, codings, maxInner)
	}
	out, err := Decode(dst, data, codings, b.Inflate(len(data)))
	b.Inflated(len(out) - len(dst))
	return out, err
}

// inner walks whole payloads that stand inside of another one, each by a Walker of
// its own format.
type inner struct {
	walkers map[string]Walker
	splices []Splice
	texts   []byte
	field   Field
}

// begin lets go of the texts of the Walk before.
func (p *inner) begin() { p.texts = p.texts[:0] }

func (p *inner) reset() {
	for _, w := range p.walkers {
		w.Reset()
	}
	clear(p.splices[:cap(p.splices)])
	p.splices, p.texts, p.field = p.splices[:0], wiped(p.texts), Field{}
}

// walk appends to dst the splices of raw, a payload of format c at offset base of the
// one around it. What is not of the format is visited as text. The texts are valid
// until begin or reset.
func (p *inner) walk(dst []Splice, raw []byte, base int, c Codec, v Visitor) ([]Splice, error) {
	w := p.walkers[c.Name()]
	if w == nil {
		w = c.NewWalker()
		if p.walkers == nil {
			p.walkers = map[string]Walker{}
		}
		p.walkers[c.Name()] = w
	}
	out, n, err := w.Walk(p.splices[:0], raw, true, v)
	dst = p.keep(dst, out, base)
	if IsSyntax(err) && !Framed(c, raw[n:]) && !c.Opaque(raw[n:]) && bytes.IndexByte(raw[n:], '\\') < 0 {
		dst, err = p.text(dst, raw[n:], base+n, v)
	}
	p.splices = out
	w.Reset()
	return dst, err
}

// text visits raw, at offset base, as plain text.
func (p *inner) text(dst []Splice, raw []byte, base int, v Visitor) ([]Splice, error) {
	p.field = Field{Value: raw, Kind: Text}
	edits, remove, err := v.Visit(&p.field)
	if err != nil {
		return dst, err
	}
	if remove {
		return erase(dst, base, base+len(raw)), nil
	}
	return p.keep(dst, edits, base), nil
}

// wide visits raw, at offset base, as plain text in a charset of more than one byte a
// character. What is not of the charset is left alone and counted.
func (p *inner) wide(dst []Splice, raw []byte, base int, charset string, v Visitor) ([]Splice, error) {
	text, err := DecodeCharset(nil, raw, charset, maxInner)
	defer func() { clear(text) }()
	if err != nil {
		skip(v, len(raw))
		return dst, nil
	}
	mark := len(dst)
	if dst, err = p.text(dst, text, 0, v); err != nil || len(dst) == mark {
		return dst, err
	}
	amended := Apply(nil, text, dst[mark:])
	defer clear(amended)
	out, err := EncodeCharset(nil, amended, charset)
	if err != nil {
		return dst[:mark], err
	}
	return append(dst[:mark], Splice{base, base + len(raw), out, noteOf(dst[mark:])}), nil
}

// wideText returns the charset of a part of a payload that begins with head, "" where
// its characters are walked as they are, or it is no text: a dump holds such text among
// what is none, and counts its bytes.
func wideText(contentType string, head []byte) string {
	charset, err := Charset(contentType, head)
	if _, ok := wide[charset]; !ok || err != nil {
		return ""
	}
	text, err := DecodeCharset(nil, head[:len(head)&^3], charset, maxInner)
	defer clear(text)
	if err != nil || controls(text) > 0 {
		return ""
	}
	return charset
}

// keep appends splices to dst, moved by base, with copies of their texts.
func (p *inner) keep(dst, splices []Splice, base int) []Splice {
	for _, s := range splices {
		at := len(p.texts)
		p.texts = append(p.texts, s.Text...)
		dst = append(dst, Splice{s.Start + base, s.End + base, p.texts[at:len(p.texts):len(p.texts)], s.Note})
	}
	return dst
}

// recode writes data, as the content coding of that name decodes it, with splices done,
// and codes it again.
func recode(data []byte, splices []Splice, coding string) ([]byte, error) {
	amended := Apply(nil, data, splices)
	defer clear(amended)
	return Encode(nil, amended, coding)
}
