package redact

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"unicode/utf8"
)

// knownKind is how a known value is written in a text.
type knownKind uint8

const (
	asIs      knownKind = iota // or with some characters escaped
	inBase64a                  // beginning with the first byte of a group of three
	inBase64b
	inBase64c
	inHex
)

// knownForms calls yield for each way to write value that a search of a text has to know
// itself: encodings of text in text are undone elsewhere, but only where they are
// seen to be ones. That is not so of base64 and hexadecimal digits that are few, or
// stand for more than text; nor where characters beyond ASCII and controls are
// escaped, and nothing else.
func knownForms(value []byte, encoded bool, yield func(how knownKind, form []byte)) {
	yield(asIs, value)
	escapedForms(value, func(form []byte) { yield(asIs, form) })
	if !encoded {
		return
	}
	buf := make([]byte, 0, 2*len(value)+8)
	defer func() { clear(buf[:cap(buf)]) }()
	for lead := range 3 {
		// What stands before the value decides a part of its first character.
		padded := append(append(buf[:0], 0, 0)[:lead], value...)
		text := base64.RawStdEncoding.AppendEncode(nil, padded)
		from, to := base64Span(lead, len(value))
		yield(inBase64a+knownKind(lead), text[from:to])
		if url := bytes.Map(urlLetter, text[from:to]); !bytes.Equal(url, text[from:to]) {
			yield(inBase64a+knownKind(lead), url)
			clear(url)
		}
		clear(text)
	}
	digits := hex.AppendEncode(buf[:0], value)
	yield(inHex, digits)
	if upper := bytes.ToUpper(digits); !bytes.Equal(upper, digits) {
		yield(inHex, upper)
		clear(upper)
	}
}

func urlLetter(r rune) rune {
	switch r {
	case '+':
		return '-'
	case '/':
		return '_'
	}
	return r
}

// base64Span returns which characters of base64 n bytes decide alone that stand
// behind lead others, from the begin of the group that they begin in.
func base64Span(lead, n int) (from, to int) { return (8*lead + 5) / 6, 8 * (lead + n) / 6 }

// escapedForms calls yield for value with those characters escaped that escapes of
// plain text are not undone for, in each way that is common, if it has any.
func escapedForms(value []byte, yield func(form []byte)) {
	special, beyond, slash := false, false, false
	for _, b := range value {
		special = special || b < ' ' || b == '"' || b == '\\'
		beyond = beyond || b >= utf8.RuneSelf || b == 0x7f
		slash = slash || b == '/'
	}
	var seen [][]byte
	emit := func(form []byte) {
		for _, s := range seen {
			if bytes.Equal(s, form) {
				return
			}
		}
		seen = append(seen, form)
		yield(form)
	}
	quote := func(unit func(dst []byte, r rune, raw []byte) []byte) {
		once := escapeRunes(value, unit)
		emit(once)
		emit(escapeRunes(once, unit))
	}
	if crlf := bytes.ReplaceAll(bytes.ReplaceAll(value, []byte("\r\n"), newline), newline, []byte("\r\n")); len(crlf) != len(value) {
		emit(crlf)
	}
	if special || beyond {
		quote(jsonUnit(false, "0123456789abcdef", false))
	}
	if slash {
		quote(jsonUnit(false, "0123456789abcdef", true))
	}
	if beyond {
		quote(jsonUnit(true, "0123456789abcdef", false))
		quote(jsonUnit(true, "0123456789ABCDEF", false))
		quote(bytesUnit(`\x`, "0123456789abcdef", true))
	}
	if special || beyond {
		for _, digits := range []string{"0123456789abcdef", "0123456789ABCDEF"} {
			emit(escapeRunes(value, bytesUnit("%", digits, false)))
			emit(escapeRunes(value, bytesUnit("=", digits, false)))
		}
	}
	for _, s := range seen {
		clear(s)
	}
}

// escapeRunes returns value with each character written as unit writes it.
func escapeRunes(value []byte, unit func(dst []byte, r rune, raw []byte) []byte) (out []byte) {
	for i := 0; i < len(value); {
		r, n := utf8.DecodeRune(value[i:])
		out = unit(out, r, value[i:i+n])
		i += n
	}
	return out
}

// jsonUnit writes characters as JSON does, with those beyond ASCII escaped if ascii.
func jsonUnit(ascii bool, digits string, slash bool) func(dst []byte, r rune, raw []byte) []byte {
	u := func(dst []byte, r rune) []byte {
		return append(dst, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
	}
	return func(dst []byte, r rune, raw []byte) []byte {
		switch {
		case r == '"' || r == '\\' || r == '/' && slash:
			return append(dst, '\\', byte(r))
		case r == '\n':
			return append(dst, '\\', 'n')
		case r == '\r':
			return append(dst, '\\', 'r')
		case r == '\t':
			return append(dst, '\\', 't')
		case r < ' ':
			return u(dst, r)
		case r < utf8.RuneSelf || !ascii:
			return append(dst, raw...)
		case r > 0xffff:
			r -= 0x10000
			return u(u(dst, 0xd800+r>>10), 0xdc00+r&0x3ff)
		}
		return u(dst, r)
	}
}

// bytesUnit writes the bytes of characters beyond ASCII, and of controls, as sign and
// two digits. With short, there are the escapes of one letter for controls.
func bytesUnit(sign, digits string, short bool) func(dst []byte, r rune, raw []byte) []byte {
	plain := jsonUnit(false, digits, false)
	return func(dst []byte, r rune, raw []byte) []byte {
		if short && r < utf8.RuneSelf {
			return plain(dst, r, raw)
		}
		for _, b := range raw {
			if b >= ' ' && b < 0x7f {
				dst = append(dst, b)
			} else {
				dst = append(append(dst, sign...), digits[b>>4], digits[b&15])
			}
		}
		return dst
	}
}

// encoded returns how the finding is encoded; asIs where others were joined to it.
func (f Finding) encoded() knownKind {
	if f.known == nil || f.End-f.Start != f.known.length {
		return asIs
	}
	return f.known.how
}

// Encoding returns the name of what a known value is encoded in where the finding
// is, "" where it stands as it is.
func (f Finding) Encoding() string {
	switch f.encoded() {
	case asIs:
		return ""
	case inHex:
		return "hex"
	}
	return "base64"
}

// Value returns the value that the finding is, given the bytes of the finding: those,
// or what they stand for, see Encoding.
func (f Finding) Value(text []byte) []byte {
	_, value, _ := f.decode(text)
	return value
}

// decode returns what the bytes of a finding stand for: the value, and what is encoded
// before and behind it together with it.
func (f Finding) decode(text []byte) (before, value, behind []byte) {
	how := f.encoded()
	switch how {
	case asIs:
		return nil, text, nil
	case inHex:
		value, _ = hex.AppendDecode(nil, text)
		return nil, value, nil
	}
	all := decodeBase64(text)
	lead := int(how - inBase64a)
	end := min(len(all), lead+f.known.value)
	return all[:lead], all[lead:end], all[end:]
}

func decodeBase64(text []byte) []byte {
	e := base64Of(text).WithPadding(base64.NoPadding)
	all, _ := e.AppendDecode(nil, bytes.TrimRight(text, "="))
	return all
}

func base64Of(text []byte) *base64.Encoding {
	if bytes.ContainsAny(text, "-_") {
		return base64.URLEncoding
	}
	return base64.StdEncoding
}

// encode appends to dst what stands for text, the bytes of a finding, with its value
// replaced. What follows in base64 stays as it is: the length changes by whole groups.
func (f Finding) encode(dst, text, before, replacement, behind []byte) []byte {
	if f.encoded() == inHex {
		from := len(dst)
		dst = hex.AppendEncode(dst, replacement)
		if bytes.ContainsAny(text, "ABCDEF") {
			copy(dst[from:], bytes.ToUpper(dst[from:]))
		}
		return dst
	}
	e := base64Of(text)
	all := append(append([]byte(nil), before...), replacement...)
	if len(text)%4 == 0 && text[len(text)-1] != '=' {
		for (len(all)+len(behind))%3 != 0 {
			all = append(all, ' ')
		}
	} else if text[len(text)-1] != '=' {
		e = e.WithPadding(base64.NoPadding)
	}
	return e.AppendEncode(dst, append(all, behind...))
}

// widenBase64 returns the span of whole groups of base64 that hold the n characters at
// text[start:end] that a value of n bytes decides; ok is false where characters are
// missing that ought to stand there.
func widenBase64(text []byte, how knownKind, start, end, n int) (from, to int, ok bool) {
	lead := int(how - inBase64a)
	first, _ := base64Span(lead, n)
	from = start - first
	if from < 0 || !allBase64(text[from:start]) {
		return start, end, false
	}
	to = from + (lead+n+2)/3*4
	for i := end; i < to; i++ {
		if i < len(text) && isBase64(text[i]) {
			continue
		}
		if (i-from)&3 == 1 {
			return start, end, false // no byte ends there
		}
		rest := i
		for rest < len(text) && rest < to && text[rest] == '=' {
			rest++
		}
		if rest < to {
			rest = i // not the padding of this group
		}
		return from, rest, true
	}
	return from, to, true
}

func isBase64(b byte) bool {
	return isWordByte(b) || b == '+' || b == '/' || b == '-'
}

func allBase64(text []byte) bool {
	for _, b := range text {
		if !isBase64(b) {
			return false
		}
	}
	return true
}
