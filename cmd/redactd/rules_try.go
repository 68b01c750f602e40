package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// trySeeds is how many fillings of each example are tried.
const trySeeds = 3

func newRulesTest(e *env) *cobra.Command {
	var verbose bool
	cmd := &cobra.Command{
		Use:   "test [FILE]",
		Short: "Run the examples of rules",
		Long: `Run the examples and counter-examples of rules.

Each rule has to find, alone, exactly what is marked in its examples, and nothing
in its counter-examples. Without FILE the built-in rules are run; with it those
of the file, which is a configuration or a pack (a file with a table [pack]).`,
		Example: `  redactd rules test
  redactd rules test config.toml -v`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: exits("0  all rules do as their examples say", "1  some rule does not, or has no example"),
		RunE: e.runs(func(_ *cobra.Command, args []string) error {
			rules, locate := patterns.Rules(patterns.Builtin()), func(string) string { return "" }
			if len(args) == 1 {
				var err error
				if rules, locate, err = e.fileRules(args[0]); err != nil {
					return err
				}
			}
			return e.tryRules(rules, locate, verbose)
		}),
	}
	cmd.Flags().BoolVarP(&verbose, "verbose", "v", false, "print a line for each rule, with the engine that confirms it")
	return cmd
}

func (e *env) tryRules(rules []redact.Rule, locate func(string) string, verbose bool) error {
	examples, bad := 0, 0
	for i := range rules {
		r := &rules[i]
		engine, failures := tryRule(r)
		examples += len(r.Examples) + len(r.CounterExamples)
		if len(failures) > 0 {
			bad++
		}
		for _, f := range failures {
			fmt.Fprintf(e.stdout, "FAIL  %srule.%s.%s: %s\n", locate("rule."+r.ID+"."+f.key), r.ID, f.key, f.msg)
		}
		if verbose && len(failures) == 0 {
			fmt.Fprintf(e.stdout, "ok    %s (%s, %s, %s)\n", r.ID, engine,
				count(len(r.Examples), "example"), count(len(r.CounterExamples), "counter-example"))
		}
	}
	fmt.Fprintf(e.stdout, "%s, %s, %d failed\n", count(len(rules), "rule"), count(examples, "example"), bad)
	if bad > 0 {
		return silentError{exitFailure}
	}
	return nil
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
	f := redact.Field{Value: []byte(text)}
	if len(t.rule.Keys) > 0 {
		f.Key = []byte(t.rule.Keys[0])
	}
	found, err := t.set.Find(t.scratch, nil, f)
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
