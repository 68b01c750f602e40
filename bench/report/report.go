// Package report holds figures and writes them as tables, JSON and a plot.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/redactd/redactd/bench/measure"
)

// Report is one run of the program.
type Report struct {
	Machine Machine `json:"machine"`
	Tables  []Table `json:"tables"`
}

// Table compares contenders.
type Table struct {
	Group string `json:"group"`
	Title string `json:"title"`
	// About says in a line how it was measured.
	About   string   `json:"about"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	// Shown is how many rows are printed and plotted, 0 for all.
	Shown int `json:"-"`
}

// shown returns the rows that are printed and plotted.
func (t *Table) shown() []Row {
	if t.Shown == 0 {
		return t.Rows
	}
	return t.Rows[:min(t.Shown, len(t.Rows))]
}

// Column is one figure of every row.
type Column struct {
	Name string `json:"name"`
	// Ratio is printed with its range, and small ones as fractions.
	Ratio bool `json:"ratio,omitempty"`
	// Hidden is not printed with the others: it is there for a goal.
	Hidden bool `json:"hidden,omitempty"`
}

// Row is one contender.
type Row struct {
	Name string `json:"name"`
	// Figures are by the name of their column; one may be missing.
	Figures map[string]measure.Stat `json:"figures,omitempty"`
	Goals   []Goal                  `json:"goals,omitempty"`
	Note    string                  `json:"note,omitempty"`
}

// Goal is what a figure of a row should be: at least Least, or at most Most
// where that is not 0.
type Goal struct {
	Column string  `json:"column"`
	Least  float64 `json:"least,omitempty"`
	Most   float64 `json:"most,omitempty"`
	Met    bool    `json:"met"`
	// Figure is what it was judged by.
	Figure float64 `json:"figure"`
}

// Set puts a figure into a row.
func (r *Row) Set(column string, s measure.Stat) {
	if r.Figures == nil {
		r.Figures = map[string]measure.Stat{}
	}
	r.Figures[column] = s
}

// Want adds a goal to a row that has its figure, and judges it by the median.
func (r *Row) Want(g Goal) {
	s, ok := r.Figures[g.Column]
	if !ok {
		return
	}
	g.Figure = s.Median
	g.Met = s.Median >= g.Least && (g.Most == 0 || s.Median <= g.Most)
	r.Goals = append(r.Goals, g)
}

func (g Goal) String() string {
	verdict := "met"
	if !g.Met {
		verdict = "missed"
	}
	return g.Column + " " + g.bound() + ": " + verdict
}

func (g Goal) bound() string {
	if g.Most != 0 {
		return "<= " + ratio(g.Most)
	}
	return ">= " + ratio(g.Least)
}

// short returns the factor that the figure is short of the goal by; 1 where it is
// met.
func (g Goal) short() float64 {
	switch {
	case g.Met:
		return 1
	case g.Most != 0 && g.Figure > g.Most:
		return g.Figure / g.Most
	}
	return g.Least / g.Figure
}

// Write writes t as text.
func (t *Table) Write(w io.Writer) error {
	fmt.Fprintf(w, "\n%s: %s\n", t.Group, t.Title)
	if t.About != "" {
		fmt.Fprintf(w, "(%s)\n", t.About)
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	head := ""
	columns := slices.DeleteFunc(slices.Clone(t.Columns), func(c Column) bool { return c.Hidden })
	for _, c := range columns {
		head += "\t" + c.Name
	}
	fmt.Fprintln(tw, head+"\tgoal")
	rows := t.shown()
	for i := range rows {
		r := &rows[i]
		line := r.Name
		for _, c := range columns {
			s, ok := r.Figures[c.Name]
			line += "\t" + cell(c, s, ok)
		}
		var notes []string
		for _, g := range r.Goals {
			notes = append(notes, g.String())
		}
		if r.Note != "" {
			notes = append(notes, r.Note)
		}
		fmt.Fprintln(tw, line+"\t"+strings.Join(notes, "; "))
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	if left := len(t.Rows) - len(rows); left > 0 {
		fmt.Fprintf(w, "and %d more rows in the JSON\n", left)
	}
	return nil
}

func cell(c Column, s measure.Stat, ok bool) string {
	switch {
	case !ok:
		return "-"
	case !c.Ratio:
		return number(s.Median)
	case s.Min == s.Max:
		return ratio(s.Median)
	}
	return fmt.Sprintf("%s [%s..%s]", ratio(s.Median), ratio(s.Min), ratio(s.Max))
}

// number writes v with three digits.
func number(v float64) string {
	if v >= 100 || v == 0 {
		return fmt.Sprintf("%.0f", v)
	}
	decimals := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	return fmt.Sprintf("%.*f", min(decimals, 4), v)
}

func ratio(v float64) string {
	if v > 0 && v < .05 {
		return "1/" + number(1/v)
	}
	return number(v)
}

// WriteJSON writes r to a file, making its directory.
func (r *Report) WriteJSON(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644)
}
