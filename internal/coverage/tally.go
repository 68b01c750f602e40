// Package coverage counts what of the traffic was inspected and what passed unread, and
// says what a configuration never inspects.
//
// Terminology:
//
//   - payload: a body, a message, or a part of one
//   - inspected: read, and without what was found in it when it went on
//   - reason: why a payload was not; see Reasons
//   - out of scope: what a route's scope leaves alone; it is no gap, and counted apart
//   - blind route: one that never inspects something; see Blind
package coverage

import (
	"cmp"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/audit"
)

// window is the time in minutes that ratios look back.
const window = 60

// Tally counts. It is safe for concurrent use.
type Tally struct {
	now func() time.Time

	mu     sync.RWMutex // held for reading while a cell is added to
	since  time.Time
	cells  map[key]*cell
	owed   map[key]audit.Passed // of earlier statements that nobody took
	owes   time.Time            // since when
	recent map[string]*[window]minute
	keeps  bool // Keep said of which routes recent is
}

type key struct{ route, direction, reason string }

type cell struct{ payloads, bytes atomic.Uint64 }

// minute is what passed of a route in one minute. Its place is its number modulo window.
type minute struct {
	number int64 // since 1970
	sum    audit.CoverageSum
}

// New returns an empty Tally. now is the clock; nil is time.Now.
func New(now func() time.Time) *Tally {
	if now == nil {
		now = time.Now
	}
	return &Tally{now: now, since: now().UTC(), cells: map[key]*cell{}, recent: map[string]*[window]minute{}}
}

// Add counts payloads of that many bytes, as received. reason is "" where they were
// inspected; one that is none counts as Other.
func (t *Tally) Add(route, direction, reason string, payloads int, bytes int64) {
	k := key{route, direction, reason}
	t.mu.RLock()
	c := t.cells[k]
	if c == nil {
		t.mu.RUnlock()
		c = t.make(k) // locked for reading again
	}
	c.payloads.Add(uint64(max(payloads, 0)))
	c.bytes.Add(uint64(max(bytes, 0)))
	t.mu.RUnlock()
}

// make returns the cell of k, with the lock held for reading.
func (t *Tally) make(k key) *cell {
	if !known(k.reason) {
		k.reason = Other
	}
	for {
		t.mu.Lock()
		if t.cells[k] == nil {
			t.cells[k] = &cell{}
		}
		t.mu.Unlock()
		t.mu.RLock()
		if c := t.cells[k]; c != nil { // else Take was in between
			return c
		}
		t.mu.RUnlock()
	}
}

// Take returns what was counted since it was called last, to be stated; ok is false where
// that is nothing. What nobody takes is owed.
func (t *Tally) Take() (c audit.Coverage, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now().UTC()
	c.From, c.To = t.since, now
	sums := t.owed
	if sums == nil {
		sums = map[key]audit.Passed{}
	} else {
		c.From = t.owes
	}
	for k, n := range t.cells {
		p := audit.Passed{Payloads: n.payloads.Load(), Bytes: n.bytes.Load()}
		t.remember(k, p, now)
		s := sums[k]
		sums[k] = audit.Passed{Payloads: s.Payloads + p.Payloads, Bytes: s.Bytes + p.Bytes}
	}
	for k, p := range sums {
		c.Rows = append(c.Rows, row(k, p))
	}
	slices.SortFunc(c.Rows, func(a, b audit.CoverageRow) int {
		return cmp.Or(cmp.Compare(a.Route, b.Route), cmp.Compare(a.Direction, b.Direction), cmp.Compare(a.Reason, b.Reason))
	})
	t.since, t.cells, t.owed = now, make(map[key]*cell, len(t.cells)), nil
	return c, len(c.Rows) > 0
}

// Owe gives back what Take returned and nobody took: it is part of what the next one
// returns.
func (t *Tally) Owe(c audit.Coverage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owed == nil {
		t.owed, t.owes = map[key]audit.Passed{}, c.From
	}
	for _, r := range c.Rows {
		k := key{r.Route, r.Direction, r.Reason}
		s := t.owed[k]
		t.owed[k] = audit.Passed{Payloads: s.Payloads + r.Payloads, Bytes: s.Bytes + r.Bytes}
	}
}

func row(k key, p audit.Passed) audit.CoverageRow {
	return audit.CoverageRow{Route: k.route, Direction: k.direction, Reason: k.reason, Payloads: p.Payloads, Bytes: p.Bytes}
}

// remember adds what passed to the minute at hand of its route.
func (t *Tally) remember(k key, p audit.Passed, now time.Time) {
	number := now.Unix() / 60
	minutes := t.recent[k.route]
	if minutes == nil && t.keeps {
		return // of a route that is no more
	}
	if minutes == nil {
		minutes = &[window]minute{}
		t.recent[k.route] = minutes
	}
	m := &minutes[number%window]
	if m.number != number {
		*m = minute{number: number}
	}
	m.sum.Add(row(k, p))
}

// Keep has Recent tell of those routes from then on, and of others no more.
func (t *Tally) Keep(routes []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := make(map[string]*[window]minute, len(routes))
	for _, name := range routes {
		if kept[name] = t.recent[name]; kept[name] == nil {
			kept[name] = &[window]minute{}
		}
	}
	t.recent, t.keeps = kept, true
}

// Recent returns what passed of each route in the last hour, up to now.
func (t *Tally) Recent() map[string]audit.CoverageSum {
	t.mu.RLock()
	defer t.mu.RUnlock()
	first := t.now().Unix()/60 - window + 1
	sums := make(map[string]audit.CoverageSum, len(t.recent))
	for route, minutes := range t.recent {
		var sum audit.CoverageSum
		for i := range minutes {
			if minutes[i].number >= first {
				sum.AddSum(minutes[i].sum)
			}
		}
		sums[route] = sum
	}
	for k, n := range t.cells {
		if sum, ok := sums[k.route]; ok {
			sum.Add(row(k, audit.Passed{Payloads: n.payloads.Load(), Bytes: n.bytes.Load()}))
			sums[k.route] = sum
		}
	}
	return sums
}
