package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// trySeeds is how many fillings of each example are tried.
const trySeeds = 3

func newRulesTest(e *env) *cobra.Command {
	var verbose, asJSON bool
	cmd := &cobra.Command{
		Use:   "test [FILE]",
		Short: "Run the examples of rules",
		Long: `Run the examples and counter-examples of rules.

Each rule has to find, alone, exactly what is marked in its examples, and nothing
in its counter-examples. Without FILE the built-in rules are run; with it those
of the file, which is a configuration or a pack (a file with a table [pack]). Of a
configuration the examples of its allowlist are run too: what is marked in them has
to be found without the entry and let through with it. Disclosure rules are run as
well: what is marked in their examples has to go, and the rest has to stay.

With -v and --json it also tells of each rule which engine confirms it, what
announces it, what it costs on a megabyte of ordinary logs, and which other rules
find something in its examples. The cost is in how many places it is announced, how
much work it is to turn these down (a unit for a byte looked at; that of regexp2 is
not counted), and how many nanoseconds that took. The counts are the same on every
machine, the time is not.`,
		Example: `  redactd rules test
  redactd rules test config.toml -v
  redactd rules test --json | jq -r '.[] | [.work_per_mb, .id] | @tsv' | sort -n`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: exits("0  all rules do as their examples say", "1  some rule does not, or has no example"),
		RunE: e.runs(func(_ *cobra.Command, args []string) error {
			file := &ruleFile{rules: patterns.Rules(patterns.Builtin())}
			if len(args) == 0 {
				file.disclosures = disclosure.Rules(disclosure.Builtin())
			} else {
				var err error
				if file, err = e.fileRules(args[0]); err != nil {
					return err
				}
			}
			reports := tryRules(file.rules, file.locate)
			if verbose || asJSON {
				if err := measure(file.rules, reports); err != nil {
					return err
				}
			}
			if file.cfg != nil {
				allows, err := tryAllows(file.cfg)
				if err != nil {
					return err
				}
				reports = append(reports, allows...)
			}
			reports = append(reports, tryDisclosures(file)...)
			if asJSON {
				return e.reportJSON(reports)
			}
			return e.reportText(reports, verbose)
		}),
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "tell of each rule how it is found and what it costs")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as a JSON array, with all that -v tells")
	return cmd
}

// tryRules runs the examples of each rule.
func tryRules(rules []redact.Rule, locate func(string) string) []ruleReport {
	reports := make([]ruleReport, len(rules))
	for i := range rules {
		r := &rules[i]
		engine, failures := tryRule(r)
		reports[i] = ruleReport{
			ID: r.ID, Pack: r.Pack, Engine: engine, keyed: len(r.Keys) > 0, AnnouncedBy: []string{}, Overlaps: []string{},
			Examples: len(r.Examples), CounterExamples: len(r.CounterExamples), Failures: []ruleReason{},
		}
		for _, f := range failures {
			key := "rule." + r.ID + "." + f.key
			reports[i].Failures = append(reports[i].Failures, ruleReason{locate(key), key, f.msg})
		}
	}
	return reports
}

// reportText prints what failed and a summary, and with verbose every rule.
func (e *env) reportText(reports []ruleReport, verbose bool) error {
	examples, bad, allows, disclosures := 0, 0, 0, 0
	for i := range reports {
		r := &reports[i]
		switch {
		case r.allow:
			allows++
		case r.disclosure:
			disclosures++
		}
		examples += r.Examples + r.CounterExamples
		for _, f := range r.Failures {
			place := f.Place
			if place != "" {
				place += ": "
			}
			fmt.Fprintf(e.stdout, "FAIL  %s%s: %s\n", place, f.Key, f.Message)
		}
		switch {
		case len(r.Failures) > 0:
			bad++
		case verbose && (r.allow || r.disclosure):
			fmt.Fprintf(e.stdout, "ok    %s (%s, %s)\n", r.ID, count(r.Examples, "example"), count(r.CounterExamples, "counter-example"))
		case verbose:
			fmt.Fprintf(e.stdout, "ok    %s (%s, %s, %s)\n", r.ID, r.Engine,
				count(r.Examples, "example"), count(r.CounterExamples, "counter-example"))
			fmt.Fprint(e.stdout, r.details())
		}
	}
	what := count(len(reports)-allows-disclosures, "rule")
	if disclosures > 0 {
		what += ", " + count(disclosures, "disclosure rule")
	}
	if allows > 0 {
		what += ", " + count(allows, "allowlist")
	}
	fmt.Fprintf(e.stdout, "%s, %s, %d failed\n", what, count(examples, "example"), bad)
	return failed(bad)
}

func failed(bad int) error {
	if bad > 0 {
		return silentError{exitFailure}
	}
	return nil
}

// details are the lines of -v below a rule's own.
func (r *ruleReport) details() string {
	var b strings.Builder
	line := func(name, text string) { fmt.Fprintf(&b, "      %-13s %s\n", name, text) }
	name := "announced by"
	for _, a := range r.AnnouncedBy {
		line(name, a)
		name = ""
	}
	switch {
	case r.keyed:
		line("announced by", "the names of fields")
	case len(r.AnnouncedBy) == 0 && r.PlacesPerMB > 0:
		line("announced by", "nothing: it is tried at every byte")
	}
	if !r.keyed {
		line("cost per MB", fmt.Sprintf("%s, %d units of work, %d ns", count(r.PlacesPerMB, "place"), r.WorkPerMB, r.NanosPerMB))
	}
	if len(r.Overlaps) > 0 {
		line("overlaps", strings.Join(r.Overlaps, ", "))
	}
	return b.String()
}

func (e *env) reportJSON(reports []ruleReport) error {
	bad := 0
	for i := range reports {
		if len(reports[i].Failures) > 0 {
			bad++
		}
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(reports); err != nil {
		return err
	}
	return failed(bad)
}

// failure is something that a rule does other than its examples say. It quotes
// no text, which may be real in an operator's own rule.
type failure struct{ key, msg string }

// tryRule runs the examples of a rule alone.
func tryRule(r *redact.Rule) (engine string, failures []failure) {
	set, err := redact.Compile([]redact.Rule{*r}, redact.Options{})
	if err != nil {
		var re *redact.RuleError
		if errors.As(err, &re) {
			return "", []failure{{re.Key, re.Err.Error()}}
		}
		return "", []failure{{"pattern", err.Error()}}
	}
	if len(r.Examples) == 0 {
		failures = append(failures, failure{"examples", "there is none (a text with the secret between « and »)"})
	}
	t := tryer{set: set, scratch: set.NewScratch(), rule: r}
	for i, ex := range r.Examples {
		if msg := t.example(ex); msg != "" {
			failures = append(failures, failure{fmt.Sprintf("examples[%d]", i), msg})
		}
	}
	for i, ex := range r.CounterExamples {
		if msg := t.counterExample(ex); msg != "" {
			failures = append(failures, failure{fmt.Sprintf("counter_examples[%d]", i), msg})
		}
	}
	return set.EngineName(0), failures
}

type tryer struct {
	set     *redact.Set
	scratch *redact.Scratch
	rule    *redact.Rule
}

// find returns the spans found in text, which stands under the first of the
// rule's keys where it has any.
func (t *tryer) find(text string) ([]patterns.Span, error) {
	found, err := t.set.Find(t.scratch, nil, exampleField(t.rule, text))
	var spans []patterns.Span
	for _, fd := range found {
		spans = append(spans, patterns.Span{Start: fd.Start, End: fd.End})
	}
	return spans, err
}

// example says what is wrong with an example, "" if nothing is.
func (t *tryer) example(example string) string {
	for seed := range uint64(trySeeds) {
		text, want, err := patterns.Expand(example, seed)
		if err != nil {
			return err.Error()
		}
		if len(want) == 0 {
			return "no secret is marked (put it between « and »)"
		}
		got, err := t.find(text)
		switch {
		case err != nil:
			return err.Error()
		case len(got) == 0:
			return "nothing is found (" + spanText(want) + " is marked)"
		case !slices.Equal(got, want):
			return spanText(got) + " is found, " + spanText(want) + " is marked"
		}
	}
	return ""
}

// counterExample says what is wrong with a counter-example, "" if nothing is.
func (t *tryer) counterExample(example string) string {
	for seed := range uint64(trySeeds) {
		text, _, err := patterns.Expand(example, seed)
		if err != nil {
			return err.Error()
		}
		got, err := t.find(text)
		if err != nil {
			return err.Error()
		}
		if len(got) > 0 {
			return spanText(got) + " is found, and nothing must be"
		}
	}
	return ""
}

// spanText says which bytes spans are, counted from 1.
func spanText(spans []patterns.Span) string {
	text := ""
	for i, s := range spans {
		if i > 0 {
			text += " and "
		}
		text += fmt.Sprintf("%d to %d", s.Start+1, s.End)
	}
	return "bytes " + text
}
