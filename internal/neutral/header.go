package neutral

import (
	"path"
	"strings"
)

// Header says what becomes of a field of an error response: whether it goes, or the value
// that it has without what it discloses.
func (s *Set) Header(status int, name, value string) (out string, remove bool) {
	out, name = value, strings.ToLower(name)
	for _, r := range s.headers {
		if !r.OnStatus(status) || !r.names(name) {
			continue
		}
		if r.value == nil {
			return "", true
		}
		out = strings.TrimSpace(r.value.ReplaceAllLiteralString(out, r.Instead))
		if out == "" {
			return "", true
		}
	}
	return out, false
}

func (r *rule) names(name string) bool {
	for _, h := range r.Headers {
		if ok, _ := path.Match(strings.ToLower(h), name); ok { // the pattern was checked
			return true
		}
	}
	return false
}
