package explain

import (
	"errors"
	"strings"
	"testing"
)

// A field's path becomes a document that has it.
func TestFieldDocument(t *testing.T) {
	for path, want := range map[string]string{
		"a": `{"a":"v<"}`, "a.b": `{"a":{"b":"v<"}}`, "a[].b[][]": `{"a":[{"b":[["v<"]]}]}`, "[].a": `[{"a":"v<"}]`, "[]": `["v<"]`,
		`a"b`: `{"a\"b":"v<"}`,
	} {
		if got, err := fieldDocument(path, "v<"); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", path, got, err, want)
		}
	}
	for _, path := range []string{"", ".", "a.", ".a", "a..b", "a.[]", "a]", "a[", "a[]]", "a[[]]", strings.Repeat("a.", 64) + "a", "a" + strings.Repeat("[]", 64)} {
		if got, err := fieldDocument(path, "v"); !errors.Is(err, ErrPath) {
			t.Errorf("%q: %s, %v", path, got, err)
		}
	}
}
