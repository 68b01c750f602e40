package recordstest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// addTold is addLeaks where receivers are to be told.
func addTold(t *testing.T, db *records.DB, leaks ...records.Leak) {
	t.Helper()
	var after uint64
	err := db.View(t.Context(), "position", func(tx *records.Tx) (err error) { after, err = tx.Position(trail); return err })
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.AddTrail(t.Context(), &records.TrailBatch{Source: trail, After: after, Seq: after + 1, Leaks: leaks,
		Receivers: func(*records.LeakEvent) []string { return []string{"a", "b"} }})
	if err != nil {
		t.Fatal(err)
	}
}

func testNotices(t *testing.T, fresh Fresh) {
	db := ready(t, fresh)
	start := time.Now().Add(time.Minute) // notices are due at once, by the clock
	claim := func(receiver string, at time.Duration, limit int) []records.Notice {
		t.Helper()
		list, err := db.ClaimNotices(t.Context(), receiver, start.Add(at), time.Minute, limit)
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	addTold(t, db, leak(1, 1, 0), leak(2, 1, 0))
	addTold(t, db, leak(1, 1, 0))
	got := claim("a", 0, 9)
	if len(got) != 2 || got[0].Leak.Fingerprint != leak(1, 0, 0).Fingerprint || got[0].What != records.NoticeNew || got[0].Leak.Count != 2 ||
		len(got[0].Leak.Places) != 1 || got[0].Tries != 1 {
		t.Fatalf("%+v", got)
	}
	if again := claim("a", 0, 9); again != nil {
		t.Errorf("claimed twice: %+v", again)
	}
	if after := claim("a", 2*time.Minute, 1); len(after) != 1 || after[0].ID != got[0].ID || after[0].Tries != 2 {
		t.Errorf("after the lease: %+v", after)
	}
	if err := db.DropNotices(t.Context(), []int64{got[0].ID}); err != nil {
		t.Fatal(err)
	}
	if err := db.DelayNotices(t.Context(), []int64{got[1].ID}, start.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if now := claim("a", 30*time.Minute, 9); now != nil {
		t.Errorf("before it is due: %+v", now)
	}
	if later := claim("a", time.Hour, 9); len(later) != 1 || later[0].ID != got[1].ID {
		t.Errorf("when it is due: %+v", later)
	}
	if other := claim("b", 0, 9); len(other) != 2 {
		t.Errorf("another receiver: %+v", other)
	}
	if err := db.SetLeakState(t.Context(), got[0].Leak.Number, records.LeakChange{State: records.LeakRotated, Time: noon}); err != nil {
		t.Fatal(err)
	}
	addTold(t, db, leak(1, 1, time.Hour))
	if again := claim("a", 0, 9); len(again) != 1 || again[0].What != records.NoticeAgain || again[0].Leak.Reopened.IsZero() {
		t.Errorf("after it was rotated: %+v", again)
	}
}

// Several replicas at once claim each notice once.
func testNoticesByMany(t *testing.T, fresh Fresh) {
	dsn := fresh(t)
	first := Open(t, records.Options{DSN: dsn})
	for n := range 40 {
		addTold(t, first, leak(n, 1, 0))
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	seen := map[string]int{}
	at := time.Now().Add(time.Minute)
	for range 3 {
		db := Open(t, records.Options{DSN: dsn})
		wg.Go(func() {
			for {
				list, err := db.ClaimNotices(t.Context(), "a", at, time.Hour, 7)
				if e, ok := err.(*records.Error); ok && e.Temporary() {
					continue
				}
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				left := 0
				for _, n := range list {
					seen[fmt.Sprint(n.ID)]++
				}
				left = 40 - len(seen)
				mu.Unlock()
				if left == 0 || err != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for id, n := range seen {
		if n != 1 {
			t.Errorf("notice %s was claimed %d times", id, n)
		}
	}
}
