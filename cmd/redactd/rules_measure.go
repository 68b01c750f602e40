package main

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// sampleLines are ordinary log lines without a secret, as templates.
//
//go:embed rules_sample.log
var sampleLines string

// sampleBytes is how much text is searched to tell what rules cost: a megabyte.
const sampleBytes = 1_000_000

// sampleText returns that much ordinary log, always the same.
var sampleText = sync.OnceValues(func() ([]byte, error) {
	var b strings.Builder
	for seed := uint64(0); b.Len() < sampleBytes; seed++ {
		text, _, err := patterns.Expand(sampleLines, seed)
		if err != nil {
			return nil, err
		}
		b.WriteString(text)
	}
	return []byte(b.String()[:sampleBytes]), nil
})

// ruleReport is what "rules test" tells of a rule with -v and --json.
type ruleReport struct {
	ID              string       `json:"id"`
	Pack            string       `json:"pack"`
	Engine          string       `json:"engine"` // "" if it does not compile
	AnnouncedBy     []string     `json:"announced_by"`
	PlacesPerMB     int          `json:"places_per_mb"` // see redact.Cost
	WorkPerMB       int          `json:"work_per_mb"`
	NanosPerMB      int64        `json:"ns_per_mb"` // see redact.Times
	Overlaps        []string     `json:"overlaps"`  // other rules that find something in its examples
	Examples        int          `json:"examples"`
	CounterExamples int          `json:"counter_examples"`
	Failures        []ruleReason `json:"failures"`
	keyed           bool         // tried on fields of some names
	allow           bool         // of an entry of the allowlist
	disclosure      bool
}

type ruleReason struct {
	Place   string `json:"place,omitempty"` // file:line
	Key     string `json:"key"`
	Message string `json:"message"`
}

// measure fills in what announces rules, what they cost, and which others find
// their examples: rules of the same run and the built-in ones. Rules that do not
// compile are left as they are.
func measure(rules []redact.Rule, reports []ruleReport) error {
	text, err := sampleText()
	if err != nil {
		return err
	}
	var all []redact.Rule
	index := make([]int, len(rules)) // in all, -1 if not there
	known := map[string]bool{}
	for i := range rules {
		index[i] = -1
		if reports[i].Engine != "" && !known[rules[i].ID] {
			index[i] = len(all)
			all = append(all, rules[i])
		}
		known[rules[i].ID] = true
	}
	for _, r := range patterns.Rules(patterns.Builtin()) {
		if !known[r.ID] {
			all = append(all, r)
		}
	}
	set, err := redact.Compile(all, redact.Options{})
	if err != nil {
		return err
	}
	scratch := set.NewScratch()
	costs, times := set.Costs(scratch, text), set.Times(scratch, text)
	for i := range rules {
		if index[i] < 0 {
			continue
		}
		rep := &reports[i]
		rep.AnnouncedBy = append(rep.AnnouncedBy, set.Announced(index[i])...)
		rep.PlacesPerMB, rep.WorkPerMB = costs[index[i]].Places, costs[index[i]].Work
		rep.NanosPerMB = times[index[i]].Nanoseconds()
		if rep.Overlaps, err = overlaps(set, scratch, index[i]); err != nil {
			return err
		}
	}
	return nil
}

// overlaps returns the ids of the other rules that find something in a rule's
// examples, sorted.
func overlaps(set *redact.Set, scratch *redact.Scratch, rule int) ([]string, error) {
	r := &set.Rules()[rule]
	ids := []string{}
	for _, ex := range r.Examples {
		text, _, err := patterns.Expand(ex, 0)
		if err != nil {
			continue // told as a failure
		}
		found, err := set.Finders(scratch, exampleField(r, text))
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			if i != rule {
				ids = append(ids, set.Rules()[i].ID)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// exampleField is an example as it is searched: under the first of the rule's keys
// where it has any.
func exampleField(r *redact.Rule, text string) redact.Field {
	f := redact.Field{Value: []byte(text)}
	if len(r.Keys) > 0 {
		f.Key = []byte(r.Keys[0])
	}
	return f
}
