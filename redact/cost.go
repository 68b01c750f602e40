package redact

import (
	"slices"
	"time"
)

// Cost is what a rule takes to search a text, in counts that are the same on every
// machine.
type Cost struct {
	// Places is how often something announced the rule, see Set.Announced.
	Places int
	// Work is what confirming it there took: a unit for a byte looked at. That of
	// regexp2 is not counted.
	Work int
}

// Costs returns the cost of each rule in searching text as a value without a name.
// sc must not be in use.
func (s *Set) Costs(sc *Scratch, text []byte) []Cost {
	costs := make([]Cost, len(s.rules))
	sr := search{set: s, sc: sc, text: text, to: len(text)}
	sc.raw = sc.raw[:0]
	// A place that exceeds the budget counts with what it took until then.
	count := func(rule int32, try func()) {
		sc.begin()
		try()
		costs[rule].Places++
		costs[rule].Work += sc.nfa.spent
	}
	for _, index := range s.every {
		for at := range text {
			count(index, func() { _, _ = sr.try(&s.programs[index], at) })
		}
	}
	s.values.each(sc, text, 0, func(trigger int32, i int) bool {
		if at, _, fits := s.values.stands(trigger, text, i); fits {
			t := &s.values.triggers[trigger]
			count(t.rule, func() { _ = sr.confirm(t, at) })
		}
		return true
	})
	sc.begin()
	return costs
}

// timeRounds is how often the time of a rule is taken; the least counts.
const timeRounds = 3

// Times returns the time that confirming each rule takes where text, a value without a
// name, announces it: what the rule adds to the pass of the prefilter that all share.
// sc must not be in use.
func (s *Set) Times(sc *Scratch, text []byte) []time.Duration {
	type place struct {
		t  *trigger
		at int
	}
	places := make([][]place, len(s.rules))
	s.values.each(sc, text, 0, func(number int32, i int) bool {
		if at, _, fits := s.values.stands(number, text, i); fits {
			t := &s.values.triggers[number]
			places[t.rule] = append(places[t.rule], place{t, at})
		}
		return true
	})
	sr := search{set: s, sc: sc, text: text, to: len(text)}
	times := make([]time.Duration, len(s.rules))
	measure := func(rule int, try func()) {
		for round := range timeRounds {
			sc.raw = sc.raw[:0]
			began := time.Now()
			try()
			if took := time.Since(began); round == 0 || took < times[rule] {
				times[rule] = took
			}
		}
	}
	for rule, list := range places {
		if len(list) == 0 {
			continue
		}
		measure(rule, func() {
			for _, p := range list {
				sc.begin()
				_ = sr.confirm(p.t, p.at)
			}
		})
	}
	for _, rule := range s.every {
		measure(int(rule), func() {
			for at := range text {
				sc.begin()
				_, _ = sr.try(&s.programs[rule], at)
			}
		})
	}
	sc.begin()
	return times
}

// Finders returns the rules that find something in f, each by itself, as sorted
// indices of Rules: Find names only one of those that find the same.
func (s *Set) Finders(sc *Scratch, f Field) ([]int, error) {
	if _, err := s.Find(sc, nil, f); err != nil {
		return nil, err
	}
	var rules []int
	for _, sp := range sc.raw {
		if sp.allowed {
			continue
		}
		rules = append(rules, int(sp.index))
	}
	slices.Sort(rules)
	return slices.Compact(rules), nil
}
