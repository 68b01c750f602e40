package redact

import (
	"bytes"
	"strings"
)

// not-message rejects sentences for people: several words that begin with a
// capital and end in a full stop or the like. Validation errors stand under the
// names of the fields they are about, {"password": ["This field may not be
// blank."]}, and must reach the user.
func init() { registerPlain("not-message", func(v []byte) bool { return !isMessage(v) }) }

func isMessage(value []byte) bool {
	v := bytes.TrimSpace(value)
	if len(v) < 8 || !isUpper(v[0]) || strings.IndexByte(".!?", v[len(v)-1]) < 0 {
		return false
	}
	words := bytes.Fields(v)
	if len(words) < 3 {
		return false
	}
	for _, w := range words {
		c := classes(bytes.Trim(w, `.,;:!?'"()`))
		if c.digit && (c.lower || c.upper) || len(w) > 24 {
			return false // a word as passwords are
		}
	}
	return true
}
