package report_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
)

func sample() report.Table {
	fast := report.Row{Name: "fast"}
	fast.Set("MB/s", measure.Stat{Median: 345.6, Min: 300, Max: 400})
	fast.Set("vs base", measure.Stat{Median: 2.5, Min: 2.25, Max: 3})
	fast.Want(report.Goal{Column: "vs base", Least: 2})
	slow := report.Row{Name: "slow", Note: "a sample"}
	slow.Set("vs base", measure.Stat{Median: .01, Min: .005, Max: .02})
	slow.Want(report.Goal{Column: "vs base", Most: 1.0 / 150})
	slow.Want(report.Goal{Column: "MB/s", Least: 1})
	return report.Table{
		Group: "scan", Title: "blocks", About: "one core",
		Columns: []report.Column{{Name: "MB/s"}, {Name: "vs base", Ratio: true}}, Rows: []report.Row{fast, slow},
	}
}

func TestWrite(t *testing.T) {
	var b bytes.Buffer
	table := sample()
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `
scan: blocks
(one core)
      MB/s  vs base                goal
fast  346   2.50 [2.25..3.00]      vs base >= 2.00: met
slow  -     1/100 [1/200..1/50.0]  vs base <= 1/150: missed; a sample
`
	if b.String() != want {
		t.Errorf("got%swant%s", b.String(), want)
	}
}

func TestWriteGoals(t *testing.T) {
	var b bytes.Buffer
	r := report.Report{Tables: []report.Table{sample()}}
	if err := r.WriteGoals(&b); err != nil {
		t.Fatal(err)
	}
	want := `
goals
table         row   figure   goal      measured  
scan: blocks  fast  vs base  >= 2.00   2.50      met
scan: blocks  slow  vs base  <= 1/150  1/100     missed, short by a factor of 1.50
1 of 2 goals met
`
	if b.String() != want {
		t.Errorf("got%swant%s", b.String(), want)
	}
}

// What is not printed is in the JSON: rows beyond those shown, hidden columns.
func TestNotAllIsShown(t *testing.T) {
	table := sample()
	table.Shown = 1
	table.Columns[1].Hidden = true
	var b bytes.Buffer
	if err := table.Write(&b); err != nil {
		t.Fatal(err)
	}
	want := `
scan: blocks
(one core)
      MB/s  goal
fast  346   vs base >= 2.00: met
and 1 more rows in the JSON
`
	if b.String() != want {
		t.Errorf("got%swant%s", b.String(), want)
	}
	data, err := json.Marshal(table)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"slow"`, `"vs base"`, `"figure":2.5`} {
		if !bytes.Contains(data, []byte(want)) {
			t.Errorf("%s is not in the JSON", want)
		}
	}
}

func TestWriteJSON(t *testing.T) {
	file := filepath.Join(t.TempDir(), "results", "x.json")
	r := report.Report{Machine: report.ThisMachine(), Tables: []report.Table{sample()}}
	if err := r.WriteJSON(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back report.Report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if got := back.Tables[0].Rows[0].Figures["MB/s"].Median; got != 345.6 {
		t.Errorf("median came back as %v", got)
	}
}

func TestWritePlot(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.svg")
	r := report.Report{Tables: []report.Table{sample()}}
	if err := r.WritePlot(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "scan: blocks", "fast"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("the plot does not hold %q", want)
		}
	}
}
