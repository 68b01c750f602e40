package redact

import (
	"bytes"
	"regexp/syntax"
	"slices"
	"strings"
)

// A pattern that was written for a value in a line of its own can run out of a string
// of JSON or of logfmt where the value is missing or its closing quotation mark is:
//
//	{"log":"mysql -p","level":"info"}
//	{"log":"IDENTIFIED BY 'hunt","level":"info"}
//
// To replace what it takes there would leave a document that does not parse any more.

// namesQuotes reports whether what re captures as the secret has a quotation mark that
// the pattern names, and so goes over quotation marks by intent. It does also where re
// captures nothing, and is the secret as a whole.
func namesQuotes(re *syntax.Regexp) bool {
	groups := secretGroups(re.CapNames())
	if groups[0] == 0 {
		return true
	}
	var named func(re *syntax.Regexp, secret bool) bool
	named = func(re *syntax.Regexp, secret bool) bool {
		secret = secret || re.Op == syntax.OpCapture && slices.Contains(groups, re.Cap)
		if secret && re.Op == syntax.OpLiteral && slices.Contains(re.Rune, '"') {
			return true
		}
		return slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return named(sub, secret) })
	}
	return named(re, false)
}

// enclosed returns what of text[start:end], which p captured, stands in the string that
// the match began in. It looks at less than maxPlaceholder bytes behind end.
func (p *program) enclosed(text []byte, start, end int) (from, to int) {
	if !p.unquoted || start >= end {
		return start, end
	}
	if start > 0 && text[start-1] == '"' && isBetween(text[start:end], end < len(text) && text[end] == '"') {
		return start, start
	}
	cut := end
	if value := text[start:end]; value[0] != '{' && value[0] != '[' {
		for i := bytes.IndexByte(value, '"'); i >= 0; {
			if endsString(text[start+i+1 : min(len(text), end+maxPlaceholder-1)]) {
				cut = start + i
				break
			}
			next := bytes.IndexByte(value[i+1:], '"')
			if next < 0 {
				break
			}
			i += 1 + next
		}
	}
	if cut < len(text) && text[cut] == '"' {
		cut = start + withoutEscapes(text[start:cut])
	}
	return start, cut
}

// withoutEscapes returns the length of value without the escaped line feeds, and the
// beginning of an escaped quotation mark, that it ends with.
func withoutEscapes(value []byte) int {
	n := len(value)
	for {
		n = len(bytes.TrimRight(value[:n], `\`))
		if n < 2 || value[n-2] != '\\' || value[n-1] != 'n' && value[n-1] != 'r' {
			return n
		}
		n--
	}
}

// signsBetween are what stands between the strings of JSON, beside numbers and words.
const signsBetween = ",:{}[]() \t\r\n"

// isBetween reports whether value, which a quotation mark stands before, is what stands
// between two strings of JSON, or a string and the next pair of logfmt; closed says that
// one stands behind it too.
func isBetween(value []byte, closed bool) bool {
	v := bytes.TrimLeft(value, " \t")
	if len(v) == 0 || strings.IndexByte(",:}]", v[0]) >= 0 && (len(bytes.Trim(v, signsBetween)) == 0 || bytes.IndexByte(v, '"') >= 0) {
		return true
	}
	if !closed {
		return false
	}
	last := v[len(v)-1]
	if v[0] == ',' || v[0] == ':' {
		return strings.IndexByte(",:[{ ", last) >= 0
	}
	return len(v) < len(value) && last == '=' && beginsPair(v)
}

// beginsPair reports whether text begins with a name and a sign of equality.
func beginsPair(text []byte) bool {
	n := 0
	for n < len(text) && isNameByte(text[n]) {
		n++
	}
	return n > 0 && n < len(text) && text[n] == '='
}

// endsString reports whether a quotation mark that rest follows ends a string: before
// more of a document, or the next pair of logfmt.
func endsString(rest []byte) bool {
	v := bytes.TrimLeft(rest, " \t")
	if len(v) == 0 {
		return false
	}
	switch v[0] {
	case ',', ':':
		v = bytes.TrimLeft(v[1:], " \t\\")
		return len(v) > 0 && (strings.IndexByte(`"{[-`, v[0]) >= 0 || isDigit(v[0]) || isLiteral(v))
	case '}', ']':
		return len(v) == 1 || strings.IndexByte(",}] \t\r\n\\", v[1]) >= 0
	}
	return len(v) < len(rest) && beginsPair(v)
}

func isLiteral(v []byte) bool {
	return bytes.HasPrefix(v, []byte("true")) || bytes.HasPrefix(v, []byte("false")) || bytes.HasPrefix(v, []byte("null"))
}
