package audit

import (
	_ "embed"
	"html/template"
	"io"
)

func init() { RegisterFormat("html", renderHTML) }

//go:embed report.html
var reportHTML string

var reportTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"stamp": stamp,
	"share": func(g Group, t Table) int {
		most := uint64(1)
		for _, o := range t.Groups {
			most = max(most, o.Findings)
		}
		return int(g.Findings * 100 / most)
	},
}).Parse(reportHTML))

// renderHTML writes a page that needs nothing beside itself, script included.
func renderHTML(w io.Writer, s *Summary) error {
	return reportTemplate.Execute(w, map[string]any{"S": s, "Filter": s.Filter.describe(), "Notes": s.notes()})
}
