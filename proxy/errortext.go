package proxy

import "unicode/utf8"

// widened returns text as UTF-8 and whether it was something else: then it is in a
// charset that has ASCII in it, and each byte becomes the character of that number, so
// that narrowed gives the same bytes again, whichever charset that is.
func widened(text []byte) (_ []byte, wide bool) {
	if utf8.Valid(text) {
		return text, false
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range text {
		out = utf8.AppendRune(out, rune(c))
	}
	return out, true
}

// narrowed undoes widened. A character that came from elsewhere becomes "?".
func narrowed(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range string(text) {
		if r > 0xff {
			r = '?'
		}
		out = append(out, byte(r))
	}
	return out
}
