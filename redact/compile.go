package redact

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"slices"
)

// Compile compiles rules. The slice is copied. Its error joins one *RuleError
// for each thing that is wrong.
func Compile(rules []Rule, o Options) (*Set, error) {
	c := compiler{m: &matcher{rules: slices.Clone(rules), ids: map[string]struct{}{}}, names: map[keyName]bool{}}
	for i := range c.m.rules {
		c.rule(int32(i), &c.m.rules[i])
	}
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	c.m.values = newPrefilter(c.triggers)
	c.m.payloads = newRawPrefilter(slices.Concat(c.m.values.triggers, c.keyTriggers))
	return newSet(c.m, o)
}

type compiler struct {
	m           *matcher
	triggers    []trigger
	keyTriggers []trigger
	names       map[keyName]bool // those of keyTriggers
	errs        []error
}

func (c *compiler) fail(r *Rule, key string, err error) {
	c.errs = append(c.errs, &RuleError{ID: r.ID, Key: key, Err: err})
}

func (c *compiler) rule(index int32, r *Rule) {
	p := program{index: index, rule: r, keyed: len(r.Keys) > 0, generic: r.HasTag("generic")}
	if err := checkID(r.ID); err != nil {
		c.fail(r, "id", err)
	} else if _, dup := c.m.ids[r.ID]; dup {
		c.fail(r, "id", errors.New("another rule has this id"))
	}
	c.m.ids[r.ID] = struct{}{}
	if r.Pattern == "" && !p.keyed {
		c.fail(r, "pattern", errors.New("a rule needs a pattern, keys or both"))
	}
	for _, text := range r.Validators {
		v, err := parseValidator(text)
		if err != nil {
			c.fail(r, "validators", err)
			continue
		}
		p.validators = append(p.validators, v)
	}
	triggers := len(c.triggers)
	c.keys(&p)
	if r.Pattern != "" {
		c.pattern(&p)
	}
	p.rank = rank(r, c.triggers[min(triggers, len(c.triggers)):])
	c.m.window = max(c.m.window, p.reach)
	c.m.programs = append(c.m.programs, p)
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

// keys enters the rule's names, each with a trigger that only makes a payload
// suspect.
func (c *compiler) keys(p *program) {
	for _, key := range p.rule.Keys {
		if err := c.m.keys.add(key, p.index); err != nil {
			c.fail(p.rule, "keys", err)
			continue
		}
		t, ok := newKeyName(key)
		if !ok {
			c.fail(p.rule, "keys", fmt.Errorf("%q: a name needs a word of three letters", key))
			continue
		}
		if !c.names[*t.key] {
			c.names[*t.key] = true
			c.keyTriggers = append(c.keyTriggers, t)
		}
	}
}

func (c *compiler) pattern(p *program) {
	re, err := c.engine(p)
	if err != nil {
		c.fail(p.rule, "pattern", err)
		return
	}
	if least, _ := byteLength(re); least == 0 {
		c.fail(p.rule, "pattern", errors.New("matches the empty text"))
		return
	}
	if err := p.setWindow(re); err != nil {
		c.fail(p.rule, "window", err)
		return
	}
	p.first = firstBytes(re)
	if p.keyed {
		return // tried on the fields of its keys, wherever they match
	}
	ts, err := findTriggers(re)
	switch {
	case err == nil:
		c.add(p, ts)
	case p.rule.Force:
		c.m.every = append(c.m.every, p.index)
	default:
		c.fail(p.rule, "pattern", err)
	}
}

func (c *compiler) add(p *program, ts []trigger) {
	compiled := map[*syntax.Regexp]*nfa{}
	for _, t := range ts {
		t.rule, t.window = p.index, p.window
		if t.least != t.most {
			n, ok := compiled[t.suffix]
			if !ok {
				// A suffix without a program of its own only costs speed.
				n, _ = newNFA(t.suffix, nil)
				compiled[t.suffix] = n
			}
			t.confirm = n
		}
		c.triggers = append(c.triggers, t)
	}
}

// engine chooses the rule's engine and returns a pattern of regexp/syntax that
// matches whatever the rule's does.
func (c *compiler) engine(p *program) (*syntax.Regexp, error) {
	re, err := parsePattern(p.rule.Pattern)
	if err == nil {
		p.engine, err = newNFA(re, secretGroups(re.CapNames()))
		return re, err
	}
	e, err2 := newRegexp2Engine(p.rule.Pattern)
	if err2 != nil {
		return nil, err // that of regexp/syntax says it shorter
	}
	p.engine = e
	return relax(p.rule.Pattern)
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
