package recordstest

import (
	"crypto/rand"
	"fmt"
	"testing"
	"time"

	"github.com/redactd/redactd/internal/records"
)

func testAge(t *testing.T, fresh Fresh) {
	db := Open(t, records.Options{DSN: fresh(t), Keep: 24 * time.Hour})
	const day = 24 * time.Hour
	var b records.ErrorBatch
	for n, last := range []time.Duration{-3 * day, -day - time.Minute, -day + time.Minute, 0} {
		b.Groups = append(b.Groups, group(n, 1, last))
		b.Occurrences = append(b.Occurrences, occurrence(n, "r", last, "x"))
	}
	// An old one of a group that goes on, and more than one transaction deletes.
	b.Occurrences = append(b.Occurrences, occurrence(3, "r", -2*day, "x"))
	for range 1200 {
		b.Occurrences = append(b.Occurrences, occurrence(0, "r", -4*day, "x"))
	}
	b.Source, b.Seq = "errors/x", 1
	add(t, db, b)
	err := db.Update(t.Context(), "age", func(tx *records.Tx) error {
		_, err := tx.Advance("trail/x", 1, noon)
		if err == nil {
			err = tx.Exec("UPDATE positions SET updated = $1", records.Micros(noon.Add(-30*day)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := db.Prune(t.Context(), noon)
	if err != nil || p.Occurrences != 1203 || p.Groups != 2 {
		t.Errorf("%+v, %v", p, err)
	}
	groups, err := db.ErrorGroups(t.Context(), records.ErrorFilter{})
	if err != nil || len(groups) != 2 || groups[0].ID != groupID(3) || groups[1].ID != groupID(2) {
		t.Errorf("%+v, %v", groups, err)
	}
	if n := count(t, db, "error_occurrences"); n != 2 {
		t.Errorf("%d occurrences are left", n)
	}
	// The position of a trail says what was read, however long ago.
	if n := count(t, db, "positions"); n != 1 {
		t.Errorf("%d positions are left", n)
	}
	if p, err := db.Prune(t.Context(), noon); err != nil || p.Occurrences+p.Groups != 0 {
		t.Errorf("a second time: %+v, %v", p, err)
	}
}

func testSize(t *testing.T, fresh Fresh) {
	const limit = 1 << 20
	db := Open(t, records.Options{DSN: fresh(t), MaxSize: limit})
	body := make([]byte, 4096)
	var b records.ErrorBatch
	// One error that floods, one that happened a few times before it, and one once.
	for n, count := range []int{700, 5, 1} {
		b.Groups = append(b.Groups, group(n, int64(count), time.Hour))
		for i := range count {
			if _, err := rand.Read(body); err != nil { // can't be compressed
				t.Fatal(err)
			}
			at := time.Duration(i)*time.Second - time.Duration(n)*time.Hour
			b.Occurrences = append(b.Occurrences, occurrence(n, fmt.Sprintf("%d-%d", n, i), at, string(body)))
		}
	}
	add(t, db, b)
	p, err := db.Prune(t.Context(), noon)
	if err != nil || p.Size > limit || p.Size < limit*8/10 || p.Groups != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	for n, want := range []int{0, 5, 1} {
		list, err := db.ErrorOccurrences(t.Context(), records.OccurrenceFilter{Group: groupID(n)})
		if err != nil || n > 0 && len(list) != want || n == 0 && (len(list) < 150 || list[0].Reference != "0-699") {
			t.Errorf("group %d has %d: %v", n, len(list), err)
		}
	}
	if again, err := db.Prune(t.Context(), noon); err != nil || again.Occurrences != 0 || again.Size != p.Size {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	if g := getGroup(t, db, 0); g.Count != 700 {
		t.Errorf("the count is %d", g.Count)
	}
}
