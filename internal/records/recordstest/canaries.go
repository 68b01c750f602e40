package recordstest

import (
	"reflect"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func run(id string, hours int, results ...records.CanaryResult) records.CanaryRun {
	return records.CanaryRun{ID: id, Time: noon.Add(time.Duration(hours) * time.Hour), Took: 1500 * time.Microsecond, Results: results}
}

func testCanaries(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	clean := records.CanaryResult{Route: "logs", Outcome: "clean", Canaries: 900}
	leaked := records.CanaryResult{Route: "logs", Dialect: "loki-json", Coding: "gzip", Outcome: "leaked", Canaries: 2, Rules: []string{"jwt", "npm-token"}}
	state(t, db, records.CanaryRuns{run("b", 1, clean), run("a", 0, clean)})
	state(t, db, records.CanaryRuns{run("c", 2, clean)})
	state(t, db, records.CanaryRuns{run("c", 2, leaked), run("d", 2)})
	want := []records.CanaryRun{run("c", 2, clean, leaked), run("d", 2), run("b", 1, clean), run("a", 0, clean)}
	for _, c := range []struct {
		before time.Time
		limit  int
		want   []records.CanaryRun
	}{
		{time.Time{}, 10, want}, {time.Time{}, 1, want[:1]}, {noon.Add(2 * time.Hour), 10, want[2:]}, {noon, 10, nil},
	} {
		if got, err := db.CanaryRuns(t.Context(), c.before, c.limit); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("got  %+v: %v\nwant %+v", got, err, c.want)
		}
	}
}

func testCanaryAge(t *testing.T, fresh Fresh) {
	db := Open(t, records.Options{DSN: fresh(t), KeepLeaks: 24 * time.Hour})
	clean := records.CanaryResult{Route: "logs", Outcome: "clean", Canaries: 900}
	state(t, db, records.CanaryRuns{run("old", -25, clean), run("new", -23, clean)})
	if _, err := db.Prune(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if got, err := db.CanaryRuns(t.Context(), time.Time{}, 10); err != nil || !reflect.DeepEqual(got, []records.CanaryRun{run("new", -23, clean)}) {
		t.Errorf("%+v: %v", got, err)
	}
}
