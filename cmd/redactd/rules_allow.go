package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
	"github.com/redactd/redactd/redact"
)

// tryAllows runs the examples of the entries of an allowlist that have some.
func tryAllows(cfg *config.Config) ([]ruleReport, error) {
	var reports []ruleReport
	t := allowTryer{cfg: cfg, sets: map[string]*redact.Set{}}
	for _, name := range slices.Sorted(maps.Keys(cfg.Allow)) {
		a := cfg.Allow[name]
		if len(a.Examples)+len(a.CounterExamples) == 0 {
			continue
		}
		failures, err := t.entry(name, a)
		if err != nil {
			return nil, err
		}
		report := ruleReport{
			ID: "allow." + name, AnnouncedBy: []string{}, Overlaps: []string{}, allow: true,
			Examples: len(a.Examples), CounterExamples: len(a.CounterExamples), Failures: []ruleReason{},
		}
		for _, f := range failures {
			file, line := cfg.Locate("allow." + name + "." + f.key)
			report.Failures = append(report.Failures, ruleReason{place(file, line), "allow." + name + "." + f.key, f.msg})
		}
		reports = append(reports, report)
	}
	return reports, nil
}

// allowTryer runs examples of entries with the rules of the routes they hold for.
type allowTryer struct {
	cfg  *config.Config
	sets map[string]*redact.Set // by route, and by the rules of entries for all
}

// entry runs the examples of one entry as if it had no end: once without it and any
// other, and once with it.
func (t *allowTryer) entry(name string, a *config.Allow) (failures []failure, err error) {
	without, err := t.rules(a)
	if err != nil {
		return nil, err
	}
	entry := a.Entry(name)
	entry.Until = config.Date("").End()
	with, err := without.With(redact.Options{Allow: []redact.Allow{entry}})
	if err != nil {
		return nil, t.cfg.Place(err)
	}
	for i, ex := range a.Examples {
		if msg := tryAllowed(without, with, ex); msg != "" {
			failures = append(failures, failure{fmt.Sprintf("examples[%d]", i), msg})
		}
	}
	for i, ex := range a.CounterExamples {
		if msg := tryNotAllowed(with, ex); msg != "" {
			failures = append(failures, failure{fmt.Sprintf("counter_examples[%d]", i), msg})
		}
	}
	return failures, nil
}

// rules compiles the rules of the first route that an entry holds for; where it holds
// for all, those that are on by default and those that it names.
func (t *allowTryer) rules(a *config.Allow) (*redact.Set, error) {
	cfg, name := *t.cfg, flagRoute
	id := name + " " + strings.Join(a.Rules, " ")
	if len(a.Routes) > 0 {
		name, id = a.Routes[0], a.Routes[0]
	} else {
		cfg.Routes = maps.Clone(cfg.Routes)
		cfg.Routes[name] = &config.Route{Policy: config.Policy{Rules: a.Rules}}
	}
	if set := t.sets[id]; set != nil {
		return set, nil
	}
	set, err := redact.Compile(proxy.RouteRules(&cfg, patterns.Rules(patterns.Builtin()), defaultPacks(), name), redact.Options{})
	if err != nil {
		return nil, t.cfg.Place(err)
	}
	t.sets[id] = set
	return set, nil
}

// tryAllowed says what is wrong with an example of an entry, "" if nothing is.
func tryAllowed(without, with *redact.Set, example string) string {
	return tryMarked(example, func(text string, marked []string) string {
		if kept, err := keeps(without, text, marked); err != nil || kept {
			return why(err, "no rule finds what is marked, so the entry lets nothing through")
		}
		if kept, err := keeps(with, text, marked); err != nil || !kept {
			return why(err, "what is marked is not let through whole")
		}
		return ""
	})
}

// tryNotAllowed says what is wrong with a counter-example, "" if nothing is.
func tryNotAllowed(with *redact.Set, example string) string {
	return tryMarked(example, func(text string, marked []string) string {
		for i := range marked {
			if kept, err := keeps(with, text, marked[i:i+1]); err != nil || kept {
				return why(err, "what is marked is not found, or let through")
			}
		}
		return ""
	})
}

func why(err error, msg string) string {
	if err != nil {
		return err.Error()
	}
	return msg
}

// tryMarked fills an example in and hands it on with what is marked in it.
func tryMarked(example string, try func(text string, marked []string) string) string {
	for seed := range uint64(trySeeds) {
		text, spans, err := patterns.Expand(example, seed)
		if err != nil {
			return "marks do not pair"
		}
		if len(spans) == 0 {
			return "nothing is marked (put it between « and »)"
		}
		var marked []string
		for _, s := range spans {
			marked = append(marked, text[s.Start:s.End])
		}
		if msg := try(text, marked); msg != "" {
			return msg
		}
	}
	return ""
}

// keeps reports whether text, scrubbed in the format that it looks like, still holds
// all that is marked.
func keeps(set *redact.Set, text string, marked []string) (bool, error) {
	s := scrub.Acquire(&scrub.Policy{Set: set}, nil)
	defer s.Release()
	res, err := s.Body([]byte(text), scrub.Meta{})
	if err != nil {
		return false, err
	}
	for _, m := range marked {
		if bytes.Count(res.Body, []byte(m)) < strings.Count(text, m) {
			return false, nil
		}
	}
	return true, nil
}
