package proxy

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redactd/redactd/redact"
)

// costs are measured when they are first asked for, and live as long as their policy.
type costs struct {
	mu     sync.Mutex
	byRule map[string]time.Duration
}

// Costs implements adminui.Policy.
func (f inForce) Costs(ctx context.Context) (map[string]time.Duration, error) {
	pol := f.p.policy.Load()
	if f.p.o.Sample == nil {
		return nil, nil
	}
	pol.costs.mu.Lock() // one at a time: it takes a processor
	defer pol.costs.mu.Unlock()
	if pol.costs.byRule != nil || ctx.Err() != nil {
		return pol.costs.byRule, ctx.Err()
	}
	text, err := f.p.o.Sample()
	if err != nil {
		return nil, err
	}
	done := map[string]time.Duration{}
	measured := map[string]bool{} // sets with the same rules
	filters := pol.filters()
	for _, name := range slices.Sorted(maps.Keys(filters)) {
		f := filters[name]
		if f.scrub == nil {
			continue
		}
		if key := ruleKey(f.scrub.Set); !measured[key] {
			measured[key] = true
			addTimes(done, f.scrub.Set, text)
		}
	}
	pol.costs.byRule = done
	return done, nil
}

// addTimes puts what the rules of a set cost into done, for a megabyte.
func addTimes(done map[string]time.Duration, set *redact.Set, text []byte) {
	rules := set.Rules()
	for i, d := range set.Times(set.NewScratch(), text) {
		if _, ok := done[rules[i].ID]; !ok {
			done[rules[i].ID] = time.Duration(float64(d) * 1e6 / float64(len(text)))
		}
	}
}
