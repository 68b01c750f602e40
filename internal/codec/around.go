package codec

// Around tells what a field stands in, for those who ask who wrote it. It is asked while a
// field is visited and not later.
type Around interface {
	// Enclosing calls yield with what the field stands in, the outermost first. raw is
	// as it stands in the payload, from its beginning on; it may go on behind its end,
	// and may be cut.
	Enclosing(yield func(f Form, raw []byte))
}

// Form says how to read what a field stands in.
type Form uint8

// The forms.
const (
	FormJSON         Form = iota // an object
	FormLogfmt                   // a line of pairs
	FormOTLPResource             // ResourceLogs, ResourceSpans or ResourceMetrics in protobuf
	FormOTLPScope                // ScopeLogs, ScopeSpans or ScopeMetrics in protobuf
	FormLokiStream               // Stream of a push in protobuf
	FormAppName                  // the name of the application alone, as syslog has it
)

// Enclosing implements Around: the objects that are open.
func (w *jsonWalker) Enclosing(yield func(Form, []byte)) {
	if w.outer != nil {
		w.outer.Enclosing(yield)
	}
	for i := range w.stack {
		// Those that began in a piece before are gone.
		if f := &w.stack[i]; !f.array && f.at >= 0 && f.at < len(w.src) {
			yield(FormJSON, w.src[f.at:])
		}
	}
}

// forget lets go of what is open: it stands in another piece.
func (w *jsonWalker) forget() {
	w.src = nil
	for i := range w.stack {
		w.stack[i].at = -1
	}
}

// Enclosing implements Around: the objects that are open.
func (w *shapeWalker) Enclosing(yield func(Form, []byte)) {
	for _, at := range w.open {
		yield(FormJSON, w.src[at:])
	}
}

// Enclosing implements Around.
func (w *protoWalker) Enclosing(yield func(Form, []byte)) {
	for _, o := range w.open {
		yield(o.form, w.src[o.start:o.end])
	}
}

// formed is a message that is open, and tells who wrote what is in it.
type formed struct {
	form       Form
	start, end int
}

// Enclosing implements Around: the line.
func (w *logfmtWalker) Enclosing(yield func(Form, []byte)) {
	if w.at != nil {
		yield(FormLogfmt, w.at)
	}
}

// Enclosing implements Around: the application that the header of the message names.
func (w *syslogWalker) Enclosing(yield func(Form, []byte)) {
	if len(w.app) > 0 {
		yield(FormAppName, w.app)
	}
}

// Members calls f with the members of the object that raw begins with: the names and
// values as they are written, of strings without their quotes. It stops at whatever is no
// JSON, after limit bytes, or when f returns false.
func Members(raw []byte, limit int, f func(name, value []byte, kind byte) bool) {
	raw = raw[:min(len(raw), limit)]
	if len(raw) == 0 || raw[0] != '{' {
		return
	}
	for i := 1; ; i++ {
		m, t := readMember(raw, i)
		if t != tokenWhole {
			if m.val > 0 && (raw[m.val] == '{' || raw[m.val] == '[') { // cut, and may say something yet
				f(raw[m.name:m.nameEnd], raw[m.val:], raw[m.val])
			}
			return
		}
		kind, value := raw[m.val], raw[m.val:m.end]
		if kind == '"' {
			value = value[1 : len(value)-1]
		}
		if !f(raw[m.name:m.nameEnd], value, kind) {
			return
		}
		if i = skipSpace(raw, m.end); i >= len(raw) || raw[i] != ',' {
			return
		}
	}
}

// memberAt is where a member of an object stands: its name without quotes, and its value,
// which is 0 where it is not there.
type memberAt struct{ name, nameEnd, val, end int }

// readMember reads the member at raw[i:], behind white space. What is cut may be broken.
func readMember(raw []byte, i int) (m memberAt, t token) {
	if i = skipSpace(raw, i); i >= len(raw) {
		return m, tokenCut
	}
	if raw[i] != '"' {
		return m, tokenBad
	}
	end, _, t := scanString(raw, i+1)
	if t != tokenWhole {
		return m, t
	}
	m.name, m.nameEnd = i+1, end-1
	if i = skipSpace(raw, end); i >= len(raw) {
		return m, tokenCut
	}
	if raw[i] != ':' {
		return m, tokenBad
	}
	if i = skipSpace(raw, i+1); i >= len(raw) {
		return m, tokenCut
	}
	m.val = i
	if m.end = passValue(raw, i); m.end < 0 {
		return m, tokenCut
	}
	return m, tokenWhole
}

// Elements calls f with the elements of the array that raw begins with, as Members does.
func Elements(raw []byte, limit int, f func(value []byte, kind byte) bool) {
	raw = raw[:min(len(raw), limit)]
	if len(raw) == 0 || raw[0] != '[' {
		return
	}
	for i := skipSpace(raw, 1); i < len(raw) && raw[i] != ']'; {
		kind, from := raw[i], i
		if i = passValue(raw, i); i < 0 || !f(raw[from:i], kind) {
			return
		}
		if i = skipSpace(raw, i); i >= len(raw) || raw[i] != ',' {
			return
		}
		i = skipSpace(raw, i+1)
	}
}

// passValue is skipValue for a value that may be cut or broken, which gives -1.
func passValue(src []byte, i int) int {
	depth := 0
	for i < len(src) {
		switch src[i] {
		case '"':
			end, _, t := scanString(src, i+1)
			if t != tokenWhole {
				return -1
			}
			if i = end; depth == 0 {
				return i
			}
		case '{', '[':
			depth++
			i++
		case '}', ']':
			if depth--; depth < 0 {
				return -1
			}
			if i++; depth == 0 {
				return i
			}
		default:
			if depth > 0 {
				i++
				continue
			}
			from := i
			for i < len(src) && !endsScalar(src[i]) {
				i++
			}
			if i == from || i == len(src) {
				return -1
			}
			return i
		}
	}
	return -1
}

// Fields calls f with the fields of the protobuf message raw that have a length.
func Fields(raw []byte, f func(num uint64, value []byte) bool) {
	for i := 0; i < len(raw); {
		w, msg := readField(raw, i, len(raw))
		if msg != "" {
			return
		}
		if i = w.end; w.wire == wireLength && !f(w.num, raw[w.val:w.end]) {
			return
		}
	}
}
