package proxy

import (
	"sync"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/scrub"
)

// eventBuffer makes events of hits. It is used again.
type eventBuffer struct {
	list []audit.Event
	at   map[hitKey]int // the last event with that key
	// before has, for each event, the one before that may tell the same, -1 for none.
	before []int
}

var eventPool = sync.Pool{New: func() any { return &eventBuffer{at: map[hitKey]int{}} }}

// hitKey is what equal findings of a payload have in common and few others share. Keys of
// more than 128 bytes would be an allocation each.
type hitKey struct {
	fingerprint, path string
	length            int
	origin            scrub.Origin
}

// fewHits are compared one by one; more are looked up in a map.
const fewHits = 4

// maxPooledEvents bounds what a buffer keeps for its next user.
const maxPooledEvents = 1024

// events returns an event for each kind of finding among hits, with their
// number; all have what base says. They are valid until release.
func (b *eventBuffer) events(hits []scrub.Hit, base audit.Event) []audit.Event {
	mapped := len(hits) > fewHits
	for i := range hits {
		h := &hits[i]
		key := hitKey{h.Fingerprint, h.Path, h.Length, h.Origin}
		k, last := b.find(h, key, mapped)
		if k >= 0 {
			b.list[k].Count = b.list[k].N() + 1
			continue
		}
		b.before = append(b.before, last)
		if mapped {
			b.at[key] = len(b.list)
		}
		e := base
		e.Shadow = base.Shadow || h.Shadow
		e.Rule, e.Severity, e.Tags = h.Rule.ID, h.Rule.Severity.String(), h.Rule.Tags
		e.Action, e.Path, e.Length, e.Fingerprint, e.Secret = h.Action, h.Path, h.Length, h.Fingerprint, h.Secret
		e.Service, e.Version, e.Logger, e.Environment = h.Origin.Service, h.Origin.Version, h.Origin.Logger, h.Origin.Environment
		b.list = append(b.list, e)
	}
	return b.list
}

// find returns the event that tells h, -1 if there is none, and the last that might have.
func (b *eventBuffer) find(h *scrub.Hit, key hitKey, mapped bool) (k, last int) {
	last = len(b.list) - 1
	if last >= 0 && same(&b.list[last], h) { // most are like the one before
		return last, last
	}
	if mapped {
		var ok bool
		if last, ok = b.at[key]; !ok {
			last = -1
		}
	}
	for k = last; k >= 0 && !same(&b.list[k], h); k = b.before[k] {
	}
	return k, last
}

// same reports whether h is told by e.
func same(e *audit.Event, h *scrub.Hit) bool {
	return e.Fingerprint == h.Fingerprint && e.Path == h.Path && e.Rule == h.Rule.ID && e.Action == h.Action &&
		e.Secret == h.Secret && e.Length == h.Length && e.Service == h.Origin.Service && e.Version == h.Origin.Version &&
		e.Logger == h.Origin.Logger && e.Environment == h.Origin.Environment
}

func (b *eventBuffer) release() {
	if cap(b.list) > maxPooledEvents {
		return
	}
	clear(b.list)
	clear(b.at)
	b.list, b.before = b.list[:0], b.before[:0]
	eventPool.Put(b)
}
