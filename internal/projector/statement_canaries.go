package projector

import (
	"maps"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

func init() { readers[audit.StatementCanaries] = readCanaries }

// readCanaries puts the parts of each run together.
func readCanaries(list []*audit.Event) (records.Statement, uint64) {
	runs := map[string]*records.CanaryRun{}
	unreadable := facts(list, func(_ *audit.Event, c *audit.Canaries) {
		r := runs[c.Run]
		if r == nil {
			r = &records.CanaryRun{ID: c.Run, Time: c.At, Took: time.Duration(c.Took * float64(time.Second)).Round(time.Microsecond)}
			runs[c.Run] = r
		}
		for _, row := range c.Rows {
			for _, outcome := range slices.Sorted(maps.Keys(row.Outcomes)) {
				result := records.CanaryResult{
					Route: row.Route, Dialect: row.Dialect, Coding: row.Coding, Outcome: outcome, Canaries: int64(row.Outcomes[outcome]),
				}
				if outcome == leakedOutcome {
					result.Rules = row.Rules
				}
				r.Results = append(r.Results, result)
			}
		}
	})
	var out records.CanaryRuns
	for _, id := range slices.Sorted(maps.Keys(runs)) {
		out = append(out, *runs[id])
	}
	return out, unreadable
}

// leakedOutcome is what canary.Leaked is called.
const leakedOutcome = "leaked"
