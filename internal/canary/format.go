package canary

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Format is how the payloads of a dialect are written. It is immutable and safe for
// concurrent use.
type Format struct {
	// Name is that of the dialect and, where it has several formats, of this one:
	// "loki-protobuf".
	Name string
	// Protocol is that of the listeners which take the format, "" for HTTP.
	Protocol string
	// Answer says that payloads are the bodies of answers, not of requests.
	Answer bool
	// Method and Path are those of the endpoint, "" for POST and any path.
	Method, Path string
	ContentType  string
	// Header holds further fields.
	Header map[string]string
	// Keyed says that records have fields with names.
	Keyed bool
	// Fits says which canaries can be written, nil for all that Keyed allows.
	Fits func(c *Canary) bool
	// Write returns a payload with a record for each canary.
	Write func(list []Canary) ([]byte, error)
	// Messages returns the records of that payload as datagrams; nil where the protocol
	// has none.
	Messages func(list []Canary) ([][]byte, error)
	// Read returns what stands in the place of each of the canaries of a payload, ""
	// where nothing is left. It fails where the payload is no longer of its format.
	Read func(body []byte, list []Canary) ([]string, error)
}

var registry = map[string]*Format{}

// Register adds a format. A duplicate name panics.
func Register(f Format) {
	if registry[f.Name] != nil {
		panic("canary: format " + f.Name + " registered twice")
	}
	registry[f.Name] = &f
}

// Formats returns all formats in the order of their names.
func Formats() []*Format {
	out := make([]*Format, 0, len(registry))
	for _, name := range slices.Sorted(maps.Keys(registry)) {
		out = append(out, registry[name])
	}
	return out
}

// errShape says that a payload has lost its form. It quotes none.
var errShape = errors.New("canary: the payload is no longer of its format")

// Takes returns those of list that the format can hold.
func (f *Format) Takes(list []Canary) []Canary {
	var out []Canary
	for i := range list {
		if c := &list[i]; (c.Key == "" || f.Keyed) && (f.Fits == nil || f.Fits(c)) {
			out = append(out, *c)
		}
	}
	return out
}

// key is the name of the field that a canary stands in.
func (c *Canary) key() string {
	if c.Key != "" {
		return c.Key
	}
	return "note"
}

// Number returns the name of record i: what Read finds it by.
func Number(i int) string { return number(i) }

func number(i int) string { return fmt.Sprintf("r%05d", i) }

// texts gathers what stands in records that were found by their names.
type texts struct {
	index map[string]int
	found []string
}

func newTexts(list []Canary) *texts {
	t := &texts{map[string]int{}, make([]string, len(list))}
	for i := range list {
		t.index[number(i)] = i
	}
	return t
}

func (t *texts) set(number, text string) {
	if i, ok := t.index[number]; ok {
		t.found[i] += text
	}
}

// ReadLines is the Read of a Format whose records are lines, each of a number and what
// stands there.
func ReadLines(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	for line := range strings.Lines(string(body)) {
		number, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		t.set(number, text)
	}
	return t.found, nil
}
