package redact

import "bytes"

// not-slug rejects names of things with a random end, as schedulers, packages and
// runtimes make them: web-5d4b8c7f9-abcde, jackson-core-2.17.0, BinderProxy@1a2b3c.
// not-time rejects dates, times and versions: signs and digits with at most three
// letters.
func init() {
	registerPlain("not-slug", func(v []byte) bool { return !isSlug(bytes.TrimRight(v, closing)) })
	registerPlain("not-time", func(v []byte) bool { return !isTime(bytes.TrimRight(v, closing)) })
}

// isSlug reports whether v is parts of small letters and digits between dashes,
// dots, slashes and colons, the first of them a word, none over 12 bytes, all not
// over 40, or a name of a class with a number in hexadecimal behind @ or {.
func isSlug(v []byte) bool {
	if at := bytes.LastIndexAny(v, "@{"); at > 3 && isWord(v[:at]) && isHex(v[at+1:]) {
		return true
	}
	if len(v) > 40 {
		return false
	}
	parts, start := 0, 0
	for i := 0; i <= len(v); i++ {
		if i < len(v) && bytes.IndexByte([]byte("-./:_"), v[i]) < 0 {
			if !isLower(v[i]) && !isDigit(v[i]) {
				return false
			}
			continue
		}
		part := v[start:i]
		if len(part) == 0 || len(part) > 12 || parts == 0 && !isWordPart(part) {
			return false
		}
		parts++
		start = i + 1
	}
	return parts > 1
}

// isWordPart reports whether v is at least two small letters, and digits at most
// behind them.
func isWordPart(v []byte) bool {
	letters := bytes.TrimRight(v, "0123456789")
	for _, b := range letters {
		if !isLower(b) {
			return false
		}
	}
	return len(letters) > 1
}

func isTime(v []byte) bool {
	if isVersion(v) {
		return true
	}
	digits, letters, signs := 0, 0, 0
	for _, b := range v {
		switch {
		case isDigit(b):
			digits++
		case isLower(b|0x20) && b < 0x80:
			letters++
		case bytes.IndexByte([]byte("-:./+, "), b) >= 0:
			signs++
		default:
			return false
		}
	}
	return digits > 0 && letters <= 3 && signs >= 2 && digits+signs > 3*letters
}

// isVersion reports whether v begins with a version of three numbers behind a v:
// v1.20.9/go.mod, v2.0.0-rc.1+build.
func isVersion(v []byte) bool {
	if len(v) < 6 || v[0] != 'v' || len(v) > 40 {
		return false
	}
	for n := range 3 {
		rest := bytes.TrimLeft(v[1:], "0123456789")
		if len(rest) == len(v)-1 || n < 2 && (len(rest) == 0 || rest[0] != '.') {
			return false
		}
		v = rest
	}
	return true
}
