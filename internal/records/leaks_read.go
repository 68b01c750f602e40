package records

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LeakFilter says which leaks are asked for. Its zero value is all.
type LeakFilter struct {
	State, Rule, Severity string
	// Route, Service and Version are of a place that it was seen in.
	Route, Service, Version string
	Since                   time.Time // seen then or later
	// Again asks for those that were seen after they were rotated.
	Again         bool
	Limit, Offset int // a Limit of 0 is none; Offset counts only with one
}

func (f *LeakFilter) where() where {
	var w where
	w.equal("state", f.State)
	w.equal("rule", f.Rule)
	w.equal("severity", f.Severity)
	if !f.Since.IsZero() {
		w.add("last_seen >= $%d", Micros(f.Since))
	}
	if f.Again {
		w.add("reopened > $%d", 0)
	}
	for _, c := range []struct{ column, value string }{{"route", f.Route}, {"service", f.Service}, {"version", f.Version}} {
		if c.value != "" {
			w.add("EXISTS (SELECT 1 FROM leak_places p WHERE p.leak = leaks.number AND p."+c.column+" = $%d)", clean(c.value, maxName))
		}
	}
	return w
}

// Leaks returns leaks with their places, the one seen last first.
func (db *DB) Leaks(ctx context.Context, f LeakFilter) ([]Leak, error) {
	return db.leaks(ctx, f.where(), f.Limit, f.Offset)
}

// CountLeaks returns how many leaks there are of those that are asked for, whatever the
// limit.
func (db *DB) CountLeaks(ctx context.Context, f LeakFilter) (n int64, err error) {
	w := f.where()
	err = db.View(ctx, "count leaks", func(tx *Tx) error {
		return tx.Row(`SELECT COUNT(*) FROM leaks`+w.text(), w.args...).Scan(&n)
	})
	return n, err
}

// LeaksOf returns the leaks with one of these fingerprints.
func (db *DB) LeaksOf(ctx context.Context, fingerprints []string) ([]Leak, error) {
	var w where
	var list []string
	for _, f := range fingerprints {
		w.args = append(w.args, f)
		list = append(list, fmt.Sprintf("$%d", len(w.args)))
	}
	if list == nil {
		return nil, nil
	}
	w.conditions = append(w.conditions, "fingerprint IN ("+strings.Join(list, ", ")+")")
	return db.leaks(ctx, w, 0, 0)
}

// MinFingerprint is how many characters of a fingerprint tell a leak at least.
const MinFingerprint = 6

// Leak returns the leak with that number, or whose fingerprint begins with id, of
// MinFingerprint characters at least. Its error is of kind Missing where there is none or
// more than one.
func (db *DB) Leak(ctx context.Context, id string) (Leak, error) {
	missing := func(text string) (Leak, error) {
		return Leak{}, &Error{Op: "find a leak", Kind: Missing, Err: errors.New(text)}
	}
	const none = "there is none with that number or fingerprint"
	var w where
	if n, err := strconv.ParseInt(strings.TrimPrefix(id, "#"), 10, 64); err == nil {
		w.add("number = $%d", n)
	} else if id = strings.ToLower(id); len(id) < MinFingerprint || strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
		return missing(none)
	} else {
		w.add("fingerprint LIKE $%d", id+"%")
	}
	leaks, err := db.leaks(ctx, w, 2, 0)
	switch {
	case err != nil:
		return Leak{}, err
	case len(leaks) == 0:
		return missing(none)
	case len(leaks) > 1:
		return missing("several have a fingerprint that begins so (more of it, or the number)")
	}
	return leaks[0], nil
}

func (db *DB) leaks(ctx context.Context, w where, limit, offset int) ([]Leak, error) {
	var out []Leak
	rows := ` FROM leaks` + w.text() + ` ORDER BY last_seen DESC, number` + w.limit(limit, offset)
	err := db.View(ctx, "list leaks", func(tx *Tx) error {
		out = nil
		at := map[int64]int{}
		err := tx.Each(func(scan func(...any) error) error {
			var l Leak
			var first, last, changed, reopened int64
			err := scan(&l.Number, &l.Fingerprint, &l.Rule, &l.Severity, &l.Secret, &first, &last, &l.Count, &l.Shadow, &l.State, &changed, &reopened)
			l.FirstSeen, l.LastSeen, l.StateChanged, l.Reopened = FromMicros(first), FromMicros(last), someTime(changed), someTime(reopened)
			l.Places = []LeakPlace{}
			at[l.Number] = len(out)
			out = append(out, l)
			return err
		}, `SELECT number, fingerprint, rule, severity, secret, first_seen, last_seen, count, shadow, state, state_changed, reopened`+rows, w.args...)
		if err != nil {
			return err
		}
		return tx.Each(func(scan func(...any) error) error {
			var p LeakPlace
			var leak, first, last int64
			err := scan(&leak, &p.Route, &p.Direction, &p.Path, &p.Service, &p.Version, &p.Logger, &p.Environment, &p.Destination, &first, &last, &p.Count)
			p.FirstSeen, p.LastSeen = FromMicros(first), FromMicros(last)
			if i, ok := at[leak]; ok {
				out[i].Places = append(out[i].Places, p)
			}
			return err
		}, `SELECT leak, route, direction, path, service, version, logger, environment, destination, first_seen, last_seen, count
			FROM leak_places WHERE leak IN (SELECT number`+rows+`) ORDER BY first_seen, place`, w.args...)
	})
	return out, err
}

// someTime is FromMicros where 0 is no time.
func someTime(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return FromMicros(n)
}

// LeakChanges returns what was said of a leak, the oldest first.
func (db *DB) LeakChanges(ctx context.Context, number int64) ([]LeakChange, error) {
	var out []LeakChange
	err := db.View(ctx, "list the states of a leak", func(tx *Tx) error {
		out = nil
		return tx.Each(func(scan func(...any) error) error {
			var c LeakChange
			var at int64
			err := scan(&at, &c.State, &c.By, &c.Note)
			c.Time = FromMicros(at)
			out = append(out, c)
			return err
		}, `SELECT time, state, by_whom, note FROM leak_states WHERE leak = $1 ORDER BY time, id`, number)
	})
	return out, err
}

// LeakTotals returns how many leaks there are by state, and how many of those that are
// open were opened since they were seen after they were rotated.
func (db *DB) LeakTotals(ctx context.Context) (byState map[string]int64, reopened int64, err error) {
	err = db.View(ctx, "count leaks", func(tx *Tx) error {
		byState, reopened = map[string]int64{}, 0
		return tx.Each(func(scan func(...any) error) error {
			var state string
			var n, again int64
			err := scan(&state, &n, &again)
			byState[state] = n
			reopened += again
			return err
		}, `SELECT state, COUNT(*), COUNT(CASE WHEN reopened > 0 THEN 1 END) FROM leaks GROUP BY state`)
	})
	return byState, reopened, err
}

// FindingCounts returns the numbers of findings of the hours that begin at from or later
// and before to, where these are not zero, in order of time.
func (db *DB) FindingCounts(ctx context.Context, from, to time.Time) ([]FindingCount, error) {
	w := hours(from, to)
	var out []FindingCount
	err := db.View(ctx, "list numbers of findings", func(tx *Tx) error {
		out = nil
		return tx.Each(func(scan func(...any) error) error {
			var c FindingCount
			var hour int64
			err := scan(&hour, &c.Route, &c.Direction, &c.Rule, &c.Severity, &c.Action, &c.Count)
			c.Hour = FromMicros(hour)
			out = append(out, c)
			return err
		}, `SELECT hour, route, direction, rule, severity, action, count FROM finding_counts`+w.text()+
			` ORDER BY hour, route, direction, rule, severity, action`, w.args...)
	})
	return out, err
}

// TrailLosses returns what of trails is not in the records, the oldest first.
func (db *DB) TrailLosses(ctx context.Context) ([]TrailLoss, error) {
	var out []TrailLoss
	err := db.View(ctx, "list what is missing", func(tx *Tx) error {
		out = nil
		return tx.Each(func(scan func(...any) error) error {
			var l TrailLoss
			var seq, at int64
			err := scan(&l.Source, &seq, &l.Reason, &at, &l.Count)
			l.Seq, l.Time = uint64(seq), FromMicros(at)
			out = append(out, l)
			return err
		}, `SELECT source, seq, reason, time, count FROM trail_losses ORDER BY time, source, seq`)
	})
	return out, err
}
