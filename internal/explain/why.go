package explain

import (
	"fmt"
	"slices"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// why says why an item is no finding of its own, with the place of what decided it.
func (e *Explanation) why(it *item, v *Verdict) {
	switch {
	case it.off && e.x.o.WhyOff != nil:
		v.Why = e.x.o.WhyOff(it.Rule)
	case it.off:
		e.x.whyOff(it.Rule, v)
	case it.Outcome == redact.OutcomeAllowed:
		v.locate(e.x.o.Config, "allow."+it.By)
		v.Why = it.Why + " by " + Located(e.x.o.Config, v.Key)
	default:
		v.Why = it.Why
	}
}

// Located is a key with its place: "allow.x (config.toml:41)".
func Located(cfg *config.Config, key string) string {
	if at := place(cfg, key); at != "" {
		return key + " (" + at + ")"
	}
	return key
}

// place is where a key was written: "config.toml:41", "" if that is not known.
func place(cfg *config.Config, key string) string {
	file, line := cfg.Locate(key)
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// whyOff says why a rule is off, and what switches it on.
func (x *Explainer) whyOff(r *redact.Rule, v *Verdict) {
	cfg, table, policy := x.o.Config, "route."+x.o.Name, &config.Policy{}
	if l := cfg.Listeners[x.o.Name]; l != nil {
		table, policy = "listener."+x.o.Name, &l.Policy
	} else if route := cfg.Routes[x.o.Name]; route != nil {
		policy = &route.Policy
	}
	if x.watches(r) {
		for i, name := range policy.ShadowRules {
			if r.Selected(name) {
				v.locate(cfg, fmt.Sprintf("%s.shadow_rules[%d]", table, i))
				v.Why = "its findings are counted, and left where they are, by " + Located(cfg, v.Key)
				return
			}
		}
	}
	for i, name := range policy.DisableRule {
		if r.Selected(name) {
			v.locate(cfg, fmt.Sprintf("%s.disable_rules[%d]", table, i))
			v.Why = "its rule is switched off by " + Located(cfg, v.Key)
			return
		}
	}
	v.locate(cfg, table)
	v.Why = fmt.Sprintf("its rule is off, as is pack %s (rules = [%q] in %s)", r.Pack, r.ID, Located(cfg, v.Key))
}

// watches reports whether a rule is only watched.
func (x *Explainer) watches(r *redact.Rule) bool {
	w := x.o.Policy.Watch
	return w != nil && slices.ContainsFunc(w.Set.Rules(), func(o redact.Rule) bool { return o.ID == r.ID })
}

func (v *Verdict) locate(cfg *config.Config, key string) { v.Key, v.Place = key, place(cfg, key) }
