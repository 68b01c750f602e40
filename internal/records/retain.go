package records

import (
	"context"
	"time"
)

// Pruned says what a run of Prune took away.
type Pruned struct {
	Occurrences, Groups int64
	Leaks               int64 // too old, or too many
	// Size is how many bytes of occurrences are kept now.
	Size int64
}

const (
	// pruneRows is how many rows one transaction deletes, so that writers need not wait long.
	pruneRows = 500
	// sourceAge is how long it is remembered what a process that writes errors has
	// written, counted from its last batch.
	sourceAge = 7 * 24 * time.Hour
)

// Prune takes away what is too old, and then of what is left as much as is too large:
// from the groups with the most occurrences, so that an error that happens all the time
// drives out itself and not one that happened once. Groups stay, with their counts, until
// they are too old.
func (db *DB) Prune(ctx context.Context, now time.Time) (p Pruned, err error) {
	const op = "prune"
	if keep := db.o.Keep; keep > 0 {
		before := Micros(now.Add(-keep))
		p.Occurrences, err = db.deleteAll(ctx, op, `DELETE FROM error_occurrences WHERE id IN
			(SELECT id FROM error_occurrences WHERE time < $1 ORDER BY time LIMIT $2)`, before)
		if err != nil {
			return p, err
		}
		p.Groups, err = db.deleteAll(ctx, op, `DELETE FROM error_groups WHERE id IN
			(SELECT id FROM error_groups WHERE last_seen < $1 AND NOT EXISTS
				(SELECT 1 FROM error_occurrences o WHERE o.group_id = error_groups.id) ORDER BY id LIMIT $2)`, before)
		if err != nil {
			return p, err
		}
	}
	if _, err = db.deleteAll(ctx, op, `DELETE FROM positions WHERE source IN
		(SELECT source FROM positions WHERE source LIKE 'errors/%' AND updated < $1 ORDER BY source LIMIT $2)`, Micros(now.Add(-sourceAge))); err != nil {
		return p, err
	}
	if p.Leaks, err = db.pruneLeaks(ctx, op, now); err != nil {
		return p, err
	}
	n, err := db.pruneSize(ctx, op, &p.Size)
	if p.Occurrences += n; err != nil {
		return p, err
	}
	pool, err := db.pool(op, true)
	if err != nil {
		return p, err
	}
	return p, db.wrap(op, db.engine.shrink(ctx, pool))
}

// pruneLeaks takes away leaks, and numbers of findings and of coverage, that are too old; and where there
// are still too many leaks, those that nobody has said anything of and that were seen
// longest ago.
func (db *DB) pruneLeaks(ctx context.Context, op string, now time.Time) (deleted int64, err error) {
	if keep := db.o.KeepLeaks; keep > 0 {
		before := Micros(now.Add(-keep))
		if deleted, err = db.deleteAll(ctx, op, `DELETE FROM leaks WHERE number IN
			(SELECT number FROM leaks WHERE last_seen < $1 ORDER BY number LIMIT $2)`, before); err != nil {
			return deleted, err
		}
		for table, column := range map[string]string{"finding_counts": "hour", "coverage": "hour", "canary_runs": "time", "trail_losses": "time"} {
			err := db.Update(ctx, op, func(tx *Tx) error { return tx.Exec(`DELETE FROM `+table+` WHERE `+column+` < $1`, before) })
			if err != nil {
				return deleted, err
			}
		}
	}
	if db.o.MaxLeaks <= 0 {
		return deleted, nil
	}
	n, err := db.deleteAll(ctx, op, `DELETE FROM leaks WHERE number IN
		(SELECT number FROM (SELECT number, ROW_NUMBER() OVER
			(ORDER BY CASE state WHEN 'open' THEN 1 ELSE 0 END, last_seen DESC, number) AS place FROM leaks) AS ranked
		WHERE place > $1 ORDER BY place LIMIT $2)`, db.o.MaxLeaks)
	return deleted + n, err
}

// deleteAll runs a statement that deletes up to $2 rows until it finds fewer.
func (db *DB) deleteAll(ctx context.Context, op, statement string, arg any) (total int64, err error) {
	for n := int64(pruneRows); n == pruneRows && err == nil; total += n {
		err = db.Update(ctx, op, func(tx *Tx) (err error) {
			if err = db.engine.lock(tx); err == nil {
				n, err = tx.Changed(statement, arg, pruneRows)
			}
			return err
		})
	}
	return total, err
}

// pruneSize deletes occurrences until those left have MaxSize bytes at most; where there
// are more, until there is some room.
func (db *DB) pruneSize(ctx context.Context, op string, size *int64) (deleted int64, err error) {
	total := func(tx *Tx) error {
		return tx.Row(`SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM error_occurrences`).Scan(size)
	}
	if err := db.View(ctx, op, total); err != nil || db.o.MaxSize <= 0 || *size <= db.o.MaxSize {
		return 0, err
	}
	goal := db.o.MaxSize - db.o.MaxSize/10
	var ids []int64
	err = db.View(ctx, op, func(tx *Tx) error {
		ids = nil
		if err := total(tx); err != nil {
			return err
		}
		left := *size
		return tx.Each(func(scan func(...any) error) error {
			var id, bytes int64
			err := scan(&id, &bytes)
			if left > goal {
				ids, left = append(ids, id), left-bytes
			}
			return err
		}, `SELECT id, size FROM (SELECT id, size, time, ROW_NUMBER() OVER (PARTITION BY group_id ORDER BY time DESC, id DESC) AS place
			FROM error_occurrences) AS ranked ORDER BY place DESC, time, id`)
	})
	for len(ids) > 0 && err == nil {
		some := ids[:min(len(ids), pruneRows)]
		ids = ids[len(some):]
		removed := int64(0)
		err = db.Update(ctx, op, func(tx *Tx) error {
			removed = 0
			for _, id := range some {
				n, err := tx.Changed(`DELETE FROM error_occurrences WHERE id = $1`, id)
				if err != nil {
					return err
				}
				removed += n
			}
			return nil
		})
		deleted += removed
	}
	if err != nil {
		return deleted, err
	}
	return deleted, db.View(ctx, op, total)
}

// Maintain prunes now and after each period until ctx ends, and tells report what came of
// it.
func (db *DB) Maintain(ctx context.Context, period time.Duration, report func(Pruned, error)) {
	tick := time.NewTicker(period)
	defer tick.Stop()
	for {
		p, err := db.Prune(ctx, time.Now())
		if ctx.Err() != nil {
			return
		}
		report(p, err)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
