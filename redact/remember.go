package redact

// Remember returns a function that lets go of the automata which were made since: that of a
// rule is made when the rule is first asked, and made again where it is asked again. It is
// for who has rules asked that are asked by nothing else. Both are safe for concurrent use
// with all else, and hold for all Sets with the same compiled rules.
func (s *Set) Remember() (forget func()) {
	made := map[*automaton]bool{}
	s.eachAutomaton(func(a *automaton) {
		if a.n.Load() != nil {
			made[a] = true
		}
	})
	return func() {
		s.eachAutomaton(func(a *automaton) {
			if !made[a] {
				a.n.Store(nil)
			}
		})
	}
}

// eachAutomaton calls f for each automaton, for some of them more than once.
func (m *matcher) eachAutomaton(f func(*automaton)) {
	for i := range m.programs {
		if a, ok := m.programs[i].engine.(*automaton); ok {
			f(a)
		}
	}
	for _, p := range []*prefilter{m.values, m.payloads} {
		for i := range p.triggers {
			t := &p.triggers[i]
			for _, a := range []*automaton{t.confirm, t.probe, t.whole} {
				if a != nil {
					f(a)
				}
			}
		}
	}
}
