package patterns

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
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

A rule is switched on or off by its id, its pack or one of its tags. Where several
rules find the same text, the one of highest confidence names it.
`, total, len(packs))
	for _, p := range packs {
		state := "on by default"
		if !p.Default {
			state = "off by default"
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s (%s).\n\n| rule | finds | severity | confidence | tags |\n|---|---|---|---|---|\n", p.Name, p.Description, state)
		for _, r := range p.Rules {
			found := strings.ReplaceAll(r.Description, "|", `\|`)
			fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | %s | %s |\n", r.ID, found, r.Reference, r.Severity, r.Confidence, strings.Join(r.Tags, ", "))
		}
	}
	return b.Bytes()
}
