package proxy

import (
	"fmt"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// RouteRules returns the rules that are on for the route or listener of that name in
// cfg, which is right.
func RouteRules(cfg *config.Config, rules []redact.Rule, defaultPacks []string, name string) []redact.Rule {
	b := &builder{cfg: cfg, o: Options{Rules: rules, DefaultPacks: defaultPacks}}
	b.gatherRules()
	if l := cfg.Listeners[name]; l != nil {
		return b.selectRules("listener."+name, &l.Policy)
	}
	return b.selectRules("route."+name, &cfg.Routes[name].Policy)
}

// RoutePolicy compiles what a route of cfg looks for and does, as New would, for
// use without a proxy. The Keyring is nil where cfg has no key. The error is a
// config.Errors where the configuration is at fault.
func RoutePolicy(cfg *config.Config, rules []redact.Rule, defaultPacks []string, name string) (*scrub.Policy, *redact.Keyring, error) {
	r := cfg.Routes[name]
	if r == nil {
		return nil, nil, fmt.Errorf("there is no route %s", name)
	}
	b := &builder{cfg: cfg, o: Options{Rules: rules, DefaultPacks: defaultPacks}, sets: map[string]*redact.Set{}, neutral: map[string]*neutral.Set{}}
	b.gatherRules()
	b.keyring()
	rt := b.route(&policy{cfg: cfg}, name, r)
	if len(b.bad) > 0 {
		return nil, nil, b.bad
	}
	return rt.scrub, b.keys, nil
}
