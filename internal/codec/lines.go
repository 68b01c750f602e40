package codec

import "bytes"

// lines cuts payloads into lines that end in LF or CR LF.
type lines struct {
	seen int // bytes of the next line that are known to hold no LF
}

// next finds the line at src[n:]: its text, without the line break, is
// src[n:end], and the next line begins at after. ok is false if the line is
// not whole yet or there is none.
func (l *lines) next(src []byte, n int, final bool) (end, after int, ok bool) {
	i := bytes.IndexByte(src[n+l.seen:], '\n')
	switch {
	case i >= 0:
		end = n + l.seen + i
		after = end + 1
	case final && n < len(src):
		end, after = len(src), len(src)
	default:
		l.seen = len(src) - n
		return 0, 0, false
	}
	l.seen = 0
	if end > n && src[end-1] == '\r' {
		end--
	}
	return end, after, true
}

// shift moves splices by base.
func shift(splices []Splice, base int) {
	for i := range splices {
		splices[i].Start += base
		splices[i].End += base
	}
}
