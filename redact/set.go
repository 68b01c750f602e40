package redact

import (
	"errors"
	"fmt"
)

// Options configure what a Set does with its findings.
type Options struct {
	// Action returns the action of a rule; nil, or a nil result, means mask.
	Action func(r *Rule) Action
	Allow  []Allow
}

// Set is a compiled set of rules. It is immutable and safe for concurrent use.
type Set struct {
	*matcher
	actions []Action // by rule
	fixed   map[string]bool
	allow   *allowlist
	known   *Known // nil without knownRule
}

// matcher is what depends on the rules alone; Sets share it.
type matcher struct {
	rules    []Rule
	programs []program
	keys     keyTable
	// values is for the text of fields, payloads for whole payloads: it knows
	// the names of fields too.
	values, payloads *prefilter
	every            []int32 // rules to be tried at every byte
	ids              map[string]struct{}
	window           int   // the farthest reach of any rule
	knownRule        int32 // KnownRule, -1 if it is not among them
}

// RuleError says what is wrong with a rule. Key is the key of the rule's table
// that is at fault ("pattern", "validators", ...).
type RuleError struct {
	ID, Key string
	Err     error
}

func (e *RuleError) Error() string { return e.ID + ": " + e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RuleError) Unwrap() error { return e.Err }

// With returns a Set with the same compiled rules and other options. Its error
// joins what is wrong with each of them.
func (s *Set) With(o Options) (*Set, error) { return newSet(s.matcher, o) }

func newSet(m *matcher, o Options) (*Set, error) {
	s := &Set{matcher: m, actions: make([]Action, len(m.rules)), fixed: map[string]bool{}}
	for i := range m.rules {
		var a Action
		if o.Action != nil {
			a = o.Action(&m.rules[i])
		}
		if a == nil {
			a = mask{}
		}
		if f, ok := a.(fixedText); ok {
			s.fixed[f.Fixed()] = true
		}
		s.actions[i] = a
	}
	var err error
	if s.allow, err = newAllowlist(m.rules, o.Allow); err != nil {
		return nil, err
	}
	return s, s.checkFixed()
}

// checkFixed refuses a replacement text that a rule would find again.
func (s *Set) checkFixed() error {
	sc := s.NewScratch()
	var errs []error
	for text := range s.fixed {
		found, err := s.Find(sc, nil, Field{Value: []byte(text)})
		if err != nil || len(found) > 0 {
			errs = append(errs, fmt.Errorf("replace: the text is itself what a rule looks for, so it would be redacted again"))
		}
	}
	return errors.Join(errs...)
}

// Names reports whether a rule finds values by that name of a field. sc must not be in use.
func (s *Set) Names(sc *Scratch, name []byte) bool {
	sc.keyed = s.keys.lookup(sc, sc.keyed[:0], name)
	return len(sc.keyed) > 0
}

// Rules returns the compiled rules. The caller must not change them.
func (s *Set) Rules() []Rule { return s.rules }

// EngineName returns what confirms a rule: "dfa", "regexp2", "key" or "known".
func (s *Set) EngineName(rule int) string {
	if int32(rule) == s.knownRule {
		return "known"
	}
	if e := s.programs[rule].engine; e != nil {
		return e.name()
	}
	return "key"
}

// ActionName returns the name of the action bound to the finding's rule.
func (s *Set) ActionName(f Finding) string { return s.actions[f.index].Name() }

// AppendReplacement appends what the finding's action writes for value, the
// bytes of the finding. With remove, the action wants the whole field gone.
func (s *Set) AppendReplacement(dst []byte, f Finding, value []byte) (out []byte, remove bool) {
	a := s.actions[f.index]
	if r, ok := a.(remover); ok {
		remove = r.RemovesField()
	}
	if f.encoded() == asIs {
		return a.Append(dst, &s.rules[f.index], value), remove
	}
	before, plain, behind := f.decode(value)
	return f.encode(dst, value, before, a.Append(nil, &s.rules[f.index], plain), behind), remove
}

// Scratch is the working memory of one search at a time.
type Scratch struct {
	raw          []span
	key          []byte
	keyed        []int32
	nfa          nfaScratch
	walk         walk
	unescaped    []byte
	runes        []rune
	regexp2Spent int64 // nanoseconds
}

// Wipe overwrites what sc holds of the texts that were searched with it.
func (sc *Scratch) Wipe() {
	clear(sc.walk.edge[:])
	clear(sc.key[:cap(sc.key)])
	clear(sc.unescaped[:cap(sc.unescaped)])
	clear(sc.runes[:cap(sc.runes)])
}

// Spent returns how much work the last search with sc was, in the units of its budget: one
// is about a byte looked at. What regexp2 takes is not counted.
func (sc *Scratch) Spent() int { return sc.nfa.spent }

// NewScratch returns a Scratch, for use with any Set.
func (s *Set) NewScratch() *Scratch { return &Scratch{} }
