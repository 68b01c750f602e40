package redact

import "bytes"

// A placeholder is what the actions mask, token and partial write:
//
//	[REDACTED:rule-id]
//	[REDACTED:rule-id:e1-] and 26 characters of base32 ]
//
// It holds no quote, blank or backslash, so it stands unescaped in JSON, logfmt
// and HTML. No rule finds one again, so redacting twice is redacting once.
const placeholderStart = "[REDACTED:"

const (
	tokenLetters   = 26 // base32 of 128 bits
	maxIDLength    = 64
	maxPlaceholder = len(placeholderStart) + maxIDLength + len(":e99999-") + tokenLetters + 1
	// maxKept is how much of a value the action partial leaves readable.
	maxKept = 8
)

func appendPlaceholder(dst []byte, id string) []byte {
	dst = append(dst, placeholderStart...)
	dst = append(dst, id...)
	return append(dst, ']')
}

// placeholderAt returns the length of the placeholder that text begins with, 0
// if there is none. Only known ids count: nobody can hide a secret by writing it
// as one.
func (s *Set) placeholderAt(text []byte) int {
	if !bytes.HasPrefix(text, []byte(placeholderStart)) {
		return 0
	}
	i := len(placeholderStart)
	id := text[i:min(len(text), i+maxIDLength+1)]
	n := 0
	for n < len(id) && (isLower(id[n]) || isDigit(id[n]) || id[n] == '-') {
		n++
	}
	if _, ok := s.ids[string(id[:n])]; !ok {
		return 0
	}
	i += n
	i += tokenLength(text[i:])
	if i < len(text) && text[i] == ']' {
		return i + 1
	}
	return 0
}

// tokenLength returns the length of the ":e1-abc..." that text begins with.
func tokenLength(text []byte) int {
	if len(text) < 2 || text[0] != ':' || text[1] != 'e' {
		return 0
	}
	i := 2
	for i < len(text) && i < 7 && isDigit(text[i]) {
		i++
	}
	if i == 2 || i+1+tokenLetters > len(text) || text[i] != '-' {
		return 0
	}
	for _, b := range text[i+1 : i+1+tokenLetters] {
		if !isLower(b) && (b < '2' || b > '7') {
			return 0
		}
	}
	return i + 1 + tokenLetters
}

// insidePlaceholder reports whether text[at] is a byte of a placeholder other
// than the first.
func (s *Set) insidePlaceholder(text []byte, at int) bool {
	from := max(0, at-maxPlaceholder)
	i := bytes.LastIndex(text[from:at], []byte(placeholderStart))
	return i >= 0 && from+i+s.placeholderAt(text[from+i:]) > at
}

// settle drops a span that is the output of an action: a placeholder, at most
// with the few bytes beside it that partial leaves. A span with more around a
// placeholder is widened to hold all of it. A match that begins inside of one,
// at text[at], is none: ids may read like names of secrets.
func (s *Set) settle(text []byte, at, start, end int) (int, int, bool) {
	if s.fixed[string(text[start:end])] || s.insidePlaceholder(text, at) {
		return 0, 0, false
	}
	from := max(0, start-maxPlaceholder)
	covered, seen := 0, false
	wideStart, wideEnd := start, end
	for p := from; p <= end; {
		i := bytes.Index(text[p:min(len(text), end+len(placeholderStart))], []byte(placeholderStart))
		if i < 0 {
			break
		}
		p += i
		n := s.placeholderAt(text[p:])
		if n == 0 {
			p++
			continue
		}
		if p <= end && p+n >= start {
			seen = true
			covered += min(end, p+n) - max(start, p)
			wideStart, wideEnd = min(wideStart, p), max(wideEnd, p+n)
		}
		p += n
	}
	if seen && end-start-covered <= maxKept {
		return 0, 0, false
	}
	return wideStart, wideEnd, true
}
