package neutral

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/redactd/redactd/redact"
)

// node is a value of a JSON document: where it stands, and what is in it.
type node struct {
	start, end int
	kind       json.Delim // '{', '[' or 0 for a scalar
	text       string     // of a string or a number
	number     bool
	isString   bool
	members    []member // of an object, or elements of an array, which have no name
}

// member is a member of an object: from its name on.
type member struct {
	start   int
	nameEnd int
	name    string
	value   node
	// folded and rules are what is known of the name once it is asked for.
	folded string
	rules  []*rule
}

// parseJSON reads one document (RFC 8259), with nothing but white space around it. It takes
// what encoding/json takes, and knows of each value where it stands, which that package
// tells by its tokens only, at ten times the cost. The error is redact.ErrGaveUp where the
// document has too many values.
func parseJSON(src []byte) (root node, ok bool, err error) {
	p := jsonParser{src: string(src)}
	p.space()
	ok = p.value(&root, maxDepth)
	p.space()
	if p.nodes > maxNodes {
		return node{}, false, redact.ErrGaveUp
	}
	return root, ok && p.at == len(p.src), nil
}

// maxDepth is how deep values may be nested, as in encoding/json.
const maxDepth = 10_000

type jsonParser struct {
	src   string
	at    int
	nodes int
}

func (p *jsonParser) space() {
	for p.at < len(p.src) {
		switch p.src[p.at] {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return
		}
	}
}

// next reports whether c is next, and takes it.
func (p *jsonParser) next(c byte) bool {
	if p.at < len(p.src) && p.src[p.at] == c {
		p.at++
		return true
	}
	return false
}

// value reads the value that begins here.
func (p *jsonParser) value(n *node, depth int) (ok bool) {
	if p.nodes++; p.nodes > maxNodes || p.at == len(p.src) || depth == 0 {
		return false
	}
	n.start = p.at
	switch c := p.src[p.at]; c {
	case '{', '[':
		n.kind = json.Delim(c)
		ok = p.members(n, depth)
	case '"':
		n.isString = true
		n.text, ok = p.string()
	case 't':
		ok = p.word("true")
	case 'f':
		ok = p.word("false")
	case 'n':
		ok = p.word("null")
	default:
		n.number = true
		ok = p.number()
		n.text = p.src[n.start:p.at]
	}
	n.end = p.at
	return ok
}

// members reads what is in an object or array.
func (p *jsonParser) members(n *node, depth int) bool {
	object, end := n.kind == '{', byte(n.kind)+2 // of { and [, in ASCII
	p.at++
	p.space()
	if p.next(end) {
		return true
	}
	for {
		n.members = append(n.members, member{start: p.at})
		m := &n.members[len(n.members)-1]
		if object {
			var ok bool
			if m.name, ok = p.string(); !ok {
				return false
			}
			m.nameEnd = p.at
			p.space()
			if !p.next(':') {
				return false
			}
			p.space()
		}
		if !p.value(&m.value, depth-1) {
			return false
		}
		p.space()
		switch {
		case p.next(end):
			return true
		case !p.next(','):
			return false
		}
		p.space()
	}
}

func (p *jsonParser) word(w string) bool {
	ok := strings.HasPrefix(p.src[p.at:], w)
	if ok {
		p.at += len(w)
	}
	return ok
}

func (p *jsonParser) number() bool {
	p.next('-')
	if !p.next('0') && !p.digits() {
		return false
	}
	if p.next('.') && !p.digits() {
		return false
	}
	if p.next('e') || p.next('E') {
		if !p.next('+') {
			p.next('-')
		}
		return p.digits()
	}
	return true
}

// digits takes digits, and reports whether there is one at least.
func (p *jsonParser) digits() bool {
	from := p.at
	for p.at < len(p.src) && p.src[p.at] >= '0' && p.src[p.at] <= '9' {
		p.at++
	}
	return p.at > from
}

// string reads a string, without quotation marks and escapes.
func (p *jsonParser) string() (text string, ok bool) {
	if !p.next('"') {
		return "", false
	}
	from, plain := p.at, true
	for ; p.at < len(p.src); p.at++ {
		switch c := p.src[p.at]; {
		case c == '"':
			text = p.src[from:p.at]
			p.at++
			if plain || strings.IndexByte(text, '\\') < 0 && utf8.ValidString(text) {
				return text, true
			}
			return unquote(p.src[from-1 : p.at])
		case c == '\\':
			plain = false
			p.at++
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	return "", false
}

// unquote reads a string that has escapes or is no UTF-8.
func unquote(quoted string) (text string, ok bool) {
	err := json.Unmarshal([]byte(quoted), &text)
	return text, err == nil
}
