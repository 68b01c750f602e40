package audit

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

func init() { evidenceOf[StatementCoverage] = func() statedEvidence { return newCoverageEvidence() } }

// coverageEvidence sums up coverage. Its memory depends on the number of routes, reasons
// and days.
type coverageEvidence struct {
	From  time.Time       `json:"from"`
	To    time.Time       `json:"to"`
	Total coverageShare   `json:"total"`
	Days  []coverageShare `json:"days"` // of each day and route
	Rows  []CoverageRow   `json:"rows"` // of the whole time

	days map[[2]string]*CoverageSum
	rows map[CoverageRow]Passed // by all but their numbers
}

// coverageShare is how much of something was inspected.
type coverageShare struct {
	Day   string `json:"day,omitempty"` // UTC
	Route string `json:"route,omitempty"`
	CoverageSum
	Ratio float64 `json:"ratio"`
}

func newCoverageEvidence() *coverageEvidence {
	return &coverageEvidence{days: map[[2]string]*CoverageSum{}, rows: map[CoverageRow]Passed{}}
}

func (c *coverageEvidence) add(facts json.RawMessage) error {
	var f Coverage
	if err := json.Unmarshal(facts, &f); err != nil {
		return err
	}
	if c.From.IsZero() || f.From.Before(c.From) {
		c.From = f.From
	}
	if f.To.After(c.To) {
		c.To = f.To
	}
	for _, r := range f.Rows {
		c.Total.Add(r)
		day := [2]string{f.From.UTC().Format(time.DateOnly), r.Route}
		if c.days[day] == nil {
			c.days[day] = &CoverageSum{}
		}
		c.days[day].Add(r)
		key := CoverageRow{Route: r.Route, Direction: r.Direction, Reason: r.Reason}
		p := c.rows[key]
		c.rows[key] = Passed{p.Payloads + r.Payloads, p.Bytes + r.Bytes}
	}
	return nil
}

func (c *coverageEvidence) document() any {
	c.Total.Ratio = c.Total.CoverageSum.Ratio()
	c.Days, c.Rows = []coverageShare{}, []CoverageRow{}
	for _, day := range slices.SortedFunc(maps.Keys(c.days), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		s := c.days[day]
		c.Days = append(c.Days, coverageShare{day[0], day[1], *s, s.Ratio()})
	}
	for key, p := range c.rows {
		key.Payloads, key.Bytes = p.Payloads, p.Bytes
		c.Rows = append(c.Rows, key)
	}
	slices.SortFunc(c.Rows, func(a, b CoverageRow) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Reason, b.Reason))
	})
	return c
}

func (c *coverageEvidence) figures() []Figure {
	t := &c.Total
	inScope := t.Inspected.Bytes + t.Uninspected.Bytes
	list := []Figure{
		{"Inspected", fmt.Sprintf("%s of %d bytes in scope", Percent(t.CoverageSum.Ratio()), inScope)},
		{"Not inspected", c.gaps()},
	}
	if t.OutOfScope.Payloads > 0 {
		list = append(list, Figure{"Out of scope", fmt.Sprintf("%d payloads, %d bytes", t.OutOfScope.Payloads, t.OutOfScope.Bytes)})
	}
	return list
}

// gaps names what was not inspected, the most bytes first.
func (c *coverageEvidence) gaps() string {
	keys := slices.DeleteFunc(slices.Collect(maps.Keys(c.rows)), func(r CoverageRow) bool { return r.Reason == "" || r.Reason == OutOfScope })
	slices.SortFunc(keys, func(a, b CoverageRow) int {
		return cmp.Or(cmp.Compare(c.rows[b].Bytes, c.rows[a].Bytes), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Reason, b.Reason))
	})
	var parts []string
	for i, k := range keys {
		if i == maxTableFigure {
			parts = append(parts, fmt.Sprintf("%d more", len(keys)-i))
			break
		}
		parts = append(parts, fmt.Sprintf("%s %s %s: %d payloads, %d bytes", k.Route, k.Direction, k.Reason, c.rows[k].Payloads, c.rows[k].Bytes))
	}
	if parts == nil {
		return "nothing"
	}
	return strings.Join(parts, "; ")
}

// Percent writes a share rounded down, so that what is not all does not look so.
func Percent(share float64) string {
	return strconv.FormatFloat(math.Floor(share*1e6+1e-6)/1e4, 'f', -1, 64) + "%"
}
