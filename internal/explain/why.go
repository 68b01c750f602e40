package explain

import (
	"fmt"

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
		v.Key, v.Place = e.x.located("allow." + it.By)
		v.Why = it.Why + " by " + Located(e.x.o.Config, v.Key)
	default:
		v.Why = it.Why
	}
}

// Located is a key with its place: "allow.x (config.toml:41)".
func Located(cfg *config.Config, key string) string {
	if file, line := cfg.Locate(key); file != "" {
		return fmt.Sprintf("%s (%s:%d)", key, file, line)
	}
	return key
}

func (x *Explainer) located(key string) (_, place string) {
	if file, line := x.o.Config.Locate(key); file != "" {
		place = fmt.Sprintf("%s:%d", file, line)
	}
	return key, place
}

// whyOff says why a rule is off, and what switches it on.
func (x *Explainer) whyOff(r *redact.Rule, v *Verdict) {
	cfg, table, disabled := x.o.Config, "route."+x.o.Name, []string(nil)
	if l := cfg.Listeners[x.o.Name]; l != nil {
		table, disabled = "listener."+x.o.Name, l.DisableRule
	} else if route := cfg.Routes[x.o.Name]; route != nil {
		disabled = route.DisableRule
	}
	for i, name := range disabled {
		if r.Selected(name) {
			v.Key, v.Place = x.located(fmt.Sprintf("%s.disable_rules[%d]", table, i))
			v.Why = "its rule is switched off by " + Located(cfg, v.Key)
			return
		}
	}
	v.Key, v.Place = x.located(table)
	v.Why = fmt.Sprintf("its rule is off, as is pack %s (rules = [%q] in %s)", r.Pack, r.ID, Located(cfg, v.Key))
}
