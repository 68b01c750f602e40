package errlog

import (
	"sync"

	"github.com/redactd/redactd/internal/records"
)

// entry is a report on its way to the sinks. It is not changed once it is in a lane, since
// several may hold it.
type entry struct {
	Report
	id       string           // of its group
	original records.Original // compressed
	text     []byte           // the beginning of the original, for sinks that keep text
	sealed   []byte
}

// entrySize is about what a report takes beside what weighs more.
const entrySize = 1024

// size is what an entry takes in memory, in bytes.
func (e *entry) size() int64 {
	return int64(entrySize + len(e.Original) + len(e.Unscrubbed) + len(e.original.Data) + len(e.text) + len(e.sealed) + 96*len(e.Frames))
}

// strip returns e without its original.
func (e *entry) strip() *entry {
	s := *e
	s.Original, s.Unscrubbed, s.text, s.sealed = nil, nil, nil, nil
	s.original = records.Original{ContentType: e.ContentType}
	return &s
}

// An outcome is what became of an entry that was put into a queue.
type outcome uint8

const (
	queued outcome = iota
	stripped
	counted
)

// limits bound a queue.
type limits struct {
	entries int   // in it
	bytes   int64 // of originals
	groups  int   // that are counted one by one
}

// queue is bounded, and never makes who puts something in wait.
type queue struct {
	limits
	wake chan struct{} // has a token where there is something to take

	mu      sync.Mutex
	entries []*entry
	bytes   int64
	counts  map[string]*records.ErrorGroup
	closed  bool
}

func newQueue(l limits) *queue {
	return &queue{limits: l, wake: make(chan struct{}, 1), counts: map[string]*records.ErrorGroup{}}
}

// put takes e, stripped if its original does not fit, or counts it. After close it
// returns false.
func (q *queue) put(e *entry) (outcome, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return counted, false
	}
	defer q.signal()
	if len(q.entries) >= q.limits.entries {
		g := e.group(e.id)
		q.count(&g)
		return counted, true
	}
	result := queued
	if q.bytes+e.size() > q.limits.bytes && e.size() > e.strip().size() {
		e, result = e.strip(), stripped
	}
	q.entries = append(q.entries, e)
	q.bytes += e.size()
	return result, true
}

// putCounts adds what is only counted. It does so after close too.
func (q *queue) putCounts(groups []records.ErrorGroup) {
	if len(groups) == 0 {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range groups {
		q.count(&groups[i])
	}
	q.signal()
}

// count adds g to the counts. Where there are too many groups already, it is counted with
// those of its route of which no more is known.
func (q *queue) count(g *records.ErrorGroup) {
	have := q.counts[g.ID]
	if have == nil && len(q.counts) >= q.limits.groups {
		rest := Report{
			Route: g.Route, Upstream: g.Upstream, Framework: g.Framework, Status: g.Status, Time: g.LastSeen,
			Exception: "(others)",
		}
		merged := rest.group(Fingerprint(&rest))
		merged.Count, merged.FirstSeen = g.Count, g.FirstSeen
		g, have = &merged, q.counts[merged.ID]
	}
	if have != nil {
		merge(have, g)
		return
	}
	added := *g
	q.counts[g.ID] = &added
}

// signal wakes who waits. The caller holds the lock, or nobody else can put anything in.
func (q *queue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns up to n entries, the oldest first, and all counts; both empty if there is
// nothing. ended says that there will be nothing more.
func (q *queue) take(n int) (entries []*entry, counts []records.ErrorGroup, ended bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n = min(n, len(q.entries))
	entries = append(entries, q.entries[:n]...)
	for _, e := range entries {
		q.bytes -= e.size()
	}
	rest := copy(q.entries, q.entries[n:])
	clear(q.entries[rest:])
	q.entries = q.entries[:rest]
	for id, g := range q.counts {
		counts = append(counts, *g)
		delete(q.counts, id)
	}
	if len(q.entries) > 0 || q.closed {
		q.signal()
	}
	return entries, counts, q.closed && len(entries)+len(counts) == 0
}

func (q *queue) waiting() Backlog {
	q.mu.Lock()
	defer q.mu.Unlock()
	return Backlog{Reports: len(q.entries), Bytes: q.bytes}
}

// close has take end once everything is taken.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.signal()
}
