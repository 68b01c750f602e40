package explain

import (
	"encoding/json"
	"slices"
	"strings"
)

// maxPath bounds the segments and array marks of a path.
const maxPath = 64

// fieldDocument is a JSON document with a text at a path: "user.tokens[]".
func fieldDocument(path, text string) (string, error) {
	quoted := jsonString(text)
	segments := strings.Split(path, ".")
	if len(segments)+strings.Count(path, "[]") > maxPath {
		return "", ErrPath
	}
	for i, s := range slices.Backward(segments) {
		name := strings.TrimRight(s, "[]")
		marks := s[len(name):]
		if strings.ReplaceAll(marks, "[]", "") != "" || name == "" && (marks == "" || i > 0) {
			return "", ErrPath
		}
		for range strings.Count(marks, "[]") {
			quoted = "[" + quoted + "]"
		}
		if name != "" {
			quoted = "{" + jsonString(name) + ":" + quoted + "}"
		}
	}
	return quoted, nil
}

func jsonString(s string) string {
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string always encodes
	return strings.TrimSuffix(b.String(), "\n")
}
