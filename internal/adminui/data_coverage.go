package adminui

import (
	"context"
	"net/http"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/records"
)

// CoverageDetail is what was inspected, and what was not.
type CoverageDetail struct {
	coverage.Report
	Since time.Time `json:"since,omitzero"` // the beginning of an hour; zero where only the last hour is known
	// LastHour is what passed in the last hour, up to now, by route; Report is of what was
	// stated until a minute ago.
	LastHour map[string]audit.CoverageSum `json:"last_hour"`
	Plot     *Plot                        `json:"plot,omitempty"` // of the share that was not, by route
	Canaries []records.CanaryRun          `json:"canaries"`       // the last runs, the newest first
	Problem  string                       `json:"problem,omitempty"`
}

var errNoCoverage = &fault{http.StatusNotFound, "This redactd does not count coverage."}

// canaryRuns is how many runs of canaries are shown.
const canaryRuns = 20

// coverage returns what passed in a period until now. Where the records can't be read it is
// what passed in the last hour, and Problem says so.
func (c *Console) coverage(ctx context.Context, period time.Duration) (d CoverageDetail, err error) {
	if c.s.Coverage == nil {
		return d, errNoCoverage
	}
	d.LastHour = c.s.Coverage.Recent()
	now := time.Now()
	rows, err := c.stated(ctx, &d, now, period)
	if err != nil {
		_, d.Problem = say(err)
	}
	if rows == nil {
		rows, d.Since = recentRows(d.LastHour), time.Time{}
	}
	d.Report = c.s.Coverage.Report(rows)
	// Lists that are there, though they be empty, to programs that read JSON.
	d.Routes, d.Gaps = append([]coverage.RouteReport{}, d.Routes...), append([]audit.CoverageRow{}, d.Gaps...)
	d.Blind, d.Canaries = append([]coverage.BlindReport{}, d.Blind...), append([]records.CanaryRun{}, d.Canaries...)
	return d, nil
}

// stated fills in what the records have, and returns the rows of the period; nil without
// records.
func (c *Console) stated(ctx context.Context, d *CoverageDetail, now time.Time, period time.Duration) ([]audit.CoverageRow, error) {
	if c.s.Statements == nil {
		return nil, nil
	}
	from := now.Add(-period).Truncate(time.Hour)
	totals, err := c.s.Statements.CoverageTotals(ctx, from, time.Time{})
	if orEmpty(err) != nil {
		return nil, err
	}
	d.Since = from
	rows := []audit.CoverageRow{}
	for _, t := range totals {
		rows = append(rows, audit.CoverageRow{
			Route: t.Route, Direction: t.Direction, Reason: t.Reason, Payloads: uint64(t.Payloads), Bytes: uint64(t.Bytes),
		})
	}
	hours, err := c.s.Statements.CoverageHours(ctx, from, time.Time{})
	if orEmpty(err) != nil {
		return rows, err
	}
	plot := unreadPlot(hours, from, now)
	d.Plot = &plot
	d.Canaries, err = c.s.Statements.CanaryRuns(ctx, time.Time{}, canaryRuns)
	return rows, orEmpty(err)
}

// recentRows writes sums as rows, without the reasons, which they do not tell.
func recentRows(recent map[string]audit.CoverageSum) (rows []audit.CoverageRow) {
	for route, s := range recent {
		for reason, p := range map[string]audit.Passed{"": s.Inspected, coverage.Other: s.Uninspected, coverage.OutOfScope: s.OutOfScope} {
			if p.Payloads+p.Bytes > 0 {
				rows = append(rows, audit.CoverageRow{Route: route, Reason: reason, Payloads: p.Payloads, Bytes: p.Bytes})
			}
		}
	}
	return rows
}

// unreadPlot draws the share of bytes that was not inspected, by hour and route: of those
// routes that had any, those with the most such bytes.
func unreadPlot(hours []records.CoverageCount, from, to time.Time) Plot {
	p := Plot{ID: "coverage", Title: "Bytes in scope that nobody looked at", Unit: "% of each hour"}
	for t := from; !t.After(to); t = t.Add(time.Hour) {
		p.Times = append(p.Times, t)
	}
	total, sums := map[string]int64{}, map[string][]audit.CoverageSum{}
	for _, h := range hours {
		at := int(h.Hour.Sub(from) / time.Hour)
		if at < 0 || at >= len(p.Times) {
			continue
		}
		if sums[h.Route] == nil {
			sums[h.Route] = make([]audit.CoverageSum, len(p.Times))
		}
		sums[h.Route][at].Add(audit.CoverageRow{Reason: h.Reason, Payloads: uint64(h.Payloads), Bytes: uint64(h.Bytes)})
		if h.Reason != "" && h.Reason != coverage.OutOfScope {
			total[h.Route] += h.Bytes
		} else {
			total[h.Route] += 0
		}
	}
	names := byTotal(total)
	for _, name := range names[:min(len(names), mostLines)] {
		s := Series{Name: name}
		for i := range sums[name] {
			if sum := &sums[name][i]; sum.Inspected.Bytes+sum.Uninspected.Bytes > 0 {
				s.Values = append(s.Values, known(unread(sum)))
			} else {
				s.Values = append(s.Values, nil)
			}
		}
		p.Series = append(p.Series, s)
	}
	return p
}
