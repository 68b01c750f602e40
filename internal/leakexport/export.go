// Package leakexport writes leaks for other programs. A format is one file that calls
// Register; no format can tell a value, since records have none.
package leakexport

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// Document is what is exported.
type Document struct {
	Time    time.Time // of the export
	Version string    // of redactd
	Leaks   []records.Leak
	// Describe returns the description of a rule and where one can read on, "" for a rule
	// that is not known. It may be nil.
	Describe func(rule string) (description, reference string)
}

func (d *Document) describe(rule string) (description, reference string) {
	if d.Describe == nil {
		return "", ""
	}
	return d.Describe(rule)
}

// Writer writes a document in a format.
type Writer func(w io.Writer, d *Document) error

var formats = map[string]Writer{}

// Register adds a format. A duplicate name panics.
func Register(name string, write Writer) {
	if _, ok := formats[name]; ok {
		panic("leakexport: format " + name + " registered twice")
	}
	formats[name] = write
}

// Formats returns the names of all formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(formats)) }

// Write writes d in the named format.
func Write(w io.Writer, format string, d *Document) error {
	write, ok := formats[format]
	if !ok {
		return fmt.Errorf("unknown format (one of %s)", strings.Join(Formats(), ", "))
	}
	return write(w, d)
}
