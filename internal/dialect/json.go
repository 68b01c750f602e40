package dialect

import (
	"bytes"
	"encoding/json"
)

// The walkers here give parts of a document as slices of it, so that numbers,
// order and spelling stay as they came. All but values want valid JSON.

var bom = []byte("\xef\xbb\xbf")

func skipSpace(p []byte) []byte { return bytes.TrimLeft(p, " \t\r\n") }

// value cuts the first JSON value off p, which must not begin with space. It
// judges only where the value ends, not whether it is valid.
func value(p []byte) (v, rest []byte, ok bool) {
	if len(p) == 0 {
		return nil, nil, false
	}
	switch p[0] {
	case '"':
		n := stringEnd(p)
		return p[:n], p[n:], n > 0
	case '{', '[':
		depth := 0
		for i := 0; i < len(p); i++ {
			switch p[i] {
			case '"':
				n := stringEnd(p[i:])
				if n == 0 {
					return nil, nil, false
				}
				i += n - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return p[:i+1], p[i+1:], true
				}
			}
		}
		return nil, nil, false
	}
	n := bytes.IndexAny(p, " \t\r\n,:]}{[\"")
	if n < 0 {
		n = len(p)
	}
	return p[:n], p[n:], n > 0
}

// stringEnd returns the length of the string that p begins with, 0 if it does
// not end.
func stringEnd(p []byte) int {
	for i := 1; i < len(p); i++ {
		switch p[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return 0
}

// values calls fn for each of the JSON values that p is made of, one after
// another with or without space between them. It returns what is left at the
// first that is not valid; nil when all were.
func values(p []byte, fn func(v []byte)) (rest []byte) {
	for p = skipSpace(p); len(p) > 0; p = skipSpace(p) {
		v, next, ok := value(p)
		if !ok || !json.Valid(v) {
			return p
		}
		fn(v)
		p = next
	}
	return nil
}

// elements calls fn for each element of a valid array; for nothing else.
func elements(p []byte, fn func(v []byte)) {
	if kind(p) != '[' {
		return
	}
	for p = skipSpace(p[1:]); len(p) > 0 && p[0] != ']'; p = skipSpace(p) {
		v, rest, ok := value(p)
		if !ok {
			return
		}
		fn(v)
		p = bytes.TrimPrefix(skipSpace(rest), []byte(","))
	}
}

// members calls fn for each member of a valid object; for nothing else.
func members(p []byte, fn func(name string, v []byte)) {
	if kind(p) != '{' {
		return
	}
	for p = skipSpace(p[1:]); len(p) > 0 && p[0] == '"'; p = skipSpace(p) {
		key, rest, _ := value(p)
		rest = bytes.TrimPrefix(skipSpace(rest), []byte(":"))
		v, rest, ok := value(skipSpace(rest))
		if !ok {
			return
		}
		fn(str(key), v)
		p = bytes.TrimPrefix(skipSpace(rest), []byte(","))
	}
}

// member returns the last member of that name, nil if there is none.
func member(p []byte, name string) (v []byte) {
	members(p, func(n string, m []byte) {
		if n == name {
			v = m
		}
	})
	return v
}

// kind is the first byte of a value: { [ " t f n or that of a number.
func kind(v []byte) byte {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// str decodes a JSON string; other values give "".
func str(v []byte) string {
	if kind(v) != '"' {
		return ""
	}
	if inner := v[1 : len(v)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner)
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return ""
	}
	return s
}

// trim takes off a byte order mark and space on both sides.
func trim(p []byte) []byte {
	return bytes.TrimRight(skipSpace(bytes.TrimPrefix(p, bom)), " \t\r\n")
}

// eachLine calls fn for each line that is not blank, without its line ending,
// with its position counted from 0, blank lines included.
func eachLine(p []byte, fn func(i int, line []byte)) {
	i := 0
	for line := range bytes.Lines(p) {
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if len(bytes.TrimSpace(line)) > 0 {
			fn(i, line)
		}
		i++
	}
}
