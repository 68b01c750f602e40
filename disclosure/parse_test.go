package disclosure

import (
	"slices"
	"strings"
	"testing"
)

const head = "[pack]\ndescription = \"x\"\n\n"

// A pack is read strictly: each mistake is told with its line.
func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"no description", "[pack]\n", "x.toml:1: pack: no description"},
		{"unknown key", head + "[disclosure.a]\npart = \"name\"\npattern = \"abc\"\nwhat = 1\n", "x.toml:7: disclosure.a.what: unknown key"},
		{"case of a key", head + "[disclosure.a]\npart = \"name\"\nPattern = \"abc\"\n", "x.toml:6: disclosure.a.Pattern: unknown key"},
		{"part", head + "[disclosure.a]\npart = \"body\"\n", `x.toml:5: disclosure.a.part: "body" is none of page, trace, member, message, name and header`},
		{"name", head + "[disclosure.A_b]\npart = \"name\"\npattern = \"abc\"\n", "names have lower-case letters, digits and dashes only"},
		{"missing key", head + "[disclosure.a]\npart = \"trace\"\n", "disclosure.a.pattern: is missing, and a trace needs it"},
		{"key of another part", head + "[disclosure.a]\npart = \"name\"\npattern = \"abc\"\nheaders = [\"X\"]\n", "x.toml:7: disclosure.a.headers: does not belong to a name"},
		{"reverse of a name", head + "[disclosure.a]\npart = \"name\"\npattern = \"abc\"\nreverse = true\n", "disclosure.a.reverse: does not belong to a name"},
		{"lines", head + "[disclosure.a]\npart = \"trace\"\npattern = \"abc\"\ngap = 65\n", "disclosure.a.gap: is not a number of lines from 0 to 64"},
		{"within alone", head + "[disclosure.a]\npart = \"member\"\nkeys = [\"a\"]\nwithin = \"b\"\n", "x.toml:7: disclosure.a.within: needs beside"},
		{"status", head + "[disclosure.a]\npart = \"name\"\npattern = \"abc\"\nstatus = [\"5x\"]\n", `disclosure.a.status: "5x" is no status`},
		{"media", head + "[disclosure.a]\npart = \"page\"\nmarks = [\"abcd\"]\nmedia = [\"pdf\"]\n", `disclosure.a.media: "pdf" is none of`},
		{"mark", head + "[disclosure.a]\npart = \"page\"\nmarks = [\"abc\"]\n", `disclosure.a.marks: "abc" is too short`},
		{"empty name", head + "[disclosure.a]\npart = \"header\"\nheaders = [\"*\"]\n", "disclosure.a.headers: has an empty name"},
		{"type", head + "[disclosure.a]\npart = \"trace\"\ngap = \"4\"\n", "x.toml:6:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse("dir/x.toml", []byte(tt.text))
			if err == nil || !strings.Contains(strings.ReplaceAll(err.Error(), "dir/", ""), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func TestParse(t *testing.T) {
	p, err := Parse("dir/shop.toml", []byte(head+`[disclosure.b]
part = "name"
pattern = 'shard-[0-9]+'

[disclosure.a]
part = "member"
keys = ["shard"]
status = ["5xx", "404"]
`))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "shop" || len(p.Rules) != 2 || p.Rules[0].ID != "b" || p.Rules[1].Pack != "shop" {
		t.Fatalf("%+v", p)
	}
	for status, want := range map[int]bool{500: true, 503: true, 404: true, 403: false, 200: false} {
		if p.Rules[1].OnStatus(status) != want || !p.Rules[0].OnStatus(status) {
			t.Errorf("on %d", status)
		}
	}
}

// Ids and names of packs are what operators switch rules off by: each stands for one thing.
func TestNames(t *testing.T) {
	seen := map[string]string{}
	for _, p := range Builtin() {
		for _, r := range p.Rules {
			if other, ok := seen[r.ID]; ok {
				t.Errorf("%s is a rule of %s and %s", r.ID, other, p.Name)
			}
			seen[r.ID] = p.Name
		}
	}
	for _, p := range Builtin() {
		if _, ok := seen[p.Name]; ok || slices.Contains([]string{"page", "trace", "member", "message", "name", "header"}, p.Name) {
			t.Errorf("the pack %s has the name of a rule or a part", p.Name)
		}
	}
}
