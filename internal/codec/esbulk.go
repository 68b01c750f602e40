package codec

import (
	"bytes"
	"strings"
)

func init() { Register(esbulkCodec{}) }

// esbulkCodec is the body of a bulk request to Elasticsearch or OpenSearch:
// pairs of an action line and a source line, delete having no source
// (Elasticsearch reference, "Bulk API"). Action lines name indices and ids and
// are never visited, nor is @timestamp, nor the script of an update but for its
// parameters. A line out of place is walked like NDJSON.
type esbulkCodec struct{ ndjsonCodec }

func (esbulkCodec) Name() string         { return "esbulk" }
func (esbulkCodec) MediaTypes() []string { return nil }
func (esbulkCodec) NewWalker() Walker {
	return &esbulkWalker{line: lineWalker{doc: jsonWalker{typed: true}}}
}

// Endpoint takes every path that ends in _bulk, under whatever prefix a gateway
// has put it, for all types that clients send. The answer to such a request is
// JSON too, and is told apart by its head.
func (esbulkCodec) Endpoint(path, mediaType string, head []byte) bool {
	if !bulkPath(path) {
		return false
	}
	if mediaType != "" && !strings.Contains(mediaType, "json") {
		return false
	}
	return len(head) == 0 || strings.HasSuffix(mediaType, "ndjson") || startsAction(head)
}

// bulkPath reports whether path is that of bulk requests, under any prefix.
func bulkPath(path string) bool { return endsIn(path, "/_bulk", "/_monitoring/bulk") }

// startsAction reports whether head begins like an action line.
func startsAction(head []byte) bool {
	i := skipSpace(head, 0)
	if i == len(head) || head[i] != '{' {
		return i == len(head)
	}
	i = skipSpace(head, i+1)
	for _, name := range actions {
		if bytes.HasPrefix(head[i:], []byte(`"`+name+`"`)) {
			return true
		}
	}
	return false
}

var actions = [...]string{"index", "create", "update", "delete"}

type esbulkWalker struct {
	lines  lines
	line   lineWalker
	sieve  sieve
	action action
	source sourceVisitor
	update bool
	due    bool // the next line is the source of an action
}

func (w *esbulkWalker) Reset() {
	w.lines = lines{}
	w.line.doc.Reset()
	w.action, w.source = action{}, sourceVisitor{}
	w.update, w.due = false, false
}

func (w *esbulkWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	w.line.doc.begin()
	w.sieve = sieve{}
	for {
		end, after, ok := w.lines.next(src, n, final)
		if !ok {
			return dst, n, nil
		}
		if dst, err = w.walkLine(dst, src, n, end, v); err != nil {
			return dst, n, err
		}
		n = after
	}
}

func (w *esbulkWalker) walkLine(dst []Splice, src []byte, start, end int, v Visitor) ([]Splice, error) {
	line := src[start:end]
	if skipSpace(line, 0) == len(line) {
		return dst, nil
	}
	if w.due {
		w.due = false
		if w.sieve.spares(v, src, start, end) {
			return dst, nil
		}
		w.source = sourceVisitor{v: v, update: w.update}
		out, ok, err := w.line.json(dst, line, start, &w.source)
		w.source.v = nil
		if ok || err != nil {
			return out, err
		}
		return w.line.broken(dst, line, start, v)
	}
	w.action = action{}
	if _, ok, err := w.line.json(dst, line, start, &w.action); ok && err == nil && w.action.valid() {
		w.update = w.action.name == "update"
		w.due = w.action.name != "delete"
		return dst, nil
	}
	if w.sieve.spares(v, src, start, end) {
		return dst, nil
	}
	return w.line.walk(dst, src, start, end, v)
}

// action is a visitor that learns what an action line says: a document with
// one member, an object named for the action.
type action struct {
	name  string
	names int
	other bool // there is a scalar beside it
}

func (a *action) valid() bool { return a.names == 1 && a.name != "" && !a.other }

func (a *action) Visit(f *Field) ([]Splice, bool, error) {
	switch {
	case f.Kind == Name && len(f.Path) == 0:
		a.names++
		for _, name := range actions {
			if string(f.Value) == name {
				a.name = name
			}
		}
	case f.Kind != Name && bytes.IndexByte(f.Path, '.') < 0:
		a.other = true
	}
	return nil, false, nil
}

// Suspect answers for a visitor that edits nothing but has to see all.
func (a *action) Suspect([]byte) bool { return true }

// Tells implements Visitor.
func (a *action) Tells(_, _ []byte) bool { return false }

// sourceVisitor keeps from v what in a source line must stay as it is.
type sourceVisitor struct {
	v      Visitor
	update bool
}

func (s *sourceVisitor) Visit(f *Field) ([]Splice, bool, error) {
	if s.keeps(f) {
		return nil, false, nil
	}
	return s.v.Visit(f)
}

func (s *sourceVisitor) Suspect(raw []byte) bool     { return s.v.Suspect(raw) }
func (s *sourceVisitor) Tells(name, raw []byte) bool { return s.v.Tells(name, raw) }

func (s *sourceVisitor) keeps(f *Field) bool {
	path := f.Path
	if s.update {
		if within(path, "script") {
			return !within(path, "script.params")
		}
		for _, part := range [...]string{"doc", "upsert"} {
			if rest, ok := bytes.CutPrefix(path, []byte(part)); ok && len(rest) > 0 && rest[0] == '.' {
				path = rest[1:]
			}
		}
	}
	if f.Kind == Name {
		return string(f.Value) == "@timestamp"
	}
	return string(path) == "@timestamp"
}

// within reports whether path is that of container or of something in it.
func within(path []byte, container string) bool {
	rest, ok := bytes.CutPrefix(path, []byte(container))
	return ok && (len(rest) == 0 || rest[0] == '.' || rest[0] == '[')
}
