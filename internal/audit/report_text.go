package audit

import (
	"fmt"
	"io"
	"text/tabwriter"
)

func init() { RegisterFormat("text", renderText) }

func renderText(w io.Writer, s *Summary) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintf(tw, "findings: %d (%s)\n", s.Findings, s.Filter.describe())
	fmt.Fprintf(tw, "distinct values: %d\n", s.Values)
	if s.Shadow > 0 {
		fmt.Fprintf(tw, "let through in shadow mode: %d\n", s.Shadow)
	}
	if s.Findings > 0 {
		fmt.Fprintf(tw, "first: %s\nlast: %s\n", stamp(s.First), stamp(s.Last))
	}
	for _, t := range s.Tables {
		if len(t.Groups) == 0 {
			continue
		}
		fmt.Fprintf(tw, "\nBY %s\tFINDINGS\tVALUES\tFIRST\tLAST\n", upper(t.Name))
		for _, g := range t.Groups {
			fmt.Fprintf(tw, "%s\t%d\t%d\t%s\t%s\n", printable(g.Name), g.Findings, g.Values, stamp(g.First), stamp(g.Last))
		}
	}
	for i, n := range s.notes() {
		if i == 0 {
			fmt.Fprintln(tw)
		}
		fmt.Fprintf(tw, "note: %s\n", printable(n))
	}
	return tw.Flush()
}
