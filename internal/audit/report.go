package audit

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"
)

var renderers = map[string]func(io.Writer, *Summary) error{}

// RegisterFormat adds a format of reports. A duplicate name panics.
func RegisterFormat(name string, render func(io.Writer, *Summary) error) {
	if _, ok := renderers[name]; ok {
		panic("audit: format " + name + " registered twice")
	}
	renderers[name] = render
}

// Formats returns the names of all formats, sorted.
func Formats() []string {
	var names []string
	for name := range renderers {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Render writes a summary in a format.
func Render(w io.Writer, format string, s *Summary) error {
	render, ok := renderers[format]
	if !ok {
		return fmt.Errorf("audit: unknown report format (one of %s)", strings.Join(Formats(), ", "))
	}
	return render(w, s)
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// describe says in words what the filter selects.
func (f Filter) describe() string {
	var parts []string
	add := func(name, v string) {
		if v != "" {
			parts = append(parts, name+" "+v)
		}
	}
	add("from", stamp(f.From))
	add("to", stamp(f.To))
	add("route", f.Route)
	add("rule", f.Rule)
	add("tag", f.Tag)
	if parts == nil {
		return "all findings"
	}
	return strings.Join(parts, ", ")
}

// notes are the sentences that every report for people carries.
func (s *Summary) notes() []string {
	var notes []string
	if s.ValuesCapped {
		notes = append(notes, fmt.Sprintf("Only %d distinct values are told apart; there are more.", maxDistinct))
	}
	if s.Unreadable > 0 {
		notes = append(notes, fmt.Sprintf("%d lines could not be read and are not counted; run redactd audit verify.", s.Unreadable))
	}
	for _, m := range s.Markers {
		notes = append(notes, fmt.Sprintf("Record %d, %s: %s.", m.Seq, stamp(m.Time), m.text()))
	}
	return notes
}

func upper(s string) string { return strings.ToUpper(s) }

// printable keeps control characters away from a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
