package adminui

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/records"
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
		err = c.s.Leaks.SetLeakState(ctx, l.Number, records.LeakChange{Time: time.Now(), State: state, By: by, Note: note})
	}
	c.did(err, by, "set the state of a leak", "leak", l.Number, "state", state)
	return l.Number, err
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
