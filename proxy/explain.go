package proxy

import (
	"context"
	"strings"
	"sync"

	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// explainers are made when they are first asked for, and live as long as their policy.
type explainers struct {
	mu     sync.Mutex
	byName map[string]*explain.Explainer
	off    map[string]func() (*redact.Set, error) // by the ids of those that are on
}

// Explain says what the policy in force finds in a text on the route or the listener of
// that name, what it nearly finds, and why not. The text goes nowhere and is not kept.
// Errors are explain.ErrNoRoute and those of explain.Explainer.Explain. It is slow, and bounded.
func (p *Proxy) Explain(ctx context.Context, name string, r explain.Request) (*explain.Result, error) {
	x, err := p.policy.Load().explainer(name, p.o.Rules)
	if err != nil {
		return nil, err
	}
	e, err := x.Explain(ctx, r)
	if err != nil {
		return nil, err
	}
	return e.Result(), nil
}

func (pol *policy) explainer(name string, builtin []redact.Rule) (*explain.Explainer, error) {
	pol.explains.mu.Lock()
	defer pol.explains.mu.Unlock()
	if x := pol.explains.byName[name]; x != nil {
		return x, nil
	}
	var policy scrub.Policy
	if rt := pol.byName[name]; rt != nil {
		policy = *rt.scrub
	} else if l := pol.listeners[name]; l != nil {
		policy = *l.scrub
		if policy.Codec == "forward" { // nobody pastes MessagePack
			policy.Codec = ""
		}
	} else {
		return nil, explain.ErrNoRoute
	}
	// No keys of the operator's: whoever asks shall not learn the token of a value that
	// he guesses.
	x, err := explain.New(explain.Options{Config: pol.cfg, Name: name, Policy: &policy, Off: pol.offRules(&policy, builtin)})
	if err != nil {
		return nil, err
	}
	if pol.explains.byName == nil {
		pol.explains.byName = map[string]*explain.Explainer{}
	}
	pol.explains.byName[name] = x
	return x, nil
}

// offRules returns the rules that a policy has off, once for equal ones.
func (pol *policy) offRules(policy *scrub.Policy, builtin []redact.Rule) func() (*redact.Set, error) {
	key := ruleKey(policy.Set)
	off := pol.explains.off[key]
	if off == nil {
		b := builder{cfg: pol.cfg, o: Options{Rules: builtin}}
		b.gatherRules()
		off = explain.OffRules(b.rules, policy)
		if pol.explains.off == nil {
			pol.explains.off = map[string]func() (*redact.Set, error){}
		}
		pol.explains.off[key] = off
	}
	return off
}

// ruleKey is equal for sets of the same rules.
func ruleKey(s *redact.Set) string {
	var ids strings.Builder
	for _, r := range s.Rules() {
		ids.WriteString(r.ID + " ")
	}
	return ids.String()
}
