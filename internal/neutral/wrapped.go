package neutral

import "bytes"

// maxWrapping bounds, in bytes, what may stand before a document that is wrapped.
const maxWrapping = 256

// wrapped reads a document in what makes a script of it (JSONP), or keeps it from being one:
// )]}', or while(1);. Done is false where there is none.
func (n *neutraliser) wrapped(text []byte) (done bool, err error) {
	for from := 0; ; {
		i := bytes.IndexAny(text[from:min(len(text), maxWrapping)], "{[")
		if i < 0 {
			return false, nil
		}
		from += i
		end := bytes.LastIndexByte(text, text[from]+2) + 1 // of { and [, in ASCII
		if end > from && len(bytes.Trim(text[end:], "); \t\r\n")) == 0 {
			if edits, _, err := n.find(text[:from]); err != nil || len(edits) > 0 {
				return false, err
			}
			return n.jsonIn(text, from, end)
		}
		from++
	}
}
