package redact

import "slices"

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

// Finders returns the rules that find something in f, each by itself, as sorted
// indices of Rules: Find names only one of those that find the same.
func (s *Set) Finders(sc *Scratch, f Field) ([]int, error) {
	if _, err := s.Find(sc, nil, f); err != nil {
		return nil, err
	}
	var rules []int
	for _, sp := range sc.raw {
		rules = append(rules, int(sp.index))
	}
	slices.Sort(rules)
	return slices.Compact(rules), nil
}
