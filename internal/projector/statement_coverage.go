package projector

import (
	"math"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

func init() { readers[audit.StatementCoverage] = readCoverage }

// readCoverage adds statements up by the hour in which they begin.
func readCoverage(list []*audit.Event) (records.Statement, uint64) {
	sums := map[records.CoverageCount][2]uint64{} // payloads and bytes, by all but these
	unreadable := facts(list, func(_ *audit.Event, c *audit.Coverage) {
		hour := c.From.UTC().Truncate(time.Hour)
		for _, r := range c.Rows {
			key := records.CoverageCount{Hour: hour, Route: r.Route, Direction: r.Direction, Reason: r.Reason}
			sum := sums[key]
			sums[key] = [2]uint64{sum[0] + r.Payloads, sum[1] + r.Bytes}
		}
	})
	counts := make(records.CoverageCounts, 0, len(sums))
	for c, sum := range sums {
		c.Payloads, c.Bytes = int64(min(sum[0], math.MaxInt64)), int64(min(sum[1], math.MaxInt64))
		counts = append(counts, c)
	}
	return counts, unreadable
}
