package recordstest

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func testSchemaOnce(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	for range 2 {
		db := Open(t, records.Options{DSN: dsn})
		for range 2 {
			if err := db.Ready(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		tables, err := records.Tables()
		if err != nil || len(tables) < 3 {
			t.Fatal(tables, err)
		}
		for _, table := range tables {
			if n := count(t, db, table); n != 0 {
				t.Errorf("%s has %d rows", table, n)
			}
		}
		if count(t, db, "redactd_schema") == 0 {
			t.Error("no migration is noted")
		}
	}
}

func testSchemaByMany(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	const replicas = 6
	errs := make([]error, replicas)
	var wg sync.WaitGroup
	for i := range replicas {
		db := Open(t, records.Options{DSN: dsn})
		wg.Go(func() { errs[i] = db.Ready(t.Context()) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Error(err)
	}
	db := Open(t, records.Options{DSN: dsn})
	var most int
	err := db.View(t.Context(), "count", func(tx *records.Tx) error {
		return tx.Row("SELECT MAX(version) FROM redactd_schema").Scan(&most)
	})
	if n := count(t, db, "redactd_schema"); err != nil || n != most {
		t.Errorf("%d migrations are noted, the last is %d: %v", n, most, err)
	}
}

func testNewer(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	db := Open(t, records.Options{DSN: dsn})
	err := db.Update(t.Context(), "spoil", func(tx *records.Tx) error {
		return tx.Exec("INSERT INTO redactd_schema (version, name, applied, program) VALUES (9999, 'later', 0, '')")
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, existing := range []bool{false, true} {
		err := Open(t, records.Options{DSN: dsn, Existing: existing}).Ready(t.Context())
		kind(t, err, records.Schema)
		if !strings.Contains(err.Error(), "9999") {
			t.Errorf("it does not say which: %v", err)
		}
	}
}

func testExisting(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	err := Open(t, records.Options{DSN: dsn, Existing: true}).Ready(t.Context())
	if k := records.KindOf(err); err == nil || k != records.Missing && k != records.Schema {
		t.Errorf("nothing there: %v", err)
	}
	if err := Open(t, records.Options{DSN: dsn}).Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	db := Open(t, records.Options{DSN: dsn, Existing: true})
	if err := db.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	err = db.Update(t.Context(), "age", func(tx *records.Tx) error { return tx.Exec("DELETE FROM redactd_schema") })
	if err != nil {
		t.Fatal(err)
	}
	kind(t, Open(t, records.Options{DSN: dsn, Existing: true}).Ready(t.Context()), records.Schema)
}

func testTransactions(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	put := func(tx *records.Tx) error {
		return tx.Exec("INSERT INTO positions (source, seq, updated) VALUES ('s', 1, 0)")
	}
	stop := errors.New("stop")
	err := db.Update(t.Context(), "fail", func(tx *records.Tx) error { return errors.Join(put(tx), stop) })
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = db.Update(ctx, "end", func(tx *records.Tx) error { err := put(tx); cancel(); return err })
	if err == nil {
		t.Error("committed after its context ended")
	}
	if n := count(t, db, "positions"); n != 0 {
		t.Errorf("%d rows of transactions that failed", n)
	}
	if err := db.View(t.Context(), "write", put); err == nil {
		t.Error("View writes")
	}
	kind(t, db.Update(t.Context(), "none", func(tx *records.Tx) error { return sql.ErrNoRows }), records.Missing)
	kind(t, db.Update(t.Context(), "wrong", func(tx *records.Tx) error { return tx.Exec("INSERT INTO nothing VALUES (1)") }), records.Other)
	if err := db.Update(t.Context(), "go on", put); err != nil || count(t, db, "positions") != 1 {
		t.Errorf("not usable any more: %v", err)
	}
}

func testPositions(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for i, step := range []struct {
		seq   uint64
		fresh bool
		then  uint64
	}{{5, true, 5}, {5, false, 5}, {4, false, 5}, {6, true, 6}, {1 << 62, true, 1 << 62}} {
		err := db.Update(t.Context(), "step", func(tx *records.Tx) error {
			fresh, err := tx.Advance("trail/x", step.seq, time.Now())
			if fresh != step.fresh {
				t.Errorf("step %d: fresh is %v", i, fresh)
			}
			if err != nil {
				return err
			}
			at, err := tx.Position("trail/x")
			if at != step.then {
				t.Errorf("step %d: the position is %d", i, at)
			}
			if other, _ := tx.Position("trail/y"); other != 0 {
				t.Errorf("step %d: another source is at %d", i, other)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func testClosed(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	for range 2 {
		if err := db.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	nothing := func(*records.Tx) error { return nil }
	kind(t, db.Update(t.Context(), "x", nothing), records.Closed)
	kind(t, db.View(t.Context(), "x", nothing), records.Closed)
	kind(t, db.Ready(t.Context()), records.Closed)
	_, err := db.Prune(t.Context(), time.Now())
	kind(t, err, records.Closed)

	unused, err := records.Open(records.Options{DSN: fresh(t)})
	if err != nil || unused.Close(t.Context()) != nil {
		t.Errorf("closing what was not used: %v", err)
	}

	held := ready(t, fresh)
	begun, end := make(chan struct{}), make(chan struct{})
	done := make(chan error, 1)
	go func() {
		done <- held.Update(context.WithoutCancel(t.Context()), "hold", func(tx *records.Tx) error { close(begun); <-end; return nil })
	}()
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_ = held.Close(ctx) // returns, whether it waits for transactions or not
	close(end)
	<-done
}
