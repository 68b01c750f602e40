package patterns

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

var update = flag.Bool("update", false, "write docs/RULES.md")

// docs/RULES.md is made from the packs; `go generate ./patterns` writes it anew.
func TestRulesDocument(t *testing.T) {
	const path = "../docs/RULES.md"
	want := rulesDocument(Builtin())
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("docs/RULES.md is not current: run go generate ./patterns")
	}
}

func rulesDocument(packs []Pack) []byte {
	var b bytes.Buffer
	total := 0
	for _, p := range packs {
		total += len(p.Rules)
	}
	fmt.Fprintf(&b, `# Built-in rules

%d rules in %d packs. This page is made from the packs in [patterns/](../patterns) by
`+"`go generate ./patterns`"+`; [ADDING-A-RULE.md](ADDING-A-RULE.md) says how to add one.

An example marks what is found with « and »; `+"`{alnum:36}`"+` in it stands for 36 letters and
digits. Checks are the validators that must all accept it;
[ADDING-A-RULE.md](ADDING-A-RULE.md#validators) tells what they ask.

A rule is switched on or off by its id, its pack or one of its tags. Where several
rules find the same text, the one of highest confidence names it. The tags `+"`pci`, `gdpr` and\n`hipaa`"+` select across packs,
those that are off too: card and account numbers, personal data, and what US law counts as
identifiers of patients.
`, total, len(packs))
	b.Write(counts(packs))
	for _, p := range packs {
		state := "on by default"
		if !p.Default {
			state = "off by default"
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s (%s).\n\n| rule | finds | example | checks | severity | confidence | tags |\n|---|---|---|---|---|---|---|\n", p.Name, p.Description, state)
		for _, r := range p.Rules {
			found := strings.ReplaceAll(r.Description, "|", `\|`)
			fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | %s | %s | %s | %s |\n", r.ID, found, r.Reference, shape(&r),
				strings.Join(r.Validators, ", "), r.Severity, r.Confidence, strings.Join(r.Tags, ", "))
		}
	}
	return b.Bytes()
}

// How much, in characters, is shown of an example: before the secret, and in all.
const (
	beforeShape = 24
	maxShape    = 72
)

// shape is the first example of a rule as code in a table: the secret, with some of
// what stands before it.
func shape(r *redact.Rule) string {
	text := []rune(strings.Join(strings.Fields(r.Examples[0]), " "))
	if end := slices.Index(text, '»'); end >= 0 && end+1 < len(text) {
		text = append(text[:end+1:end+1], '…')
	}
	if start := slices.Index(text, '«'); start > beforeShape {
		text = append([]rune("…"), text[start-beforeShape:]...)
	}
	if len(text) > maxShape {
		text = append(text[:maxShape:maxShape], '…')
	}
	if len(r.Keys) > 0 {
		text = append([]rune(r.Keys[0]+" = "), text...)
	}
	code := strings.ReplaceAll(string(text), "|", `\|`)
	if strings.Contains(code, "`") {
		return "`` " + code + " ``"
	}
	return "`" + code + "`"
}

// counts says how many rules each pack has, and how many kinds of credentials they
// find by a form or name of their own: rules that are secrets and not generic, and
// the services that a rule lists.
func counts(packs []Pack) []byte {
	var b bytes.Buffer
	b.WriteString("\n| pack | rules | named credential kinds | services listed |\n|---|---|---|---|\n")
	rules, kinds, services := 0, 0, 0
	for _, p := range packs {
		k, listed := 0, map[string]bool{}
		for _, r := range p.Rules {
			if r.HasTag("secret") && !r.HasTag("generic") {
				k++
			}
			for _, name := range r.Begins {
				listed[name] = true
			}
		}
		s := len(listed)
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %d | %d |\n", p.Name, p.Name, len(p.Rules), k, s)
		rules, kinds, services = rules+len(p.Rules), kinds+k, services+s
	}
	fmt.Fprintf(&b, "| all | %d | %d | %d |\n", rules, kinds, services)
	return b.Bytes()
}
