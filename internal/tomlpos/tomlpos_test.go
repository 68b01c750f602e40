package tomlpos

import (
	"bytes"
	"testing"

	"github.com/BurntSushi/toml"
)

const sample = `# comment
title = "a = b" # not a key = here

[server]
listen = [ # first
  "127.0.0.1:80",
  '''x
y''', "z",
]
text = """
[no.table]
key = 1 \"\"" """""
after = 2020-01-01 01:02:03Z

[route."a.b".actions]
pii = "mask"
"odd key" = 'x'
inline = { a = 1, b.c = [
  1, { d = 2 } ] }

[route."a.b"]
upstream = "u"

[[list]]
id = 1
[[list]]
id = 2
[list.sub]
k = 3
[[list.sub.deep]]
k = 4
`

func TestFind(t *testing.T) {
	got := Find([]byte(sample))
	for path, line := range map[string]int{
		"title": 2, "server": 4, "server.listen": 5, "server.listen[0]": 6,
		"server.listen[1]": 7, "server.listen[2]": 8, "server.text": 10, "server.after": 13,
		"route": 15, `route."a.b".actions`: 15, `route."a.b".actions.pii`: 16,
		`route."a.b".actions."odd key"`: 17, `route."a.b".actions.inline`: 18,
		`route."a.b".actions.inline.a`: 18, `route."a.b".actions.inline.b.c`: 18,
		`route."a.b".actions.inline.b.c[0]`: 19, `route."a.b".actions.inline.b.c[1].d`: 19,
		`route."a.b"`: 21, `route."a.b".upstream`: 22,
		"list": 24, "list[0]": 24, "list[0].id": 25, "list[1].id": 27,
		"list[1].sub": 28, "list[1].sub.k": 29, "list[1].sub.deep[0].k": 31,
	} {
		if got[path] != line {
			t.Errorf("%s: line %d, want %d", path, got[path], line)
		}
	}
	if _, ok := got["server.key"]; ok {
		t.Error("found a key inside a string")
	}
}

func TestNearest(t *testing.T) {
	lines := Find([]byte("[server]\nlisten = [\n'a']\n"))
	for path, want := range map[string]int{
		"server.listen[0]": 3, "server.listen[7]": 2, "server.max_body": 1, "admin.listen": 0, "": 0,
	} {
		if got := lines.Nearest(path); got != want {
			t.Errorf("Nearest(%q) = %d, want %d", path, got, want)
		}
	}
}

// FuzzFind asks that every key the decoder knows is found, on a line that
// exists.
func FuzzFind(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("a.b.c = {d = [[1], [{e = 1}]]}\r\n'q' = 1"))
	f.Add([]byte("\"\\u0041\" = \"\\\\\"\nb = ''''x'''''\n[ c . \"d\" ]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := Find(data)
		last := bytes.Count(data, []byte("\n")) + 1
		for path, line := range lines {
			if line < 1 || line > last {
				t.Fatalf("%s: line %d of %d", path, line, last)
			}
		}
		var tree map[string]any
		if _, err := toml.Decode(string(data), &tree); err != nil {
			return
		}
		walk(t, lines, "", tree)
	})
}

func walk(t *testing.T, lines Lines, path string, v any) {
	if path != "" && lines[path] == 0 {
		t.Fatalf("%s not found", path)
	}
	switch v := v.(type) {
	case map[string]any:
		for key, sub := range v {
			walk(t, lines, Join(path, key), sub)
		}
	case []map[string]any:
		for i, sub := range v {
			walk(t, lines, Element(path, i), sub)
		}
	case []any:
		for i, sub := range v {
			walk(t, lines, Element(path, i), sub)
		}
	}
}
