// Package tomlpos finds the line on which each key of a TOML document stands.
// It reads only as much of the syntax as that needs and leaves judging it to
// the decoder: run it on documents that have decoded without error.
package tomlpos

import (
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Lines holds the line, counted from 1, of each table, key and array element
// by its path: "server", "server.listen", "server.listen[0]". A part that is
// no bare key is quoted as [toml.Key.String] quotes it. Tables that are only
// implied by a longer header have the line of that header.
type Lines map[string]int

// Find returns the lines of data. It never panics; of a document with syntax
// errors it finds some.
func Find(data []byte) Lines {
	s := &scanner{data: data, line: 1, lines: Lines{}, tables: map[string]int{}}
	s.document()
	return s.lines
}

// Join appends a key to a path, quoted where TOML wants it.
func Join(path, key string) string {
	key = toml.Key{key}.String()
	if path == "" {
		return key
	}
	return path + "." + key
}

// Element returns the path of element i of the array at path.
func Element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// Nearest returns the line of path, or of the closest key around it that was
// written; 0 if there is none.
func (l Lines) Nearest(path string) int {
	for path != "" {
		if line, ok := l[path]; ok {
			return line
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 0
}

type scanner struct {
	data   []byte
	at     int
	line   int
	lines  Lines
	table  string
	tables map[string]int // elements of each array of tables so far
}

func (s *scanner) document() {
	for s.skipSpace(true); s.at < len(s.data); s.skipSpace(true) {
		before := s.at
		if s.data[s.at] == '[' {
			s.header()
		} else {
			s.keyValue(s.table)
		}
		if s.at == before {
			s.step()
		}
	}
}

func (s *scanner) header() {
	array := strings.HasPrefix(string(s.data[s.at:min(s.at+2, len(s.data))]), "[[")
	s.at++
	if array {
		s.at++
	}
	line := s.line
	keys := s.keys()
	path := ""
	for i, key := range keys {
		path = Join(path, key)
		s.note(path, line)
		last := i == len(keys)-1
		if last && array {
			s.tables[path]++
		}
		if n := s.tables[path]; n > 0 {
			path = Element(path, n-1)
			s.note(path, line)
		}
		if last && !array {
			// An explicit header tells more than the longer one that implied it.
			s.lines[path] = line
		}
	}
	s.table = path
	for s.peek() == ']' {
		s.at++
	}
}

func (s *scanner) keyValue(parent string) {
	line := s.line
	path := parent
	for _, key := range s.keys() {
		path = Join(path, key)
		s.note(path, line)
	}
	s.skipSpace(false)
	if s.peek() != '=' {
		return
	}
	s.at++
	s.value(path)
}

// keys reads a dotted key.
func (s *scanner) keys() []string {
	var keys []string
	for {
		s.skipSpace(false)
		keys = append(keys, s.key())
		s.skipSpace(false)
		if s.peek() != '.' {
			return keys
		}
		s.at++
	}
}

func (s *scanner) key() string {
	start := s.at
	switch s.peek() {
	case '"':
		s.quoted('"')
		raw := string(s.data[start:s.at])
		var v struct{ K string }
		if _, err := toml.Decode("K = "+raw, &v); err == nil {
			return v.K
		}
		return raw
	case '\'':
		s.quoted('\'')
		return strings.Trim(string(s.data[start:s.at]), "'")
	}
	for s.at < len(s.data) && !strings.ContainsRune(" \t\r\n.=]#,{}\"'", rune(s.data[s.at])) {
		s.at++
	}
	return string(s.data[start:s.at])
}

func (s *scanner) value(path string) {
	s.skipSpace(false)
	switch s.peek() {
	case '"', '\'':
		s.quoted(s.peek())
	case '[':
		s.array(path)
	case '{':
		s.inlineTable(path)
	default:
		for s.at < len(s.data) && !strings.ContainsRune(",]}#\n", rune(s.data[s.at])) {
			s.at++
		}
	}
}

func (s *scanner) array(path string) {
	s.at++
	for i := 0; ; {
		s.skipSpace(true)
		switch s.peek() {
		case 0:
			return
		case ']':
			s.at++
			return
		case ',':
			s.at++
			continue
		}
		before := s.at
		element := Element(path, i)
		s.note(element, s.line)
		s.value(element)
		if s.at == before {
			return
		}
		i++
	}
}

func (s *scanner) inlineTable(path string) {
	s.at++
	for {
		s.skipSpace(true)
		switch s.peek() {
		case 0:
			return
		case '}':
			s.at++
			return
		case ',':
			s.at++
			continue
		}
		before := s.at
		s.keyValue(path)
		if s.at == before {
			return
		}
	}
}

// quoted skips a string of any of the four kinds.
func (s *scanner) quoted(q byte) {
	width := 1
	if rest := s.data[s.at:]; len(rest) >= 3 && rest[1] == q && rest[2] == q {
		width = 3
	}
	s.at += width
	for s.at < len(s.data) {
		c := s.data[s.at]
		switch {
		case c == '\\' && q == '"':
			s.step()
			s.step()
		case c == '\n' && width == 1:
			return
		case c != q:
			s.step()
		case width == 1:
			s.at++
			return
		case strings.HasPrefix(string(s.data[s.at:min(s.at+3, len(s.data))]), strings.Repeat(string(q), 3)):
			s.at += 3
			// Up to two quotation marks may stand right before the closing three.
			for n := 0; n < 2 && s.peek() == q; n++ {
				s.at++
			}
			return
		default:
			s.at++
		}
	}
}

// skipSpace skips white space, and with newlines also line ends and comments.
func (s *scanner) skipSpace(newlines bool) {
	for s.at < len(s.data) {
		switch c := s.data[s.at]; {
		case c == ' ' || c == '\t':
			s.at++
		case newlines && (c == '\n' || c == '\r'):
			s.step()
		case newlines && c == '#':
			for s.at < len(s.data) && s.data[s.at] != '\n' {
				s.at++
			}
		default:
			return
		}
	}
}

func (s *scanner) step() {
	if s.at < len(s.data) {
		if s.data[s.at] == '\n' {
			s.line++
		}
		s.at++
	}
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.data) {
		return s.data[s.at]
	}
	return 0
}

func (s *scanner) note(path string, line int) {
	if _, ok := s.lines[path]; !ok {
		s.lines[path] = line
	}
}
