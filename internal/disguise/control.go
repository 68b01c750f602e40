package disguise

import (
	"bytes"

	"github.com/redactd/redactd/internal/codec"
)

func init() { register(orderUnits, control{units{codec.NewEscaping(controlUnits{})}}) }

// control is text whose control characters rsyslog has written as # and three octal
// digits (rsyslog, $EscapeControlCharactersOnReceive). A stretch is a line with a line
// break, a tabulator or an escape character so written.
type control struct{ units }

func (control) Name() string { return "control" }

func (control) Next(text []byte, from int) (start, end int) {
	for at := from; ; at++ {
		i := bytes.IndexByte(text[at:], '#')
		if i < 0 {
			return -1, -1
		}
		at += i
		switch octalControl(text[at:]) {
		case '\n', '\t', '\r', esc:
			return line(text, from, at)
		}
	}
}

func (c control) Hides(raw []byte) bool {
	start, _ := c.Next(raw, 0)
	return start >= 0
}

// octalControl returns the control character that b begins with, -1 if it is none.
func octalControl(b []byte) int {
	if len(b) < 4 || b[0] != '#' || b[1] != '0' || b[2] < '0' || b[2] > '3' || b[3] < '0' || b[3] > '7' {
		return -1
	}
	return int(b[2]-'0')<<3 | int(b[3]-'0')
}

type controlUnits struct{}

func (controlUnits) Plain(raw []byte) int {
	if i := bytes.IndexByte(raw, '#'); i >= 0 {
		return i
	}
	return len(raw)
}

func (controlUnits) Next(dst, raw []byte) (out []byte, n int) {
	if c := octalControl(raw); c >= 0 {
		return append(dst, byte(c)), 4
	}
	return append(dst, '#'), 1
}

func (controlUnits) Escape(dst, text []byte) []byte {
	for _, c := range text {
		if c < ' ' {
			dst = append(dst, '#', '0', '0'+c>>3, '0'+c&7)
		} else {
			dst = append(dst, c)
		}
	}
	return dst
}
