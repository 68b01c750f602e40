package codec

import (
	"bytes"
	"cmp"
	"slices"
)

func init() { Register(sseCodec{}) }

// sseCodec is a stream of server-sent events (HTML, section 9.2.6). The data
// lines of an event are one value, walked as JSON if it is that; what stands
// between them, comments and unknown fields above all, is visited as text.
type sseCodec struct{}

func (sseCodec) Name() string         { return "sse" }
func (sseCodec) MediaTypes() []string { return []string{"text/event-stream"} }
func (sseCodec) NewWalker() Walker    { return &sseWalker{} }
func (sseCodec) Streams() bool        { return true }

// Opaque reports JSON escapes, and values that go on over several lines.
func (sseCodec) Opaque(src []byte) bool {
	if bytes.IndexByte(src, '\\') >= 0 {
		return true
	}
	at := bytes.Index(src, []byte("data"))
	return at >= 0 && bytes.Contains(src[at+1:], []byte("data"))
}

// dataLine is where a data line is in its event: its value, and the end of the
// line before it.
type dataLine struct{ before, start, end int }

type sseWalker struct {
	leaf
	data  []dataLine // of the event at hand
	runs  []dataLine // of lines of it that are no data lines
	prev  int        // end of the line before, without its line break
	at    int        // of the line at hand, from the start of the event
	seen  int        // bytes of that line that are known to hold no line break
	other bool       // the line before was no data line
	mixed bool       // there are other lines between the data lines
	began bool
	field Field
}

func (w *sseWalker) Reset() {
	w.wipe()
	w.next()
	w.began = false
	w.field = Field{}
}

// next makes w ready for the next event.
func (w *sseWalker) next() {
	w.data, w.runs = w.data[:0], w.runs[:0]
	w.prev, w.at, w.seen, w.other, w.mixed = 0, 0, 0, false, false
}

func (w *sseWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	for n < len(src) {
		size, ok := w.event(src[n:], final)
		if !ok {
			break
		}
		if !v.Suspect(src[n : n+size]) {
			w.next()
			n += size
			continue
		}
		mark := len(dst)
		if dst, err = w.value(dst, src[n:n+size], n, v); err != nil {
			return dst, n, err
		}
		if dst, err = w.others(dst, mark, src[n:n+size], n, v); err != nil {
			return dst, n, err
		}
		w.next()
		n += size
	}
	return dst, n, nil
}

// event finds the event that src begins with, up to and with the empty line
// that ends it, and notes its data.
func (w *sseWalker) event(src []byte, final bool) (size int, ok bool) {
	for w.at < len(src) {
		end, after, ok := w.line(src, final)
		if !ok {
			return 0, false
		}
		start := w.at
		if !w.began && bytes.HasPrefix(src, []byte("\xef\xbb\xbf")) {
			start += 3
		}
		w.began = true
		w.at = after
		if end == start {
			return after, true
		}
		if val, ok := dataValue(src[start:end]); ok {
			w.mixed = w.mixed || w.other && len(w.data) > 0
			w.data = append(w.data, dataLine{w.prev, start + val, end})
			w.other = false
		} else {
			if w.other {
				w.runs[len(w.runs)-1].end = end
			} else {
				w.runs = append(w.runs, dataLine{w.prev, start, end})
			}
			w.other = true
		}
		w.prev = end
	}
	return len(src), final
}

// line finds the end of the line at w.at and the beginning of the next one.
func (w *sseWalker) line(src []byte, final bool) (end, after int, ok bool) {
	from := w.at + w.seen
	i := bytes.IndexAny(src[from:], "\r\n")
	if i < 0 {
		if !final {
			w.seen = len(src) - w.at
		}
		return len(src), len(src), final
	}
	end = from + i
	n := lineBreak(src[end:])
	if end+n == len(src) && src[end] == '\r' && !final {
		w.seen = end - w.at
		return 0, 0, false // perhaps half of a CR LF
	}
	w.seen = 0
	return end, end + n, true
}

// lineBreak returns the length of the line break that b begins with.
func lineBreak(b []byte) int {
	switch {
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	case len(b) > 0 && (b[0] == '\r' || b[0] == '\n'):
		return 1
	}
	return 0
}

// dataValue returns where in a line its value begins if it is a data line.
func dataValue(line []byte) (val int, ok bool) {
	rest, ok := bytes.CutPrefix(line, []byte("data"))
	switch {
	case !ok:
		return 0, false
	case len(rest) == 0:
		return 4, true
	case rest[0] != ':':
		return 0, false
	case len(rest) > 1 && rest[1] == ' ':
		return 6, true
	}
	return 5, true
}

// value visits the data of an event, which lies at offset base.
func (w *sseWalker) value(dst []Splice, event []byte, base int, v Visitor) ([]Splice, error) {
	if len(w.data) == 0 {
		return dst, nil
	}
	first, last := w.data[0].start, w.data[len(w.data)-1].end
	if first == last {
		return dst, nil
	}
	raw := event[first:last]
	w.field = Field{Value: w.decode(raw, dataLines{}), Kind: Text}
	edits, ok, err := w.nest(w.field.Value, nil, nil, nil, v)
	remove := false
	if !ok && err == nil {
		edits, remove, err = v.Visit(&w.field)
	}
	if err != nil {
		return dst, err
	}
	mark := len(dst)
	if remove {
		dst = erase(dst, base+first, base+last)
	} else {
		dst = w.put(dst, edits, w.field.Value, raw, base+first, dataLines{})
	}
	if w.mixed {
		dst = w.cut(dst, mark, base)
	}
	w.colons(dst[mark:], event, base)
	return dst, nil
}

// besideData is the path of what is no data of an event.
var besideData = []byte("event:")

// others visits the runs of lines that are no data lines, of the event at offset
// base. The splices from mark on are those of its data.
func (w *sseWalker) others(dst []Splice, mark int, event []byte, base int, v Visitor) ([]Splice, error) {
	before := len(dst)
	for _, run := range w.runs {
		raw := event[run.start:run.end]
		w.field = Field{Path: besideData, Value: raw, Kind: Text}
		edits, remove, err := v.Visit(&w.field)
		if err != nil {
			return dst, err
		}
		if remove {
			edits = []Splice{{0, len(raw), nil, noteOf(edits)}}
		}
		from := len(dst)
		dst = w.put(dst, edits, raw, raw, base+run.start, oneLine{})
		w.fill(dst[from:], event, base)
	}
	if before > mark && len(dst) > before {
		slices.SortFunc(dst[mark:], func(a, b Splice) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	}
	return dst, nil
}

// fill writes an empty comment where a splice leaves nothing of a line: an empty
// line would end the event.
func (w *sseWalker) fill(splices []Splice, event []byte, base int) {
	for i := range splices {
		s := &splices[i]
		start, end := s.Start-base, s.End-base
		if len(s.Text) == 0 && (start == 0 || lineBreak(event[start-1:]) > 0) && (end == len(event) || lineBreak(event[end:]) > 0) {
			s.Text = []byte{':'}
		}
	}
}

// colons makes texts that come to stand right behind a field name without a
// colon begin with one.
func (w *sseWalker) colons(splices []Splice, event []byte, base int) {
	for i := range splices {
		s := &splices[i]
		for _, d := range w.data {
			if len(s.Text) > 0 && s.Start == base+d.start && event[d.start-1] == 'a' {
				at := len(w.arena)
				w.arena = append(append(w.arena, ": "...), s.Text...)
				s.Text = w.arena[at:len(w.arena):len(w.arena)]
			}
		}
	}
}

// cut cuts the splices from mark on so that they leave alone what stands
// between data lines of the event at offset base. Of a splice over several
// lines the text goes into the first; those covered as a whole after it go.
func (w *sseWalker) cut(dst []Splice, mark, base int) []Splice {
	whole := append([]Splice(nil), dst[mark:]...)
	dst = dst[:mark]
	for _, s := range whole {
		text := append([]byte{}, s.Text...) // not nil until it is used
		for _, d := range w.data {
			start, end := max(s.Start, base+d.start), min(s.End, base+d.end)
			if start > end {
				continue
			}
			if d.start > s.Start-base && d.end <= s.End-base && text == nil {
				start = base + d.before
			}
			if start < end || len(text) > 0 {
				dst = append(dst, Splice{start, end, text, s.Note})
			}
			text = nil
		}
	}
	return dst
}

// dataLines joins the values of data lines: a line break and all up to the next
// such value stand for one LF.
type dataLines struct{}

func (dataLines) plain(raw []byte) int {
	if i := bytes.IndexAny(raw, "\r\n"); i >= 0 {
		return i
	}
	return len(raw)
}

func (d dataLines) next(dst, raw []byte) (out []byte, n int) {
	for n < len(raw) {
		n += lineBreak(raw[n:])
		line := raw[n : n+d.plain(raw[n:])]
		if val, ok := dataValue(line); ok {
			return append(dst, '\n'), n + val
		}
		n += len(line)
	}
	return append(dst, '\n'), n
}

func (d dataLines) escape(dst, text []byte) []byte {
	for {
		i := d.plain(text)
		dst = append(dst, text[:i]...)
		if i == len(text) {
			return dst
		}
		dst = append(dst, "\ndata: "...)
		text = text[i+lineBreak(text[i:]):]
	}
}
