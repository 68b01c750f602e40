package redact

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"
)

// Suspect reports whether raw, a payload in whatever format, could hold a finding
// in some field of it, or the name of a field that a rule wants: one prefilter
// pass, and where that finds something a look at what follows. It says yes too
// often and never wrongly no, as long as nothing in raw is encoded but by escapes
// of a backslash and one character, or of \u and the four hexadecimal digits of a
// character beyond ASCII, however often nested.
func (s *Set) Suspect(sc *Scratch, raw []byte) bool {
	if len(s.every) > 0 && len(raw) > 0 {
		return true
	}
	sc.begin()
	p, suspect := s.payloads, false
	p.each(sc, raw, 0, func(trigger int32, i int) bool {
		if at, _, fits := p.stands(trigger, raw, i); fits {
			t := &p.triggers[trigger]
			suspect = t.mayGoOn(sc, raw, at) && t.mayStart(sc, raw, at)
		}
		return !suspect
	})
	if x := s.knownIndex(); x != nil && !suspect {
		suspect = x.suspect(sc, raw)
	}
	clear(sc.unescaped[:cap(sc.unescaped)])
	return suspect
}

// endsEscape reports whether text may end in an escape: \x or \uXXXX.
func endsEscape(text []byte) bool {
	n := len(text)
	return n >= 2 && text[n-2] == '\\' || n >= 6 && text[n-6] == '\\' && text[n-5] == 'u'
}

// maxNesting bounds how often escapes are taken off a piece of text, of at most
// maxUnescaped bytes, to see whether a rule matches there.
const (
	maxNesting   = 4
	maxUnescaped = 256
)

// mayGoOn reports whether what begins with t at text[at], in a raw payload, may
// match to the end in some field.
func (t *trigger) mayGoOn(sc *Scratch, text []byte, at int) bool {
	if t.key != nil {
		return t.key.fits(text, at)
	}
	probe := t.probe
	region, cut := text[at:], len(text)-at > t.window
	if cut {
		region = region[:t.window]
	}
	for range maxNesting {
		if sc.nfa.spent > budget(text) || probe.fits(sc, region, 0, len(region)) || cut && sc.nfa.atEnd {
			return true // what uses up the budget is for Find to give up
		}
		if bytes.IndexByte(region[:min(len(region), sc.nfa.looked)], '\\') < 0 {
			return false
		}
		if len(region) > maxUnescaped {
			region, cut = region[:maxUnescaped], true
		}
		sc.unescaped = unescape(sc.unescaped[:0], region)
		region = sc.unescaped
	}
	return true
}

// mayStart reports whether a match that has t at text[at], in a raw payload, may
// start somewhere before it in some field.
func (t *trigger) mayStart(sc *Scratch, text []byte, at int) bool {
	if t.whole == nil {
		return true
	}
	from := reachBack(text, at, t.most)
	if !t.wordBefore(text, from, at) {
		return false
	}
	looked, fits := t.starts(sc, text, at, true)
	if fits {
		return true
	}
	if bytes.IndexByte(text[from:max(at, looked)], '\\') < 0 {
		return false
	}
	if insideEscape(text, at) {
		return true
	}
	from = escapeStart(text, from)
	reach := len(text)
	if reach > at+t.window {
		reach = max(at, escapeStart(text, at+t.window))
	}
	cut, whole := from > 0, reach == len(text)
	text, at = text[from:reach], at-from
	for range maxNesting {
		if !escapesKnown(text) {
			return true
		}
		before := unescape(sc.unescaped[:0], text[:at])
		sc.unescaped = unescape(before, text[at:])
		text, at = sc.unescaped, len(before)
		if _, fits = t.starts(sc, text, at, whole); fits || cut && at < t.most {
			return true
		}
		if bytes.IndexByte(text, '\\') < 0 {
			return false
		}
	}
	return true
}

// wordBefore reports whether one of the words that a match begins with stands in
// text[from:at], a raw payload; words hold no escapes that Suspect knows of, but may
// stand behind the letters of one.
func (t *trigger) wordBefore(text []byte, from, at int) bool {
	if t.words == nil {
		return true
	}
	hi := at - t.least
	if bytes.IndexByte(text[max(0, from-escapeLen):at], '\\') < 0 {
		for i := nextStart(text, from, hi, t.wordStart); i <= hi; i = nextStart(text, i+1, hi, t.wordStart) {
			if t.words.fits(text[i:]) {
				return true
			}
		}
		return false
	}
	for i := from; i <= hi; i++ {
		if t.wordStart && insideWord(text, i) && !endsEscape(text[:i]) {
			continue
		}
		if t.words.fits(text[i:]) {
			return true
		}
	}
	return false
}

// escapeLen is the length in bytes of the longest escape, \uXXXX.
const escapeLen = 6

// reachBack returns where in text, a raw payload, the n bytes before text[at] begin at the
// latest once its escapes are undone, however often: each is longer than the byte that it
// stands for by as much as it has backslashes, and \uXXXX by four more.
func reachBack(text []byte, at, n int) int {
	from, least := at-n, max(0, at-escapeLen*n)
	for i := at; from > least; {
		k := bytes.LastIndexByte(text[from:i], '\\')
		if k < 0 {
			return from
		}
		i = from + k
		if from--; text[i+1] == 'u' {
			from -= escapeLen - 2
		}
	}
	return least
}

// insideEscape reports whether text[at] is a part of an escape that begins before it.
func insideEscape(text []byte, at int) bool {
	from := max(0, at-escapeLen+1)
	i := bytes.LastIndexByte(text[from:at], '\\') + from
	return i >= from && (i == at-1 || text[i+1] == 'u')
}

// starts reports whether a match that has t at text[at] fits somewhere, and where in
// text it was looked at last. Unless whole, there is more behind text.
func (t *trigger) starts(sc *Scratch, text []byte, at int, whole bool) (looked int, fits bool) {
	probe := t.whole
	hi, wordStart := at-t.least, t.words != nil && t.wordStart
	for start := nextStart(text, max(0, at-t.most), hi, wordStart); start <= hi; start = nextStart(text, start+1, hi, wordStart) {
		if t.words != nil && !t.words.fits(text[start:]) {
			continue
		}
		end := min(len(text), start+t.window)
		if probe.fits(sc, text, start, end) || sc.nfa.atEnd && (end < len(text) || !whole) || sc.nfa.spent > budget(text) {
			return looked, true
		}
		looked = max(looked, min(end, start+sc.nfa.looked))
	}
	return looked, false
}

// escapeStart returns where the escape begins that text[i] may be a part of, or the
// first of those that are nested there; i if it is in none.
func escapeStart(text []byte, i int) int {
	from := max(0, i-escapeLen)
	if k := bytes.LastIndexByte(text[from:i], '\\'); k >= 0 {
		i = from + k
	}
	for i > 0 && text[i-1] == '\\' {
		i--
	}
	return i
}

// escapesKnown reports whether all backslashes in text begin an escape that unescape
// knows.
func escapesKnown(text []byte) bool {
	for {
		i := bytes.IndexByte(text, '\\')
		if i < 0 {
			return true
		}
		if i+1 == len(text) || bytes.IndexByte([]byte(`"\bfnrtu`), text[i+1]) < 0 {
			return false
		}
		text = text[i+2:]
	}
}

// unescape appends text without one level of escapes to dst, which may be the
// beginning of text.
func unescape(dst, text []byte) []byte {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' || i+1 == len(text) {
			dst = append(dst, text[i])
			continue
		}
		i++
		switch b := text[i]; b {
		case 'n', 't', 'r', 'b', 'f':
			dst = append(dst, controls[b])
		case 'u':
			r, n := rune(0), 0
			for ; n < 4 && i+1+n < len(text); n++ {
				d := hexDigit(text[i+1+n])
				if d < 0 {
					break
				}
				r = r<<4 | rune(d)
			}
			i += n
			if low := text[i+1:]; utf16.IsSurrogate(r) && len(low) >= 6 && low[0] == '\\' && low[1] == 'u' {
				if pair := utf16.DecodeRune(r, unicodeEscape(low[2:])); pair != utf8.RuneError {
					r = pair
					i += 6
				}
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, b)
		}
	}
	return dst
}

// unicodeEscape returns the character of four hexadecimal digits, those that are none
// taken for zero.
func unicodeEscape(digits []byte) (r rune) {
	for _, b := range digits[:4] {
		r = r<<4 | rune(max(hexDigit(b), 0))
	}
	return r
}

var controls = [256]byte{'n': '\n', 't': '\t', 'r': '\r', 'b': '\b', 'f': '\f'}

// hexDigit returns the value of a hexadecimal digit, -1 for other bytes.
func hexDigit(b byte) int {
	switch {
	case isDigit(b):
		return int(b - '0')
	case b|0x20 >= 'a' && b|0x20 <= 'f':
		return int(b|0x20) - 'a' + 10
	}
	return -1
}
