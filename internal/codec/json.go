package codec

import "bytes"

func init() { Register(jsonCodec{}) }

// jsonCodec is JSON as RFC 8259 has it, with a byte order mark in front if need
// be, and any number of values one after the other.
//
// Strings, numbers and the names of members are visited. A string that is a
// document itself is walked too; see leaf.visit.
type jsonCodec struct{}

func (jsonCodec) Name() string { return "json" }

func (jsonCodec) MediaTypes() []string {
	return []string{"application/json", "text/json", "application/x-json", "application/csp-report", "+json"}
}

func (jsonCodec) NewWalker() Walker { return &jsonWalker{} }

// Opaque reports escapes that stand for a printable character of ASCII other than
// the quote and the backslash: a slash or a \u00 one.
func (jsonCodec) Opaque(src []byte) bool { return hidesASCII(src) }

// hidesASCII reports whether a backslash in src makes a printable character of ASCII,
// other than the quote and the backslash, look different from what it stands for.
// The last of several backslashes counts, as they may come from nested documents.
func hidesASCII(src []byte) bool {
	for {
		i := bytes.IndexByte(src, '\\')
		if i < 0 || i+1 == len(src) {
			return false
		}
		switch src = src[i+1:]; src[0] {
		case '/':
			return true
		case 'u':
			if len(src) < 4 || src[1] == '0' && src[2] == '0' && src[3] < '8' {
				return true
			}
		}
	}
}

func (jsonCodec) Streams() bool { return true }

// maxDepth is how deep containers may nest.
const maxDepth = 512

// frame is an open object or array.
type frame struct {
	members
	array bool
	// wanted says that what is in it stands under a name that can tell what it is, so
	// that all of it is visited.
	wanted        bool
	told          bool // a member says what others are
	jwk           bool // a member says that it is a JSON Web Key
	element       bool // it is one of an array
	name, nameEnd int  // its own name in src, with escapes; see build
	at            int  // of its bracket in src, -1 if that is another piece
	path          int  // length of the path that members of it begin with
	// key is where in keys the key of its elements begins, for an array; for an object,
	// what is said of its members beside their own names.
	key int
}

// jsonWalker goes step by step. A step is a member or element with the comma
// before it, up to its end or, for a container, its opening bracket; or it is a
// closing bracket. Nothing is visited before the step is there as a whole, so
// that a step which is cut leaves no trace and is simply taken again.
type jsonWalker struct {
	leaf
	stack []frame
	built int    // of the stack, whose paths and keys are known; see build
	path  []byte // of the container on top of the stack
	keys  []byte // what elements of the open arrays stand under, base key first
	name  []byte // decoded name of the member at hand
	base  int    // lengths of path and keys outside of all containers
	bkey  int
	began bool
	step  step
	sieve sieve
	sifts bool // ask sieve before visits
	pairs bool // the first string of an array in an array is the key of the others; not with sifts
	typed bool // addresses and dates keep their type
	seen  int  // bytes of the step at hand that are known not to end its value
	named int  // bytes of it that are known not to end its name
	final bool // src of the walk at hand ends the payload
	field Field
	// role is of the step at hand, beside of the string; said is memory for that.
	role   role
	beside []byte
	said   []byte
	src    []byte // what the walk at hand is of
	outer  Around // what the document stands in
}

// step is what scan found. Offsets are in src.
type step struct {
	comma     int  // of the first byte behind the comma; where the step begins if there is none
	name, sep int  // the name without quotes, sep < 0 if there is none
	val, end  int  // the value, with quotes
	kind      byte // first byte of the value, '0' for all numbers
}

// Reset makes w ready for another payload and wipes its memory.
func (w *jsonWalker) Reset() {
	w.wipe()
	w.path, w.keys, w.name, w.said = wiped(w.path), wiped(w.keys), wiped(w.name), wiped(w.said)
	w.beside = nil
	w.field, w.outer = Field{}, nil
	w.rewind(nil, nil)
	w.forget()
}

// rewind makes w ready for a document that stands at path under key.
func (w *jsonWalker) rewind(path, key []byte) {
	w.stack, w.built = w.stack[:0], 0
	w.path = append(w.path[:0], path...)
	w.keys = append(w.keys[:0], key...)
	w.base, w.bkey = len(w.path), len(w.keys)
	w.began = false
	w.sieve = sieve{ahead: besideAhead, final: true}
	w.seen, w.named = 0, 0
}

func (w *jsonWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.begin()
	w.forget()
	w.sieve, w.sifts = sieve{ahead: besideAhead, final: final}, true
	if final && !w.began && len(src) <= wideStretch {
		w.sieve.wide = len(src) // a small payload that is not suspect is not walked
	}
	out, n, err = w.walk(dst, src, final, v)
	w.build(src)
	w.forget()
	return out, n, err
}

// document walks src, a whole document that stands at path under key, if it is
// JSON. It finds out before it visits anything.
func (w *jsonWalker) document(dst []Splice, src, path, key []byte, v Visitor) (out []Splice, ok bool, err error) {
	w.rewind(nil, nil)
	if _, _, err := w.walk(nil, src, true, nil); err != nil {
		return dst, false, nil
	}
	w.rewind(path, key)
	dst, _, err = w.walk(dst, src, true, v)
	return dst, true, err
}

// walk is Walk without letting go of the texts before. Without a visitor it
// checks the syntax only.
func (w *jsonWalker) walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.src, w.final = src, final
	if !w.began {
		const bom = "\xef\xbb\xbf"
		if !final && len(src) < len(bom) && bytes.HasPrefix([]byte(bom), src) {
			return dst, 0, nil
		}
		if bytes.HasPrefix(src, []byte(bom)) {
			n = len(bom)
		}
		w.began = true
	}
	for {
		switch {
		case len(w.stack) == 0:
		case v == nil:
			n = w.skim(src, n, len(src))
		case w.sifts && w.sieve.clean:
			n = w.skim(src, n, w.sieve.to)
		}
		if len(w.stack) == 0 {
			n = skipSpace(src, n)
		}
		msg, at := w.scan(src, n, final)
		switch msg {
		case "":
		case moreBytes:
			return dst, n, nil
		case noMore:
			return dst, at, nil
		default:
			return dst, n, &SyntaxError{Codec: "json", Offset: int64(at), Msg: msg}
		}
		if v == nil {
			msg = w.check()
		} else {
			dst, msg, err = w.take(dst, src, n, v)
		}
		if err != nil || msg == moreBytes {
			return dst, n, err
		}
		if msg != "" {
			return dst, n, &SyntaxError{Codec: "json", Offset: int64(w.step.val), Msg: msg}
		}
		n = w.step.end
		w.seen, w.named = 0, 0
	}
}

// What scan says when there is no step and no error.
const (
	moreBytes = "more"
	noMore    = "end"
)

const (
	unexpectedEnd = "unexpected end"
	tooDeep       = "nested too deep"
)

// cutShort is the verdict where src ends in the middle of a step.
func cutShort(src []byte, final bool) (string, int) {
	if final {
		return unexpectedEnd, len(src)
	}
	return moreBytes, len(src)
}

// scan finds the step at src[n:] and leaves it in w.step. It changes nothing
// else but what is known of strings. msg is empty if there is one; at is where the trouble is.
func (w *jsonWalker) scan(src []byte, n int, final bool) (msg string, at int) {
	s := &w.step
	s.comma, s.sep = n, -1
	i := skipSpace(src, n)
	if i == len(src) {
		if len(w.stack) == 0 {
			return noMore, i
		}
		return cutShort(src, final)
	}
	if len(w.stack) > 0 {
		f := &w.stack[len(w.stack)-1]
		c := src[i]
		if (c == ']' && f.array) || (c == '}' && !f.array) {
			s.kind, s.val, s.end = c, i, i+1
			return "", 0
		}
		if f.some {
			if c != ',' {
				return "comma or closing bracket expected", i
			}
			s.comma = i + 1
			if i = skipSpace(src, i+1); i == len(src) {
				return cutShort(src, final)
			}
		}
		if !f.array {
			if msg, i = w.scanName(src, n, i, final); msg != "" {
				return msg, i
			}
		}
	}
	return w.scanValue(src, n, i, final)
}

// scanName scans the name at i, in the step that begins at n, and its colon,
// and returns the offset of the value.
func (w *jsonWalker) scanName(src []byte, n, i int, final bool) (msg string, at int) {
	if src[i] != '"' {
		return "name expected", i
	}
	end, _, t := scanString(src, max(i+1, n+w.named))
	switch t {
	case tokenCut:
		w.named = end - n
		return cutShort(src, final)
	case tokenBad:
		return "bad string", end
	}
	w.step.name, w.step.sep = i+1, end-1
	if i = skipSpace(src, end); i == len(src) {
		return cutShort(src, final)
	}
	if src[i] != ':' {
		return "colon expected", i
	}
	if i = skipSpace(src, i+1); i == len(src) {
		return cutShort(src, final)
	}
	return "", i
}

// scanValue scans the value at i, or the opening bracket of it, of the step
// that begins at n.
func (w *jsonWalker) scanValue(src []byte, n, i int, final bool) (msg string, at int) {
	s := &w.step
	s.val, s.kind = i, src[i]
	var t token
	switch c := src[i]; c {
	case '{', '[':
		s.end = i + 1
		return "", 0
	case '"':
		from := max(i+1, n+w.seen)
		if s.end, _, t = scanString(src, from); t == tokenCut {
			w.seen = s.end - n
			return cutShort(src, final)
		}
		if t == tokenBad {
			return "bad string", s.end
		}
		return "", 0
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		s.kind = '0'
		s.end, t = scanNumber(src, i)
		if t == tokenBad {
			return "bad number", s.end
		}
		if t == tokenCut && (!final || s.end != len(src)) {
			return cutShort(src, final)
		}
	default:
		if msg, s.end = scanLiteral(src, i, final); msg != "" {
			return msg, s.end
		}
	}
	if s.end < len(src) && !endsScalar(src[s.end]) {
		return "value runs on", s.end
	}
	return "", 0
}

// scanLiteral scans true, false or null.
func scanLiteral(src []byte, i int, final bool) (msg string, end int) {
	for _, word := range [...]string{"true", "false", "null"} {
		if word[0] != src[i] {
			continue
		}
		got := src[i:min(i+len(word), len(src))]
		if string(got) == word {
			if i+len(word) == len(src) && !final {
				return moreBytes, i
			}
			return "", i + len(word)
		}
		if word[:len(got)] == string(got) {
			return cutShort(src, final)
		}
	}
	return "value expected", i
}

// endsScalar reports whether c may follow a number or a literal.
func endsScalar(c byte) bool {
	switch c {
	case ' ', '\t', '\n', '\r', ',', ']', '}', '{', '[', '"':
		return true
	}
	return false
}

// check does what the step at hand does to the stack, without a visitor.
func (w *jsonWalker) check() (msg string) {
	switch w.step.kind {
	case '}', ']':
		w.stack = w.stack[:len(w.stack)-1]
		return ""
	}
	if len(w.stack) > 0 {
		w.stack[len(w.stack)-1].some = true
	}
	if w.step.kind == '{' || w.step.kind == '[' {
		if len(w.stack) == maxDepth {
			return tooDeep
		}
		w.stack = append(w.stack, frame{array: w.step.kind == '[', at: w.step.val})
	}
	return ""
}
