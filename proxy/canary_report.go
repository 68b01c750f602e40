package proxy

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/canary"
)

// report shows what became of the canaries of a run, which failed with err: in metrics, in
// the trail, and in the log where something got through.
func (c *canaries) report(ctx context.Context, r *canaryResult, err error) {
	if errors.Is(err, errSuperseded) {
		return // the next run is of the policy that took over
	}
	c.p.m.canaries.ended(r, err != nil)
	for _, key := range r.keys() {
		if row := r.rows[key]; row.count[canary.Leaked] > 0 {
			c.p.log.Error("canaries got through", "route", key.route, "dialect", key.dialect, "coding", key.codingLabel(),
				"canaries", row.count[canary.Leaked], "rules", row.rules())
		}
	}
	if err != nil { // what is stated are whole runs
		c.p.log.Error("canaries could not be sent", "error", err)
		return
	}
	if s, ok := c.p.recorder.(audit.Stater); ok {
		facts, err := r.facts().Statements()
		if err == nil {
			ctx, cancel := context.WithTimeout(ctx, auditTimeout)
			defer cancel()
			err = s.State(ctx, audit.StatementCanaries, facts...)
		}
		if err != nil {
			c.p.log.Error("audit trail does not accept what became of canaries", "error", err)
		}
	}
}

// keys returns those of the rows in order.
func (r *canaryResult) keys() []canaryKey {
	return slices.SortedFunc(maps.Keys(r.rows), func(a, b canaryKey) int {
		return slices.Compare([]string{a.route, a.dialect, a.coding}, []string{b.route, b.dialect, b.coding})
	})
}

// maxTold bounds how many rules a row names.
const maxTold = 50

// rules returns the ids of rules of which something leaked.
func (row *canaryRow) rules() []string {
	ids := slices.Sorted(maps.Keys(row.leaked))
	return ids[:min(len(ids), maxTold)]
}

// facts returns r as it goes into the trail.
func (r *canaryResult) facts() audit.Canaries {
	c := audit.Canaries{Run: newRequestID(), At: r.at.UTC(), Took: r.took.Seconds()}
	sums := map[string]*canary.Count{}
	var bad []audit.CanaryRow
	for _, key := range r.keys() {
		row := r.rows[key]
		if sums[key.route] == nil {
			sums[key.route] = &canary.Count{}
		}
		sums[key.route].Add(row.count)
		if row.count[canary.Leaked]+row.count[canary.Lost]+row.count[canary.Broken]+row.count[canary.Refused] > 0 {
			bad = append(bad, audit.CanaryRow{
				Route: key.route, Dialect: key.dialect, Coding: key.coding, Outcomes: named(row.count), Rules: row.rules(),
			})
		}
	}
	for _, route := range slices.Sorted(maps.Keys(sums)) {
		c.Rows = append(c.Rows, audit.CanaryRow{Route: route, Outcomes: named(*sums[route])})
	}
	c.Rows = append(c.Rows, bad...)
	slices.SortStableFunc(c.Rows, func(a, b audit.CanaryRow) int { return strings.Compare(a.Route, b.Route) })
	return c
}

// named returns the numbers that are not zero, by the name of their outcome.
func named(count canary.Count) map[string]int {
	out := map[string]int{}
	for i, name := range canary.Outcomes() {
		if count[i] > 0 {
			out[name] = count[i]
		}
	}
	return out
}
