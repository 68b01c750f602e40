package codec

import "bytes"

func init() { Register(csvCodec{}) }

// csvCodec is comma-separated values (RFC 4180), and what spreadsheets make of them:
// semicolons, tabs or bars between the cells, a first line "sep=;", a byte order mark,
// line breaks of any kind. Cells are visited under the names in the first record, those
// of a table of names and values under the name beside them. A cell is quoted only if
// it begins with a quotation mark, and a quotation mark that closes nothing stands for
// itself, so that everything is some table.
type csvCodec struct{}

func (csvCodec) Name() string { return "csv" }
func (csvCodec) MediaTypes() []string {
	return []string{"text/csv", "application/csv", "text/tab-separated-values"}
}
func (csvCodec) NewWalker() Walker { return &csvWalker{fresh: true} }
func (csvCodec) Streams() bool     { return true }

// Opaque reports escapes of JSON in a cell, and quotation marks that stand in one twice.
func (csvCodec) Opaque(src []byte) bool {
	if bytes.IndexByte(src, '\\') >= 0 {
		return true
	}
	around := func(i int) bool { return i < 0 || i >= len(src) || bytes.IndexByte([]byte(",;\t|\r\n"), src[i]) >= 0 }
	for at := 0; ; {
		i := bytes.Index(src[at:], []byte(`""`))
		if i < 0 {
			return false
		}
		if i += at; !around(i-1) || !around(i+2) {
			return true
		}
		at = i + 2 // an empty cell
	}
}

// maxRow is the length in bytes from which a record is none: a quotation mark that
// nothing closes would take the rest of the payload.
const maxRow = 1 << 20

// csvCell is where a cell stands in its record: without the quotation marks, if it has
// them.
type csvCell struct {
	start, end int
	quoted     bool
}

// csvColumn is what is known of a column.
type csvColumn struct {
	name []byte // as a key; nil for none
	path []byte
	bad  bool // the name alone could make a value suspect
}

type csvWalker struct {
	leaf
	sep     byte // 0 before the first record
	began   bool
	columns []csvColumn
	// In a table of names and values, which column holds which; else -1.
	nameAt, valueAt int
	bad             bool // some column is

	cells []csvCell
	at    int  // of the byte to look at next, from the start of the record
	fresh bool // a cell begins there
	open  bool // within quotation marks
	sieve sieve
	field Field
	key   []byte
}

func (w *csvWalker) Reset() {
	w.wipe()
	w.key = wiped(w.key)
	for _, c := range w.columns {
		clear(c.name)
		clear(c.path)
	}
	clear(w.columns[:cap(w.columns)])
	w.columns = w.columns[:0]
	w.field = Field{}
	w.sep, w.began, w.bad = 0, false, false
	w.rewind()
}

// rewind makes w ready for the next record.
func (w *csvWalker) rewind() { w.cells, w.at, w.fresh, w.open = w.cells[:0], 0, true, false }

func (w *csvWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	w.sieve = sieve{}
	for n < len(src) {
		if w.sep == 0 && !w.sniff(src, final) {
			return dst, n, nil
		}
		end, after, ok := w.record(src[n:], final)
		if end > maxRow {
			return dst, n, &SyntaxError{Codec: "csv", Offset: int64(n), Msg: "record without an end"}
		}
		if !ok {
			return dst, n, nil
		}
		row := src[n : n+end]
		switch {
		case len(w.columns) == 0:
			dst, err = w.header(dst, row, n, v)
		case w.sieve.spares(v, src, n, n+end):
			if w.bad {
				dst, err = w.row(dst, row, n, true, v)
			}
		default:
			dst, err = w.row(dst, row, n, false, v)
		}
		if err != nil {
			return dst, n, err
		}
		n += after
		w.rewind()
	}
	return dst, n, nil
}

// sniff chooses what stands between the cells: what stands most often in the first line
// outside of quotation marks.
func (w *csvWalker) sniff(src []byte, final bool) bool {
	end := bytes.IndexAny(src, "\r\n")
	if end < 0 {
		if !final && len(src) <= maxRow {
			return false
		}
		end = len(src)
	}
	line := bytes.TrimPrefix(src[:end], []byte("\xef\xbb\xbf"))
	if len(line) == 5 && bytes.HasPrefix(line, []byte("sep=")) {
		w.sep = line[4]
		return true
	}
	var count [256]int
	quoted := false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		} else if !quoted {
			count[c]++
		}
	}
	w.sep = ','
	for _, c := range []byte(";\t|") {
		if count[c] > count[w.sep] {
			w.sep = c
		}
	}
	return true
}

// record finds the cells of the record that src begins with: it ends at end, its line
// break at after. Where it is not whole, end is how much of it is known.
func (w *csvWalker) record(src []byte, final bool) (end, after int, ok bool) {
	if !w.began && bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
		w.at = 3
	}
	w.began = true
	for {
		if w.fresh && !w.cell(src, final) {
			return len(src), 0, false
		}
		c := &w.cells[len(w.cells)-1]
		if w.open {
			i := bytes.IndexByte(src[w.at:], '"')
			if i < 0 {
				w.at = len(src)
			} else if at := w.at + i; at+1 == len(src) && !final {
				w.at = at // the other half may follow
				return at, 0, false
			} else if w.at = at + 1; w.at < len(src) && src[w.at] == '"' {
				w.at++
				continue
			} else if w.at == len(src) || src[w.at] == w.sep || src[w.at] == '\r' || src[w.at] == '\n' {
				w.open, c.end = false, at
				continue
			} else {
				continue // it closes nothing
			}
		} else if i := indexCellEnd(src[w.at:], w.sep); i < 0 {
			w.at = len(src)
		} else {
			w.at += i
			if !c.quoted {
				c.end = w.at
			}
			if src[w.at] == w.sep {
				w.at++
				w.fresh = true
				continue
			}
			if src[w.at] == '\r' && w.at+1 == len(src) && !final {
				return w.at, 0, false // perhaps half of a CR LF
			}
			return w.at, w.at + lineBreak(src[w.at:]), true
		}
		if final && (w.open || !c.quoted) {
			c.end = len(src)
		}
		return len(src), len(src), final
	}
}

// cell begins a cell, where src shows of which kind it is.
func (w *csvWalker) cell(src []byte, final bool) bool {
	if w.at == len(src) && !final {
		return false
	}
	w.fresh = false
	if w.at < len(src) && src[w.at] == '"' {
		w.at++
		w.open = true
	}
	w.cells = append(w.cells, csvCell{start: w.at, end: w.at, quoted: w.open})
	return true
}

// indexCellEnd returns the first separator or line break, -1 if there is none.
func indexCellEnd(b []byte, sep byte) int {
	for i, c := range b {
		if c == sep || c == '\n' || c == '\r' {
			return i
		}
	}
	return -1
}

// header visits the first record and takes its cells for the names of the columns.
func (w *csvWalker) header(dst []Splice, row []byte, base int, v Visitor) ([]Splice, error) {
	if len(row) == 5 && string(row[:4]) == "sep=" {
		return dst, nil
	}
	w.nameAt, w.valueAt, w.bad = -1, -1, false
	for i, c := range w.cells {
		raw := row[c.start:c.end]
		w.field = Field{Kind: String}
		mark := len(dst)
		out, err := w.one(dst, raw, base+c.start, c.quoted, v)
		if dst = out; err != nil {
			return dst, err
		}
		name := w.decode(raw, w.quoting(c.quoted))
		col := csvColumn{name: bytes.Clone(name), bad: len(name) > 0 && v.Suspect(raw)}
		if col.path = col.name; len(dst) > mark { // a name with a finding is told as edited
			amended := Apply(nil, raw, relative(dst[mark:], base+c.start))
			col.path = decode(nil, amended, w.quoting(c.quoted))
			clear(amended)
		}
		col.path = cut(col.path, maxSegment)
		w.columns = append(w.columns, col)
		w.bad = w.bad || col.bad
		switch {
		case nameColumns[string(bytes.ToLower(name))]:
			w.nameAt = i
		case fold(name, "value"):
			w.valueAt = i
		}
	}
	return dst, nil
}

// nameColumns are what columns are called that say what stands in the column "value".
var nameColumns = map[string]bool{"name": true, "key": true, "variable": true, "setting": true, "parameter": true, "option": true, "property": true, "field": true}

// relative returns splices as those of what lies at offset base.
func relative(splices []Splice, base int) []Splice {
	out := append([]Splice(nil), splices...)
	shift(out, -base)
	return out
}

// row visits the cells of a record; with named only those whose column makes them
// suspect.
func (w *csvWalker) row(dst []Splice, row []byte, base int, named bool, v Visitor) ([]Splice, error) {
	for i, c := range w.cells {
		if c.start == c.end || named && (i >= len(w.columns) || !w.columns[i].bad) {
			continue
		}
		w.field = Field{Kind: String}
		if i < len(w.columns) {
			w.field.Key, w.field.Path = w.columns[i].name, w.columns[i].path
		}
		if i == w.valueAt && w.nameAt >= 0 && w.nameAt < len(w.cells) {
			name := w.cells[w.nameAt]
			w.key = append(w.key[:0], w.decode(row[name.start:name.end], w.quoting(name.quoted))...)
			w.field.Key = w.key
		}
		mark := len(dst)
		out, err := w.one(dst, row[c.start:c.end], base+c.start, c.quoted, v)
		if dst = out; err != nil {
			return dst, err
		}
		if len(w.cells) == 1 && !c.quoted && len(dst) == mark+1 && dst[mark].End-dst[mark].Start == len(row) && len(dst[mark].Text) == 0 {
			dst[mark].Text = []byte(`""`) // an empty line is no record to many
		}
	}
	return dst, nil
}

// one visits a cell as w.field says.
func (w *csvWalker) one(dst []Splice, raw []byte, base int, quoted bool, v Visitor) ([]Splice, error) {
	if len(raw) == 0 {
		return dst, nil
	}
	mark := len(dst)
	dst, remove, err := w.visit(dst, v, &w.field, raw, base, w.quoting(quoted))
	if err == nil && remove {
		dst = append(dst[:mark], Splice{Start: base, End: base + len(raw), Note: w.note})
	}
	return dst, err
}

func (w *csvWalker) quoting(quoted bool) escaping {
	if quoted {
		return doubled{}
	}
	return bare{undelimited{c: w.sep}}
}

// doubled is text between quotation marks, which stand in it twice.
type doubled struct{}

func (doubled) plain(raw []byte) int {
	if i := bytes.IndexByte(raw, '"'); i >= 0 {
		return i
	}
	return len(raw)
}

func (doubled) next(dst, raw []byte) (out []byte, n int) {
	if len(raw) > 1 && raw[1] == '"' {
		return append(dst, '"'), 2
	}
	return append(dst, '"'), 1
}

func (doubled) escape(dst, text []byte) []byte {
	for _, c := range text {
		if c == '"' {
			dst = append(dst, '"')
		}
		dst = append(dst, c)
	}
	return dst
}

// bare is the text of a cell without quotation marks: it can hold neither a line break
// nor a separator, and a quotation mark would mean something at its beginning.
type bare struct{ undelimited }

func (e bare) escape(dst, text []byte) []byte {
	from := len(dst)
	dst = e.undelimited.escape(dst, text)
	for i := from; i < len(dst); i++ {
		if dst[i] == '"' {
			dst[i] = '\''
		}
	}
	return dst
}
