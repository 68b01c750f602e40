package adminui

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/redact"
)

// RuleSummary is what is known of a rule, in one line.
type RuleSummary struct {
	ID          string          `json:"id"`
	Pack        string          `json:"pack"`
	Description string          `json:"description"`
	Severity    redact.Severity `json:"severity"`
	Tags        []string        `json:"tags,omitempty"`
	On          int             `json:"on"`       // on how many routes it is
	Findings    int64           `json:"findings"` // that the records have
	Leaks       int64           `json:"leaks"`
	Open        int64           `json:"open"` // of the leaks
	LastSeen    time.Time       `json:"last_seen,omitzero"`
	// LastHour says that LastSeen is the beginning of an hour.
	LastHour bool `json:"last_hour,omitempty"`
	// NanosPerMB is what the rule adds to the search of a megabyte of ordinary log, nil
	// where that is not known.
	NanosPerMB *int64 `json:"ns_per_mb,omitempty"`
}

// RuleList are rules with what became of them.
type RuleList struct {
	Rules []RuleSummary `json:"rules"`
	Total int64         `json:"total"` // that the filter asks for
	// Problem says what could not be read; the rest is there.
	Problem string `json:"problem,omitempty"`
}

// RuleFilter says which rules are asked for. Its zero value is all.
type RuleFilter struct {
	Text string // in the id, the description or a tag
	Pack string
	// On asks for those that are on somewhere, Hit for those that found something.
	On, Hit bool
	Sort    string // SortFindings, SortCost, SortLast; "" by id
}

// The orders of rules, each but that by id with the greatest first.
const (
	SortFindings = "findings"
	SortCost     = "cost"
	SortLast     = "last"
)

var errNoPolicy = &fault{http.StatusNotFound, "There is no policy to read."}

// ruleList returns all rules that f asks for.
func (c *Console) ruleList(ctx context.Context, f RuleFilter) (list RuleList, err error) {
	if c.s.Policy == nil {
		return list, errNoPolicy
	}
	p := c.s.Policy.InForce()
	on := map[string]int{}
	for i := range p.Routes {
		for _, id := range p.Routes[i].Rules {
			on[id]++
		}
	}
	totals, problem := c.ruleTotals(ctx, "")
	list.Problem = problem
	costs := c.costs(ctx)
	for i := range p.Rules {
		s := summary(&p.Rules[i], on[p.Rules[i].ID], totals[p.Rules[i].ID], costs)
		if f.fits(&s) {
			list.Rules = append(list.Rules, s)
		}
	}
	list.Rules = listed(list.Rules)
	list.Total = int64(len(list.Rules))
	f.sort(list.Rules)
	return list, nil
}

func (c *Console) ruleTotals(ctx context.Context, rule string) (totals map[string]records.RuleTotal, problem string) {
	if c.s.Leaks == nil {
		return nil, ""
	}
	totals, err := c.s.Leaks.RuleTotals(ctx, rule)
	if orEmpty(err) != nil {
		_, problem = say(err)
	}
	return totals, problem
}

func (c *Console) costs(ctx context.Context) map[string]time.Duration {
	costs, err := c.s.Policy.Costs(ctx)
	if err != nil {
		return nil // they are missing, and the page says so
	}
	return costs
}

func summary(r *redact.Rule, on int, t records.RuleTotal, costs map[string]time.Duration) RuleSummary {
	s := RuleSummary{
		ID: r.ID, Pack: r.Pack, Description: r.Description, Severity: r.Severity, Tags: r.Tags, On: on,
		Findings: t.Findings, Leaks: t.Leaks, Open: t.Open, LastSeen: t.LastSeen,
	}
	if s.LastSeen.IsZero() {
		s.LastSeen, s.LastHour = t.LastHour, !t.LastHour.IsZero()
	}
	if d, ok := costs[r.ID]; ok {
		n := d.Nanoseconds()
		s.NanosPerMB = &n
	}
	return s
}

func (f *RuleFilter) fits(s *RuleSummary) bool {
	text := strings.ToLower(f.Text)
	return (text == "" || strings.Contains(strings.ToLower(s.ID+"\x00"+s.Description+"\x00"+strings.Join(s.Tags, "\x00")), text)) &&
		(f.Pack == "" || s.Pack == f.Pack) && (!f.On || s.On > 0) && (!f.Hit || s.Findings+s.Leaks > 0)
}

func (f *RuleFilter) sort(rules []RuleSummary) {
	nanos := func(s *RuleSummary) int64 {
		if s.NanosPerMB == nil {
			return -1
		}
		return *s.NanosPerMB
	}
	slices.SortStableFunc(rules, func(a, b RuleSummary) int {
		n := 0
		switch f.Sort {
		case SortFindings:
			n = cmp.Compare(b.Findings, a.Findings)
		case SortCost:
			n = cmp.Compare(nanos(&b), nanos(&a))
		case SortLast:
			n = b.LastSeen.Compare(a.LastSeen)
		}
		return cmp.Or(n, cmp.Compare(a.ID, b.ID))
	})
}

// RuleDetail is everything about a rule.
type RuleDetail struct {
	RuleSummary
	Reference  string          `json:"reference,omitempty"`
	Confidence redact.Severity `json:"confidence"`
	Pattern    string          `json:"pattern,omitempty"`
	Begins     []string        `json:"begins,omitempty"`
	Keys       []string        `json:"keys,omitempty"`
	Validators []string        `json:"validators,omitempty"`
	Window     int             `json:"window,omitempty"`
	// Examples are templates, with the secret between « and »; they hold no value.
	Examples        []string `json:"examples"`
	CounterExamples []string `json:"counter_examples"`
	Routes          []string `json:"routes"` // that it is on for
	// Plot is of its findings, by route.
	Plot    *Plot  `json:"plot,omitempty"`
	Problem string `json:"problem,omitempty"` // what could not be read
}

func (c *Console) ruleDetail(ctx context.Context, id string) (d RuleDetail, err error) {
	if c.s.Policy == nil {
		return d, errNoPolicy
	}
	p := c.s.Policy.InForce()
	i := slices.IndexFunc(p.Rules, func(r redact.Rule) bool { return r.ID == id })
	if i < 0 {
		return d, &fault{http.StatusNotFound, "No rule is called so."}
	}
	r := &p.Rules[i]
	for i := range p.Routes {
		if slices.Contains(p.Routes[i].Rules, id) {
			d.Routes = append(d.Routes, p.Routes[i].Name)
		}
	}
	totals, problem := c.ruleTotals(ctx, id)
	d.RuleSummary = summary(r, len(d.Routes), totals[id], c.costs(ctx))
	d.Reference, d.Confidence, d.Pattern, d.Begins, d.Keys = r.Reference, r.Confidence, r.Pattern, r.Begins, r.Keys
	d.Validators, d.Window, d.Examples, d.CounterExamples = r.Validators, r.Window, listed(r.Examples), listed(r.CounterExamples)
	d.Routes = listed(d.Routes)
	d.Problem = problem
	if c.s.Leaks != nil && problem == "" {
		now := time.Now()
		from := now.Add(-30 * 24 * time.Hour).Truncate(24 * time.Hour)
		counts, err := c.s.Leaks.FindingCounts(ctx, from, time.Time{})
		if orEmpty(err) != nil {
			_, d.Problem = say(err)
			return d, nil
		}
		counts = slices.DeleteFunc(counts, func(f records.FindingCount) bool { return f.Rule != id })
		plot := countPlot("rule", "Findings by route", from, now, 24*time.Hour, counts, func(f *records.FindingCount) string { return f.Route })
		d.Plot = &plot
	}
	return d, nil
}
