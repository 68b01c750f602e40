package redact

import (
	"fmt"
	"strings"
)

// Announced returns what announces matches of a rule to the prefilter, in the
// syntax of regular expressions: each match begins with one of these texts, or has
// it as far behind its begin as is said. Rules of keys alone have none, nor have
// those that are tried at every byte.
func (s *Set) Announced(rule int) (list []string) {
	seen := map[string]bool{}
	for i := range s.values.triggers {
		t := &s.values.triggers[i]
		if int(t.rule) != rule {
			continue
		}
		if text := t.String(); !seen[text] {
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}

// String describes t.
func (t *trigger) String() string {
	var b strings.Builder
	for i := 0; i < len(t.seq); {
		n := 1
		for i+n < len(t.seq) && t.seq[i+n] == t.seq[i] {
			n++
		}
		b.WriteString(t.seq[i].String())
		if n > 1 {
			fmt.Fprintf(&b, "{%d}", n)
		}
		i += n
	}
	if t.shape != byGram {
		r := &runShapes[t.shape-1]
		fmt.Fprintf(&b, " in %s{%d,}", r.set.String(), r.length)
	}
	switch {
	case t.least != t.most:
		fmt.Fprintf(&b, ", %d to %d bytes behind the begin", t.least, t.most)
	case t.most > 0:
		fmt.Fprintf(&b, ", %d bytes behind the begin", t.most)
	}
	return b.String()
}

// String returns s as a class of regular expressions.
func (s *byteSet) String() string {
	if s.size() == 1 {
		return quoteByte(s.first())
	}
	var b strings.Builder
	b.WriteByte('[')
	for c := 0; c < 256; c++ {
		if !s.has(byte(c)) {
			continue
		}
		last := c
		for last < 255 && s.has(byte(last+1)) {
			last++
		}
		b.WriteString(quoteByte(byte(c)))
		if last > c+1 {
			b.WriteByte('-')
		}
		if last > c {
			b.WriteString(quoteByte(byte(last)))
		}
		c = last
	}
	b.WriteByte(']')
	return b.String()
}

func quoteByte(b byte) string {
	switch {
	case b < 0x20 || b >= 0x7f:
		return fmt.Sprintf(`\x%02x`, b)
	case strings.IndexByte(`\.+*?()|[]{}^$-`, b) >= 0:
		return `\` + string(rune(b))
	}
	return string(rune(b))
}
