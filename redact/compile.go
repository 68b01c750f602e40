package redact

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
)

// Compile compiles rules. The slice is copied. Its error joins one *RuleError
// for each thing that is wrong.
func Compile(rules []Rule, o Options) (*Set, error) {
	m := &matcher{rules: slices.Clone(rules), ids: map[string]struct{}{}, knownRule: -1}
	analyses := analyzeAll(m.rules)
	c := compiler{m: m, names: map[keyName]bool{}}
	for i := range m.rules {
		c.rule(&m.rules[i], &analyses[i])
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	m.values = newPrefilter(c.triggers)
	m.payloads = newRawPrefilter(m.values, c.keyTriggers)
	return newSet(m, o)
}

// analyzeAll analyzes rules, as many at a time as there are processors to use.
func analyzeAll(rules []Rule) []analysis {
	all := make([]analysis, len(rules))
	var next atomic.Int64
	var done sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(rules)) {
		done.Go(func() {
			a := newAnalyzer()
			for i := next.Add(1) - 1; i < int64(len(rules)); i = next.Add(1) - 1 {
				all[i].of(a, int32(i), &rules[i])
			}
		})
	}
	done.Wait()
	return all
}

// compiler joins what was found out about each rule.
type compiler struct {
	m           *matcher
	triggers    []trigger
	keyTriggers []trigger        // further ones, for payloads
	names       map[keyName]bool // those of keyTriggers
	errs        []error
}

func (c *compiler) rule(r *Rule, a *analysis) {
	for i := range a.errs {
		c.errs = append(c.errs, &a.errs[i])
	}
	if isKnownRule(r) {
		c.m.knownRule = a.p.index
	}
	if _, dup := c.m.ids[r.ID]; dup {
		c.errs = append(c.errs, &RuleError{ID: r.ID, Key: "id", Err: errors.New("another rule has this id")})
	}
	c.m.ids[r.ID] = struct{}{}
	for _, key := range a.keys {
		err := c.m.keys.add(key.name, a.p.index)
		if err == nil && !key.ok {
			err = fmt.Errorf("%q: a name needs a word of three letters", key.name)
		}
		if err != nil {
			c.errs = append(c.errs, &RuleError{ID: r.ID, Key: "keys", Err: err})
			continue
		}
		if name := *key.trigger.key; len(a.raw) == 0 && !c.names[name] {
			c.names[name] = true
			c.keyTriggers = append(c.keyTriggers, key.trigger)
		}
	}
	c.keyTriggers = append(c.keyTriggers, a.raw...)
	c.triggers = append(c.triggers, a.triggers...)
	if a.every {
		c.m.every = append(c.m.every, a.p.index)
	}
	c.m.window = max(c.m.window, a.p.reach)
	c.m.programs = append(c.m.programs, a.p)
}

// analysis is what is found out about a rule alone.
type analysis struct {
	p        program
	triggers []trigger
	// raw announce a rule with keys in payloads in place of these, by its pattern,
	// which is rarer.
	raw   []trigger
	keys  []analyzedKey
	every bool // no trigger announces it
	errs  []RuleError
}

type analyzedKey struct {
	name    string
	trigger trigger
	ok      bool // there is a trigger
}

func (a *analysis) fail(key string, err error) {
	a.errs = append(a.errs, RuleError{ID: a.p.rule.ID, Key: key, Err: err})
}

func (a *analysis) of(by *analyzer, index int32, r *Rule) {
	a.p = program{index: index, rule: r, keyed: len(r.Keys) > 0, generic: r.HasTag("generic")}
	err := checkID(r.ID)
	if err != nil {
		a.fail("id", err)
	}
	if r.Pattern == "" && !a.p.keyed && !isKnownRule(r) {
		a.fail("pattern", errors.New("a rule needs a pattern, keys or both"))
	}
	if a.p.begins, err = newBeginnings(r.Begins); err != nil {
		a.fail("begins", err)
	}
	for _, text := range r.Validators {
		v, err := parseValidator(text)
		if err != nil {
			a.fail("validators", err)
			continue
		}
		a.p.validators = append(a.p.validators, v)
	}
	for _, key := range r.Keys {
		t, ok := by.newKeyName(key)
		a.keys = append(a.keys, analyzedKey{key, t, ok})
	}
	if r.Pattern != "" {
		a.pattern(by)
	}
	a.p.rank = rank(r, a.triggers)
	if isKnownRule(r) {
		a.p.rank = knownRank
	}
}

func checkID(id string) error {
	ok := id != "" && len(id) <= maxIDLength
	for i := range len(id) {
		ok = ok && (isLower(id[i]) || isDigit(id[i]) || id[i] == '-')
	}
	if !ok {
		return fmt.Errorf("an id is 1 to %d lower-case letters, digits and dashes", maxIDLength)
	}
	return nil
}

func (a *analysis) pattern(by *analyzer) {
	re, err := a.engine()
	if err != nil {
		a.fail("pattern", err)
		return
	}
	if least, _ := byteLength(re); least == 0 {
		a.fail("pattern", errors.New("matches the empty text"))
		return
	}
	if err := a.p.setWindow(re); err != nil {
		a.fail("window", err)
		return
	}
	a.p.first = firstBytes(re)
	a.p.wordStart = startsWithWord(re)
	a.p.unquoted = !namesQuotes(re)
	ts, err := by.findTriggers(re)
	if a.p.keyed { // tried on the fields of its keys, wherever they match
		if err == nil && !slices.ContainsFunc(ts, func(t trigger) bool { return !t.isRare() }) {
			a.raw = a.finished(ts)
		}
		return
	}
	switch {
	case err == nil:
		a.triggers = a.finished(ts)
	case a.p.rule.Force:
		a.every = true
	default:
		a.fail("pattern", err)
	}
}

// finished returns ts as triggers of the rule.
func (a *analysis) finished(ts []trigger) []trigger {
	compiled := map[*syntax.Regexp]*automaton{}
	for i := range ts {
		t := &ts[i]
		t.rule, t.window, t.words, t.wordStart = a.p.index, a.p.window, a.p.begins, a.p.wordStart
		if t.least != t.most {
			if compiled[t.suffix] == nil {
				compiled[t.suffix] = newAutomaton(t.suffix, nil)
			}
			t.confirm = compiled[t.suffix]
		}
	}
	return ts
}

// engine chooses the rule's engine and returns a pattern of regexp/syntax that
// matches whatever the rule's does.
func (a *analysis) engine() (*syntax.Regexp, error) {
	re, err := parsePattern(a.p.rule.Pattern)
	if err == nil {
		a.p.engine = newAutomaton(re, secretGroups(re.CapNames()))
		return re, nil
	}
	e, err2 := newRegexp2Engine(a.p.rule.Pattern)
	if err2 != nil {
		return nil, err // that of regexp/syntax says it shorter
	}
	a.p.engine = e
	return relax(a.p.rule.Pattern)
}

// contextBytes is how far beyond its last byte a match can look: one character,
// for \b and $.
const contextBytes = 4

func (p *program) setWindow(re *syntax.Regexp) error {
	_, most := byteLength(re)
	switch {
	case p.rule.Window > maxWindow || p.rule.Window < 0:
		return fmt.Errorf("a window is 1 to %d bytes", maxWindow)
	case p.rule.Window > 0:
		p.window = p.rule.Window + contextBytes
	case most >= defaultWindow:
		p.window = defaultWindow + contextBytes
	default:
		p.window = most + contextBytes
	}
	p.reach = p.window
	if most+contextBytes > p.window {
		p.reach += maxTail
	}
	return nil
}

// rank orders rules by how much their finding says: confidence, then a named
// kind before a generic one, then severity, then the length of what it requires.
func rank(r *Rule, triggers []trigger) int {
	rank := int(r.Confidence) << 16
	if !r.HasTag("generic") {
		rank += 1 << 15
	}
	rank += int(r.Severity) << 8
	longest := 0
	for i := range triggers {
		longest = max(longest, len(triggers[i].seq))
	}
	return rank + longest
}
