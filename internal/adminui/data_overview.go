package adminui

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// Tile is one figure of the overview.
type Tile struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	Text string `json:"text"`
	Note string `json:"note,omitempty"`
	// State is how it is, for the eye that goes over the page: "good", "warn", "bad" or "".
	State string `json:"state,omitempty"`
	// More is the address of the view that tells more; "" for none.
	More string `json:"more,omitempty"`
}

// Overview is how redactd is.
type Overview struct {
	At        time.Time  `json:"at"`
	Tiles     []Tile     `json:"tiles"`
	Plots     []Plot     `json:"plots"`
	Upstreams []Upstream `json:"upstreams"`
	// Leaks and Errors are those seen last that are open.
	Leaks  []records.Leak       `json:"leaks"`
	Errors []records.ErrorGroup `json:"errors"`
	// Problems say what could not be read.
	Problems []string `json:"problems,omitempty"`
}

// recent is how many leaks and errors the overview has.
const recent = 5

// overview reads everything; what can't be read is missing, and Problems says so. period
// is that of the findings.
func (c *Console) overview(ctx context.Context, period time.Duration) Overview {
	now := c.s.read(time.Now())
	v := Overview{At: now.at, Tiles: c.tiles(now), Plots: c.ring.plots(), Upstreams: now.upstreams}
	note := func(err error) bool {
		if err = orEmpty(err); err != nil {
			if _, text := say(err); !slices.Contains(v.Problems, text) {
				v.Problems = append(v.Problems, text)
			}
		}
		return err == nil
	}
	if c.s.Leaks != nil {
		plots, err := c.findings(ctx, now.at, period)
		if note(err) {
			v.Plots = append(v.Plots, plots...)
			v.Leaks, err = c.s.Leaks.Leaks(ctx, records.LeakFilter{State: records.LeakOpen, Limit: recent})
			note(err)
		}
	}
	if c.s.Errors != nil && v.Problems == nil {
		var err error
		v.Errors, err = c.s.Errors.ErrorGroups(ctx, records.ErrorFilter{State: records.StateOpen, Limit: recent})
		note(err)
	}
	v.Upstreams, v.Leaks, v.Errors = listed(v.Upstreams), listed(v.Leaks), listed(v.Errors)
	return v
}

// tiles are the figures of now.
func (c *Console) tiles(now *figures) []Tile {
	minute, hour := c.ring.ago(now.at, time.Minute), c.ring.ago(now.at, time.Hour)
	if minute == nil || !now.at.After(minute.at) {
		// Nothing was kept yet: what was counted is since the start.
		minute = &figures{at: now.at.Add(-ringStep), requests: now.requests, messages: now.messages}
		hour = &figures{at: now.at.Add(-ringStep)}
	}
	tiles := []Tile{trafficTile(minute, now), latencyTile(minute, now), findingsTile(hour, now)}
	if now.leaks[records.LeakOpen] > 0 || c.s.Leaks != nil {
		tiles = append(tiles, leaksTile(now))
	}
	tiles = append(tiles, coverageTile(now))
	if !now.canaryRun.IsZero() {
		tiles = append(tiles, canaryTile(now))
	}
	if len(now.upstreams) > 0 {
		tiles = append(tiles, upstreamTile(now))
	}
	if c.s.Audit != nil {
		tiles = append(tiles, auditTile(now))
	}
	if c.s.Policy != nil {
		tiles = append(tiles, c.policyTile(now))
	}
	return tiles
}

func trafficTile(before, now *figures) Tile {
	total, failed := 0.0, now.requests[3]-before.requests[3]
	for i := range now.requests {
		total += max(now.requests[i]-before.requests[i], 0)
	}
	all := total + max(now.messages-before.messages, 0)
	t := Tile{ID: "requests", Name: "Requests and messages", Text: decimal(all/now.at.Sub(before.at).Seconds()) + " /s"}
	if total > 0 {
		t.Note = fmt.Sprintf("%s %% answered with 5xx", decimal(100*max(failed, 0)/total))
		if failed/total > .05 {
			t.State = "warn"
		}
	}
	return t
}

func latencyTile(before, now *figures) Tile {
	t := Tile{ID: "latency", Name: "95 % answered within", Text: duration(quantile(.95, before.latency, now.latency))}
	if p := quantile(.5, before.latency, now.latency); !math.IsNaN(p) {
		t.Note = fmt.Sprintf("half within %s, 99 %% within %s", duration(p), duration(quantile(.99, before.latency, now.latency)))
	}
	return t
}

// duration writes seconds.
func duration(v float64) string {
	if v < 1 {
		return decimal(v*1000) + " ms"
	}
	return decimal(v) + " s"
}

func findingsTile(hour, now *figures) Tile {
	return Tile{
		ID: "findings", Name: "Findings, last hour", Text: decimal(max(now.findings-hour.findings, 0)),
		Note: decimal(now.findings) + " since the start", More: "/rules",
	}
}

func leaksTile(now *figures) Tile {
	t := Tile{ID: "leaks", Name: "Open leaks", Text: decimal(now.leaks[records.LeakOpen]), State: "good", More: "/leaks?state=open"}
	if now.leaks[records.LeakOpen] > 0 {
		t.State = "warn"
	}
	if now.again > 0 {
		t.State, t.Note = "bad", decimal(now.again)+" still leaking after rotation"
	}
	return t
}

func coverageTile(now *figures) Tile {
	t := Tile{ID: "coverage", Name: "Not inspected, last hour", Text: decimal(unread(&now.covered)) + " %", State: "good", More: "/coverage"}
	var below []string
	for route, ratio := range now.ratio {
		if ratio < now.objective {
			below = append(below, route)
		}
	}
	if slices.Sort(below); len(below) > 0 {
		t.State, t.Note = "bad", "below the objective: "+strings.Join(below[:min(len(below), 3)], ", ")
		if len(below) > 3 {
			t.Note += fmt.Sprintf(" and %d more", len(below)-3)
		}
	} else if now.objective > 0 {
		t.Note = "objective: " + decimal(100*(1-now.objective)) + " % at most"
	}
	return t
}

func canaryTile(now *figures) Tile {
	t := Tile{ID: "canaries", Name: "Canaries that got through", Text: decimal(now.canaryLeaks), State: "good", More: "/coverage#canaries",
		Note: "last run " + now.canaryRun.Format("15:04:05") + " UTC"}
	if now.canaryLeaks > 0 {
		t.State = "bad"
	}
	return t
}

func upstreamTile(now *figures) Tile {
	up := 0
	for _, u := range now.upstreams {
		if u.Up {
			up++
		}
	}
	t := Tile{ID: "upstreams", Name: "Upstreams in use", Text: fmt.Sprintf("%d of %d", up, len(now.upstreams)), State: "good", More: "#upstreams"}
	if up < len(now.upstreams) {
		t.State = "bad"
	}
	return t
}

func auditTile(now *figures) Tile {
	t := Tile{ID: "audit", Name: "Records in the trail", Text: decimal(now.auditRecords), State: "good", More: "/audit"}
	switch {
	case now.auditTrouble > 0:
		t.State, t.Note = "bad", decimal(now.auditTrouble)+" findings have no record"
	case now.unread > 10_000:
		t.State, t.Note = "warn", decimal(now.unread)+" not yet in the database"
	case !now.checkpoint.IsZero():
		t.Note = "last checkpoint " + now.checkpoint.Format("15:04:05") + " UTC"
	}
	return t
}

func (c *Console) policyTile(now *figures) Tile {
	p := c.s.Policy.InForce()
	t := Tile{ID: "policy", Name: "Policy in force", Text: p.Digest[:min(len(p.Digest), 8)], State: "good", More: "/policy",
		Note: "since " + p.LoadedAt.UTC().Format("2006-01-02 15:04:05") + " UTC"}
	if now.reloadFailed {
		t.State, t.Note = "bad", "the last reload failed"
	}
	return t
}

// mostLines is how many lines a plot of findings has; the rest is one line.
const mostLines = 7

// findings draws the numbers of findings of a period until now, by rule and by route.
func (c *Console) findings(ctx context.Context, now time.Time, period time.Duration) ([]Plot, error) {
	step := time.Hour
	if period > 8*24*time.Hour {
		step = 24 * time.Hour
	}
	from := now.Add(-period).Truncate(step)
	counts, err := c.s.Leaks.FindingCounts(ctx, from, time.Time{})
	if err != nil {
		return nil, err
	}
	byRule := countPlot("findings-rule", "Findings by rule", from, now, step, counts, func(f *records.FindingCount) string { return f.Rule })
	byRoute := countPlot("findings-route", "Findings by route", from, now, step, counts, func(f *records.FindingCount) string { return f.Route })
	return []Plot{byRule, byRoute}, nil
}

func countPlot(id, title string, from, to time.Time, step time.Duration, counts []records.FindingCount, name func(*records.FindingCount) string) Plot {
	p := Plot{ID: id, Title: title, Unit: "per hour"}
	if step > time.Hour {
		p.Unit = "per day"
	}
	for t := from; !t.After(to); t = t.Add(step) {
		p.Times = append(p.Times, t)
	}
	total, values := map[string]int64{}, map[string][]int64{}
	for i := range counts {
		f := &counts[i]
		at := int(f.Hour.Sub(from) / step)
		if at < 0 || at >= len(p.Times) {
			continue
		}
		n := name(f)
		if values[n] == nil {
			values[n] = make([]int64, len(p.Times))
		}
		values[n][at] += f.Count
		total[n] += f.Count
	}
	names := byTotal(total)
	if len(names) > mostLines {
		rest := make([]int64, len(p.Times))
		for _, n := range names[mostLines:] {
			for i, v := range values[n] {
				rest[i] += v
			}
		}
		names = append(names[:mostLines:mostLines], "others")
		values["others"] = rest
	}
	for _, n := range names {
		s := Series{Name: n}
		for _, v := range values[n] {
			s.Values = append(s.Values, known(float64(v)))
		}
		p.Series = append(p.Series, s)
	}
	return p
}

// byTotal returns names, that with the greatest total first.
func byTotal(total map[string]int64) []string {
	names := make([]string, 0, len(total))
	for n := range total {
		names = append(names, n)
	}
	slices.SortFunc(names, func(a, b string) int {
		if total[a] != total[b] {
			if total[a] > total[b] {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	return names
}
