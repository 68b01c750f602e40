package projector

import (
	"reflect"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

// The parts of a run come together, whether they are read at once or not.
func TestProjectsCanaries(t *testing.T) {
	dir := t.TempDir()
	db, seen := openDB(t, dir), &told{}
	p := New(Options{DB: db, Dir: dir, Observer: seen})
	tr := openTrail(t, audit.Options{Dir: dir})
	part := func(rows ...audit.CanaryRow) audit.Canaries {
		return audit.Canaries{Run: "r1", At: noon, Took: 2.5, Rows: rows}
	}
	sum := audit.CanaryRow{Route: "logs", Outcomes: map[string]int{"clean": 7, "leaked": 1}, Rules: []string{"jwt"}}
	where := audit.CanaryRow{Route: "logs", Dialect: "splunk-raw", Coding: "br", Outcomes: map[string]int{"leaked": 1}, Rules: []string{"jwt"}}
	lost := audit.CanaryRow{Route: "other", Dialect: "gelf-http", Outcomes: map[string]int{"lost": 3}}
	say(t, tr, audit.StatementCanaries, part(sum), part(where))
	readUp(t, p)
	say(t, tr, audit.StatementCanaries, part(lost), 17)
	readUp(t, p)
	got, err := db.CanaryRuns(t.Context(), time.Time{}, 5)
	want := []records.CanaryRun{{ID: "r1", Time: noon, Took: 2500 * time.Millisecond, Results: []records.CanaryResult{
		{Route: "logs", Outcome: "clean", Canaries: 7},
		{Route: "logs", Outcome: "leaked", Canaries: 1, Rules: []string{"jwt"}},
		{Route: "logs", Dialect: "splunk-raw", Coding: "br", Outcome: "leaked", Canaries: 1, Rules: []string{"jwt"}},
		{Route: "other", Dialect: "gelf-http", Outcome: "lost", Canaries: 3},
	}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v: %v\nwant %+v", got, err, want)
	}
	if seen.lost[records.LossUnreadable] != 1 {
		t.Errorf("told %+v", seen)
	}
}
