package patterns

import (
	"slices"
	"testing"

	"github.com/redactd/redactd/redact"
)

// What is explained to be found is what is found, in all examples of all rules.
func TestExplainFindsTheSame(t *testing.T) {
	rules := Rules(Builtin())
	set, err := redact.Compile(rules, redact.Options{Allow: []redact.Allow{{Name: "a", Patterns: []string{"^[a-e0-4]"}}}})
	if err != nil {
		t.Fatal(err)
	}
	scratch, explainer := set.NewScratch(), set.Explainer()
	found, refused := 0, 0
	for i := range rules {
		r := &rules[i]
		for _, example := range slices.Concat(r.Examples, r.CounterExamples) {
			text, _ := expand(t, example, 1)
			field := redact.Field{Value: []byte(text)}
			if len(r.Keys) > 0 {
				field.Key = []byte(r.Keys[0])
			}
			want, err := set.Find(scratch, nil, field)
			if err != nil {
				t.Fatal(err)
			}
			verdicts, err := explainer.Explain(field)
			if err != nil {
				t.Fatal(err)
			}
			var got []redact.Finding
			for _, v := range verdicts {
				switch v.Outcome {
				case redact.OutcomeFound:
					got = append(got, v.Finding)
				case redact.OutcomeRefused:
					refused++
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %q: explained %v, found %v", r.ID, text, got, want)
			}
			found += len(got)
		}
	}
	if found < 1000 || refused < 100 {
		t.Errorf("%d found and %d refused, want most examples found and many counter-examples refused", found, refused)
	}
}
