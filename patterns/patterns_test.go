package patterns

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// seeds is how many fillings of each example are tried.
const seeds = 3

func TestPacksAreWellFormed(t *testing.T) {
	packs, err := builtin()
	if err != nil {
		t.Fatal(err)
	}
	ids, patterns := map[string]string{}, map[string]string{}
	for _, p := range packs {
		for _, r := range p.Rules {
			if at, ok := ids[r.ID]; ok {
				t.Errorf("%s: in pack %s and in %s", r.ID, at, p.Name)
			}
			ids[r.ID] = p.Name
			form := r.Pattern + "\x00" + strings.Join(r.Keys, " ") + "\x00" + strings.Join(r.Validators, " ")
			if at, ok := patterns[form]; ok && r.Pattern != "" {
				t.Errorf("%s: finds what %s finds", r.ID, at)
			}
			patterns[form] = r.ID
			if len(r.Examples) < 2 || len(r.CounterExamples) < 2 {
				t.Errorf("%s: %d examples and %d counter-examples, want 2 each", r.ID, len(r.Examples), len(r.CounterExamples))
			}
			if r.Description == "" || !strings.HasPrefix(r.Reference, "https://") || len(r.Tags) == 0 || r.Confidence == redact.Info {
				t.Errorf("%s: lacks a description, reference, tag or confidence", r.ID)
			}
		}
	}
	if len(ids) < 600 {
		t.Errorf("%d rules, want 600", len(ids))
	}
}

func TestDefaultPacks(t *testing.T) {
	var off []string
	on := Default()
	for _, p := range Builtin() {
		if !slices.ContainsFunc(on, func(q Pack) bool { return q.Name == p.Name }) {
			off = append(off, p.Name)
		}
	}
	if !slices.Equal(off, []string{"pii-americas", "pii-asia-pacific", "pii-europe", "pii", "publishable"}) {
		t.Errorf("off by default: %v, want those of personal data and of what is public", off)
	}
}

// A rule of a pack that is off must not carry the name of one that is on as a tag:
// packs are chosen by either.
func TestTagsTurnNoPackOn(t *testing.T) {
	on := map[string]bool{}
	for _, p := range Default() {
		on[p.Name] = true
	}
	for _, p := range Builtin() {
		for _, r := range p.Rules {
			for _, tag := range r.Tags {
				if !on[p.Name] && on[tag] {
					t.Errorf("%s of pack %s, which is off, has the tag %s, which is a pack that is on", r.ID, p.Name, tag)
				}
			}
		}
	}
}

// pci, gdpr and hipaa select what they are named after, across packs.
func TestSelections(t *testing.T) {
	rules := Rules(Builtin())
	for tag, want := range map[string]struct {
		least         int
		with, without []string
	}{
		"pci": {8, []string{"payment-card", "card-number-field", "card-security-code", "card-track", "iban", "us-aba"},
			[]string{"email", "es-dni", "github-classic-token"}},
		"gdpr": {150, []string{"email", "phone-e164", "ip-address", "mac-address", "birth-date", "passport-number", "driving-licence",
			"person-name-field", "street-address-field", "coordinates", "us-ssn", "es-dni", "br-cpf", "in-aadhaar", "gb-nhs", "iban"},
			[]string{"payment-card", "github-classic-token", "sensitive-key"}},
		"hipaa": {30, []string{"email", "phone-named", "birth-date", "us-ssn", "medical-record-number", "us-mbi", "us-npi", "us-dea",
			"gb-nhs", "au-medicare", "hu-taj", "vin", "person-name-field", "street-address-field", "ip-address", "mac-address", "iban"},
			[]string{"payment-card", "pl-regon", "github-classic-token"}},
	} {
		selected := map[string]bool{}
		for i := range rules {
			if rules[i].Selected(tag) {
				selected[rules[i].ID] = true
			}
			if rules[i].HasTag(tag) && rules[i].Pack != "generic" && rules[i].HasTag("secret") {
				t.Errorf("%s selects the credential %s", tag, rules[i].ID)
			}
			if strings.HasPrefix(rules[i].Pack, "pii") && !rules[i].HasTag("gdpr") {
				t.Errorf("%s is of personal data and not tagged gdpr", rules[i].ID)
			}
		}
		for _, id := range want.with {
			if !selected[id] {
				t.Errorf("%s does not select %s", tag, id)
			}
		}
		for _, id := range want.without {
			if selected[id] {
				t.Errorf("%s selects %s", tag, id)
			}
		}
		if len(selected) < want.least {
			t.Errorf("%s selects %d rules", tag, len(selected))
		}
	}
}

// finder searches texts with one set of rules.
type finder struct {
	set     *redact.Set
	scratch *redact.Scratch
}

func newFinder(t *testing.T, rules []redact.Rule) finder {
	t.Helper()
	set, err := redact.Compile(rules, redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return finder{set, set.NewScratch()}
}

// spans returns what is found in text, which stands under the first of the
// rule's keys where it has any.
func (f finder) spans(t *testing.T, r *redact.Rule, text string) (spans []Span, names []string) {
	t.Helper()
	field := redact.Field{Value: []byte(text)}
	if len(r.Keys) > 0 {
		field.Key = []byte(r.Keys[0])
	}
	found, err := f.set.Find(f.scratch, nil, field)
	if err != nil {
		t.Fatalf("%s: %v", r.ID, err)
	}
	for _, fd := range found {
		spans = append(spans, Span{fd.Start, fd.End})
		names = append(names, fd.Rule.ID)
	}
	return spans, names
}

func expand(t *testing.T, example string, seed uint64) (string, []Span) {
	t.Helper()
	text, spans, err := Expand(example, seed)
	if err != nil {
		t.Fatal(err)
	}
	return text, spans
}

// cut shows the parts of text in spans.
func cut(text string, spans []Span) string {
	var parts []string
	for _, s := range spans {
		parts = append(parts, text[s.Start:s.End])
	}
	return fmt.Sprintf("%q", parts)
}

func TestEachRuleAlone(t *testing.T) {
	for _, r := range Rules(Builtin()) {
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			f := newFinder(t, []redact.Rule{r})
			for _, ex := range r.Examples {
				for seed := range uint64(seeds) {
					text, want := expand(t, ex, seed)
					if len(want) == 0 {
						t.Errorf("example %q marks nothing", ex)
					}
					if got, _ := f.spans(t, &r, text); !slices.Equal(got, want) {
						t.Errorf("%q:\n got %s\nwant %s", text, cut(text, got), cut(text, want))
					}
				}
			}
			for _, ex := range r.CounterExamples {
				for seed := range uint64(seeds) {
					text, _ := expand(t, ex, seed)
					if got, _ := f.spans(t, &r, text); got != nil {
						t.Errorf("counter-example %q: found %s", text, cut(text, got))
					}
				}
			}
		})
	}
}

func defaults(t *testing.T) finder {
	t.Helper()
	set, err := redact.Compile(Rules(Default()), redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return finder{set, set.NewScratch()}
}

// With all default rules on, an example's secret is found whole, and what is
// found beside it is text that some default rule may take: examples of one rule
// may hold the secrets of another.
func TestExamplesWithAllRules(t *testing.T) {
	f := defaults(t)
	for _, p := range Default() {
		for _, r := range p.Rules {
			for _, ex := range r.Examples {
				text, want := expand(t, ex, 1)
				got, names := f.spans(t, &r, text)
				if uncovered(want, got) {
					t.Errorf("%s: %q:\n got %s\nwant %s", r.ID, text, cut(text, got), cut(text, want))
				}
				if uncovered(got, want) {
					t.Errorf("%s: %q:\n got %s by %v\nwant %s", r.ID, text, cut(text, got), names, cut(text, want))
				}
			}
		}
	}
}

// uncovered reports whether a byte of spans lies in none of by.
func uncovered(spans, by []Span) bool {
	for _, s := range spans {
		for at := s.Start; at < s.End; at++ {
			if !slices.ContainsFunc(by, func(b Span) bool { return b.Start <= at && at < b.End }) {
				return true
			}
		}
	}
	return false
}

// No rule finds what the masks of others leave behind.
func TestExamplesTwice(t *testing.T) {
	f := defaults(t)
	for _, p := range Default() {
		for _, r := range p.Rules {
			for _, ex := range r.Examples {
				text, _ := expand(t, ex, 2)
				field := redact.Field{Value: []byte(text)}
				if len(r.Keys) > 0 {
					field.Key = []byte(r.Keys[0])
				}
				once, _, _, err := f.set.Append(f.scratch, nil, nil, field)
				if err != nil {
					t.Fatalf("%s: %v", r.ID, err)
				}
				field.Value = once
				twice, _, _, err := f.set.Append(f.scratch, nil, nil, field)
				if err != nil {
					t.Fatalf("%s: %v", r.ID, err)
				}
				if string(once) != string(twice) {
					t.Errorf("%s: %q:\n once %q\ntwice %q", r.ID, text, once, twice)
				}
			}
		}
	}
}

// Ordinary log lines stay as they are, secrets' names and all.
func TestOrdinaryLines(t *testing.T) {
	f := defaults(t)
	for _, line := range ordinaryLines {
		text, _ := expand(t, line, 1)
		if got, names := f.spans(t, &redact.Rule{}, text); got != nil {
			t.Errorf("%q: found %s by %v", text, cut(text, got), names)
		}
	}
}
