package coverage

import (
	"cmp"
	"maps"
	"slices"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

// Report is what passed in a while, beside what a configuration never inspects.
type Report struct {
	Objective float64             `json:"objective,omitempty"` // 0 where no configuration tells
	Routes    []RouteReport       `json:"routes"`              // by name
	Gaps      []audit.CoverageRow `json:"gaps"`                // of those in scope, the most bytes first
	Blind     []BlindReport       `json:"blind"`
}

// RouteReport is what passed of a route or listener.
type RouteReport struct {
	Route string `json:"route"`
	audit.CoverageSum
	Ratio  float64 `json:"ratio"`
	Missed bool    `json:"missed"` // it is below the objective
}

// BlindReport is a blind spot, with what passed by it.
type BlindReport struct {
	BlindSpot
	audit.Passed
}

// NewReport sums up rows, of which none needs to be there once only. cfg may be nil;
// the routes that it has are all in the report. route, where it is not "", selects.
func NewReport(cfg *config.Config, rows []audit.CoverageRow, route string) Report {
	r := Report{Routes: []RouteReport{}, Gaps: []audit.CoverageRow{}, Blind: []BlindReport{}}
	sums := map[string]*audit.CoverageSum{}
	sum := func(name string) *audit.CoverageSum {
		if sums[name] == nil {
			sums[name] = &audit.CoverageSum{}
		}
		return sums[name]
	}
	gaps := map[key]audit.Passed{}
	for _, row := range rows {
		if route != "" && route != row.Route {
			continue
		}
		sum(row.Route).Add(row)
		k := key{row.Route, row.Direction, row.Reason}
		gaps[k] = audit.Passed{Payloads: gaps[k].Payloads + row.Payloads, Bytes: gaps[k].Bytes + row.Bytes}
	}
	if cfg != nil {
		r.Objective = float64(cfg.Coverage.Objective)
		for name := range cfg.Routes {
			if route == "" || route == name {
				sum(name)
			}
		}
		for name := range cfg.Listeners {
			if route == "" || route == name {
				sum(name)
			}
		}
		r.blind(cfg, gaps, route)
	}
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		s := sums[name]
		r.Routes = append(r.Routes, RouteReport{name, *s, s.Ratio(), s.Ratio() < r.Objective})
	}
	for k, p := range gaps {
		if k.reason != "" && k.reason != OutOfScope {
			r.Gaps = append(r.Gaps, row(k, p))
		}
	}
	slices.SortFunc(r.Gaps, func(a, b audit.CoverageRow) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Reason, b.Reason))
	})
	return r
}

func (r *Report) blind(cfg *config.Config, passed map[key]audit.Passed, route string) {
	for _, b := range Blind(cfg) {
		if route != "" && route != b.Route {
			continue
		}
		spot := BlindReport{BlindSpot: b}
		for k, p := range passed {
			if k.route == b.Route && b.Counts(k.direction, k.reason) {
				spot.Payloads += p.Payloads
				spot.Bytes += p.Bytes
			}
		}
		r.Blind = append(r.Blind, spot)
	}
}
