package records

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrorFilter says which groups are asked for. Its zero value is all.
type ErrorFilter struct {
	Route, Framework, State string
	Since                   time.Time // seen then or later
	Limit, Offset           int       // a Limit of 0 is none; Offset counts only with one
}

func (f *ErrorFilter) where() where {
	var w where
	w.equal("route", f.Route)
	w.equal("framework", f.Framework)
	w.equal("state", f.State)
	if !f.Since.IsZero() {
		w.add("last_seen >= $%d", Micros(f.Since))
	}
	return w
}

const groupColumns = `id, route, upstream, framework, exception, status, status_class, frames,
	first_seen, last_seen, count, state, state_changed, state_by`

// ErrorGroups returns groups, the one seen last first.
func (db *DB) ErrorGroups(ctx context.Context, f ErrorFilter) ([]ErrorGroup, error) {
	return db.errorGroups(ctx, f.where(), f.Limit, f.Offset)
}

// CountErrorGroups returns how many groups there are of those that are asked for, whatever
// the limit.
func (db *DB) CountErrorGroups(ctx context.Context, f ErrorFilter) (n int64, err error) {
	w := f.where()
	err = db.View(ctx, "count error groups", func(tx *Tx) error {
		return tx.Row(`SELECT COUNT(*) FROM error_groups`+w.text(), w.args...).Scan(&n)
	})
	return n, err
}

func (db *DB) errorGroups(ctx context.Context, w where, limit, offset int) ([]ErrorGroup, error) {
	var out []ErrorGroup
	query := `SELECT ` + groupColumns + ` FROM error_groups` + w.text() + ` ORDER BY last_seen DESC, id` + w.limit(limit, offset)
	err := db.View(ctx, "list error groups", func(tx *Tx) error {
		out = nil
		return tx.Each(func(scan func(...any) error) error {
			var g ErrorGroup
			var frames string
			var first, last, changed int64
			err := scan(&g.ID, &g.Route, &g.Upstream, &g.Framework, &g.Exception, &g.Status, &g.StatusClass, &frames,
				&first, &last, &g.Count, &g.State, &changed, &g.StateBy)
			if err != nil {
				return err
			}
			g.FirstSeen, g.LastSeen = FromMicros(first), FromMicros(last)
			if changed != 0 {
				g.StateChanged = FromMicros(changed)
			}
			g.Frames, err = decodeFrames(frames)
			out = append(out, g)
			return err
		}, query, w.args...)
	})
	return out, err
}

// MinGroupID is how many characters of a group's id tell it at least.
const MinGroupID = 6

// ErrorGroup returns the group whose id begins with id, of MinGroupID characters at
// least. Its error is of kind Missing where there is none or more than one.
func (db *DB) ErrorGroup(ctx context.Context, id string) (ErrorGroup, error) {
	const op = "find an error group"
	missing := func(text string) (ErrorGroup, error) {
		return ErrorGroup{}, &Error{Op: op, Kind: Missing, Err: errors.New(text)}
	}
	id = strings.ToLower(id)
	if len(id) < MinGroupID || strings.Trim(id, "0123456789abcdef") != "" {
		return missing("there is none with that id")
	}
	var w where
	w.add("id LIKE $%d", id+"%")
	groups, err := db.errorGroups(ctx, w, 2, 0)
	switch {
	case err != nil:
		return ErrorGroup{}, err
	case len(groups) == 0:
		return missing("there is none with that id")
	case len(groups) > 1:
		return missing("several have an id that begins so (more of it)")
	}
	return groups[0], nil
}

// OccurrenceFilter says which occurrences are asked for: those of a group, or those with
// a reference.
type OccurrenceFilter struct {
	Group, Reference string
	Limit            int // 0 is no limit
}

// ErrorOccurrences returns occurrences, the newest first. Their originals lack Data, and
// Sealed is nil: ErrorOriginal returns both.
func (db *DB) ErrorOccurrences(ctx context.Context, f OccurrenceFilter) ([]ErrorOccurrence, error) {
	var w where
	w.equal("group_id", f.Group)
	w.equal("reference", f.Reference)
	var out []ErrorOccurrence
	err := db.View(ctx, "list errors", func(tx *Tx) error {
		out = nil
		return tx.Each(func(scan func(...any) error) error {
			var o ErrorOccurrence
			var at int64
			var cut int
			err := scan(&o.ID, &o.Group, &o.Reference, &at, &o.Status, &o.Method, &o.Path, &o.RequestID, &o.TraceID, &o.SpanID,
				&o.ConfigDigest, &o.Replica, &o.Original.ContentType, &o.Original.Coding, &o.Original.Size, &cut)
			o.Time, o.Original.Truncated = FromMicros(at), cut != 0
			out = append(out, o)
			return err
		}, `SELECT id, group_id, reference, time, status, method, path, request_id, trace_id, span_id,
			config_digest, replica, content_type, coding, original_size, truncated
			FROM error_occurrences`+w.text()+` ORDER BY time DESC, id DESC`+w.limit(f.Limit, 0), w.args...)
	})
	return out, err
}

// ErrorOriginal puts into o, which ErrorOccurrences returned, the data of its original and
// the sealed one, as far as they were kept.
func (db *DB) ErrorOriginal(ctx context.Context, o *ErrorOccurrence) error {
	return db.View(ctx, "read an original", func(tx *Tx) error {
		return tx.Row(`SELECT original, sealed FROM error_occurrences WHERE id = $1`, o.ID).Scan(&o.Original.Data, &o.Sealed)
	})
}

// where collects conditions. Column names are never from outside.
type where struct {
	conditions []string
	args       []any
}

// add puts in a condition with one %d for the number of its parameter.
func (w *where) add(condition string, arg any) {
	w.args = append(w.args, arg)
	w.conditions = append(w.conditions, fmt.Sprintf(condition, len(w.args)))
}

// equal asks that a column has a value, unless that is "".
func (w *where) equal(column, value string) {
	if value != "" {
		w.add(column+" = $%d", clean(value, maxText))
	}
}

func (w *where) text() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

func (w *where) limit(n, offset int) string {
	if n <= 0 {
		return ""
	}
	return fmt.Sprintf(" LIMIT %d OFFSET %d", n, max(offset, 0))
}
