package audit

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"html/template"
	"strconv"
	"time"
)

// EvidenceReport is what an archive says for people.
type EvidenceReport struct {
	Origin string    `json:"origin,omitempty"` // of the checkpoints
	From   time.Time `json:"from,omitzero"`    // inclusive
	To     time.Time `json:"to,omitzero"`      // exclusive
	// First and Last are numbers of records. All between are in the archive,
	// those out of time too.
	First   uint64 `json:"first"`
	Last    uint64 `json:"last"`
	Records uint64 `json:"records"`
	// Verification says in a sentence what verifying came to.
	Verification string              `json:"verification"`
	Whole        bool                `json:"whole"`
	Checkpoints  []CheckpointSummary `json:"checkpoints"`
	Policies     []PolicyPeriod      `json:"policies"`
	Summary      *Summary            `json:"summary"`
	Statements   []StatedFigures     `json:"statements,omitempty"`
	Controls     []ControlFigures    `json:"controls"`
}

// CheckpointSummary is a checkpoint of an archive.
type CheckpointSummary struct {
	File    string    `json:"file"`
	Records uint64    `json:"records"`
	Root    string    `json:"root"`
	Time    time.Time `json:"time,omitzero"`
}

// PolicyPeriod says since when a configuration was in force.
type PolicyPeriod struct {
	Since  time.Time `json:"since"`
	Record uint64    `json:"record"` // that says so
	Digest string    `json:"digest"`
	File   string    `json:"file"` // of the archive
}

func (r *EvidenceReport) checkpointText() string {
	if len(r.Checkpoints) == 0 {
		return "none"
	}
	last := r.Checkpoints[len(r.Checkpoints)-1]
	text := fmt.Sprintf("%d, the last of %d records", len(r.Checkpoints), last.Records)
	if !last.Time.IsZero() {
		text += " on " + stamp(last.Time)
	}
	return text
}

func (r *EvidenceReport) period() string {
	f := Filter{From: r.From, To: r.To}
	if f.From.IsZero() && f.To.IsZero() {
		return "all records"
	}
	return f.describe()
}

// answer fills in the controls; summaries are those of their queries.
func (r *EvidenceReport) answer(controls []Control, summaries []*Summary) {
	r.Controls = []ControlFigures{}
	for i, c := range controls {
		cf := ControlFigures{Control: c}
		for _, name := range c.Show {
			cf.Figures = append(cf.Figures, figures[name](r, summaries[i])...)
		}
		r.Controls = append(r.Controls, cf)
	}
}

//go:embed evidence.html
var evidenceHTML string

var evidenceTemplate = template.Must(template.New("evidence").Funcs(template.FuncMap{"stamp": stamp, "title": title}).Parse(evidenceHTML))

// render returns the report in its three forms, by file name.
func (r *EvidenceReport) render() (map[string][]byte, error) {
	var page, table, data bytes.Buffer
	err := evidenceTemplate.Execute(&page, map[string]any{"R": r, "Period": r.period(), "Notes": r.Summary.notes()})
	if err != nil {
		return nil, err
	}
	w := csv.NewWriter(&table)
	rows := [][]string{{"framework", "number", "title", "figure", "value"}}
	for _, c := range r.Controls {
		for _, f := range c.Figures {
			rows = append(rows, []string{inert(c.Framework), inert(c.Number), inert(c.Title), inert(f.Name), inert(f.Value)})
		}
	}
	for _, t := range r.Summary.Tables {
		for _, g := range t.Groups {
			rows = append(rows, []string{"findings", t.Name, inert(g.Name), "findings", strconv.FormatUint(g.Findings, 10)})
		}
	}
	if err := w.WriteAll(rows); err != nil {
		return nil, err
	}
	enc := json.NewEncoder(&data)
	enc.SetIndent("", "  ")
	if err := enc.Encode(r); err != nil {
		return nil, err
	}
	return map[string][]byte{"report.html": page.Bytes(), "report.csv": table.Bytes(), "report.json": data.Bytes()}, nil
}
