package adminui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/redact"
)

// LeakList is a part of the leaks that a filter asks for.
type LeakList struct {
	Leaks  []records.Leak   `json:"leaks"`
	Total  int64            `json:"total"` // that the filter asks for
	Offset int              `json:"offset"`
	States map[string]int64 `json:"states"` // how many leaks there are of each, whatever the filter
	Again  int64            `json:"still_leaking"`
	// Losses is what of the trail is not in the records.
	Losses []records.TrailLoss `json:"losses,omitempty"`
}

func (c *Console) leakList(ctx context.Context, f records.LeakFilter) (list LeakList, err error) {
	if c.s.Leaks == nil {
		return list, errNoRecords
	}
	if f.Limit <= 0 || f.Limit > maxRows {
		f.Limit = maxRows
	}
	list.Offset = max(f.Offset, 0)
	if list.Total, err = c.s.Leaks.CountLeaks(ctx, f); err == nil {
		list.Leaks, err = c.s.Leaks.Leaks(ctx, f)
	}
	if err == nil {
		list.States, list.Again, err = c.s.Leaks.LeakTotals(ctx)
	}
	if err == nil {
		list.Losses, err = c.s.Leaks.TrailLosses(ctx)
	}
	list.Leaks = listed(list.Leaks)
	return list, orEmpty(err)
}

// LeakDetail is what is known of a leak.
type LeakDetail struct {
	records.Leak
	Changes []records.LeakChange `json:"changes"` // the oldest first
}

func (c *Console) leakDetail(ctx context.Context, id string) (d LeakDetail, err error) {
	if c.s.Leaks == nil {
		return d, errNoRecords
	}
	if d.Leak, err = c.s.Leaks.Leak(ctx, id); err == nil {
		d.Changes, err = c.s.Leaks.LeakChanges(ctx, d.Number)
	}
	d.Changes = listed(d.Changes)
	return d, err
}

var errNoState = &fault{http.StatusBadRequest, "There is no such state."}

// setLeakState says what a leak is now. by is who says so.
func (c *Console) setLeakState(ctx context.Context, by, id, state, note string) (number int64, err error) {
	if c.s.Leaks == nil {
		return 0, errNoRecords
	}
	if !slices.Contains(records.LeakStates(), state) {
		return 0, errNoState
	}
	l, err := c.s.Leaks.Leak(ctx, id)
	if err == nil {
		err = c.checkNote(ctx, &l, note)
	}
	if err == nil {
		err = c.s.Leaks.SetLeakState(ctx, l.Number, records.LeakChange{Time: time.Now(), State: state, By: by, Note: note})
	}
	c.did(err, by, "set the state of a leak", "leak", l.Number, "state", state)
	return l.Number, err
}

// checkNote refuses a note with a secret in it, by the rules of the route that the leak
// was seen on: who writes that a key was rotated may well paste it, or the new one.
// What is less than a secret, such as an address to ask at, may be in a note.
func (c *Console) checkNote(ctx context.Context, l *records.Leak, note string) error {
	if note == "" || c.s.Explain == nil || c.s.Policy == nil {
		return nil
	}
	routes := c.s.Policy.InForce().Routes
	if len(routes) == 0 {
		return nil
	}
	name := routes[0].Name
	for _, r := range routes {
		if slices.ContainsFunc(l.Places, func(p records.LeakPlace) bool { return p.Route == r.Name }) {
			name = r.Name
			break
		}
	}
	res, err := c.explain(ctx, name, explain.Request{Text: []byte(note), Format: "text"})
	if err != nil {
		return err
	}
	for i := range res.Verdicts {
		if v := &res.Verdicts[i]; v.Found() && v.Severity >= redact.High {
			return &fault{http.StatusUnprocessableEntity, "The note has a secret in it, as rule " + v.Rule + " says: leave it out. The leak is as it was."}
		}
	}
	return nil
}

// did tells the log what somebody did, or tried to.
func (c *Console) did(err error, by, what string, args ...any) {
	switch {
	case c.s.Logger == nil:
	case err != nil:
		c.s.Logger.Warn("console: not done", append([]any{"what", what, "by", by, "error", err}, args...)...)
	default:
		c.s.Logger.Info("console", append([]any{"what", what, "by", by}, args...)...)
	}
}
