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
	Bytes    uint64 `json:"bytes"` // of what was inspected as decoded, else as received
}

// OutOfScope is the reason of payloads that the route's scope leaves alone: nobody
// wants them inspected, so that they are no gap.
const OutOfScope = "out of scope"

// Statements returns c as facts for State.
func (c Coverage) Statements() ([]any, error) {
	return Split(c.Rows, func(rows []CoverageRow) any { return Coverage{From: c.From, To: c.To, Rows: rows} })
}
