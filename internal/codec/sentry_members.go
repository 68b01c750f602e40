package codec

import (
	"bytes"
	"slices"
)

// lengthNote marks the splice that stands for the length of an item.
const lengthNote = "\x00length"

// sentryHeaders reads the headers of an envelope or an item, and asks v about those
// that are no part of the protocol. The edit that it makes of a length leaves it as it
// is and is there to be changed.
type sentryHeaders struct {
	v                         Visitor // nil to read only
	kind, contentType, length string
	hasLength                 bool
	bad                       bool // one of them is twice, or of the wrong kind
}

func (h *sentryHeaders) Suspect([]byte) bool    { return true }
func (h *sentryHeaders) Tells(_, _ []byte) bool { return false }

func (h *sentryHeaders) Visit(f *Field) ([]Splice, bool, error) {
	if f.Kind != Name {
		switch string(f.Path) {
		case "length":
			h.bad = h.bad || h.hasLength || f.Kind != Number
			h.hasLength, h.length = true, string(f.Value)
			return []Splice{{0, len(f.Value), f.Value, lengthNote}}, false, nil
		case "type":
			h.bad = h.bad || h.kind != ""
			h.kind = string(f.Value)
			return nil, false, nil
		case "content_type":
			h.contentType = string(f.Value)
			return nil, false, nil
		}
	}
	if h.v == nil || keptBySentry(f) {
		return nil, false, nil
	}
	return h.v.Visit(f)
}

// sentryMembers is a visitor that knows what is in events and their like. Ids, times
// and what else the protocol hangs on it keeps from v; attributes with a type it shows
// under their own names; and of queries, cookies and forms that are one string it
// shows each parameter too.
type sentryMembers struct {
	v     Visitor
	pairs pairVisitor
	field Field
}

func (m *sentryMembers) reset() {
	m.v, m.field = nil, Field{}
	m.pairs.reset()
}

func (m *sentryMembers) Suspect(raw []byte) bool     { return m.v.Suspect(raw) }
func (m *sentryMembers) Tells(name, raw []byte) bool { return m.v.Tells(name, raw) }

func (m *sentryMembers) Visit(f *Field) (edits []Splice, remove bool, err error) {
	if keptBySentry(f) {
		return nil, false, nil
	}
	if name := attributeName(f); name != nil {
		m.field = *f
		m.field.Key = name
		f = &m.field
	}
	edits, remove, err = m.v.Visit(f)
	if err != nil || remove || f.Kind != String {
		return edits, remove, err
	}
	if from, syntax, ok := sentryPairs(f); ok {
		edits, err = m.pairs.visit(edits, f, from, syntax, m.v)
	}
	return edits, false, err
}

// attributeName returns the name of the attribute that f is the value of, nil if it is
// none: attributes are {"name": {"value": ..., "type": ...}}.
func attributeName(f *Field) []byte {
	if f.Kind == Name || string(f.Key) != "value" {
		return nil
	}
	name, ok := bytes.CutSuffix(f.Path, []byte(".value"))
	if !ok {
		return nil
	}
	const attributes = "attributes."
	i := bytes.Index(name, []byte(attributes))
	if i < 0 || i > 0 && name[i-1] != '.' {
		return nil
	}
	return name[i+len(attributes):]
}

// sentryPairs tells whether f is text that holds pairs, how, and from where on.
func sentryPairs(f *Field) (from int, syntax pairSyntax, ok bool) {
	switch string(f.Path) {
	case "request.query_string":
		return 0, queryPairs, true
	case "request.cookies":
		return 0, cookiePairs, true
	case "request.url":
		from = bytes.IndexByte(f.Value, '?') + 1
		return from, queryPairs, from > 0
	case "request.data":
		return 0, queryPairs, !looksJSON(f.Value) && bytes.IndexByte(f.Value, '=') > 0 && !bytes.ContainsAny(f.Value, " \t\r\n")
	}
	return 0, queryPairs, false
}

// sentryKept are names of members that never hold text of people's: ids, which look
// random, times, and what events are told apart by. They are kept where the protocol
// has them, not in what an application adds.
var sentryKept = nameList(`event_id sent_at timestamp start_timestamp received started trace_id span_id
	parent_span_id replay_id profile_id profiler_id chunk_id check_in_id monitor_slug segment_id sid
	trace_ids error_ids release dist environment platform dsn public_key org_id sample_rand sample_rate
	debug_id code_id image_addr image_vmaddr instruction_addr symbol_addr
	thread_id active_thread_id hash exclusive_time attachment_type item_count severity_number`)

// sentryTrees are members of an event that are all the protocol's.
var sentryTrees = []string{"sdk", "debug_meta", "modules", "measurements", "trace.sdk"}

// sentryFree are members in which an application may put whatever it wants.
var sentryFree = nameList(`extra tags vars data headers cookies env query_string user attributes params`)

// sentryNames are further names of members that what is done here hangs on, which are
// no more changed than the kept and free ones.
var sentryNames = nameList(`_meta type length content_type sdk debug_meta modules measurements trace contexts
	request url value app device replay profile otel`)

func nameList(list string) map[string]bool {
	names := map[string]bool{}
	for _, name := range bytes.Fields([]byte(list)) {
		names[string(name)] = true
	}
	return names
}

// keptBySentry reports whether f stays as it is.
func keptBySentry(f *Field) bool {
	path := f.Path
	if slices.ContainsFunc(sentryTrees, func(tree string) bool { return within(path, tree) }) {
		return true
	}
	if f.Kind == Name {
		return sentryKept[string(f.Value)] || sentryFree[string(f.Value)] || sentryNames[string(f.Value)]
	}
	last := path
	if i := bytes.LastIndexByte(path, '.'); i >= 0 {
		last = path[i+1:]
	}
	for bytes.HasSuffix(last, []byte("[]")) {
		last = last[:len(last)-2]
	}
	if !sentryKept[string(last)] {
		return false
	}
	for i := 0; i < len(path); {
		segment := path[i : i+indexByte(path[i:], '.')]
		i += len(segment) + 1
		if i < len(path) && sentryFree[string(bytes.TrimRight(segment, "[]"))] {
			return false
		}
	}
	return !ownContext(path)
}

// ownContext reports whether path is in a context that is none of the protocol's.
func ownContext(path []byte) bool {
	rest, ok := bytes.CutPrefix(path, []byte("contexts."))
	if !ok {
		return false
	}
	for _, known := range [...]string{"trace.", "replay.", "profile.", "otel.", "app.", "device."} {
		if bytes.HasPrefix(rest, []byte(known)) {
			return false
		}
	}
	return true
}
