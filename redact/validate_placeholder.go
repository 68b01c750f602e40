package redact

import "bytes"

// not-placeholder rejects values that stand for a secret and are none: masks,
// template variables, and the words that documentation writes in their place.
func init() { registerPlain("not-placeholder", func(v []byte) bool { return !isPlaceholder(v) }) }

var placeholderWords = wordSet(`
	null nil none undefined true false yes no on off empty unset n/a na nan tbd todo
	changeme change_me change-me changeit fixme replaceme replace_me
	redacted masked hidden filtered removed scrubbed sanitized censored secret-hidden
	placeholder dummy sample example
	your_password your-password yourpassword your_api_key your-api-key your_secret your_token
	string str int bool object array function
`)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range bytes.Fields([]byte(words)) {
		set[string(w)] = true
	}
	return set
}

func isPlaceholder(value []byte) bool {
	v := bytes.Trim(value, "\"'` \t")
	if len(v) == 0 {
		return true
	}
	var lower [32]byte
	if len(v) <= len(lower) {
		n := copy(lower[:], v)
		for i := range n {
			if isUpper(lower[i]) {
				lower[i] |= 0x20
			}
		}
		if placeholderWords[string(lower[:n])] || bytes.HasPrefix(lower[:n], []byte("your_")) ||
			bytes.HasPrefix(lower[:n], []byte("your-")) {
			return true
		}
	}
	return isTemplate(v) || isMasked(v)
}

var templateMarks = [][2]string{
	{"${", "}"}, {"{{", "}}"}, {"<", ">"}, {"%(", ")s"}, {"#{", "}"}, {"$(", ")"}, {"{", "}"}, {"[", "]"}, {"%", "%"},
}

func isTemplate(v []byte) bool {
	for _, m := range templateMarks {
		if bytes.HasPrefix(v, []byte(m[0])) && bytes.HasSuffix(v, []byte(m[1])) && len(v) >= len(m[0])+len(m[1]) {
			return true
		}
	}
	return v[0] == '$' && len(v) > 1 && isWord(v[1:]) || len(v) == 2 && v[0] == '%'
}

// isMasked reports whether v is a mask: one character repeated, or three or more
// asterisks or bullets and little else.
func isMasked(v []byte) bool {
	if bytes.Count(v, v[:1]) == len(v) && len(v) > 2 {
		b := v[0]
		return b == '*' || b == 'x' || b == 'X' || b == '.' || b == '-' || b == '#' || b == '_' || b == '?'
	}
	stars := bytes.Count(v, []byte("*")) + 3*bytes.Count(v, []byte("•"))
	return stars >= 3 && 2*stars >= len(v)
}
