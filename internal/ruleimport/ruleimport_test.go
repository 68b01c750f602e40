package ruleimport

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

var update = flag.Bool("update", false, "write the packs in testdata anew")

// sample returns the file of a format in testdata.
func sample(t *testing.T, name string) string {
	t.Helper()
	files, err := filepath.Glob("testdata/" + name + ".*")
	files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".want") })
	if err != nil || len(files) != 1 {
		t.Fatalf("testdata has %d files of %s", len(files), name)
	}
	return files[0]
}

// What every format owes: it is told by its content, gives the pack and the notes
// that it should, and each of its rules compiles and finds its own examples.
func TestFormats(t *testing.T) {
	for _, name := range Formats() {
		t.Run(name, func(t *testing.T) {
			file := sample(t, name)
			res, err := File(file, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if res.Format != name {
				t.Fatalf("taken for %s", res.Format)
			}
			if named, err := File(file, Options{Format: name}); err != nil || len(named.Rules) != len(res.Rules) {
				t.Errorf("with the format named: %v", err)
			}
			golden(t, "testdata/"+name+".pack.want", res.Pack())
			var notes bytes.Buffer
			for _, n := range res.Notes {
				notes.WriteString(n.String() + "\n")
				if n.File == "" || n.Msg == "" || n.Lost && n.Rule == "" {
					t.Errorf("incomplete note %+v", n)
				}
			}
			golden(t, "testdata/"+name+".notes.want", notes.Bytes())
			checkRules(t, res)
			checkPack(t, res)
		})
	}
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what is made (%v); see the difference after -update:\n%s", file, err, got)
	}
}

// checkRules asks that all compile together, with the allowlists, and find what
// their examples mark.
func checkRules(t *testing.T, res *Result) {
	t.Helper()
	if len(res.Rules) == 0 {
		t.Fatal("no rule is taken over")
	}
	if _, err := redact.Compile(res.plain(), redact.Options{Allow: res.plainAllow()}); err != nil {
		t.Fatal(err)
	}
	for _, r := range res.Rules {
		if r.File == "" || r.Line == 0 || r.Name == "" || r.Description == "" || len(r.Tags) == 0 {
			t.Errorf("%s: lacks file, line, description or tags: %+v", r.ID, r)
		}
		set, err := redact.Compile([]redact.Rule{r.Rule}, redact.Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		f := finder{set: set, scratch: set.NewScratch(), rule: &r.Rule}
		if len(r.Examples) == 0 {
			t.Errorf("%s has no example", r.ID)
		}
		for _, ex := range r.Examples {
			if !f.holds(ex, true) {
				t.Errorf("%s doesn't find what is marked in %q", r.ID, ex)
			}
		}
		for _, ex := range r.CounterExamples {
			if !f.holds(ex, false) {
				t.Errorf("%s finds something in %q", r.ID, ex)
			}
		}
	}
}

// checkPack asks that the pack holds the same rules.
func checkPack(t *testing.T, res *Result) {
	t.Helper()
	pack, err := patterns.Parse("acme.toml", res.Pack())
	if err != nil {
		t.Fatal(err)
	}
	if len(pack.Rules) != len(res.Rules) {
		t.Fatalf("the pack has %d rules, want %d", len(pack.Rules), len(res.Rules))
	}
	for i, r := range pack.Rules {
		want := res.Rules[i].Rule
		if r.ID != want.ID || r.Pattern != want.Pattern || r.Force != want.Force || !slices.Equal(r.Keys, want.Keys) ||
			!slices.Equal(r.Validators, want.Validators) || !slices.Equal(r.Examples, want.Examples) || r.Severity != want.Severity {
			t.Errorf("the pack has %+v, want %+v", r, want)
		}
	}
}

func TestEveryFileIsOfAFormat(t *testing.T) {
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if filepath.Base(f) == "fuzz" {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSuffix(filepath.Base(f), filepath.Ext(f)), ".")
		if name, _, _ = strings.Cut(name, "_"); formats[name] == nil {
			t.Errorf("%s belongs to no format", f)
		}
	}
}

func TestCut(t *testing.T) {
	for _, c := range []struct {
		text, format, path string
		ok                 bool
	}{
		{"gitleaks:a.toml", "gitleaks", "a.toml", true},
		{"a.toml", "", "a.toml", true},
		{`C:\rules\a.toml`, "", `C:\rules\a.toml`, true},
		{"dir/x:y.toml", "", "dir/x:y.toml", true},
		{"gitleeks:a.toml", "gitleeks", "a.toml", false},
		{"gitleaks:", "gitleaks", "", false},
		{"", "", "", false},
	} {
		if format, path, ok := Cut(c.text); format != c.format || path != c.path || ok != c.ok {
			t.Errorf("Cut(%q) = %q, %q, %v", c.text, format, path, ok)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, c := range []struct{ name, format, text, want string }{
		{"x.toml", "", "some = 'text'", "x.toml: the format can't be told by the content"},
		{"x.toml", "nix", "", `x.toml: no format is called "nix" (one of betterleaks, gitleaks`},
		{"x.toml", "gitleaks", "[[rules]]\nid = 'a'\nid = 'b'\n", "x.toml:3: not TOML of gitleaks: "},
		{"x.toml", "gitleaks", "[extend]\npath = 'none.toml'\n", "x.toml: [extend] path: none.toml: cannot be read: "},
		{"x.toml", "gitleaks", "[extend]\npath = 'x.toml'\n", "x.toml: [extend] path: the files extend each other"},
		{"x.yml", "noseyparker", "rules:\n- name: [a\n", "x.yml:1: not YAML of Nosey Parker: "},
		{"x.yml", "kingfisher", "rules:\n- pattern: 'abc'\n  min_entropy: high\n", "x.yml:3: not YAML of Kingfisher: "},
		{"x.yml", "presidio", "recognizers:\n  - name: {}\n", "x.yml:2: not YAML of Presidio: "},
		{"x.json", "sentry", "{\n\"rules\": {,}", "x.json:2: not JSON: "},
		{"x.json", "sentry", "{}", "x.json: has neither rules nor applications"},
		{"x.toml", "redactd", "[pack]\ndescription='x'\n[rule.a]\npatern='a'\n", "x.toml: 4: rule.a.patern: unknown key"},
		{"x.toml", "redactd", "[pack]\ndescription='x'\n[rule.a]\npattern='(a'\n", "x.toml:3: rule.a: pattern: missing closing )"},
	} {
		_, err := Parse(c.name, []byte(c.text), Options{Format: c.format})
		if err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%s %q: %v, want %s", c.format, c.text, err, c.want)
		}
	}
}

func TestTaken(t *testing.T) {
	// A pack is redactd's own, where a name that is taken is a mistake.
	_, err := File("testdata/redactd.toml", Options{Taken: func(id string) bool { return id == "acme-door-code" }})
	if err == nil || err.Error() != "testdata/redactd.toml:4: rule.acme-door-code: another rule, pack or tag has this id (choose another)" {
		t.Error(err)
	}
	res, err := File("testdata/gitleaks.toml", Options{Taken: func(id string) bool { return strings.HasPrefix(id, "acme-deploy") }})
	if err != nil || !slices.ContainsFunc(res.Rules, func(r Rule) bool { return r.ID == "gitleaks-acme-deploy-token" }) {
		t.Errorf("%v, %v", ids(res.Rules), err)
	}
}

func TestForce(t *testing.T) {
	res, err := File("testdata/gitleaks.toml", Options{Force: true})
	if err != nil || !slices.ContainsFunc(res.Rules, func(r Rule) bool { return r.ID == "acme-shapeless" && r.Force }) {
		t.Errorf("%v, %v", ids(res.Rules), err)
	}
}

// No text, however odd, makes the reader of any format panic, and whatever it
// takes over compiles.
func FuzzParse(f *testing.F) {
	for _, name := range Formats() {
		files, err := filepath.Glob("testdata/" + name + ".*")
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(name, data)
		}
	}
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		if formats[name] == nil {
			name = ""
		}
		res, err := Parse("testdata/x", data, Options{Format: name})
		if err != nil {
			return
		}
		if _, err := redact.Compile(res.plain(), redact.Options{Allow: res.plainAllow()}); err != nil {
			t.Error(err)
		}
		if _, err := patterns.Parse("x.toml", res.Pack()); err != nil {
			t.Error(err)
		}
	})
}

func (res *Result) plainAllow() (list []redact.Allow) {
	for _, a := range res.Allow {
		list = append(list, a.Allow)
	}
	return list
}

// An entry of an allowlist stands where its source has it: in a rule, in the files that
// it extends, or for all.
func TestPlacesOfAllowlists(t *testing.T) {
	dir := t.TempDir()
	const base = "[[rules]]\nid = \"one\"\nregex = 'one_[a-z0-9]{12}'\n[[rules.allowlists]]\nregexes = ['^one_a']\n" +
		"[[rules.allowlists]]\nstopwords = [\"bcd\"]\n[allowlist]\nregexes = ['xyz$']\n"
	const outer = "[extend]\npath = \"base.toml\"\n[[rules]]\nid = \"two\"\nregex = 'two_[a-z0-9]{12}'\n[rules.allowlist]\nregexes = ['^two_a']\n" +
		"[[allowlists]]\nregexes = ['uvw$']\n[[allowlists]]\ntargetRules = [\"two\"]\nregexes = ['rst$']\n"
	for name, text := range map[string]string{"base.toml": base, "leaks.toml": outer} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	res, err := File(filepath.Join(dir, "leaks.toml"), Options{Format: "gitleaks"})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, a := range res.Allow {
		got[a.Patterns[0]] = fmt.Sprintf("%s:%d %s", filepath.Base(a.File), a.Line, strings.Join(a.Rules, " "))
	}
	want := map[string]string{
		"^one_a": "base.toml:4 one", "(?i:bcd)": "base.toml:6 one", "xyz$": "base.toml:8 one two",
		"^two_a": "leaks.toml:6 two", "uvw$": "leaks.toml:8 one two", "rst$": "leaks.toml:10 two",
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}
