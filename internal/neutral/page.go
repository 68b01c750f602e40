package neutral

import (
	"bytes"
	"html"
	"slices"
)

// pageHead and pageTail are how many bytes of a page, from both its ends, are looked at
// for marks: what tells a page stands there, and pages grow by what they show between.
const (
	pageHead = 512 << 10
	pageTail = 64 << 10
)

// page recognises a body as a page of a framework.
func (n *neutraliser) page(b Body) {
	head, tail := b.Text, []byte(nil)
	if len(b.Text) > pageHead+pageTail {
		head, tail = b.Text[:pageHead], b.Text[len(b.Text)-pageTail:]
	}
	for _, r := range n.set.pages {
		if len(r.Media) > 0 && !slices.Contains(r.Media, string(b.Kind)) || !r.OnStatus(b.Status) {
			continue
		}
		all := true
		for _, m := range r.Marks {
			if all = bytes.Contains(head, []byte(m)) || bytes.Contains(tail, []byte(m)); !all {
				break
			}
		}
		if !all {
			continue
		}
		text := head
		if b.Kind == HTML {
			text = []byte(html.UnescapeString(string(head)))
		}
		n.note(r, text)
		n.res.Whole = true
	}
}
