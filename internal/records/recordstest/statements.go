package recordstest

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// state takes a batch of nothing but statements in, which follows what was read before.
func state(t *testing.T, db *records.DB, statements ...records.Statement) {
	t.Helper()
	var after uint64
	err := db.View(t.Context(), "position", func(tx *records.Tx) (err error) { after, err = tx.Position(trail); return err })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.AddTrail(t.Context(), &records.TrailBatch{Source: trail, After: after, Seq: after + 1, Statements: statements}); err != nil {
		t.Fatal(err)
	}
}

// passed is coverage of route n, hours after noon.
func passed(n, hours int, reason string, payloads int64) records.CoverageCount {
	return records.CoverageCount{
		Hour: noon.Add(time.Duration(hours) * time.Hour), Route: fmt.Sprintf("route-%d", n), Direction: "request", Reason: reason,
		Payloads: payloads, Bytes: 1000 * payloads,
	}
}

func testCoverage(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	state(t, db, records.CoverageCounts{passed(2, 0, "", 7), passed(1, 0, "binary", 1), passed(1, 0, "", 3)})
	state(t, db, records.CoverageCounts{passed(1, 0, "", 4), passed(1, 1, "", 5)})
	state(t, db, records.CoverageCounts{})
	want := []records.CoverageCount{passed(1, 0, "", 7), passed(1, 0, "binary", 1), passed(2, 0, "", 7), passed(1, 1, "", 5)}
	if got, err := db.CoverageHours(t.Context(), time.Time{}, time.Time{}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v: %v\nwant %+v", got, err, want)
	}
	for i, c := range []struct {
		from, to time.Time
		want     []records.CoverageCount
	}{
		{noon, noon.Add(time.Hour), want[:3]}, {noon.Add(time.Microsecond), time.Time{}, want[3:]}, {time.Time{}, noon, nil},
	} {
		if got, err := db.CoverageHours(t.Context(), c.from, c.to); err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%d: got %+v: %v\nwant %+v", i, got, err, c.want)
		}
	}
	totals := []records.CoverageCount{passed(1, 0, "", 12), passed(1, 0, "binary", 1), passed(2, 0, "", 7)}
	for i := range totals {
		totals[i].Hour = time.Time{}
	}
	if got, err := db.CoverageTotals(t.Context(), noon, time.Time{}); err != nil || !reflect.DeepEqual(got, totals) {
		t.Errorf("got  %+v: %v\nwant %+v", got, err, totals)
	}
}

// testStatementsOnce asks that a batch counts its statements as it counts its leaks.
func testStatementsOnce(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for i, step := range []struct {
		after, seq uint64
		ok         bool
	}{{0, 5, true}, {0, 5, false}, {4, 9, false}, {5, 9, true}, {5, 9, false}} {
		_, err := db.AddTrail(t.Context(), &records.TrailBatch{Source: trail, After: step.after, Seq: step.seq,
			Statements: []records.Statement{records.CoverageCounts{passed(1, 0, "", 1)}}})
		if (err == nil) != step.ok || !step.ok && !errors.Is(err, records.ErrMoved) {
			t.Errorf("step %d: %v", i, err)
		}
	}
	if got, err := db.CoverageHours(t.Context(), noon, time.Time{}); err != nil || len(got) != 1 || got[0].Payloads != 2 {
		t.Errorf("%+v: %v", got, err)
	}
}

func testStatementReplicas(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	const replicas, batches, routes = 4, 10, 8
	var wg sync.WaitGroup
	for r := range replicas {
		db := Open(t, records.Options{DSN: dsn})
		wg.Go(func() {
			for i := range uint64(batches) {
				var counts records.CoverageCounts
				for n := range routes {
					counts = append(counts, passed((n+r)%routes, 0, "signed", 1))
				}
				b := records.TrailBatch{Source: fmt.Sprintf("trail/%d", r), After: i, Seq: i + 1, Statements: []records.Statement{counts}}
				for {
					_, err := db.AddTrail(t.Context(), &b)
					if err == nil {
						break
					}
					if e, ok := err.(*records.Error); !ok || !e.Temporary() {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	got, err := Open(t, records.Options{DSN: dsn}).CoverageHours(t.Context(), time.Time{}, time.Time{})
	if err != nil || len(got) != routes {
		t.Fatalf("%+v: %v", got, err)
	}
	for _, c := range got {
		if c.Payloads != replicas*batches {
			t.Errorf("%+v", c)
		}
	}
}

func testCoverageAge(t *testing.T, fresh Fresh) {
	db := Open(t, records.Options{DSN: fresh(t), KeepLeaks: 24 * time.Hour})
	state(t, db, records.CoverageCounts{passed(1, -25, "", 1), passed(1, -23, "", 2)})
	if _, err := db.Prune(t.Context(), noon); err != nil {
		t.Fatal(err)
	}
	if got, err := db.CoverageTotals(t.Context(), time.Time{}, time.Time{}); err != nil || len(got) != 1 || got[0].Payloads != 2 {
		t.Errorf("%+v: %v", got, err)
	}
}
