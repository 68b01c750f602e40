package scrub

import "github.com/redactd/redactd/redact"

// Texts scrubs body as Body does and tells each text that is searched on the way,
// those that nothing could be found in too: the fields of its format, and what is
// encoded in them. path is as in Hit.Path. What tell is given is valid until it
// returns. A string that is a document itself is told after its own fields, if
// nothing was found in these.
func (s *Scrubber) Texts(body []byte, m Meta, tell func(path []byte, f redact.Field)) (Result, error) {
	s.v.tell = tell
	defer func() { s.v.tell = nil }()
	return s.Body(body, m)
}
