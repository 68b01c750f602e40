package audit

import (
	"context"
	"slices"
	"sync"
	"time"
)

// What becomes of events when they come faster than the disk takes them, and no
// payload waits for them (Options.Required is not set):
//
//  1. they queue, each with all that it says;
//  2. with half of the queue in use, or of the bytes that it may hold, equal
//     events of several payloads become one, which loses the request ids;
//  3. with that table full, a payload waits a moment for room in the queue;
//  4. then its events are counted by route, direction, rule, action and policy
//     alone;
//  5. with that table full as well they are dropped, and a marker says how many.
//
// The numbers of findings are exact up to 4, and the memory is bounded.
const (
	maxQueuedBytes = 32 << 20
	maxMerged      = 16 << 10 // events of a table
	patience       = 100 * time.Millisecond
)

// mergeKey is what merged events have in common.
type mergeKey struct {
	route, direction, rule, action, digest string
	shadow                                 bool
	path, fingerprint, secret              string
	length                                 int
	origin                                 Origin
}

// coarse leaves what there is a bounded number of.
func (k mergeKey) coarse() mergeKey {
	k.path, k.fingerprint, k.secret, k.length, k.origin = "", "", "", 0, Origin{}
	return k
}

// overflow holds merged events until the next commit. It is safe for
// concurrent use.
type overflow struct {
	max int // events of each kind, fine and rough

	mu      sync.Mutex
	at      map[mergeKey]int
	list    []Event
	rough   int    // of list, those that say what is counted and no more
	dropped uint64 // findings
	merged  uint64 // findings that were ever merged
	crude   uint64 // of these, without path and fingerprint
	closed  bool
}

func keyOf(e *Event) mergeKey {
	return mergeKey{
		route: e.Route, direction: e.Direction, rule: e.Rule, action: e.Action, digest: e.ConfigDigest, shadow: e.Shadow,
		path: e.Path, fingerprint: e.Fingerprint, secret: e.Secret, length: e.Length, origin: e.Origin,
	}
}

// add merges all of events, or none of them where the table has no room and
// force is not set.
func (o *overflow) add(events []Event, force bool) (bool, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false, ErrStopped
	}
	if o.at == nil {
		o.at = map[mergeKey]int{}
	}
	if room := o.max - (len(o.list) - o.rough); !force && len(events) > room && o.fresh(events) > room {
		return false, nil
	}
	for i := range events {
		o.put(&events[i], force)
	}
	return true, nil
}

// close refuses events from then on.
func (o *overflow) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
}

// fresh is how many of events have no equal in the table, at most.
func (o *overflow) fresh(events []Event) (n int) {
	for i := range events {
		if _, ok := o.at[keyOf(&events[i])]; !ok {
			n++
		}
	}
	return n
}

func (o *overflow) put(e *Event, force bool) {
	key := keyOf(e)
	k, ok := o.at[key]
	if !ok && force {
		key = key.coarse()
		k, ok = o.at[key]
		o.crude += e.N()
	}
	switch {
	case ok:
		o.list[k].merge(e)
	case force && o.rough >= o.max:
		o.dropped += e.N()
		return
	default:
		o.at[key] = len(o.list)
		c := *e
		c.Tags = slices.Clone(e.Tags)
		if force {
			o.rough++
			c.Path, c.Fingerprint, c.Secret, c.Length, c.RequestID, c.Origin = "", "", "", 0, "", Origin{}
		}
		o.list = append(o.list, c)
	}
	o.merged += e.N()
}

// merge counts other, which has the same key.
func (e *Event) merge(other *Event) {
	first, last := e.Time, e.Last()
	if other.Time.Before(first) {
		first = other.Time
	}
	if l := other.Last(); l.After(last) {
		last = l
	}
	e.Count = e.N() + other.N()
	e.Time = first
	if e.Until = last; last.Equal(first) {
		e.Until = time.Time{}
	}
	if e.RequestID != other.RequestID {
		e.RequestID = ""
	}
}

// drop counts findings that are nowhere.
func (o *overflow) drop(n uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.dropped += n
}

// waiting says whether there is anything to take.
func (o *overflow) waiting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.list) > 0 || o.dropped > 0
}

// take empties the table. What it returns belongs to the caller.
func (o *overflow) take() (events []Event, dropped uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	events, dropped = o.list, o.dropped
	o.at, o.list, o.rough, o.dropped = nil, nil, 0, 0
	return events, dropped
}

func (o *overflow) totals() (merged, crude uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.merged, o.crude
}

// pressed says that the queue is half full, full that it takes no more.
func (t *Trail) pressed() bool {
	return t.com.Len() >= (t.queue+1)/2 || t.queuedBytes.Load() >= maxQueuedBytes/2
}

func (t *Trail) full() bool {
	return t.com.Len() >= t.queue || t.queuedBytes.Load() >= maxQueuedBytes
}

// press takes events while the queue is pressed. It says false where they may
// be queued after all.
func (t *Trail) press(ctx context.Context, events []Event) (bool, error) {
	for i := range events {
		if !events[i].fits() {
			return false, errNoRecord
		}
	}
	done, err := t.over.add(events, false)
	if !done && err == nil {
		if t.awaitRoom(ctx) {
			return false, nil
		}
		done, err = t.over.add(events, true)
	}
	if done {
		t.com.Nudge()
	}
	return done, err
}

// awaitRoom waits a moment for room in the queue.
func (t *Trail) awaitRoom(ctx context.Context) bool {
	end := time.NewTimer(patience)
	defer end.Stop()
	for t.full() {
		select {
		case <-t.committed:
		case <-end.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}
