package main

import (
	"errors"
	"fmt"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/patterns"
)

// tryDisclosures runs the examples of the disclosure rules of a file, each rule alone.
func tryDisclosures(file *ruleFile) []ruleReport {
	var reports []ruleReport
	for i := range file.disclosures {
		r := &file.disclosures[i]
		report := ruleReport{
			ID: r.ID, Pack: r.Pack, AnnouncedBy: []string{}, Overlaps: []string{}, disclosure: true,
			Examples: len(r.Examples), CounterExamples: len(r.CounterExamples), Failures: []ruleReason{},
		}
		for _, f := range tryDisclosure(r) {
			key := "disclosure." + r.ID
			if f.key != "" {
				key += "." + f.key
			}
			report.Failures = append(report.Failures, ruleReason{file.locate(key), key, f.msg})
		}
		reports = append(reports, report)
	}
	return reports
}

// tryDisclosure runs the examples of a disclosure rule alone.
func tryDisclosure(r *disclosure.Rule) (failures []failure) {
	set, err := neutral.Compile([]disclosure.Rule{*r})
	if err != nil {
		var re *neutral.RuleError
		if errors.As(err, &re) {
			return []failure{{re.Key, re.Err.Error()}}
		}
		return []failure{{"", err.Error()}}
	}
	if len(r.Examples) == 0 {
		failures = append(failures, failure{"examples", "there is none (a text with what goes between « and »)"})
	}
	for i, example := range r.Examples {
		key := fmt.Sprintf("examples[%d]", i)
		text, marked, err := patterns.Expand(example, 1)
		if err != nil {
			failures = append(failures, failure{key, err.Error()})
			continue
		}
		spans := make([][2]int, len(marked))
		for k, m := range marked {
			spans[k] = [2]int{m.Start, m.End}
		}
		if err := set.TryExample(r, text, spans); err != nil {
			failures = append(failures, failure{key, err.Error()})
		}
	}
	for i, example := range r.CounterExamples {
		key := fmt.Sprintf("counter_examples[%d]", i)
		text, _, err := patterns.Expand(example, 1)
		switch {
		case err != nil:
			failures = append(failures, failure{key, err.Error()})
		case set.Recognises(r, text):
			failures = append(failures, failure{key, "something in it goes, and nothing must"})
		}
	}
	return failures
}
