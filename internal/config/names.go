package config

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/redact"
)

// Names is what exists outside the configuration and can be named in it.
type Names struct {
	Packs, Tags, Rules []string
	Codecs             []string
	Actions            []string
	Validators         []string
}

// Check looks up everything that the configuration names. The error is an
// Errors.
func (c *Config) Check(n Names) error {
	k := &checker{d: decoder{cfg: c}, names: n}
	k.packs = slices.Concat(n.Packs, n.Tags, []string{RulePack})
	k.rules = slices.Clone(n.Rules)
	for id, r := range c.Rules {
		k.ownNames(n, id, r)
		k.packs = append(k.packs, r.Tags...)
		k.rules = append(k.rules, id)
		if slices.Contains(n.Rules, id) {
			k.d.fail(tomlpos.Join("rule", id), "is the id of a built-in rule (another id; disable_rules switches the built-in one off)")
		}
		for i, v := range r.Validators {
			name, _, _ := strings.Cut(v, ":")
			k.name(tomlpos.Element(tomlpos.Join("rule", id)+".validators", i), name, "a validator", n.Validators)
		}
	}
	k.all = slices.Concat(k.rules, k.packs)
	keys, err := c.Keyring()
	if err != nil {
		k.d.fail("token", "%s", err)
	}
	k.keys = keys
	for _, name := range slices.Sorted(maps.Keys(c.Routes)) {
		r := c.Routes[name]
		path := tomlpos.Join("route", name)
		if r.Codec != "auto" {
			k.name(path+".codec", r.Codec, "a codec", append([]string{"auto"}, k.names.Codecs...))
		}
		k.policy(path, &r.Policy)
	}
	for _, name := range slices.Sorted(maps.Keys(c.Listeners)) {
		k.policy(tomlpos.Join("listener", name), &c.Listeners[name].Policy)
	}
	for name, a := range c.Allow {
		k.list(tomlpos.Join("allow", name)+".rules", a.Rules, "a rule, pack or tag", k.all)
	}
	return k.d.errs.sorted()
}

// ownNames asks that the names of an own rule select nothing else: routes and
// allowlists name rules, packs and tags alike.
func (k *checker) ownNames(n Names, id string, r *redact.Rule) {
	path := tomlpos.Join("rule", id)
	switch {
	case slices.Contains(n.Packs, id) || id == RulePack:
		k.d.fail(path, "is the name of a pack, so that what selects one would select the other (another id)")
	case slices.Contains(n.Tags, id):
		k.d.fail(path, "is a tag of built-in rules, so that what selects one would select the other (another id)")
	}
	for i, tag := range r.Tags {
		if slices.Contains(n.Rules, tag) {
			key := tomlpos.Element(path+".tags", i)
			k.d.fail(key, "%sis the id of a built-in rule, so that what selects one would select the other (another tag)", k.d.quote(key, tag))
		}
	}
}

type checker struct {
	d                 decoder
	names             Names
	packs, rules, all []string
	keys              *redact.Keyring
}

func (k *checker) policy(path string, p *Policy) {
	k.list(path+".packs", p.Packs, "a pack or tag", k.packs)
	k.list(path+".rules", p.Rules, "a rule, pack or tag", k.all)
	k.list(path+".disable_rules", p.DisableRule, "a rule, pack or tag", k.all)
	k.action(path+".action", p.Action)
	for _, name := range slices.Sorted(maps.Keys(p.Actions)) {
		key := tomlpos.Join(path+".actions", name)
		k.name(key, name, "a rule, pack or tag", k.all)
		k.action(key, p.Actions[name])
	}
}

func (k *checker) list(path string, names []string, what string, known []string) {
	for i, name := range names {
		k.name(tomlpos.Element(path, i), name, what, known)
	}
}

func (k *checker) name(path, name, what string, known []string) {
	if slices.Contains(known, name) {
		return
	}
	advice := ""
	if len(known) <= 12 {
		sorted := slices.Sorted(slices.Values(known))
		advice = " (one of " + list(slices.Compact(sorted)) + ")"
	} else if strings.Contains(what, "rule") || strings.Contains(what, "pack") {
		advice = ` ("redactd rules list" shows them)`
	}
	k.d.fail(path, "%sis not %s%s", k.d.quote(path, name), what, suggestOr(k.d.known(path, name), known, advice))
}

// action asks the action itself whether its argument is right.
func (k *checker) action(path, text string) {
	name, _, _ := strings.Cut(text, ":")
	if !slices.Contains(k.names.Actions, name) {
		k.name(path, name, "an action", k.names.Actions)
		return
	}
	_, err := redact.ParseAction(text, k.keys)
	switch {
	case err == nil:
	case k.d.known(path, text) == "":
		k.d.fail(path, "%sis not an action with a right argument", k.d.quote(path, text))
	default:
		k.d.fail(path, "%s", err)
	}
}

// Keyring builds the keyring of [token], nil if it has no key.
func (c *Config) Keyring() (*redact.Keyring, error) {
	if len(c.Token.Keys) == 0 {
		return nil, nil
	}
	keys := make([][]byte, len(c.Token.Keys))
	for i, k := range c.Token.Keys {
		keys[i] = []byte(k)
	}
	return redact.NewKeyring(keys...)
}

// Place gives errors of redact.Compile and Set.With the lines of what is at
// fault. Each *redact.RuleError about an own rule and each *redact.AllowError
// in err becomes an Error of the Errors returned; an error about anything else
// becomes one without a key.
func (c *Config) Place(err error) error {
	if err == nil {
		return nil
	}
	d := decoder{cfg: c}
	place := func(table, name, key string, err error) {
		path := tomlpos.Join(table, name)
		if key != "" {
			path += "." + key
		}
		d.fail(path, "%s", err)
	}
	var visit func(error)
	visit = func(err error) {
		var rule *redact.RuleError
		var allow *redact.AllowError
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range joined.Unwrap() {
				visit(e)
			}
		} else if errors.As(err, &rule) && c.Rules[rule.ID] != nil {
			place("rule", rule.ID, rule.Key, rule.Err)
		} else if errors.As(err, &allow) {
			place("allow", allow.Name, allow.Key, allow.Err)
		} else {
			d.fail("", "%s", err)
		}
	}
	visit(err)
	return d.errs.sorted()
}
