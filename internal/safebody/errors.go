package safebody

import (
	"fmt"
	"strings"
)

// Error is one thing that is wrong with [Options].
type Error struct {
	File string // name of the template or language file; "" for an option
	Line int    // from 1; 0 for an option
	Key  string // path of the key in a language file, or the option: "brand.colour"; "" in a template
	Msg  string // what is wrong (what would be right)
}

// Error gives "file:line: key: message".
func (e Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Key != "" {
		b.WriteString(e.Key + ": ")
	}
	return b.String() + e.Msg
}

// Errors is everything that is wrong with [Options].
type Errors []Error

// Error gives one error a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i := range e {
		lines[i] = e[i].Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap lets errors.As find the single errors.
func (e Errors) Unwrap() []error {
	errs := make([]error, len(e))
	for i := range e {
		errs[i] = e[i]
	}
	return errs
}

func (e *Errors) option(key, format string, args ...any) {
	*e = append(*e, Error{Key: key, Msg: fmt.Sprintf(format, args...)})
}
