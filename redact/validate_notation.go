package redact

import "bytes"

// isCodeIn reports whether v, in its place, is the part of an
// expression where a pattern stopped: the name of a function that is called, the
// prefix of a string literal, an open bracket whose end follows, the name of a
// credential handed on.
func isCodeIn(v []byte, p Place) bool {
	after := p.After
	if len(after) == 0 || len(v) == 0 {
		return false
	}
	next := after[0]
	switch {
	case (next == '"' || next == '\'') && len(v) <= 2 && len(after) > 1 && len(bytes.Trim(v, "bBuUrRfFL")) == 0:
		return true
	case next == '(' && isPathOfNames(v):
		return len(after) == 1 || bytes.IndexByte([]byte("\"') \t\r\n&$"), after[1]) >= 0
	case next == '"' || next == '\'':
		return isCallOf(v)
	case bytes.IndexByte([]byte(")],;}"), next) >= 0:
		spaced := next != ';' || bytes.HasSuffix(p.Before, []byte("= "))
		return isOpen(v) || next != ']' && spaced && passwordNames[string(v)]
	case next == ' ' && len(after) > 1 && isLower(after[1]|0x20):
		return operators[string(v)]
	}
	return false
}

// isComparand reports whether v is compared with a variable by its name.
func isComparand(v, before []byte) bool {
	before = bytes.TrimRight(before, " \t")
	if bytes.HasSuffix(before, []byte("===")) || bytes.HasSuffix(before, []byte("!==")) {
		return true
	}
	return (bytes.HasSuffix(before, []byte("==")) || bytes.HasSuffix(before, []byte("!="))) && isPathOfNames(v) && isWord(v)
}

// passwordNames are what programs call a password that they hand on.
var passwordNames = wordSet("password passwd passphrase pwd pass pw passcode")

// operators are words of programs that an expression follows.
var operators = wordSet("new await yield return typeof sizeof lambda function func delete throw raise")

// isPathOfNames reports whether v is names as programs have them with dots, arrows
// or colons between them.
func isPathOfNames(v []byte) bool {
	for len(v) > 0 {
		end := bytes.IndexAny(v, ".-:")
		if end < 0 {
			return isIdentifier(v)
		}
		if !isIdentifier(v[:end]) {
			return false
		}
		rest := v[end:]
		switch {
		case rest[0] == '.':
			v = rest[1:]
		case bytes.HasPrefix(rest, []byte("->")), bytes.HasPrefix(rest, []byte("::")):
			v = rest[2:]
		default:
			return false
		}
	}
	return false
}

// isCallOf reports whether v is a path of names and an open bracket.
func isCallOf(v []byte) bool {
	last := len(v) - 1
	return last > 1 && (v[last] == '(' || v[last] == '[') && isPathOfNames(v[:last])
}

// isOpen reports whether v begins a call or an index expression whose arguments
// are names, numbers and operators, and lacks the closing bracket.
func isOpen(v []byte) bool {
	open := bytes.IndexAny(v, "([{")
	if open < 2 || !isPathOfNames(v[:open]) {
		return false
	}
	depth := 0
	for _, b := range v[open:] {
		switch {
		case b == '(' || b == '[' || b == '{':
			depth++
		case b == ')' || b == ']' || b == '}':
			depth--
		case !isNameByte(b) && b != ':' && b != '-' && b != '*' && b != '&' && b != '>' && b != '#':
			return false
		}
	}
	return depth > 0
}

// isNotation reports whether v is written in the notation of some language that
// a value of a credential is not: a regular expression, a pointer or slice type, an
// element of Perl, a number in hexadecimal, a colour, a flag.
func isNotation(v []byte) bool {
	if len(v) < 2 {
		return false
	}
	if open := bytes.IndexByte(v, '{'); open > 2 && isPathOfNames(v[:open]) && (open == len(v)-1 || isIdentifier(v[open+1:])) {
		return true // a literal of a type, perhaps with the name of its first field
	}
	if at := bytes.LastIndexByte(v, '@'); at > 0 && len(v)-at > 5 && bytes.IndexByte(v[:at], '.') > 0 && isWord(v[:at]) && isHex(v[at+1:]) {
		return true // an object of Java
	}
	switch v[0] {
	case '*', '&':
		return len(v) > 2 && isPathOfNames(v[1:]) &&
			(isWord(bytes.TrimRight(v[1:], "0123456789")) || bytes.IndexByte(v, '.') > 0 || isCredential(v[1:]))
	case '[':
		return bytes.HasPrefix(v, []byte("[]"))
	case '$':
		return isElement(v[1:])
	case '#':
		return (len(v) == 4 || len(v) == 7) && isHex(v[1:])
	case '!':
		return len(v) == 2 && isDigit(v[1])
	case '-':
		if bytes.HasPrefix(v, []byte("--")) {
			return isWord(bytes.TrimRight(v[2:], "="))
		}
		v = v[1:]
	}
	if bytes.HasPrefix(v, []byte("0x")) && len(v) <= 18 {
		return isHex(v[2:])
	}
	return isRegexp(v)
}

// isElement reports whether v, behind $, goes on as an element of a hash, a member
// of an object or a variable of a package.
func isElement(v []byte) bool {
	n := 0
	for n < len(v) && (isNameByte(v[n]) && v[n] != '-' && v[n] != '.' || v[n] == ':') {
		n++
	}
	rest := v[n:]
	return n > 1 && (bytes.HasPrefix(rest, []byte("->")) || bytes.HasPrefix(rest, []byte("{")) || bytes.Contains(v[:n], []byte("::")))
}

var regexpMarks = [][]byte{
	[]byte("(?:"), []byte("(?P<"), []byte("(?i"), []byte("[0-9"), []byte("[a-z"), []byte("[A-Z"), []byte("[a-f"), []byte("[A-F"),
	[]byte("[A-Fa-f"), []byte("[^"), []byte(`\d`), []byte(`\w`), []byte(`\s`), []byte(".*)"), []byte(".+)"),
}

// isRegexp reports whether v holds a group or class of a regular expression, and
// a repetition or its end.
func isRegexp(v []byte) bool {
	if !bytes.ContainsAny(v, "+*?})]") {
		return false
	}
	for _, mark := range regexpMarks {
		if bytes.Contains(v, mark) {
			return true
		}
	}
	return false
}
