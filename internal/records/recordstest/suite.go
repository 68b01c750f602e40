// Package recordstest holds every engine of package records to the same tests.
package recordstest

import (
	"context"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// Fresh returns the DSN of a database that is empty, and is gone after the test.
type Fresh func(t *testing.T) string

// Run runs the suite.
func Run(t *testing.T, fresh Fresh) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, fresh Fresh)
	}{
		{"schema is made once", testSchemaOnce},
		{"schema is made by many at once", testSchemaByMany},
		{"newer schema is refused", testNewer},
		{"who only looks makes nothing", testExisting},
		{"transactions hold as a whole", testTransactions},
		{"positions", testPositions},
		{"closed", testClosed},
		{"errors are counted", testCounts},
		{"a batch counts once", testOnce},
		{"a batch holds as a whole", testBatchFails},
		{"occurrences come back", testOccurrences},
		{"text of any kind", testText},
		{"groups are found", testGroups},
		{"states", testStates},
		{"replicas count together", testReplicas},
		{"what is old goes", testAge},
		{"what is too much goes", testSize},
		{"leaks are counted", testLeakCounts},
		{"leaks have small numbers", testLeakNumbers},
		{"what is read of a trail counts once", testLeaksOnce},
		{"states of leaks", testLeakStates},
		{"leaks are found", testLeaksFound},
		{"places of a leak are bounded", testLeakPlaces},
		{"replicas count leaks together", testLeakReplicas},
		{"leaks that are old or too many go", testLeakAge},
		{"statements count once", testStatementsOnce},
		{"replicas add statements together", testStatementReplicas},
		{"coverage", testCoverage},
		{"coverage that is old goes", testCoverageAge},
		{"canaries", testCanaries},
		{"canaries that are old go", testCanaryAge},
		{"notices", testNotices},
		{"replicas claim notices once", testNoticesByMany},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, fresh) })
	}
}

// Open opens a database and closes it after the test.
func Open(t *testing.T, o records.Options) *records.DB {
	t.Helper()
	db, err := records.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := db.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return db
}

func ready(t *testing.T, fresh Fresh) *records.DB {
	t.Helper()
	db := Open(t, records.Options{DSN: fresh(t), Program: "test"})
	if err := db.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return db
}

// kind asks that err is one of that kind.
func kind(t *testing.T, err error, want records.Kind) {
	t.Helper()
	if err == nil || records.KindOf(err) != want {
		t.Errorf("got %v (%s), want an error of kind %s", err, records.KindOf(err), want)
	}
}

func count(t *testing.T, db *records.DB, table string) (n int) {
	t.Helper()
	err := db.View(t.Context(), "count", func(tx *records.Tx) error {
		return tx.Row("SELECT COUNT(*) FROM " + table).Scan(&n)
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
