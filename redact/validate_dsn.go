package redact

import "bytes"

// not-dsn rejects what says where something is and how to get there: a URL, or at least
// two pairs of a name and a value between semicolons or blanks. The password in it is
// for a rule that leaves the rest.
func init() { registerPlain("not-dsn", func(v []byte) bool { return !isDSN(v) }) }

func isDSN(v []byte) bool {
	if i := bytes.Index(v, []byte("://")); i > 0 && i < 24 {
		return true
	}
	pairs := 0
	for part := range bytes.FieldsFuncSeq(v, func(r rune) bool { return r == ';' || r == ' ' }) {
		if i := bytes.IndexByte(part, '='); i > 0 && isLower(part[0]|0x20) {
			pairs++
		}
	}
	return pairs > 1
}
