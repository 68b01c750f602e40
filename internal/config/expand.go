package config

import (
	"errors"
	"fmt"
	"strings"
)

var errReference = errors.New("has a ${ without a name and a closing } (${NAME}, ${NAME:-default}, or $$ for a dollar sign)")

// expand puts environment variables in: ${NAME}, ${NAME:-default} where the
// variable is unset or empty, and $$ for a dollar sign. A dollar sign before
// anything else stands for itself. shown is s as it may be shown, without the
// defaults; it is "" if s has no reference. Errors quote names of variables
// only.
func expand(s string, env func(string) (string, bool)) (out, shown string, err error) {
	if !strings.Contains(s, "$") {
		return s, "", nil
	}
	var b, show strings.Builder
	referred := false
	for {
		i := strings.IndexByte(s, '$')
		if i < 0 || i+1 == len(s) {
			break
		}
		b.WriteString(s[:i])
		show.WriteString(s[:i])
		s = s[i+1:]
		switch s[0] {
		case '$':
			b.WriteByte('$')
			show.WriteString("$$")
			s = s[1:]
			continue
		case '{':
		default:
			b.WriteByte('$')
			show.WriteByte('$')
			continue
		}
		end := strings.IndexByte(s, '}')
		if end < 0 {
			return "", "", errReference
		}
		name, fallback, hasFallback := strings.Cut(s[1:end], ":-")
		s = s[end+1:]
		if !isVariable(name) {
			return "", "", errReference
		}
		value, ok := env(name)
		switch {
		case hasFallback && value == "":
			value = fallback
		case !ok:
			return "", "", fmt.Errorf("environment variable %s is not set (set it, or write ${%s:-default})", name, name)
		}
		referred = true
		b.WriteString(value)
		show.WriteString("${" + name + "}")
	}
	b.WriteString(s)
	show.WriteString(s)
	if !referred {
		return b.String(), "", nil
	}
	return b.String(), show.String(), nil
}

func isVariable(s string) bool {
	for i := range len(s) {
		if c := s[i]; c != '_' && (!isAlnum(c) || i == 0 && c <= '9') {
			return false
		}
	}
	return s != ""
}
