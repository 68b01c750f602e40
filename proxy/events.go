package proxy

import (
	"sync"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// eventBuffer makes events of hits. It is used again.
type eventBuffer struct {
	list []audit.Event
	at   map[hitKey]int
}

var eventPool = sync.Pool{New: func() any { return &eventBuffer{at: map[hitKey]int{}} }}

// hitKey is what equal findings of a payload have in common.
type hitKey struct {
	rule                              *redact.Rule
	action, path, fingerprint, secret string
	length                            int
	origin                            scrub.Origin
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
		key := hitKey{h.Rule, h.Action, h.Path, h.Fingerprint, h.Secret, h.Length, h.Origin}
		if k, ok := b.find(key, mapped); ok {
			b.list[k].Count = b.list[k].N() + 1
			continue
		}
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

func (b *eventBuffer) find(key hitKey, mapped bool) (int, bool) {
	if mapped {
		k, ok := b.at[key]
		return k, ok
	}
	for k := range b.list {
		e := &b.list[k]
		if e.Rule == key.rule.ID && e.Action == key.action && e.Path == key.path && e.Fingerprint == key.fingerprint &&
			e.Secret == key.secret && e.Length == key.length && e.Service == key.origin.Service && e.Version == key.origin.Version &&
			e.Logger == key.origin.Logger && e.Environment == key.origin.Environment {
			return k, true
		}
	}
	return 0, false
}

func (b *eventBuffer) release() {
	if cap(b.list) > maxPooledEvents {
		return
	}
	clear(b.list)
	clear(b.at)
	b.list = b.list[:0]
	eventPool.Put(b)
}
