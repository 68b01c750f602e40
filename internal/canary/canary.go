package canary

import (
	"strings"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// Canary is an example of a rule, filled in.
type Canary struct {
	Rule string // its id
	// Key is the name that the text stands under, as the rule asks for it; "" for any.
	Key  string
	Text string
	// Secrets are the values in Text that must not arrive. None of them stands in Text
	// more often than it is marked there.
	Secrets []string
	// Fresh says that the secrets are of chance, and so stand nowhere else.
	Fresh bool
}

// Options say which canaries Make makes.
type Options struct {
	// Seed makes the secrets; another one makes others.
	Seed uint64
	// Allowed reports whether the operator has named a value as no secret of that rule.
	// It may be nil.
	Allowed func(rule, value string) bool
	// Found reports whether a canary is found where it stands alone. Chance makes values
	// now and then that a rule takes for none: those are made again. It may be nil.
	Found func(c *Canary) bool
}

// attempts is how often a canary is made until it is found.
const attempts = 3

// Make returns a canary for each rule that has an example which can be one, in the order
// of rules.
func Make(rules []redact.Rule, o Options) []Canary {
	out := make([]Canary, 0, len(rules))
	for i := range rules {
		if c, ok := o.make(&rules[i]); ok {
			out = append(out, c)
		}
	}
	return out
}

// make prefers an example whose secrets are of chance to one that is always the same.
func (o *Options) make(r *redact.Rule) (best Canary, ok bool) {
	for _, example := range r.Examples {
		c, usable := o.fill(r, example)
		if !usable {
			continue
		}
		if !ok || c.Fresh {
			best, ok = c, true
		}
		if c.Fresh {
			break
		}
	}
	return best, ok
}

// knownSeed is the one that the examples of packs are tested with.
const knownSeed = 1

func (o *Options) fill(r *redact.Rule, example string) (c Canary, ok bool) {
	for n := range uint64(attempts) {
		if c, ok = o.expand(r, example, o.Seed+n<<32); !ok || o.Found == nil || o.Found(&c) {
			return c, ok
		}
	}
	return o.expand(r, example, knownSeed)
}

func (o *Options) expand(r *redact.Rule, example string, seed uint64) (c Canary, ok bool) {
	text, spans, err := patterns.Expand(example, seed)
	if err != nil || len(spans) == 0 {
		return c, false
	}
	other, _, _ := patterns.Expand(example, seed+1)
	c = Canary{Rule: r.ID, Text: text, Fresh: other != text}
	if len(r.Keys) > 0 {
		c.Key = r.Keys[0]
	}
	for _, s := range spans {
		secret := text[s.Start:s.End]
		marked := 0
		for _, t := range spans {
			marked += strings.Count(text[t.Start:t.End], secret)
		}
		if secret == "" || strings.Count(text, secret) > marked || o.Allowed != nil && o.Allowed(r.ID, secret) {
			return c, false
		}
		if strings.Contains(other, secret) {
			c.Fresh = false
		}
		c.Secrets = append(c.Secrets, secret)
	}
	return c, true
}
