package audit

import "time"

// Canaries is the facts of a statement of kind StatementCanaries: what became of the
// synthetic secrets of one run, or of a part of it. Rows of the same run belong together.
type Canaries struct {
	Run  string      `json:"run"`  // an id of chance
	At   time.Time   `json:"at"`   // UTC, when it began
	Took float64     `json:"took"` // seconds
	Rows []CanaryRow `json:"rows"`
}

// CanaryRow is canaries of a route that have a dialect and a content coding in common. The
// rows without a dialect sum up a route; those with one are of where not all was well.
type CanaryRow struct {
	Route   string `json:"route"`
	Dialect string `json:"dialect,omitempty"`
	Coding  string `json:"coding,omitempty"` // "" is none
	// Outcomes are numbers of canaries by the name of their outcome.
	Outcomes map[string]int `json:"outcomes"`
	// Rules are ids of those of which something leaked, as many as there is room for.
	Rules []string `json:"rules,omitempty"`
}

// Statements returns c as facts for State.
func (c Canaries) Statements() ([]any, error) {
	return Split(c.Rows, func(rows []CanaryRow) any { return Canaries{Run: c.Run, At: c.At, Took: c.Took, Rows: rows} })
}
