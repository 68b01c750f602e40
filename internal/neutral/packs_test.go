package neutral

import (
	"strings"
	"testing"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/patterns"
)

func builtin(t testing.TB) *Set {
	t.Helper()
	set, err := Compile(disclosure.Rules(disclosure.Builtin()))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// Each rule recognises its examples and not its counter-examples, alone.
func TestExamples(t *testing.T) {
	for _, pack := range disclosure.Builtin() {
		for _, r := range pack.Rules {
			t.Run(r.ID, func(t *testing.T) { tryRule(t, r) })
		}
	}
}

func tryRule(t *testing.T, r disclosure.Rule) {
	t.Helper()
	if len(r.Examples) < 2 || len(r.CounterExamples) < 2 || r.Description == "" || !strings.HasPrefix(r.Reference, "https://") {
		t.Error("lacks a description, a reference, two examples or two counter-examples")
	}
	if r.Framework == "" && (r.Part == disclosure.Page || r.Part == disclosure.Trace) {
		t.Error("lacks a framework")
	}
	set, err := Compile([]disclosure.Rule{r})
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range r.Examples {
		if err := tryExample(set, &r, example); err != nil {
			t.Errorf("example %q: %v", example, err)
		}
	}
	for _, example := range r.CounterExamples {
		text, _, err := patterns.Expand(example, 1)
		if err != nil {
			t.Fatal(err)
		}
		if set.Recognises(&r, text) {
			t.Errorf("counter-example %q discloses", example)
		}
	}
}

func tryExample(s *Set, r *disclosure.Rule, example string) error {
	text, marked, err := patterns.Expand(example, 1)
	if err != nil {
		return err
	}
	var spans [][2]int
	for _, m := range marked {
		spans = append(spans, [2]int{m.Start, m.End})
	}
	return s.TryExample(r, text, spans)
}
