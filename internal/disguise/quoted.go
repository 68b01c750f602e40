package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderLast, quoted{units{codec.NewEscaping(quotedUnits{})}}) }

// quoted is quoted-printable (RFC 2045, section 6.7). A stretch is the lines that
// soft breaks join, or one line in which = itself is encoded. Without either, what
// looks like quoted-printable is an assignment.
type quoted struct{ units }

func (quoted) Name() string { return "quoted-printable" }

func (quoted) Next(text []byte, from int) (start, end int) {
	for at := from; ; at++ {
		i := bytes.IndexByte(text[at:], '=')
		if i < 0 {
			return -1, -1
		}
		at += i
		rest := text[at+1:]
		if !encodesItself(rest) && (softBreak(rest) == 0 || at == 0 || text[at-1] == '=' || !wrapsAt(text, from, at)) {
			continue
		}
		start, end = line(text, from, at)
		for end-start < maxStretch {
			last := bytes.TrimSuffix(text[start:end], []byte("\r"))
			if end == len(text) || len(last) == 0 || last[len(last)-1] != '=' || text[end] != '\n' {
				break
			}
			_, end = line(text, end+1, end+1)
		}
		return start, end
	}
}

// encodesItself reports whether b, behind =, goes on as the code for it does. Digits in
// lower case, which nobody writes here, are those of an id.
func encodesItself(b []byte) bool { return len(b) > 1 && b[0] == '3' && b[1] == 'D' }

// softBreak returns the length of the line break that b begins with.
func softBreak(b []byte) int {
	switch {
	case len(b) > 0 && b[0] == '\n':
		return 1
	case len(b) > 1 && b[0] == '\r' && b[1] == '\n':
		return 2
	}
	return 0
}

// A line before a soft break is about as long as the encoding allows.
const (
	minQuotedLine = 60
	maxQuotedLine = 76
)

// wrapsAt reports whether a line that ends with text[at] may be so long because the
// next belongs to it, and not for the padding of base64.
func wrapsAt(text []byte, from, at int) bool {
	window := text[max(from, at-maxQuotedLine-1):at]
	n := len(window) - bytes.LastIndexByte(window, '\n') - 1
	if n < minQuotedLine {
		return false
	}
	start := len(window)
	for start > 0 && inRun[window[start-1]] {
		start--
	}
	run := len(window) - start
	return run < minRun || n <= maxQuotedLine && run%4 != 3 // a line may stand behind something
}

// Hides takes the end of a line to be written in any way.
func (quoted) Hides(raw []byte) bool {
	for at := 0; ; at++ {
		i := bytes.IndexByte(raw[at:], '=')
		if i < 0 {
			return false
		}
		at += i
		rest := raw[at+1:]
		if encodesItself(rest) || softBreak(rest) > 0 {
			return true
		}
		if len(rest) > 0 && rest[0] == '\\' {
			if rest = bytes.TrimLeft(rest, `\`); len(rest) > 0 && (rest[0] == 'n' || rest[0] == 'r') {
				return true
			}
		}
	}
}

type quotedUnits struct{}

func (quotedUnits) Plain(raw []byte) int {
	if i := bytes.IndexByte(raw, '='); i >= 0 {
		return i
	}
	return len(raw)
}

func (quotedUnits) Next(dst, raw []byte) (out []byte, n int) {
	if n = softBreak(raw[1:]); n > 0 {
		return dst, 1 + n
	}
	if c := hexByte(raw[1:]); c >= 0 {
		return append(dst, byte(c)), 3
	}
	return append(dst, '='), 1
}

func (quotedUnits) Escape(dst, text []byte) []byte {
	const hex = "0123456789ABCDEF"
	for _, c := range text {
		if c == '=' || c < ' ' && c != '\t' || c > '~' {
			dst = append(dst, '=', hex[c>>4], hex[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}
