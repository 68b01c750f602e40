package codec

import (
	"bytes"
	"strconv"
	"strings"
)

func init() { Register(leefCodec{}) }

// leefCodec is lines of the Log Event Extended Format (IBM QRadar, versions 1.0 and
// 2.0), each maybe behind the header of syslog, which is visited as text. The
// attributes are visited under their names; vendor, product, version and event id are
// left alone. A line without an event is walked like NDJSON.
type leefCodec struct{}

func (leefCodec) Name() string           { return "leef" }
func (leefCodec) MediaTypes() []string   { return []string{"application/leef", "text/leef"} }
func (leefCodec) Opaque(src []byte) bool { return bytes.IndexByte(src, '\\') >= 0 }
func (leefCodec) Streams() bool          { return true }

func (leefCodec) sifts() {}

func (leefCodec) NewWalker() Walker {
	return &eventLines{find: func(line []byte) int { return bytes.Index(line, []byte("LEEF:")) }}
}

// leef walks text, which lies at offset base, if it is an event in LEEF.
func (w *eventWalker) leef(dst []Splice, text []byte, base int, v Visitor) (out []Splice, ok bool, err error) {
	var bars [7]int
	if !bytes.HasPrefix(text, []byte("LEEF:")) || !pipes(text, 0, &bars, 5, false) {
		return dst, false, nil
	}
	delimiter, at := byte('\t'), bars[4]+1
	if bytes.HasPrefix(text, []byte("LEEF:2")) {
		if end := bytes.IndexByte(text[at:], '|'); end >= 0 {
			if c, ok := leefDelimiter(string(text[at : at+end])); ok {
				delimiter, at = c, at+end+1
			}
		}
	}
	w.pairs = w.pairs[:0]
	for at < len(text) {
		end := at + indexByte(text[at:], delimiter)
		eq := at + indexByte(text[at:end], '=')
		if eq == at || eq == end { // not a pair
			if dst, err = w.leefPairs(dst, text, base, delimiter, v); err != nil {
				return dst, true, err
			}
			if dst, err = w.line.text(dst, text[at:end], base+at, v); err != nil {
				return dst, true, err
			}
		} else {
			w.pairs = append(w.pairs, pair{key: at, keyEnd: eq, val: eq + 1, valEnd: end, end: end})
		}
		at = end + 1
	}
	dst, err = w.leefPairs(dst, text, base, delimiter, v)
	return dst, true, err
}

// leefPairs visits the pairs read so far.
func (w *eventWalker) leefPairs(dst []Splice, text []byte, base int, delimiter byte, v Visitor) ([]Splice, error) {
	dst, err := w.attributes(dst, text, base, undelimited{c: delimiter}, func(p *pair) []byte { return text[p.key:p.keyEnd] }, v)
	w.pairs = w.pairs[:0]
	return dst, err
}

// leefDelimiter reads the field that names the delimiter: a character, or its code in
// hexadecimal digits behind x or 0x; nothing means a tab.
func leefDelimiter(field string) (c byte, ok bool) {
	switch {
	case field == "":
		return '\t', true
	case len(field) == 1:
		return field[0], true
	}
	digits, ok := strings.CutPrefix(strings.TrimPrefix(strings.ToLower(field), "0"), "x")
	n, err := strconv.ParseUint(digits, 16, 8)
	return byte(n), ok && err == nil
}

// undelimited is text that stands for itself and can hold neither a line break nor the
// delimiter c.
type undelimited struct {
	oneLine
	c byte
}

func (e undelimited) escape(dst, text []byte) []byte {
	from := len(dst)
	dst = e.oneLine.escape(dst, text)
	instead := byte(' ')
	if e.c == ' ' {
		instead = '_'
	}
	for i := from; i < len(dst); i++ {
		if dst[i] == e.c {
			dst[i] = instead
		}
	}
	return dst
}
