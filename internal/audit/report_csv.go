package audit

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

func init() { RegisterFormat("csv", renderCSV) }

// renderCSV writes all groups as one table; the first row is the total.
func renderCSV(w io.Writer, s *Summary) error {
	cw := csv.NewWriter(w)
	rows := [][]string{
		{"by", "name", "findings", "distinct_values", "first", "last"},
		{"total", "", strconv.FormatUint(s.Findings, 10), strconv.Itoa(s.Values), stamp(s.First), stamp(s.Last)},
	}
	for _, t := range s.Tables {
		for _, g := range t.Groups {
			rows = append(rows, []string{
				t.Name, inert(g.Name), strconv.FormatUint(g.Findings, 10), strconv.Itoa(g.Values), stamp(g.First), stamp(g.Last),
			})
		}
	}
	return cw.WriteAll(rows)
}

// inert keeps spreadsheets from taking a name for a formula.
func inert(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
