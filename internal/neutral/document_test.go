package neutral

import (
	"os"
	"regexp"
	"testing"

	"github.com/redactd/redactd/disclosure"
)

var tomlBlock = regexp.MustCompile("(?ms)^```toml\n(.*?)^```")

// The rules that the document shows work as it says.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile("../../docs/ADDING-A-DISCLOSURE.md")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, block := range tomlBlock.FindAllSubmatch(text, -1) {
		pack, err := disclosure.Parse("document.toml", append([]byte("[pack]\ndescription = \"the document's\"\n\n"), block[1]...))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range pack.Rules {
			n++
			t.Run(r.ID, func(t *testing.T) { tryRule(t, r) })
		}
	}
	if n < 4 {
		t.Errorf("%d rules", n)
	}
}
