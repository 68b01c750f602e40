package codec

import (
	"bytes"
	"strings"
)

// jsonLogs is JSON as one log protocol sends it: a codec for what only its endpoints
// say of it. It is immutable.
type jsonLogs struct {
	jsonCodec
	name  string
	types []string
	// at reports whether path is one of the endpoints.
	at func(path string) bool
	// kept are the paths of values that stay as they are, in an array or not; ".*" at
	// the end stands for all below.
	kept []string
	// looks, if there is one, has a word on the beginning of a payload as well.
	looks func(head []byte) bool
	// typed says that addresses and dates keep their type.
	typed bool
	// also, if there is one, is asked about a string that was visited and is not to be
	// removed, or is, and returns what becomes of it.
	also func(m *logMembers, f *Field, edits []Splice, remove bool) ([]Splice, bool, error)

	values, names map[string]bool // see prepare
	trees         []string
}

func (c *jsonLogs) Name() string         { return c.name }
func (c *jsonLogs) MediaTypes() []string { return c.types }
func (c *jsonLogs) NewWalker() Walker {
	return &jsonLogsWalker{jsonWalker: jsonWalker{typed: c.typed}, members: logMembers{format: c}}
}

// Endpoint takes JSON that is sent to one of the endpoints, whatever it is called. Lines
// of JSON are walked as lines.
func (c *jsonLogs) Endpoint(path, mediaType string, head []byte) bool {
	if c.at == nil || !c.at(path) || strings.HasSuffix(mediaType, "ndjson") {
		return false
	}
	if c.looks != nil && !c.looks(head) {
		return false
	}
	if len(head) == 0 {
		return strings.HasSuffix(mediaType, "json")
	}
	return looksJSON(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))) && (strings.HasSuffix(mediaType, "json") || startsJSON(head))
}

// registerJSONLogs adds c.
func registerJSONLogs(c *jsonLogs) {
	c.values, c.names = map[string]bool{}, map[string]bool{}
	for _, path := range c.kept {
		if tree, ok := strings.CutSuffix(path, ".*"); ok {
			c.trees = append(c.trees, tree)
			path = tree
		} else {
			c.values[path] = true
		}
		// What leads to a value keeps its name, or the value would not be found.
		for i := 0; i <= len(path); i++ {
			if i == len(path) || path[i] == '.' {
				c.names[strings.TrimSuffix(path[:i], "[]")] = true
			}
		}
	}
	Register(c)
}

// keeps reports whether f stays as it is.
func (c *jsonLogs) keeps(f *Field) bool {
	path := bytes.TrimPrefix(bytes.TrimPrefix(f.Path, []byte("[]")), []byte("."))
	for _, tree := range c.trees {
		if within(path, tree) {
			return true
		}
	}
	if f.Kind != Name {
		return c.values[string(path)]
	}
	var buf [128]byte
	full := buf[:0]
	if len(path) > 0 {
		full = append(append(full, path...), '.')
	}
	return c.names[string(append(full, f.Value...))]
}

// logMembers is a visitor that keeps from v what the format keeps.
type logMembers struct {
	format *jsonLogs
	v      Visitor
	pairs  pairVisitor
	edit   [1]Splice
}

func (m *logMembers) Suspect(raw []byte) bool     { return m.v.Suspect(raw) }
func (m *logMembers) Tells(name, raw []byte) bool { return m.v.Tells(name, raw) }

func (m *logMembers) Visit(f *Field) (edits []Splice, remove bool, err error) {
	if m.format.keeps(f) {
		return nil, false, nil
	}
	edits, remove, err = m.v.Visit(f)
	if err != nil || m.format.also == nil || f.Kind != String {
		return edits, remove, err
	}
	return m.format.also(m, f, edits, remove)
}

type jsonLogsWalker struct {
	jsonWalker
	members logMembers
}

func (w *jsonLogsWalker) Reset() {
	w.jsonWalker.Reset()
	w.members.pairs.reset()
	w.members.edit = [1]Splice{}
}

func (w *jsonLogsWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.members.v = v
	out, n, err = w.jsonWalker.Walk(dst, src, final, &w.members)
	w.members.v = nil
	return out, n, err
}

// endsIn reports whether path ends in one of the suffixes, with a slash behind it or not.
func endsIn(path string, suffixes ...string) bool {
	path = strings.TrimSuffix(path, "/")
	for _, suffix := range suffixes {
		if strings.HasSuffix(path, suffix) {
			return true
		}
	}
	return false
}

// parentOf reports whether all but the last segment of path ends in suffix.
func parentOf(path, suffix string) bool {
	path = strings.TrimSuffix(path, "/")
	i := strings.LastIndexByte(path, '/')
	return i >= 0 && i+1 < len(path) && strings.HasSuffix(path[:i], suffix)
}
