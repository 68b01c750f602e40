package neutral

import "bytes"

// lines reads a body of documents in JSON, one a line, as NDJSON and server-sent events
// have them. Done is false where a line is something else.
func (n *neutraliser) lines(text []byte) (done bool, err error) {
	var spans [][2]int
	for at := 0; at < len(text); {
		end := lineEnd(text, at)
		line := text[at:end]
		start := at + len(line) - len(document(line))
		at = end + 1
		switch doc := bytes.TrimSpace(text[start:end]); {
		case len(doc) == 0, eventField(line):
		case looksJSON(doc):
			spans = append(spans, [2]int{start, end})
		default:
			return false, nil
		}
	}
	if len(spans) == 0 {
		return false, nil
	}
	var edits []edit
	for _, s := range spans {
		w := jsonWriter{n: n}
		root, ok, err := parseJSON(text[s[0]:s[1]])
		if err != nil || !ok {
			return false, err
		}
		if err := w.value(&root); err != nil {
			return true, err
		}
		if len(w.edits) > 0 && w.left == 0 {
			n.res.Whole = true
			return true, nil
		}
		for _, e := range w.edits {
			edits = append(edits, edit{s[0] + e.start, s[0] + e.end, e.instead})
		}
	}
	if len(edits) > 0 {
		n.res.Text = apply(text, edits)
	}
	return true, nil
}

// document returns what follows the name of the field of an event that has data.
func document(line []byte) []byte {
	if rest, ok := bytes.CutPrefix(line, []byte("data:")); ok {
		return rest
	}
	return line
}

// eventField reports whether a line is a field of an event that has no data, or a comment.
func eventField(line []byte) bool {
	for _, name := range []string{":", "event:", "id:", "retry:"} {
		if bytes.HasPrefix(line, []byte(name)) {
			return true
		}
	}
	return false
}
