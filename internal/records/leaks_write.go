package records

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// TrailBatch is what one transaction takes in of a trail.
type TrailBatch struct {
	// Source names the trail. The batch is of its records after number After, up to Seq.
	Source     string
	After, Seq uint64
	// Leaks are each once: Count and the times are those of what is added, to it and to
	// each of its places. State, Reopened and Number are not looked at.
	Leaks  []Leak
	Counts []FindingCount
	Losses []TrailLoss // Source and Seq are those of the batch
	// Statements are one for each kind, in the order of these.
	Statements []Statement
	// Receivers returns who is to be told of an event (ClaimNotices); nil for nobody.
	Receivers func(*LeakEvent) []string
}

// LeakEvent says that a leak is new, or was seen after it was rotated.
type LeakEvent struct {
	Leak     Leak // without places; Count is that of the batch where it is new
	Reopened bool
}

// ErrMoved says that the position of a source is not where the batch begins: somebody
// else has read on.
var ErrMoved = errors.New("the position has moved")

// AddTrail takes a batch in, as a whole or not at all. Its error is ErrMoved where the
// source is not at TrailBatch.After. It keeps nothing of b.
func (db *DB) AddTrail(ctx context.Context, b *TrailBatch) ([]LeakEvent, error) {
	// In one order for all, so that two replicas do not wait for each other.
	leaks := slices.SortedFunc(slices.Values(b.Leaks), func(a, b Leak) int { return cmp.Compare(a.Fingerprint, b.Fingerprint) })
	counts := slices.SortedFunc(slices.Values(b.Counts), compareCounts)
	now := time.Now()
	var events []LeakEvent
	moved := false
	err := db.Update(ctx, "add what was read of the trail", func(tx *Tx) error {
		events = nil
		fresh, err := tx.take(b.Source, b.After, b.Seq, now)
		if moved = !fresh; moved || err != nil {
			return err
		}
		for i := range leaks {
			e, err := tx.addLeak(&leaks[i])
			if err != nil {
				return err
			}
			if e == nil {
				continue
			}
			events = append(events, *e)
			if b.Receivers != nil {
				if err := tx.addNotices(e, b.Receivers(e), now); err != nil {
					return err
				}
			}
		}
		for i := range counts {
			if err := tx.addCount(&counts[i]); err != nil {
				return err
			}
		}
		for _, s := range b.Statements {
			if err := s.put(tx); err != nil {
				return err
			}
		}
		for _, l := range b.Losses {
			if err := tx.Exec(`INSERT INTO trail_losses (source, seq, reason, time, count) VALUES ($1, $2, $3, $4, $5)
				ON CONFLICT (source, seq, reason) DO UPDATE SET count = trail_losses.count + excluded.count`,
				clean(b.Source, maxName), int64(b.Seq), clean(l.Reason, maxName), Micros(l.Time), l.Count); err != nil {
				return err
			}
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case moved:
		return nil, ErrMoved
	}
	return events, nil
}

// take is Advance where the source is at number after exactly; 0 is the beginning.
func (tx *Tx) take(source string, after, seq uint64, now time.Time) (fresh bool, err error) {
	source = clean(source, maxName)
	if after == 0 {
		if err := tx.Exec(`INSERT INTO positions (source, seq, updated) VALUES ($1, 0, $2) ON CONFLICT (source) DO NOTHING`,
			source, Micros(now)); err != nil {
			return false, err
		}
	}
	n, err := tx.Changed(`UPDATE positions SET seq = $3, updated = $4 WHERE source = $1 AND seq = $2`,
		source, int64(after), int64(seq), Micros(now))
	return n > 0, err
}

func compareCounts(a, b FindingCount) int {
	return cmp.Or(a.Hour.Compare(b.Hour), cmp.Compare(a.Route, b.Route), cmp.Compare(a.Direction, b.Direction),
		cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Action, b.Action))
}

// addLeak returns what is to be told of l, nil for nothing.
func (tx *Tx) addLeak(l *Leak) (*LeakEvent, error) {
	fingerprint := clean(l.Fingerprint, maxName)
	var number, reopened int64
	var before string
	err := tx.Row(`SELECT state FROM leaks WHERE fingerprint = $1`, fingerprint).Scan(&before)
	fresh := errors.Is(err, sql.ErrNoRows)
	if err != nil && !fresh {
		return nil, err
	}
	if err := tx.countLeak(l, fingerprint, &number, &reopened, &fresh); err != nil {
		return nil, err
	}
	places := slices.SortedFunc(slices.Values(l.Places), func(a, b LeakPlace) int { return cmp.Compare(a.id(), b.id()) })
	for i := range places {
		if err := tx.addPlace(number, &places[i]); err != nil {
			return nil, err
		}
	}
	e := &LeakEvent{Leak: *l}
	e.Leak.Number, e.Leak.State, e.Leak.Places = number, LeakOpen, nil
	switch {
	case fresh:
		return e, nil
	case before == LeakRotated && reopened == Micros(l.LastSeen):
		e.Reopened = true
		return e, tx.addState(number, LeakChange{Time: l.LastSeen, State: LeakOpen, By: "redactd", Note: "seen after it was rotated"})
	}
	return nil, nil
}

// countLeak adds l to its row, or makes one where fresh says that there is none: an INSERT
// that conflicts would use up a number. Where another replica has made the row meanwhile,
// fresh becomes false.
func (tx *Tx) countLeak(l *Leak, fingerprint string, number, reopened *int64, fresh *bool) error {
	args := []any{fingerprint, clean(l.Rule, maxName), clean(l.Severity, maxName), clean(l.Secret, maxName),
		Micros(l.FirstSeen), Micros(l.LastSeen), l.Count, l.Shadow}
	if *fresh {
		n, err := tx.Changed(`INSERT INTO leaks (fingerprint, rule, severity, secret, first_seen, last_seen, count, shadow, state, state_changed, reopened)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', 0, 0) ON CONFLICT (fingerprint) DO NOTHING`, args...)
		if err != nil {
			return err
		}
		if *fresh = n > 0; *fresh {
			return tx.Row(`SELECT number FROM leaks WHERE fingerprint = $1`, fingerprint).Scan(number)
		}
	}
	return tx.Row(`UPDATE leaks SET
			rule = CASE WHEN $6 >= last_seen THEN $2 ELSE rule END,
			severity = CASE WHEN $6 >= last_seen THEN $3 ELSE severity END,
			secret = CASE WHEN $6 >= last_seen THEN $4 ELSE secret END,
			first_seen = CASE WHEN $5 < first_seen THEN $5 ELSE first_seen END,
			last_seen = CASE WHEN $6 > last_seen THEN $6 ELSE last_seen END,
			count = count + $7, shadow = shadow + $8,
			reopened = CASE WHEN state = 'rotated' AND $6 > state_changed THEN $6 ELSE reopened END,
			state_changed = CASE WHEN state = 'rotated' AND $6 > state_changed THEN $6 ELSE state_changed END,
			state = CASE WHEN state = 'rotated' AND $6 > state_changed THEN 'open' ELSE state END
		WHERE fingerprint = $1 RETURNING number, reopened`, args...).Scan(number, reopened)
}

// addPlace adds p to its row, or makes one.
func (tx *Tx) addPlace(leak int64, p *LeakPlace) error {
	c := p.cleaned()
	done, err := tx.countPlace(leak, &c)
	if done || err != nil {
		return err
	}
	var places int
	if err := tx.Row(`SELECT COUNT(*) FROM leak_places WHERE leak = $1`, leak).Scan(&places); err != nil {
		return err
	}
	if places >= maxPlaces {
		c = LeakPlace{Route: c.Route, Direction: c.Direction, Path: OtherPlaces, FirstSeen: c.FirstSeen, LastSeen: c.LastSeen, Count: c.Count}
		if done, err := tx.countPlace(leak, &c); done || err != nil {
			return err
		}
	}
	return tx.Exec(`INSERT INTO leak_places (leak, place, route, direction, path, service, version, logger, environment, destination, first_seen, last_seen, count)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		ON CONFLICT (leak, place) DO UPDATE SET count = leak_places.count + excluded.count,
			first_seen = CASE WHEN excluded.first_seen < leak_places.first_seen THEN excluded.first_seen ELSE leak_places.first_seen END,
			last_seen = CASE WHEN excluded.last_seen > leak_places.last_seen THEN excluded.last_seen ELSE leak_places.last_seen END`,
		leak, c.id(), c.Route, c.Direction, c.Path, c.Service, c.Version, c.Logger, c.Environment, c.Destination,
		Micros(c.FirstSeen), Micros(c.LastSeen), c.Count)
}

// countPlace adds p to its row, if there is one.
func (tx *Tx) countPlace(leak int64, p *LeakPlace) (bool, error) {
	n, err := tx.Changed(`UPDATE leak_places SET count = count + $3,
			first_seen = CASE WHEN $4 < first_seen THEN $4 ELSE first_seen END,
			last_seen = CASE WHEN $5 > last_seen THEN $5 ELSE last_seen END
		WHERE leak = $1 AND place = $2`, leak, p.id(), p.Count, Micros(p.FirstSeen), Micros(p.LastSeen))
	return n > 0, err
}

func (tx *Tx) addCount(c *FindingCount) error {
	return tx.Exec(`INSERT INTO finding_counts (hour, route, direction, rule, severity, action, count) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (hour, route, direction, rule, severity, action) DO UPDATE SET count = finding_counts.count + excluded.count`,
		Micros(c.Hour), clean(c.Route, maxName), clean(c.Direction, maxName), clean(c.Rule, maxName), clean(c.Severity, maxName),
		clean(c.Action, maxName), c.Count)
}

func (tx *Tx) addState(leak int64, c LeakChange) error {
	return tx.Exec(`INSERT INTO leak_states (leak, time, state, by_whom, note) VALUES ($1, $2, $3, $4, $5)`,
		leak, Micros(c.Time), c.State, clean(c.By, maxName), clean(c.Note, maxText))
}

// SetLeakState says what a leak is now, and who says so. Its error is of kind Missing
// where there is no such leak.
func (db *DB) SetLeakState(ctx context.Context, number int64, c LeakChange) error {
	const op = "set the state of a leak"
	if !slices.Contains(LeakStates(), c.State) {
		return &Error{Op: op, Kind: Invalid, Err: errors.New("there is no such state")}
	}
	return db.Update(ctx, op, func(tx *Tx) error {
		n, err := tx.Changed(`UPDATE leaks SET state = $2, state_changed = $3,
				reopened = CASE WHEN $2 = 'acknowledged' THEN reopened ELSE 0 END WHERE number = $1`,
			number, c.State, Micros(c.Time))
		if err != nil {
			return err
		}
		if n == 0 {
			return sql.ErrNoRows
		}
		return tx.addState(number, c)
	})
}
