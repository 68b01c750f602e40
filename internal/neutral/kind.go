package neutral

import "bytes"

// looks returns what a body is: what it is declared to be, unless it looks like something
// else. Frameworks send pages to clients that asked for JSON, and JSON as text.
func looks(declared Kind, text []byte) Kind {
	text = bytes.TrimPrefix(text, byteOrderMark)
	text = bytes.TrimLeft(text, " \t\r\n")
	if len(text) == 0 {
		return declared
	}
	head := bytes.ToLower(text[:min(len(text), 64)])
	switch {
	case text[0] == '{' || text[0] == '[':
		if declared != JSON && looksJSON(text) {
			return JSON
		}
	case text[0] != '<' && declared == HTML:
		return HTML // a fragment
	case text[0] != '<':
	case bytes.HasPrefix(head, []byte("<!doctype html")), bytes.HasPrefix(head, []byte("<html")):
		return HTML
	case bytes.HasPrefix(head, []byte("<?xml")) && !bytes.Contains(text[:min(len(text), 1024)], []byte("<html")):
		return XML
	}
	return declared
}
