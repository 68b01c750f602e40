package projector

import (
	"reflect"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

// say states facts, and waits until they are on disk, which State does not.
func say(t *testing.T, tr *audit.Trail, kind string, facts ...any) {
	t.Helper()
	commits := tr.Stats().Commits
	if err := tr.State(t.Context(), kind, facts...); err != nil {
		t.Fatal(err)
	}
	for tr.Stats().Commits == commits {
		time.Sleep(time.Millisecond)
	}
}

// covered is a statement that begins minutes after noon.
func covered(minutes int, rows ...audit.CoverageRow) audit.Coverage {
	from := noon.Add(time.Duration(minutes) * time.Minute)
	return audit.Coverage{From: from, To: from.Add(time.Minute), Rows: rows}
}

// Statements come into the records beside findings; what can't be read of them is told,
// what is of an unknown kind is not.
func TestProjectsStatements(t *testing.T) {
	dir := t.TempDir()
	db, seen := openDB(t, dir), &told{}
	p := New(Options{DB: db, Dir: dir, Observer: seen})
	tr := openTrail(t, audit.Options{Dir: dir, MaxSize: 1500})
	clean := audit.CoverageRow{Route: "logs", Direction: "request", Payloads: 10, Bytes: 1000}
	image := audit.CoverageRow{Route: "logs", Direction: "request", Reason: "binary", Payloads: 1, Bytes: 70}
	say(t, tr, audit.StatementCoverage, covered(0, clean, image), covered(59, clean))
	put(t, tr, event(1, 0))
	say(t, tr, "of a newer redactd", map[string]int{"x": 1})
	readUp(t, p)
	say(t, tr, audit.StatementCoverage, covered(60, image), "no coverage")
	readUp(t, p)

	got, err := db.CoverageHours(t.Context(), time.Time{}, time.Time{})
	want := []records.CoverageCount{
		{Hour: noon, Route: "logs", Direction: "request", Payloads: 20, Bytes: 2000},
		{Hour: noon, Route: "logs", Direction: "request", Reason: "binary", Payloads: 1, Bytes: 70},
		{Hour: noon.Add(time.Hour), Route: "logs", Direction: "request", Reason: "binary", Payloads: 1, Bytes: 70},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v: %v\nwant %+v", got, err, want)
	}
	if find(t, db, 1).Count != 1 || seen.read != 6 || len(seen.lost) != 1 || seen.lost[records.LossUnreadable] != 1 {
		t.Errorf("told %+v", seen)
	}
}
