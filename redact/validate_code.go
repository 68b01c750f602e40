package redact

import "bytes"

// Validators that tell a value from the source text of a program that computes
// one.
//
//   - not-code rejects expressions, references and casts, what stands between two
//     string literals, and what has no letter and no digit.
//   - not-name rejects names of credentials: db_password, getToken, API_KEY.
//   - not-count rejects up to three digits, which are settings and not secrets.
//   - not-example rejects what commands in documents have for a password.
func init() {
	registerPlaced("not-code", func(v []byte, p Place) bool {
		return !isCode(v) && !isCodeIn(v, p) && !isARN(p.Before) && !isComparand(v, p.Before)
	})
	registerPlain("not-name", func(v []byte) bool { return !isCredentialName(v) })
	registerPlain("not-count", func(v []byte) bool { return len(v) > 3 || !isNumber(v) })
	registerPlain("not-example", func(v []byte) bool { return !isExample(v) })
}

var examples = wordSet(`
	password passwd pass pwd pw passphrase secret token key apikey api_key test user username
	passw0rd yyy yyyy pass123 credential credentials utf8 utf-8 base64 hex ascii latin1 binary
`)

// roots are the names that expressions begin with when they fetch a setting.
var roots = wordSet(`
	process env environ os sys config conf cfg settings setting options option opts args argv
	params param props properties self this context ctx request req response res data local
	locals var vars module each values secrets vault input inputs output outputs app application
	system environment builtins session state store user users account accounts client server
	creds credentials auth form body json headers query event flags viper cmd import meta
`)

// credentialWords are those that names of credentials end in or hold.
var credentialWords = wordSet(`
	password passwords passwd pwd pass passphrase secret secrets token tokens key keys
	credential credentials creds apikey pw
`)

func isExample(v []byte) bool {
	var buffer [16]byte
	return len(v) <= len(buffer) && examples[string(toLower(buffer[:], v))]
}

func isCode(value []byte) bool {
	v := bytes.TrimSpace(value)
	switch {
	case len(v) == 0 || !hasText(v):
		return true
	case bytes.HasPrefix(v, []byte("arn:")), bytes.HasPrefix(v, []byte("(char")), bytes.HasPrefix(v, []byte("new ")),
		bytes.HasPrefix(v, []byte("urn:")), bytes.HasSuffix(v, []byte("{}")):
		return true
	case v[0] == '!' && len(v) > 1 && isWord(v[1:]): // a tag of YAML
		return true
	case bytes.Contains(v, []byte("()")), v[0] == '#' && isCredentialName(v[1:]):
		return true
	}
	v = bytes.TrimRight(v, ":;")
	return isJoint(value) || isCall(v) || isReference(v) || isNotation(v)
}

// hasText reports whether v has an ASCII letter or digit, or is mostly beyond
// ASCII.
func hasText(v []byte) bool {
	beyond := 0
	for _, b := range v {
		if isDigit(b) || isLower(b|0x20) && b < 0x80 {
			return true
		}
		if b >= 0x80 {
			beyond++
		}
	}
	return 2*beyond > len(v)
}

// isARN reports whether the name of a secret of AWS Secrets Manager follows:
// arn:aws:secretsmanager:us-east-1:123456789012:secret:
func isARN(before []byte) bool {
	head, ok := bytes.CutSuffix(before, []byte(":secret:"))
	return ok && len(head) > 0 && (isDigit(head[len(head)-1]) || bytes.IndexByte([]byte(":;*}"), head[len(head)-1]) >= 0)
}

// isJoint reports whether value is what stands between two string literals that
// are put together, so that its quotation marks are the end of one and the
// beginning of the next: + name +, .$config[, , x,.
func isJoint(value []byte) bool {
	v := bytes.TrimSpace(value)
	first, last := v[0], v[len(v)-1]
	if len(v) == 1 {
		return first == '+' || first == ',' || first == '.' || first == ':'
	}
	switch first {
	case '+', '.', '&', '|':
		if b := v[1]; b == ' ' || b == '$' || b == first || last == first {
			return true
		}
		return first == '+' && (last == '(' || last == '[')
	case ',', ')', ';':
		return v[1] == ' ' || last == ',' || last == '(' || last == ':'
	}
	return false
}

// isCall reports whether v is a call or an index expression: a name or path of
// names, an opening bracket, and its closing one where the name could also be a
// plain word. Patterns often stop before the closing bracket.
func isCall(v []byte) bool {
	open := bytes.IndexAny(v, "([{")
	if open < 1 {
		return false
	}
	name := v[:open]
	parts := 0
	for rest := name; ; parts++ {
		part, more, found := bytes.Cut(rest, []byte("."))
		if !isIdentifier(part) {
			return false
		}
		if rest = more; !found {
			break
		}
	}
	last := v[len(v)-1]
	switch {
	case v[open] == '{':
		return open > 2 && last == '}' && isWord(name)
	case keywords[string(name)] || parts > 0 || bytes.IndexByte(name, '_') > 0:
		return true
	case v[open] == '[':
		return isWord(name) && (last == ']' || !classes(v[open:]).digit)
	}
	return open > 2 && (last == ')' || hasHump(name)) && isWord(bytes.TrimRight(name, "0123456789"))
}

var keywords = wordSet("func function lambda new make len copy append string bytes int str struct interface map")

// hasHump reports whether a capital follows a small letter.
func hasHump(v []byte) bool {
	for i := 1; i < len(v); i++ {
		if isUpper(v[i]) && isLower(v[i-1]) {
			return true
		}
	}
	return false
}

// isReference reports whether v is a path of names that begins where programs keep
// settings, ends in the name of a credential, or leads from a small letter to a
// capital: process.env.X, user->password, io.ReadAll.
func isReference(v []byte) bool {
	parts, first := 0, true
	known, named, held := false, false, false
	start := v
	for len(v) > 0 {
		end := bytes.IndexAny(v, ".-:[")
		part := v
		if end >= 0 {
			part = v[:end]
		}
		if !isIdentifier(part) {
			return false
		}
		parts++
		if first {
			known, first = isRoot(part), false
			held = isCredential(part) && bytes.IndexByte(part, '_') > 0
		}
		named = isCredential(part) || isName(start) && isUpper(part[0]) && isWord(part)
		if end < 0 {
			break
		}
		rest := v[end:]
		switch {
		case rest[0] == '.':
			v = rest[1:]
		case bytes.HasPrefix(rest, []byte("->")), bytes.HasPrefix(rest, []byte("::")):
			v = rest[2:]
		case rest[0] == '[':
			return known
		default:
			return false
		}
	}
	return parts > 1 && (known || named || held)
}

// isName reports whether v begins as names of variables and packages do.
func isName(v []byte) bool { return isLower(bytes.TrimLeft(v, "_$")[0]) }

// isIdentifier reports whether v is a name as programs have them.
func isIdentifier(v []byte) bool {
	for i, b := range v {
		if !isLower(b|0x20) && b != '_' && b != '$' && (i == 0 || !isDigit(b)) || b >= 0x80 {
			return false
		}
	}
	return len(v) > 0
}

func isRoot(name []byte) bool {
	var buffer [16]byte
	return len(name) <= len(buffer) && roots[string(toLower(buffer[:], name))]
}

// isCredentialName reports whether v is a name of at least two words, one of them
// that of a credential: the last one if there are digits.
func isCredentialName(v []byte) bool {
	if label, ok := bytes.CutSuffix(v, []byte(":")); ok && isWord(label) && isCredential(label) {
		return true
	}
	for i, b := range v {
		if !isLower(b|0x20) && b != '_' && b != '-' && (i == 0 || !isDigit(b)) || b >= 0x80 {
			return false
		}
	}
	words, found := credentialWordsIn(v)
	if words > 1 && classes(v).digit {
		return isCredential(v[bytes.LastIndexAny(v, "_-")+1:])
	}
	return found && words > 1
}

// isCredential reports whether a word of a name is that of a credential.
func isCredential(v []byte) bool {
	_, found := credentialWordsIn(v)
	return found
}

// credentialWordsIn counts the words of a name, and reports whether one is that of
// a credential.
func credentialWordsIn(v []byte) (words int, found bool) {
	var buffer [16]byte
	start := 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && v[i] != '_' && v[i] != '-' && (i == start || !isUpper(v[i]) || isUpper(v[i-1])) {
			continue
		}
		if word := v[start:i]; len(word) > 0 {
			words++
			found = found || len(word) <= len(buffer) && credentialWords[string(toLower(buffer[:], word))]
		}
		if start = i; i < len(v) && !isUpper(v[i]) {
			start++
		}
	}
	return words, found
}

func isNumber(v []byte) bool {
	for _, b := range v {
		if !isDigit(b) {
			return false
		}
	}
	return len(v) > 0
}

// toLower copies v to buffer in small letters.
func toLower(buffer, v []byte) []byte {
	n := copy(buffer, v)
	for i, b := range buffer[:n] {
		if isUpper(b) {
			buffer[i] = b | 0x20
		}
	}
	return buffer[:n]
}
