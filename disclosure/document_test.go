package disclosure

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/DISCLOSURES.md")

// docs/DISCLOSURES.md is made from the packs; `go generate ./disclosure` writes it anew.
func TestDisclosuresDocument(t *testing.T) {
	const path = "../docs/DISCLOSURES.md"
	want := page(Builtin())
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
		t.Error("docs/DISCLOSURES.md is not current: run go generate ./disclosure")
	}
}

func page(packs []Pack) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `# Built-in disclosure rules

%d rules in %d packs say what error responses disclose of the inside of a service. This page is
made from the packs in [disclosure/](../disclosure) by `+"`go generate ./disclosure`"+`;
[ADDING-A-DISCLOSURE.md](ADDING-A-DISCLOSURE.md) says how to write one, and what the parts are.

What goes stands between « and » in the example; of a page it is the body as a whole, and the
marks are shown that tell it. Statuses say where a rule counts; without any it counts on all.

| pack | rules | describes |
|---|---|---|
`, len(Rules(packs)), len(packs))
	for _, p := range packs {
		fmt.Fprintf(&b, "| [%s](#%s) | %d | %s |\n", p.Name, p.Name, len(p.Rules), p.Description)
	}
	for _, p := range packs {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n| rule | recognises | part | example | framework | statuses |\n|---|---|---|---|---|---|\n", p.Name, p.Description)
		for _, r := range p.Rules {
			fmt.Fprintf(&b, "| `%s` | [%s](%s) | %s | %s | %s | %s |\n", r.ID, strings.ReplaceAll(r.Description, "|", `\|`), r.Reference,
				r.Part, shape(&r), r.Framework, strings.Join(r.Status, ", "))
		}
	}
	return b.Bytes()
}

// How much, in characters, is shown of an example: before what goes, and in all.
const (
	beforeShape = 24
	maxShape    = 80
)

// shape is what a rule looks for, as code in a table: the marks of a page, the names of a
// member or header, else its first example.
func shape(r *Rule) string {
	var text []rune
	switch r.Part {
	case Page:
		text = []rune(strings.Join(r.Marks, " … "))
	case Member:
		text = []rune(strings.Join(r.Keys, ", "))
	case Header:
		text = []rune(strings.Join(r.Headers, ", "))
	default:
		text = []rune(r.Examples[0])
		for i, c := range text {
			if c == '«' && i > beforeShape {
				text = append([]rune("…"), text[i-beforeShape:]...)
				break
			}
		}
	}
	text = []rune(strings.Join(strings.Fields(string(text)), " "))
	if len(text) > maxShape {
		text = append(text[:maxShape:maxShape], '…')
	}
	code := strings.ReplaceAll(string(text), "|", `\|`)
	if strings.Contains(code, "`") {
		return "`` " + code + " ``"
	}
	return "`" + code + "`"
}
