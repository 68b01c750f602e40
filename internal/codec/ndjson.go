package codec

import "bytes"

func init() { Register(ndjsonCodec{}) }

// ndjsonCodec is JSON Lines: one document a line. It takes lines as they come:
// what is no JSON is visited as text, so that any log file will do.
type ndjsonCodec struct{ jsonCodec }

func (ndjsonCodec) Name() string { return "ndjson" }

func (ndjsonCodec) MediaTypes() []string {
	return []string{
		"application/x-ndjson", "application/ndjson", "application/jsonl",
		"application/x-jsonlines", "application/jsonlines", "application/json-lines",
		"application/jsonlines+json", "application/x-json-stream", "+x-ndjson", "+ndjson",
	}
}

func (ndjsonCodec) NewWalker() Walker { return &ndjsonWalker{} }

func (ndjsonCodec) sifts() {}

// Endpoint takes what is sent to VictoriaLogs, whatever type it says.
func (ndjsonCodec) Endpoint(path, _ string, head []byte) bool {
	return endsIn(path, "/insert/jsonline") && (len(head) == 0 || looksJSON(head))
}

type ndjsonWalker struct {
	lines lines
	line  lineWalker
	sieve sieve
}

func (w *ndjsonWalker) Reset() {
	w.lines = lines{}
	w.line.doc.Reset()
}

func (w *ndjsonWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.line.doc.begin()
	w.sieve = sieve{}
	for {
		end, after, ok := w.lines.next(src, n, final)
		if !ok {
			return dst, n, nil
		}
		if !w.sieve.spares(v, src, n, end) {
			if dst, err = w.line.walk(dst, src, n, end, v); err != nil {
				return dst, n, err
			}
		}
		n = after
	}
}

// lineWalker walks single lines, each a document or text.
type lineWalker struct{ doc jsonWalker }

// walk walks the line src[start:end].
func (w *lineWalker) walk(dst []Splice, src []byte, start, end int, v Visitor) ([]Splice, error) {
	line := src[start:end]
	if looksJSON(line) {
		out, ok, err := w.json(dst, line, start, v)
		if ok || err != nil {
			return out, err
		}
	}
	return w.broken(dst, line, start, v)
}

// broken visits line, which lies at offset base, as text. Where it begins like a
// document, escapes could hide something: it is visited as decoded before.
func (w *lineWalker) broken(dst []Splice, line []byte, base int, v Visitor) ([]Splice, error) {
	if !looksJSON(line) || bytes.IndexByte(line, '\\') < 0 {
		return w.text(dst, line, base, v)
	}
	value := w.doc.decode(line, backslash{})
	w.doc.field = Field{Value: value, Kind: Text, Around: w.doc.outer}
	edits, remove, err := v.Visit(&w.doc.field)
	switch {
	case err != nil:
		return dst, err
	case remove:
		return erase(dst, base, base+len(line)), nil
	case len(edits) > 0:
		return w.doc.put(dst, edits, value, line, base, backslash{}), nil
	}
	return w.text(dst, line, base, v)
}

// json walks line, which lies at offset base, if it is JSON.
func (w *lineWalker) json(dst []Splice, line []byte, base int, v Visitor) (out []Splice, ok bool, err error) {
	mark := len(dst)
	w.doc.sifts = len(line) > 2*narrowStretch // a short one is suspect as a whole
	dst, ok, err = w.doc.document(dst, line, nil, nil, v)
	shift(dst[mark:], base)
	return dst, ok, err
}

// text visits line, which lies at offset base, as text unless it is blank.
func (w *lineWalker) text(dst []Splice, line []byte, base int, v Visitor) ([]Splice, error) {
	if skipSpace(line, 0) == len(line) {
		return dst, nil
	}
	w.doc.field = Field{Value: line, Kind: Text, Around: w.doc.outer}
	edits, remove, err := v.Visit(&w.doc.field)
	if err != nil {
		return dst, err
	}
	if remove {
		return erase(dst, base, base+len(line)), nil
	}
	return w.doc.put(dst, edits, line, line, base, oneLine{}), nil
}
