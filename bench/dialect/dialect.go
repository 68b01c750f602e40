// Package dialect writes the same records as each log protocol that redactd knows
// carries them, so that the protocols can be measured beside each other.
package dialect

import (
	"fmt"
	"slices"
	"strings"
)

// Dialect is how records travel by HTTP. A file of this package registers each.
type Dialect struct {
	Name string
	// Path, ContentType and Headers are those of the request.
	Path, ContentType string
	Headers           map[string]string
	// Body writes records as one body, and Text undoes what coding is a part of the
	// format, so that text in the body can be looked for; nil where there is none.
	Body func(records []Record) []byte
	Text func(body []byte) ([]byte, error)
	// Compressed says that the format compresses by itself, so that no content
	// coding comes on top.
	Compressed bool
}

// Listener is how records travel over a connection of their own.
type Listener struct {
	Name, Protocol string
	// Body writes records as messages that follow each other; Text is as in
	// Dialect.
	Body func(records []Record) []byte
	Text func(body []byte) ([]byte, error)
}

var (
	dialects  []Dialect
	listeners []Listener
)

func register(d Dialect) bool {
	dialects = append(dialects, d)
	return true
}

func registerListener(l Listener) bool {
	listeners = append(listeners, l)
	return true
}

// All returns the dialects by name. The slice is the caller's.
func All() []Dialect {
	return slices.SortedFunc(slices.Values(dialects), func(a, b Dialect) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
}

// Listeners returns what has listeners by name. The slice is the caller's.
func Listeners() []Listener {
	return slices.SortedFunc(slices.Values(listeners), func(a, b Listener) int {
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	})
}

// Decoded returns body with the coding that is a part of its format undone by text,
// which may be nil.
func Decoded(body []byte, text func([]byte) ([]byte, error)) ([]byte, error) {
	if text == nil {
		return body, nil
	}
	out, err := text(body)
	if err != nil {
		return nil, fmt.Errorf("a body does not decode: %w", err)
	}
	return out, nil
}
