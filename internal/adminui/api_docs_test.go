package adminui

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

var update = flag.Bool("update", false, "write the operations into docs/API.md")

// TestManual asks that docs/API.md has every operation, and that what its examples ask for
// is one.
func TestManual(t *testing.T) {
	const manual = "../../docs/API.md"
	text, err := os.ReadFile(manual)
	if err != nil {
		t.Fatal(err)
	}
	g, _ := guarded(t, Sources{})
	var rows, patterns []string
	each(described(t, g), func(op *huma.Operation) {
		rows = append(rows, fmt.Sprintf("| `%s %s` | %s | %s |\n", op.Method, strings.TrimPrefix(op.Path, apiPath), op.Security[0][schemeToken][0], op.Summary))
		patterns = append(patterns, op.Method+" "+regexp.MustCompile(`\{\w+\}`).ReplaceAllString(op.Path, "*"))
	})
	const head = "| operation | role | what it does |\n|---|---|---|\n"
	before, after, ok := strings.Cut(string(text), head)
	if !ok {
		t.Fatal("there is no table of operations")
	}
	if i := strings.Index(after, "\n\n"); i >= 0 && strings.HasPrefix(after, "|") {
		after = after[i+1:]
	}
	if want := before + head + strings.Join(rows, "") + after; want != string(text) {
		if !*update {
			t.Error("docs/API.md does not have the operations as they are (go test ./internal/adminui -run TestManual -update)")
		} else if err := os.WriteFile(manual, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	examples := regexp.MustCompile(`(?s)\$ curl (.*?)\$REDACTD(/[^\s"?]*)`).FindAllStringSubmatch(string(text), -1)
	for _, example := range examples {
		method := "GET"
		if m := regexp.MustCompile(`-X (\w+)`).FindStringSubmatch(example[1]); m != nil {
			method = m[1]
		} else if strings.Contains(example[1], "-d ") {
			method = "POST"
		}
		asked := method + " " + regexp.MustCompile(`/\d+\b`).ReplaceAllString(example[2], "/*")
		if !slices.Contains(patterns, asked) {
			t.Errorf("no operation is %s", asked)
		}
	}
	if len(examples) < 6 {
		t.Errorf("%d examples", len(examples))
	}
}
