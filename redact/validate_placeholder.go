package redact

import "bytes"

// not-placeholder rejects values that stand for a secret and are none: masks,
// template variables, and the words that documentation writes in their place.
// not-masked rejects masks only, for tokens of a form that templates do not have.
func init() {
	registerPlaced("not-placeholder", func(v []byte, p Place) bool { return !isPlaceholder(v) && !isMaskFollowing(p.After) })
	registerPlaced("not-masked", func(v []byte, p Place) bool {
		return len(v) > 0 && !isMasked(v) && !isStandIn(v) && !isMaskFollowing(p.After)
	})
}

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
	return isStandIn(v) || isTemplate(v) || isMasked(v)
}

// isStandIn reports whether v is a word for a secret or an instruction to put one
// there: your_token, PUT_YOUR_KEY_HERE, acmefakekey.
func isStandIn(v []byte) bool {
	var buffer [96]byte
	lower := toLower(buffer[:], v) // the beginning of long ones
	if placeholderWords[string(bytes.TrimRight(lower, "):;]}"))] {
		return true
	}
	if i := bytes.Index(lower, []byte("your")); i >= 0 && i+4 < len(lower) && (i == 0 || !isLower(lower[i-1])) {
		if b := lower[i+4]; b == '_' || b == '-' || b == ' ' || !classes(lower).digit {
			return true
		}
	}
	for _, word := range standIns {
		if bytes.Contains(lower, word) {
			return true
		}
	}
	return hasAlphabet(lower)
}

// hasAlphabet reports whether v holds twenty letters in the order of the alphabet.
func hasAlphabet(v []byte) bool {
	run := 0
	for i, b := range v {
		if i > 0 && isLower(b) && b == v[i-1]+1 {
			run++
		} else {
			run = 1
		}
		if run == 20 {
			return true
		}
	}
	return false
}

// standIns are parts of no word that people log in with, and too long to come up
// by chance.
var standIns = [][]byte{
	[]byte("changeme"), []byte("placeholder"), []byte("redacted"), []byte("replaceme"), []byte("replace_me"),
	[]byte("replace-me"), []byte("fakekey"), []byte("faketoken"), []byte("fakesecret"), []byte("fakepass"),
	[]byte("-fake-"), []byte("_fake_"), []byte("exampleexample"), []byte("insert_"), []byte("_goes_here"),
}

var templateMarks = [][2]string{
	{"${", "}"}, {"{{", "}}"}, {"<", ">"}, {"%(", ")s"}, {"#{", "}"}, {"$(", ")"}, {"{", "}"}, {"[", "]"}, {"%", "%"},
	{"&lt;", "&gt;"}, {"@{", "}"}, {"__", "__"}, {"@@", "@@"},
}

func isTemplate(v []byte) bool {
	for _, m := range templateMarks {
		if bytes.HasPrefix(v, []byte(m[0])) && bytes.HasSuffix(v, []byte(m[1])) && len(v) >= len(m[0])+len(m[1]) {
			return true
		}
	}
	if v[0] == '$' && len(v) > 1 {
		name, _, _ := bytes.Cut(v[1:], []byte("/")) // a path that begins with a variable
		return isWord(name) || isDigit(v[1]) && len(name) == 1
	}
	return len(v) <= 3 && v[0] == '%' // a verb of printf
}

// isMasked reports whether v is a mask or cut short for display: one character
// repeated, eight of those that masks are made of in a row, three or more asterisks
// or bullets and little else, or an ellipsis at the end.
func isMasked(v []byte) bool {
	if bytes.Count(v, v[:1]) == len(v) && len(v) > 2 {
		return isMaskByte(v[0]) || len(v) > 15
	}
	if len(v) > 6 && len(v) < 48 && (bytes.HasSuffix(v, []byte("..")) || bytes.HasSuffix(v, []byte("…"))) {
		return true
	}
	stars := bytes.Count(v, []byte("*")) + 3*bytes.Count(v, []byte("•"))
	return stars >= 3 && 2*stars >= len(v) || hasMask(v)
}

// isMaskFollowing reports whether what a pattern captured goes on as a mask that its
// classes don't have: xoxb-123456789012-####.
func isMaskFollowing(after []byte) bool {
	const row = 4
	return len(after) >= row && bytes.IndexByte([]byte("*#"), after[0]) >= 0 && bytes.Count(after[:row], after[:1]) == row
}

func isMaskByte(b byte) bool {
	return b == '*' || b == 'x' || b == 'X' || b == '.' || b == '-' || b == '#' || b == '_' || b == '?'
}

// hasMask reports whether v holds eight equal bytes in a row that masks are made
// of, or consists of one byte for two thirds, as documents write keys.
func hasMask(v []byte) bool {
	const row = 8
	if len(v) < row {
		return false
	}
	run := 0
	var counts [256]int
	most := 0
	for i, b := range v {
		if i > 0 && b == v[i-1] {
			run++
		} else {
			run = 1
		}
		if run == row && isMaskByte(b) && b != '-' && b != '_' && b != '.' {
			return true
		}
		counts[b]++
		most = max(most, counts[b])
	}
	masks := max(counts['x'], counts['X'], counts['*'], counts['#'])
	return len(v) >= 2*row && 3*most > 2*len(v) || 3*masks >= 2*len(v)
}
