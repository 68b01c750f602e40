package report

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// WriteGoals writes all goals of r with their figures, one after the other.
func (r *Report) WriteGoals(w io.Writer) error {
	fmt.Fprintln(w, "\ngoals")
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "table\trow\tfigure\tgoal\tmeasured\t")
	goals, met := 0, 0
	for i := range r.Tables {
		t := &r.Tables[i]
		for _, row := range t.Rows {
			for _, g := range row.Goals {
				verdict := "met"
				if !g.Met {
					verdict = "missed, short by a factor of " + number(g.short())
				} else {
					met++
				}
				goals++
				fmt.Fprintf(tw, "%s: %s\t%s\t%s\t%s\t%s\t%s\n", t.Group, t.Title, row.Name, g.Column, g.bound(), ratio(g.Figure), verdict)
			}
		}
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%d of %d goals met\n", met, goals)
	return err
}
