package audit

import "time"

// Coverage is the facts of a statement of kind StatementCoverage: what passed in a while,
// inspected or not. Statements that follow each other add up.
type Coverage struct {
	From time.Time     `json:"from"` // UTC
	To   time.Time     `json:"to"`
	Rows []CoverageRow `json:"rows"` // each route, direction and reason once
}

// CoverageRow is payloads of a route that have their lot in common.
type CoverageRow struct {
	Route     string `json:"route"`
	Direction string `json:"direction"` // "request" or "response"
	// Reason says why they were not inspected; "" is of those that were.
	Reason   string `json:"reason,omitempty"`
	Payloads uint64 `json:"payloads"`
	Bytes    uint64 `json:"bytes"` // as received
}

// OutOfScope is the reason of payloads that the route's scope leaves alone: nobody
// wants them inspected, so that they are no gap.
const OutOfScope = "out of scope"

// Statements returns c as facts for State.
func (c Coverage) Statements() ([]any, error) {
	return Split(c.Rows, func(rows []CoverageRow) any { return Coverage{From: c.From, To: c.To, Rows: rows} })
}

// CoverageSum is what rows come to.
type CoverageSum struct {
	Inspected   Passed `json:"inspected"`
	Uninspected Passed `json:"uninspected"` // but for what is out of scope
	OutOfScope  Passed `json:"out_of_scope"`
}

// Passed is how much passed. Of a payload that was inspected in part, each part counts as
// a payload.
type Passed struct {
	Payloads uint64 `json:"payloads"`
	Bytes    uint64 `json:"bytes"` // as received
}

// Add counts r.
func (s *CoverageSum) Add(r CoverageRow) {
	p := &s.Uninspected
	switch r.Reason {
	case "":
		p = &s.Inspected
	case OutOfScope:
		p = &s.OutOfScope
	}
	p.Payloads += r.Payloads
	p.Bytes += r.Bytes
}

// Ratio is the inspected bytes' share of those in scope, from 0 to 1; 1 where there were
// none.
func (s *CoverageSum) Ratio() float64 {
	if s.Uninspected.Bytes == 0 {
		return 1
	}
	return float64(s.Inspected.Bytes) / (float64(s.Inspected.Bytes) + float64(s.Uninspected.Bytes))
}

// AddSum adds what other has.
func (s *CoverageSum) AddSum(other CoverageSum) {
	for _, p := range [][2]*Passed{
		{&s.Inspected, &other.Inspected}, {&s.Uninspected, &other.Uninspected}, {&s.OutOfScope, &other.OutOfScope},
	} {
		p[0].Payloads += p[1].Payloads
		p[0].Bytes += p[1].Bytes
	}
}
