package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Error is one thing that is wrong with a configuration. No message quotes a
// secret or what an environment variable holds.
type Error struct {
	File string // "" without a file
	Line int    // from 1; 0 without a file
	Key  string // path of the key: "route.api.upstream"; "" for the whole file
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

// Errors is everything that is wrong with a configuration, sorted by line.
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

// sorted returns e sorted and without repetitions as an error, nil if empty.
func (e Errors) sorted() error {
	if len(e) == 0 {
		return nil
	}
	slices.SortFunc(e, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Key, b.Key), cmp.Compare(a.Msg, b.Msg))
	})
	return slices.Compact(e)
}

// suggest returns ` (did you mean "x"?)` for the name most like word, or "".
func suggest(word string, names []string) string {
	if best := nearest(word, names); best != "" {
		return fmt.Sprintf(" (did you mean %q?)", best)
	}
	return ""
}

// nearest returns the name that word is most likely a misspelling of, "" if
// none is near.
func nearest(word string, names []string) string {
	if len(word) > 128 { // nothing that long is a slip of the finger
		return ""
	}
	fold := func(s string) string { return strings.NewReplacer("-", "_").Replace(strings.ToLower(s)) }
	best, least := "", max(1, (len(word)+1)/3)+1
	for _, name := range names {
		a, b := fold(word), fold(name)
		d := distance(a, b)
		if d > 1 && min(len(a), len(b)) >= 4 && (strings.HasPrefix(b, a) || strings.HasPrefix(a, b)) {
			d = 1
		}
		if d < least {
			best, least = name, d
		}
	}
	return best
}

// distance is the number of inserted, deleted, changed or swapped bytes
// (optimal string alignment).
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, rows[i-2][j-2]+1)
			}
			rows[i][j] = d
		}
	}
	return rows[len(a)][len(b)]
}

// list joins names for a message: "a, b or c".
func list(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
