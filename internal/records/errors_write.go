package records

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"time"
)

// ErrorBatch is what one transaction takes in.
type ErrorBatch struct {
	// Source and Seq have the batch taken in once, however often it is given; see
	// Tx.Advance. With an empty Source it is taken in each time.
	Source string
	Seq    uint64
	// Groups are those that the batch is about, each once: Count is what is added to
	// theirs, FirstSeen and LastSeen are of what is added. State is not looked at.
	Groups []ErrorGroup
	// Occurrences are of these groups. There may be fewer than the groups count.
	Occurrences []ErrorOccurrence
}

// Added tells what was new in a batch, by the ids of groups.
type Added struct {
	New      []string
	Reopened []string // were resolved
	Repeated bool     // the batch had been taken in before
}

// AddErrors takes a batch in, as a whole or not at all. It keeps nothing of b.
func (db *DB) AddErrors(ctx context.Context, b *ErrorBatch) (Added, error) {
	groups := slices.Clone(b.Groups)
	// In one order for all, so that two replicas do not wait for each other.
	slices.SortFunc(groups, func(a, b ErrorGroup) int { return strings.Compare(a.ID, b.ID) })
	var added Added
	err := db.Update(ctx, "add errors", func(tx *Tx) error {
		added = Added{}
		if b.Source != "" {
			if fresh, err := tx.Advance(b.Source, b.Seq, time.Now()); !fresh || err != nil {
				added.Repeated = err == nil
				return err
			}
		}
		for i := range groups {
			if err := tx.addGroup(&groups[i], &added); err != nil {
				return err
			}
		}
		for i := range b.Occurrences {
			if err := tx.addOccurrence(&b.Occurrences[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return Added{}, err
	}
	return added, nil
}

func (tx *Tx) addGroup(g *ErrorGroup, added *Added) error {
	var before string
	err := tx.Row(`SELECT state FROM error_groups WHERE id = $1`, g.ID).Scan(&before)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	frames, err := encodeFrames(g.Frames)
	if err != nil {
		return err
	}
	var count int64
	var state string
	err = tx.Row(`INSERT INTO error_groups (id, route, upstream, framework, exception, status, status_class, frames,
			first_seen, last_seen, count, state, state_changed, state_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'open', 0, '')
		ON CONFLICT (id) DO UPDATE SET
			count = error_groups.count + excluded.count,
			first_seen = CASE WHEN excluded.first_seen < error_groups.first_seen THEN excluded.first_seen ELSE error_groups.first_seen END,
			upstream = CASE WHEN excluded.last_seen >= error_groups.last_seen THEN excluded.upstream ELSE error_groups.upstream END,
			status = CASE WHEN excluded.last_seen >= error_groups.last_seen THEN excluded.status ELSE error_groups.status END,
			last_seen = CASE WHEN excluded.last_seen > error_groups.last_seen THEN excluded.last_seen ELSE error_groups.last_seen END,
			state = CASE WHEN excluded.last_seen > error_groups.state_changed THEN 'open' ELSE error_groups.state END,
			state_by = CASE WHEN error_groups.state <> 'open' AND excluded.last_seen > error_groups.state_changed THEN '' ELSE error_groups.state_by END,
			state_changed = CASE WHEN error_groups.state <> 'open' AND excluded.last_seen > error_groups.state_changed THEN excluded.last_seen ELSE error_groups.state_changed END
		RETURNING count, state`,
		g.ID, clean(g.Route, maxName), clean(g.Upstream, maxName), clean(g.Framework, maxName), clean(g.Exception, maxName),
		g.Status, clean(g.StatusClass, maxName), frames, Micros(g.FirstSeen), Micros(g.LastSeen), g.Count).Scan(&count, &state)
	if err != nil {
		return err
	}
	switch {
	case before == "" && count == g.Count:
		added.New = append(added.New, g.ID)
	case before == StateResolved && state == StateOpen:
		added.Reopened = append(added.Reopened, g.ID)
	}
	return nil
}

func (tx *Tx) addOccurrence(o *ErrorOccurrence) error {
	return tx.Exec(`INSERT INTO error_occurrences (group_id, reference, time, status, method, path, request_id, trace_id, span_id,
			config_digest, replica, content_type, coding, original, original_size, truncated, sealed, size)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)`,
		o.Group, clean(o.Reference, maxName), Micros(o.Time), o.Status, clean(o.Method, maxName), clean(o.Path, maxText),
		clean(o.RequestID, maxName), clean(o.TraceID, maxName), clean(o.SpanID, maxName), clean(o.ConfigDigest, maxName), clean(o.Replica, maxName),
		clean(o.Original.ContentType, maxName), o.Original.Coding, o.Original.Data, o.Original.Size, number(o.Original.Truncated), o.Sealed, o.size())
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// SetErrorState says that a group is open or resolved, and who says so. A resolved one is
// opened by the next error of it that happens after now.
func (db *DB) SetErrorState(ctx context.Context, group, state, by string, now time.Time) error {
	return db.Update(ctx, "set the state of an error group", func(tx *Tx) error {
		n, err := tx.Changed(`UPDATE error_groups SET state = $2, state_changed = $3, state_by = $4 WHERE id = $1`,
			group, state, Micros(now), clean(by, maxName))
		if err == nil && n == 0 {
			err = sql.ErrNoRows
		}
		return err
	})
}
