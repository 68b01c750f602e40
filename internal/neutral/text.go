package neutral

import (
	"bytes"
	"strings"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/redact"
)

// edit says that instead stands in the place of bytes start to end of a text.
type edit struct {
	start, end int
	instead    string
}

// sentence is what stands in the place of a text of which nothing is left, or which is of
// the service's own trouble.
func (n *neutraliser) sentence() []byte {
	if n.severe() {
		return []byte("An internal error happened.")
	}
	return []byte("The request could not be completed.")
}

// What stands in the place of a part by default.
var defaults = map[disclosure.Part]string{
	disclosure.Trace:   "",
	disclosure.Message: "[internal error]",
	disclosure.Name:    "[internal]",
}

// probe is how many bytes of a long text are looked at first.
const probe = 32 << 10

// find returns the edits of a text, in order and without overlaps, and whether one of
// them is of a trace or a message: then its words are the service's own. Where such a text
// goes as a whole, they are not all of them.
func (n *neutraliser) find(text []byte) (edits []edit, own bool, err error) {
	goes := n.severe() || n.wholly
	if goes && len(text) > 2*probe {
		if edits, own, err = n.find(text[:lineStart(text, probe)]); own || err != nil {
			return edits, own, err
		}
	}
	if edits, err = n.traces(text); err != nil || len(edits) > 0 && goes {
		return edits, len(edits) > 0, err
	}
	if other := legible(text); other != nil {
		seen, err := n.traces(other)
		if err != nil {
			return nil, false, err
		}
		if len(seen) > len(edits) { // where they stand in text can't be told
			return []edit{{end: len(text)}}, true, nil
		}
	}
	own = len(edits) > 0
	var all []edit
	at := 0
	for _, e := range append(edits, edit{start: len(text), end: len(text)}) {
		if all, err = n.names(all, text[at:e.start], at); err != nil {
			return nil, false, err
		}
		if e.start < len(text) {
			all = append(all, e)
		}
		at = e.end
	}
	return all, own, nil
}

// search finds what rules of a set match in a text.
func (n *neutraliser) search(set *redact.Set, text []byte) (err error) {
	n.found, err = set.Find(n.sc, n.found[:0], redact.Field{Value: text})
	if err == nil {
		err = n.spend(n.sc.Spent() + len(text))
	}
	return err
}

// names appends the edits of the names in a part of a text, which begins at.
func (n *neutraliser) names(edits []edit, text []byte, at int) ([]edit, error) {
	if len(text) == 0 {
		return edits, nil
	}
	if err := n.search(n.set.spans(n.status).names, text); err != nil {
		return nil, err
	}
	for _, f := range n.found {
		if r := n.set.byID[f.Rule.ID]; r.OnStatus(n.status) {
			n.note(r, text[f.Start:f.End])
			edits = append(edits, edit{at + f.Start, at + f.End, r.instead()})
		}
	}
	return edits, nil
}

// traces returns the edits of the traces and messages in a text.
func (n *neutraliser) traces(text []byte) (edits []edit, err error) {
	if err := n.search(n.set.spans(n.status).traces, text); err != nil {
		return nil, err
	}
	for i := 0; i < len(n.found); {
		f := n.found[i]
		r := n.set.byID[f.Rule.ID]
		i++
		if !r.OnStatus(n.status) {
			continue
		}
		e := edit{f.Start, f.End, r.instead()}
		if r.Part == disclosure.Trace {
			e.start, e.end, i = n.block(text, i-1)
		}
		// A block may reach back to what stands before it.
		for len(edits) > 0 && edits[len(edits)-1].end > e.start {
			e.start = min(e.start, edits[len(edits)-1].start)
			edits = edits[:len(edits)-1]
		}
		n.note(r, text[e.start:e.end])
		edits = append(edits, e)
		for ; i < len(n.found) && n.found[i].Start < e.end; i++ {
			n.note(n.set.byID[n.found[i].Rule.ID], text[n.found[i].Start:n.found[i].End])
		}
	}
	return edits, nil
}

// instead returns what stands in the place of what a rule found.
func (r *rule) instead() string {
	switch {
	case r.Instead == "":
		return defaults[r.Part]
	case strings.TrimSpace(r.Instead) == "":
		return ""
	}
	return r.Instead
}

// block returns what the trace covers whose first frame is finding i, and the first
// finding behind its last frame: whole lines, from the beginning of the paragraph in which
// it begins to the end of that in which it ends.
func (n *neutraliser) block(text []byte, i int) (start, end, next int) {
	r := n.set.byID[n.found[i].Rule.ID]
	gap, before, after := r.Gap, r.Before, r.After
	first, last := n.found[i], n.found[i]
	next = i + 1
	for ; next < len(n.found); next++ {
		f := n.found[next]
		of := n.set.byID[f.Rule.ID]
		if of.Part != disclosure.Trace {
			continue
		}
		if bytes.Count(text[last.End:f.Start], newline) > max(gap, of.Gap)+1 {
			break
		}
		last, after = f, max(after, of.After)
	}
	for next > i+1 && n.found[next-1].Start > last.Start {
		next-- // messages behind the last frame are no part of it
	}
	start = lineStart(text, first.Start)
	for ; before > 0 && start > 0; before-- {
		start = lineStart(text, start-1)
	}
	for start > 0 {
		above := lineStart(text, start-1)
		if blank(text[above:start]) {
			break
		}
		start = above
	}
	end = lineEnd(text, last.End)
	for ; after > 0 && end < len(text); after-- {
		end = lineEnd(text, end+1)
	}
	for end < len(text) {
		below := lineEnd(text, end+1)
		if blank(text[end:below]) {
			break
		}
		end = below
	}
	return start, end, next
}

var newline = []byte{'\n'}

func lineStart(text []byte, at int) int { return bytes.LastIndexByte(text[:at], '\n') + 1 }

// lineEnd returns the offset of the line feed that ends the line at which at is, or the
// end of text.
func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[min(at, len(text)):], '\n'); i >= 0 {
		return at + i
	}
	return len(text)
}

func blank(line []byte) bool { return len(bytes.TrimSpace(line)) == 0 }

// words returns a text without what it discloses, and whether it is another one.
func (n *neutraliser) words(text []byte) (out []byte, changed bool, err error) {
	edits, own, err := n.find(text)
	if err != nil || len(edits) == 0 {
		return text, false, err
	}
	if own && n.severe() {
		return n.sentence(), true, nil
	}
	out = apply(text, edits)
	if blank(out) {
		out = n.sentence()
	}
	return out, true, nil
}

func apply(text []byte, edits []edit) []byte {
	var out []byte
	at := 0
	for _, e := range edits {
		out = append(out, text[at:e.start]...)
		out = append(out, e.instead...)
		at = e.end
	}
	return append(out, text[at:]...)
}

// plain reads a body that is text.
func (n *neutraliser) plain(text []byte) error {
	edits, own, err := n.find(text)
	if err != nil || len(edits) == 0 {
		return err
	}
	out := apply(text, edits)
	if own && n.severe() || blank(out) {
		n.res.Whole = true
		return nil
	}
	n.res.Text = out
	return nil
}
