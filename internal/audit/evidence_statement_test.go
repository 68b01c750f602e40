package audit

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// statedTrail is fixtureTrail with statements at its end.
func statedTrail(t *testing.T) fixture {
	t.Helper()
	f := fixtureTrail(t)
	tr := openTrail(t, Options{Dir: f.dir, MaxSize: 3000, Required: true, CheckpointKey: f.secret, hooks: hooks{now: func() time.Time { return day(6) }}})
	defer closeTrail(t, tr)
	state := func(kind string, facts ...any) {
		t.Helper()
		if err := tr.State(t.Context(), kind, facts...); err != nil {
			t.Fatal(err)
		}
	}
	row := func(route, reason string, payloads, bytes uint64) CoverageRow {
		return CoverageRow{Route: route, Direction: "request", Reason: reason, Payloads: payloads, Bytes: bytes}
	}
	state(StatementCoverage,
		Coverage{From: day(2).Add(time.Hour), To: day(2).Add(2 * time.Hour), Rows: []CoverageRow{row("logs", "", 7, 700), row("logs", "binary", 1, 200)}},
		Coverage{From: day(3), To: day(3).Add(time.Minute), Rows: []CoverageRow{row("logs", "", 1, 95), row("logs", "signed", 2, 5), row("api", OutOfScope, 3, 1<<40)}})
	for run := range 2 {
		c := Canaries{Run: fmt.Sprint(run), At: day(2 + run), Rows: []CanaryRow{
			{Route: "logs", Outcomes: map[string]int{"clean": 90, "leaked": run}}}}
		part := c
		part.Rows = []CanaryRow{{Route: "logs", Dialect: "loki", Coding: "gzip", Outcomes: map[string]int{"leaked": run, "lost": 1}, Rules: []string{"rule-a"}}}
		state(StatementCanaries, c, part)
	}
	state("of a newer redactd", said{})
	return f
}

func TestExportStatements(t *testing.T) {
	f := statedTrail(t)
	p, done := f.export(t, func(o *ExportOptions) { o.From, o.To = day(5), day(7) })
	_, files := unzip(t, p)
	var coverage struct {
		From, To time.Time
		Total    struct {
			CoverageSum
			Ratio float64
		}
		Days []struct {
			Day, Route string
			Ratio      float64
		}
		Rows []CoverageRow
	}
	if err := json.Unmarshal(files["coverage.json"], &coverage); err != nil {
		t.Fatal(err)
	}
	if coverage.Total.Inspected != (Passed{8, 795}) || coverage.Total.Uninspected != (Passed{3, 205}) || coverage.Total.OutOfScope.Payloads != 3 ||
		coverage.Total.Ratio != 0.795 || !coverage.From.Equal(day(2).Add(time.Hour)) || !coverage.To.Equal(day(3).Add(time.Minute)) {
		t.Errorf("%+v", coverage)
	}
	if got := fmt.Sprint(coverage.Days); got != "[{2026-03-02 logs 0.7777777777777778} {2026-03-03 api 1} {2026-03-03 logs 0.95}]" {
		t.Error(got)
	}
	if len(coverage.Rows) != 4 || coverage.Rows[1] != (CoverageRow{Route: "logs", Direction: "request", Payloads: 8, Bytes: 795}) {
		t.Errorf("%+v", coverage.Rows)
	}
	var canaries canaryEvidence
	if err := json.Unmarshal(files["canaries.json"], &canaries); err != nil {
		t.Fatal(err)
	}
	if canaries.Runs != 2 || canaries.Outcomes["clean"] != 180 || canaries.Outcomes["leaked"] != 1 || len(canaries.Leaks) != 1 || canaries.Leaks[0].Coding != "gzip" {
		t.Errorf("%+v", canaries)
	}
	for _, want := range []string{
		"<h2>Coverage</h2>", "79.5% of 1000 bytes in scope", "logs request binary: 1 payloads, 200 bytes; logs request signed: 2 payloads, 5 bytes",
		"<h2>Canaries</h2>", "<dd>1 of 181</dd>", "<dd>logs: rule-a</dd>", "<dd>2, 2026-03-02T00:00:00Z – 2026-03-03T00:00:00Z</dd>",
	} {
		if !strings.Contains(string(files["report.html"]), want) {
			t.Errorf("the report lacks %s", want)
		}
	}
	if strings.Contains(string(files["report.csv"]), "not recorded") {
		t.Error("controls do not show what is recorded")
	}
	if r := f.verify(t, p, nil); !r.OK || r.Statements != 7 {
		t.Errorf("break %+v, %d statements", r.Break, r.Statements)
	}
	if done.Findings == 0 {
		t.Error("no findings")
	}
	// Another time has none.
	p, _ = f.export(t, func(o *ExportOptions) { o.From, o.To = day(1), day(2) })
	_, files = unzip(t, p)
	if files["coverage.json"] != nil || !strings.Contains(string(files["report.csv"]), "Coverage,not recorded") {
		t.Error("coverage of another time")
	}
}
