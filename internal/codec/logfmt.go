package codec

import "bytes"

func init() { Register(logfmtCodec{}) }

// logfmtCodec is lines of key=value pairs, values quoted where need be, with
// bare keys between them. A line that does not keep to that, or that is more
// words than pairs, is walked like NDJSON, as text mostly: so is a line in which a bare word
// follows a bare value, since a value with blanks then looks like a key.
type logfmtCodec struct{}

func (logfmtCodec) Name() string           { return "logfmt" }
func (logfmtCodec) MediaTypes() []string   { return []string{"application/logfmt", "text/logfmt"} }
func (logfmtCodec) NewWalker() Walker      { return &logfmtWalker{} }
func (logfmtCodec) Opaque(src []byte) bool { return bytes.IndexByte(src, '\\') >= 0 }
func (logfmtCodec) Streams() bool          { return true }

func (logfmtCodec) sifts() {}

// pair is one pair of a line; offsets are in the line. val < 0 for a bare key.
type pair struct {
	key, keyEnd, val, valEnd, end int
	quoted                        bool
}

type logfmtWalker struct {
	line  lineWalker
	lines lines
	sieve sieve
	pairs []pair
	path  []byte
	at    []byte // the line at hand
}

func (w *logfmtWalker) Reset() {
	w.line.doc.Reset()
	w.lines = lines{}
	w.path = wiped(w.path)
}

func (w *logfmtWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.line.doc.begin()
	w.sieve = sieve{}
	for {
		end, after, ok := w.lines.next(src, n, final)
		if !ok {
			return dst, n, nil
		}
		line := src[n:end]
		if w.sieve.spares(v, src, n, end) {
			n = after
			continue
		}
		if w.parse(line) {
			dst, err = w.walkPairs(dst, line, n, v)
		} else {
			dst, err = w.line.walk(dst, src, n, end, v)
		}
		if err != nil {
			return dst, n, err
		}
		n = after
	}
}

// parse fills w.pairs from line and reports whether it is logfmt.
func (w *logfmtWalker) parse(line []byte) bool {
	w.pairs = w.pairs[:0]
	bare, bareValue := 0, false
	for i := skipBlanks(line, 0); i < len(line); i = skipBlanks(line, i) {
		p, ok := parsePair(line, i)
		if !ok {
			return false
		}
		if p.val < 0 {
			if bareValue {
				return false
			}
			bare++
		}
		bareValue = p.val >= 0 && !p.quoted
		w.pairs = append(w.pairs, p)
		i = p.end
	}
	return len(w.pairs) > 0 && 2*bare <= len(w.pairs)
}

func parsePair(line []byte, i int) (p pair, ok bool) {
	p = pair{key: i, keyEnd: wordEnd(line, i), val: -1}
	p.end = p.keyEnd
	if p.keyEnd == i {
		return p, false
	}
	if p.end == len(line) || line[p.end] != '=' {
		return p, p.end == len(line) || isBlank(line[p.end])
	}
	i = p.end + 1
	if i < len(line) && line[i] == '"' {
		p.quoted = true
		p.val, p.valEnd = i+1, quoteEnd(line, i+1)
		p.end = p.valEnd + 1
		return p, p.valEnd >= 0 && (p.end == len(line) || isBlank(line[p.end]))
	}
	p.val, p.valEnd = i, i
	for p.valEnd < len(line) && !isBlank(line[p.valEnd]) {
		if line[p.valEnd] == '"' {
			return p, false
		}
		p.valEnd++
	}
	p.end = p.valEnd
	return p, true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func skipBlanks(line []byte, i int) int {
	for i < len(line) && isBlank(line[i]) {
		i++
	}
	return i
}

// wordEnd returns the end of the key at i.
func wordEnd(line []byte, i int) int {
	for i < len(line) && line[i] > ' ' && line[i] != '=' && line[i] != '"' {
		i++
	}
	return i
}

// quoteEnd returns the offset of the closing quote at or after i, or -1.
func quoteEnd(line []byte, i int) int {
	for ; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return -1
}

func (w *logfmtWalker) walkPairs(dst []Splice, line []byte, base int, v Visitor) ([]Splice, error) {
	w.at = line
	defer func() { w.at = nil }()
	var list members
	sep := w.pairs[0].key
	for i := range w.pairs {
		p := &w.pairs[i]
		mark, before := len(dst), list
		dst = list.keep(dst, base+sep, base+p.key)
		var remove bool
		var err error
		if dst, remove, err = w.walkPair(dst, line, p, base, v); err != nil {
			return dst, err
		}
		if remove {
			list = before
			dst = list.drop(dst[:mark], base+sep, base+p.key, base+p.end)
		}
		sep = p.end
	}
	return dst, nil
}

func (w *logfmtWalker) walkPair(dst []Splice, line []byte, p *pair, base int, v Visitor) (out []Splice, remove bool, err error) {
	doc := &w.line.doc
	key := line[p.key:p.keyEnd]
	doc.field = Field{Value: key, Kind: Name, Around: w}
	edits, remove, err := v.Visit(&doc.field)
	if err != nil {
		return dst, false, err
	}
	if remove {
		// A key can't be empty: without it the pair has no meaning.
		edits = []Splice{{0, len(key), []byte("_"), noteOf(edits)}}
	}
	dst = doc.put(dst, edits, key, key, base+p.key, bareKey{})
	if p.val < 0 || p.val == p.valEnd {
		return dst, false, nil
	}
	w.path = appendSegment(w.path[:0], key)
	if len(edits) > 0 {
		w.path = appendSegment(w.path[:0], Apply(nil, key, edits))
	}
	raw := line[p.val:p.valEnd]
	doc.field = Field{Key: key, Path: w.path, Kind: String, Around: w}
	if p.quoted {
		return doc.visit(dst, v, &doc.field, raw, base+p.val, backslash{})
	}
	mark := len(dst)
	dst, remove, err = doc.visit(dst, v, &doc.field, raw, base+p.val, verbatim{})
	if err == nil && !remove && needsQuotes(dst[mark:]) {
		dst = w.quote(dst, mark, raw, base+p.val)
	}
	return dst, remove, err
}

// quote replaces the splices from mark on, which are those of the bare value
// raw at offset base, by one that writes the whole value in quotes.
func (w *logfmtWalker) quote(dst []Splice, mark int, raw []byte, base int) []Splice {
	doc := &w.line.doc
	shift(dst[mark:], -base)
	value := Apply(nil, raw, dst[mark:])
	at := len(doc.arena)
	doc.arena = append(doc.arena, '"')
	doc.arena = append(backslash{}.escape(doc.arena, value), '"')
	clear(value)
	return append(dst[:mark], Splice{base, base + len(raw), doc.arena[at:len(doc.arena):len(doc.arena)], noteOf(dst[mark:])})
}

// needsQuotes reports whether one of the texts can't stand in a bare value.
func needsQuotes(splices []Splice) bool {
	for _, s := range splices {
		for _, c := range s.Text {
			if c <= ' ' || c == '"' || c == '=' || c == 0x7f {
				return true
			}
		}
	}
	return false
}

// bareKey is a key, which has no escapes: what can't stand in it becomes _.
type bareKey struct{ verbatim }

func (bareKey) escape(dst, text []byte) []byte {
	for _, c := range text {
		if c <= ' ' || c == '=' || c == '"' {
			c = '_'
		}
		dst = append(dst, c)
	}
	return dst
}
