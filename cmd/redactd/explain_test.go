package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
)

// An entry is appended and nothing else changes, wherever the file ends; the line is
// that of its header.
func TestAppendConfig(t *testing.T) {
	const head = "[route.x]\nupstream = \"store\"\nrequest = \"all\" # the end"
	values := []string{`a$b"c`, `'"\n`, "\t\x7f\r\n'\"\\", "${HOME}", "é\u2028"}
	table := entryTOML("new", &config.Allow{Values: values, Comment: "x", Expires: "2199-01-01", Examples: []string{"«a»"}})
	for end, line := range map[string]int{"": 5, "\n": 5, "\r\n": 5, "\n\n": 6} {
		file := filepath.Join(t.TempDir(), "c.toml")
		if err := os.WriteFile(file, []byte(head+end), 0o640); err != nil {
			t.Fatal(err)
		}
		none := func(string) (string, bool) { return "", false }
		got, err := appendConfig(file, table, none)
		if err != nil || got != line {
			t.Errorf("%q: line %d, %v, want %d", end, got, err, line)
		}
		data, err := os.ReadFile(file)
		if err != nil || !strings.HasPrefix(string(data), head+end) || strings.Split(string(data), "\n")[line-1] != "[allow.new]" {
			t.Errorf("%q: %v\n%s", end, err, data)
		}
		cfg, err := config.Load(file, none)
		if err != nil || !slices.Equal(cfg.Allow["new"].Values, values) {
			t.Errorf("%q: %v\n%s", end, err, data)
		}
	}
	if _, err := appendConfig(filepath.Join(t.TempDir(), "none.toml"), table, nil); err == nil {
		t.Error("a file that is not there")
	}
}

// A field's path becomes a document that has it.
func TestFieldExample(t *testing.T) {
	for path, want := range map[string]string{
		"a": `{"a":"v<"}`, "a.b": `{"a":{"b":"v<"}}`, "a[].b[][]": `{"a":[{"b":[["v<"]]}]}`, "[].a": `[{"a":"v<"}]`,
	} {
		if got := fieldExample(&item{field: &field{own: []byte(path)}}, "v<"); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
