package audit

import (
	"encoding/json"
	"maps"
	"slices"
)

// statedEvidence is what an archive makes of the statements of one kind.
type statedEvidence interface {
	// add takes the facts of a statement, in the order of the trail.
	add(facts json.RawMessage) error
	// document is what is written as KIND.json.
	document() any
	// figures are what the report and the controls show.
	figures() []Figure
}

// evidenceOf makes an empty statedEvidence, by kind. There is one file for each,
// evidence_x.go.
var evidenceOf = map[string]func() statedEvidence{}

// StatedFigures is what the statements of a kind come to.
type StatedFigures struct {
	Kind    string   `json:"kind"`
	Figures []Figure `json:"figures"`
}

// state takes a statement in.
func (x *exporter) state(e *Event) {
	kind := e.Statement()
	open := evidenceOf[kind]
	if open == nil {
		return // of a newer redactd; it is among the records
	}
	if x.stated == nil {
		x.stated = map[string]statedEvidence{}
	}
	if x.stated[kind] == nil {
		x.stated[kind] = open()
	}
	if x.stated[kind].add(e.Facts) != nil {
		x.total.unreadable++
	}
}

// statements writes what the statements come to.
func (x *exporter) statements() error {
	for _, kind := range slices.Sorted(maps.Keys(x.stated)) {
		s := x.stated[kind]
		if err := x.out.addJSON(kind+".json", s.document()); err != nil {
			return err
		}
		x.report.Statements = append(x.report.Statements, StatedFigures{kind, s.figures()})
	}
	return nil
}
