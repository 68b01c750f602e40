package records

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// CoverageCount is how much of a route passed in an hour that has its lot in common.
type CoverageCount struct {
	Hour      time.Time `json:"hour,omitzero"` // its beginning
	Route     string    `json:"route"`
	Direction string    `json:"direction"`
	Reason    string    `json:"reason,omitempty"` // why it was not inspected; "" where it was
	Payloads  int64     `json:"payloads"`
	Bytes     int64     `json:"bytes"`
}

// CoverageCounts is the Statement of coverage, each hour, route, direction and reason
// once.
type CoverageCounts []CoverageCount

func (list CoverageCounts) put(tx *Tx) error {
	for _, c := range slices.SortedFunc(slices.Values(list), func(a, b CoverageCount) int {
		return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Reason, b.Reason))
	}) {
		if err := tx.Exec(`INSERT INTO coverage (hour, route, direction, reason, payloads, bytes) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (hour, route, direction, reason) DO UPDATE SET
				payloads = coverage.payloads + excluded.payloads, bytes = coverage.bytes + excluded.bytes`,
			Micros(c.Hour), clean(c.Route, maxName), clean(c.Direction, maxName), clean(c.Reason, maxName), c.Payloads, c.Bytes); err != nil {
			return err
		}
	}
	return nil
}

// CoverageHours returns what passed in the hours that begin at from or later and before to,
// where these are not zero, in order of time.
func (db *DB) CoverageHours(ctx context.Context, from, to time.Time) ([]CoverageCount, error) {
	w := hours(from, to)
	return db.coverage(ctx, `SELECT hour, route, direction, reason, payloads, bytes FROM coverage`+w.text()+
		` ORDER BY hour, route, direction, reason`, w)
}

// CoverageTotals returns CoverageHours summed up over the hours, by route, direction and
// reason; Hour is zero.
func (db *DB) CoverageTotals(ctx context.Context, from, to time.Time) ([]CoverageCount, error) {
	w := hours(from, to)
	return db.coverage(ctx, `SELECT 0, route, direction, reason, CAST(SUM(payloads) AS BIGINT), CAST(SUM(bytes) AS BIGINT) FROM coverage`+
		w.text()+` GROUP BY route, direction, reason ORDER BY route, direction, reason`, w)
}

func (db *DB) coverage(ctx context.Context, query string, w where) (list []CoverageCount, err error) {
	err = db.View(ctx, "list coverage", func(tx *Tx) error {
		list = nil
		return tx.Each(func(scan func(...any) error) error {
			var c CoverageCount
			var hour int64
			err := scan(&hour, &c.Route, &c.Direction, &c.Reason, &c.Payloads, &c.Bytes)
			c.Hour = someTime(hour)
			list = append(list, c)
			return err
		}, query, w.args...)
	})
	return list, err
}

// hours selects those that begin at from or later and before to, where these are not zero.
func hours(from, to time.Time) (w where) {
	if !from.IsZero() {
		w.add("hour >= $%d", Micros(from))
	}
	if !to.IsZero() {
		w.add("hour < $%d", Micros(to))
	}
	return w
}
