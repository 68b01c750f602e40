package patterns

import (
	"strings"
	"testing"
)

const goodPack = `[pack]
description = "x"

[define]
tail = '[a-z]{4}'

[names]
makers = ["acme", "zork"]

[rule.second]
pattern = 'b-(?&tail)'

[rule.first]
pattern = 'a-(?&tail)'
begins = ["one", "(?&makers)"]
`

func TestParse(t *testing.T) {
	p, err := Parse("dir/my-pack.toml", []byte(goodPack))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "my-pack" || p.Default {
		t.Errorf("pack %q, default %v", p.Name, p.Default)
	}
	var ids []string
	for _, r := range p.Rules {
		ids = append(ids, r.ID)
		if r.Pack != "my-pack" {
			t.Errorf("%s: pack %q", r.ID, r.Pack)
		}
	}
	if got := strings.Join(ids, " "); got != "second first" {
		t.Errorf("rules %q, want the order of the file", got)
	}
	if got := p.Rules[0].Pattern; got != "b-(?:[a-z]{4})" {
		t.Errorf("pattern %q", got)
	}
	if got := strings.Join(p.Rules[1].Begins, " "); got != "one acme zork" {
		t.Errorf("begins %q, want the list in place of its name", got)
	}
}

func TestParseErrors(t *testing.T) {
	const head = "[pack]\ndescription = \"x\"\n"
	tests := []struct{ name, file, text, want string }{
		{"syntax", "p.toml", "[pack\n", "p.toml:2: "},
		{"unknown key of a rule", "p.toml", head + "[rule.a]\npattern = 'abc'\nkeywords = ['a']\n", "p.toml:5: rule.a.keywords: unknown key"},
		{"wrong case", "p.toml", head + "[rule.a]\nPattern = 'abc'\n", "p.toml:4: rule.a.Pattern: unknown key"},
		{"unknown key of the pack", "p.toml", head + "name = 'x'\n", "p.toml:3: pack.name: unknown key"},
		{"unknown table", "p.toml", head + "[rules.a]\n", "p.toml:3: rules"},
		{"wrong type", "p.toml", head + "[rule.a]\nkeys = 'a'\n", "p.toml:4: rule.a.keys: TOML value"},
		{"severity", "p.toml", head + "[rule.a]\nseverity = 'huge'\n", "p.toml:4: "},
		{"duplicate", "p.toml", head + "[rule.a]\n[rule.a]\n", "p.toml:4: "},
		{"id", "p.toml", head + "[rule.A_b]\n", "p.toml:3: rule.A_b: rule names have"},
		{"file name", "_.toml", head, "a pack is called by its file"},
		{"no description", "p.toml", "[pack]\n", "p.toml:1: pack: no description"},
		{"undefined", "p.toml", head + "[rule.a]\npattern = '(?&nope)'\n", "p.toml:4: rule.a.pattern: (?&nope) is not defined"},
		{"circle", "p.toml", head + "[define]\na = '(?&a)'\n[rule.a]\npattern = '(?&a)'\n", "p.toml:6: rule.a.pattern: definitions use each other"},
		{"unlisted", "p.toml", head + "[rule.a]\npattern = 'abc'\nbegins = ['(?&nope)']\n", "p.toml:5: rule.a.begins: (?&nope) is not in [names]"},
		{"defined for all", "p.toml", head + "[define]\nedge = 'x'\n", "p.toml:4: define.edge: is defined for all packs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse(tt.file, []byte(tt.text))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
}

func TestPackName(t *testing.T) {
	for file, want := range map[string]string{"a/b/cloud.toml": "cloud", "My Pack.v1.2.toml": "my-pack-v1-2", ".x": "x", `c:\d\e-f`: "e-f"} {
		pack, err := Parse(file, []byte("[pack]\ndescription = 'x'\n"))
		if err != nil || pack.Name != want {
			t.Errorf("%s: %q, %v, want %q", file, pack.Name, err, want)
		}
	}
}

func TestParseReportsAllMistakes(t *testing.T) {
	_, err := Parse("p.toml", []byte("[pack]\ndescription = \"x\"\nfoo = 1\n[rule.a]\nbar = 2\n"))
	if err == nil || !strings.Contains(err.Error(), "p.toml:3: pack.foo") || !strings.Contains(err.Error(), "p.toml:5: rule.a.bar") {
		t.Errorf("error %v, want both mistakes", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(goodPack))
	f.Add([]byte("[pack]\ndescription=\"\"\"\n\"\"\"\n[rule.'a b']\nx.y = 1\n"))
	f.Add([]byte("[[rule]]\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Parse("p.toml", data)
		if err != nil {
			return
		}
		for _, r := range p.Rules {
			if !idForm.MatchString(r.ID) || use.MatchString(r.Pattern) {
				t.Errorf("rule %q with pattern %q accepted", r.ID, r.Pattern)
			}
		}
	})
}
