package errlog

import "strings"

// PathTemplate returns path without query and fragment, with {id} for each segment that
// looks like the name of a thing and not of a kind of things: numbers, UUIDs, hashes,
// tokens, addresses of mail.
func PathTemplate(path string) string {
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	segments := strings.Split(path, "/")
	changed := false
	for i, s := range segments {
		if isID(s) {
			segments[i], changed = "{id}", true
		}
	}
	if !changed {
		return path
	}
	return strings.Join(segments, "/")
}

func isID(s string) bool {
	digits, hex, letters := 0, 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'a' && c <= 'f', c >= 'A' && c <= 'F':
			hex++
		case c >= 'g' && c <= 'z', c >= 'G' && c <= 'Z':
			letters++
		case c == '@' || c == '%':
			return true
		}
	}
	dashes := len(s) - digits - hex - letters
	switch {
	case s == "":
		return false
	case len(s) > 64:
		return true
	case digits == len(s):
		return true
	case letters == 0 && digits > 0 && digits+hex >= 8 && dashes <= 4: // UUID, hash
		return true
	}
	return digits >= 3 && len(s) >= 12 && digits*5 >= len(s) // a token, an order number
}
