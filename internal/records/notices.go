package records

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a notice tells of a leak.
const (
	NoticeNew   = "new"
	NoticeAgain = "again" // it was seen after it was rotated
)

// Notice is what one receiver is yet to be told.
type Notice struct {
	ID    int64
	Leak  Leak // as it is now
	What  string
	Time  time.Time // when that became known
	Tries int       // this one counted
}

// addNotices has receivers told of e.
func (tx *Tx) addNotices(e *LeakEvent, receivers []string, now time.Time) error {
	what := NoticeNew
	if e.Reopened {
		what = NoticeAgain
	}
	for _, receiver := range receivers {
		if err := tx.Exec(`INSERT INTO notices (leak, what, receiver, time, due, tries) VALUES ($1, $2, $3, $4, $4, 0)`,
			e.Leak.Number, what, clean(receiver, maxName), Micros(now)); err != nil {
			return err
		}
	}
	return nil
}

// ClaimNotices returns up to limit notices of a receiver that are due, the oldest first.
// Nobody else gets them for the time of lease; then they are due again, unless they were
// dropped.
func (db *DB) ClaimNotices(ctx context.Context, receiver string, now time.Time, lease time.Duration, limit int) ([]Notice, error) {
	var out []Notice
	var numbers []int64
	err := db.Update(ctx, "claim notices", func(tx *Tx) error {
		out, numbers = nil, nil
		return tx.Each(func(scan func(...any) error) error {
			var n Notice
			var at int64
			err := scan(&n.ID, &n.Leak.Number, &n.What, &at, &n.Tries)
			n.Time = FromMicros(at)
			out, numbers = append(out, n), append(numbers, n.Leak.Number)
			return err
		}, `UPDATE notices SET due = $3, tries = tries + 1 WHERE due <= $2 AND id IN
			(SELECT id FROM notices WHERE receiver = $1 AND due <= $2 ORDER BY id LIMIT $4)
			RETURNING id, leak, what, time, tries`, clean(receiver, maxName), Micros(now), Micros(now.Add(lease)), limit)
	})
	if err != nil || len(out) == 0 {
		return nil, err
	}
	leaks, err := db.leaks(ctx, oneOf("number", numbers), 0, 0)
	if err != nil {
		return nil, err
	}
	for i := range out {
		for k := range leaks {
			if leaks[k].Number == out[i].Leak.Number {
				out[i].Leak = leaks[k]
			}
		}
	}
	slices.SortFunc(out, func(a, b Notice) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// oneOf asks that a column has one of some values.
func oneOf(column string, values []int64) (w where) {
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = fmt.Sprint(v)
	}
	w.conditions = []string{column + " IN (" + strings.Join(list, ", ") + ")"}
	return w
}

// DropNotices says that receivers were told, or never will be.
func (db *DB) DropNotices(ctx context.Context, ids []int64) error {
	w := oneOf("id", ids)
	return db.Update(ctx, "drop notices", func(tx *Tx) error { return tx.Exec(`DELETE FROM notices` + w.text()) })
}

// DelayNotices has them due at a time.
func (db *DB) DelayNotices(ctx context.Context, ids []int64, due time.Time) error {
	w := oneOf("id", ids)
	return db.Update(ctx, "delay notices", func(tx *Tx) error {
		return tx.Exec(`UPDATE notices SET due = $1`+w.text(), Micros(due))
	})
}
