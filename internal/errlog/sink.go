package errlog

import (
	"context"
	"maps"
	"slices"

	"github.com/redactd/redactd/internal/records"
)

// A sink brings reports to where they are kept.
type sink interface {
	// write takes a batch, as a whole or not at all; the same batch is given again after an
	// error, unless that is a permanentError. It is called by one goroutine. It changes
	// nothing that the batch holds, and keeps nothing of it. Its error quotes no payload.
	write(ctx context.Context, b *batch) error
	close(ctx context.Context) error
}

// wantsText reports whether a sink reads the text of originals, and not only what is
// packed.
func wantsText(s sink) bool {
	_, packed := s.(*recordsSink)
	return !packed
}

// batch is what a sink takes at once.
type batch struct {
	seq     uint64 // counts the batches of a lane from 1
	entries []*entry
	// groups are those of the entries, and of reports that were only counted: each once,
	// with the number of reports.
	groups []records.ErrorGroup
	// counted are those of the groups that stand for reports that were only counted.
	counted []records.ErrorGroup
}

// reports is how many reports are in the batch, the counted ones too.
func (b *batch) reports() (n int64) {
	for i := range b.groups {
		n += b.groups[i].Count
	}
	return n
}

func newBatch(seq uint64, entries []*entry, counts []records.ErrorGroup) *batch {
	b := &batch{seq: seq, entries: entries, counted: counts}
	at := map[string]int{}
	add := func(g records.ErrorGroup) {
		if i, ok := at[g.ID]; ok {
			merge(&b.groups[i], &g)
			return
		}
		at[g.ID] = len(b.groups)
		b.groups = append(b.groups, g)
	}
	for _, e := range entries {
		add(e.group(e.id))
	}
	for _, g := range counts {
		add(g)
	}
	return b
}

// permanentError is one that another try would meet again.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// kinder is an error that knows what it is called in metrics.
type kinder interface{ kind() string }

// opener makes a sink of what was configured, nil if it is switched off. It connects to
// nothing.
type opener func(o *Options, l *Log) (sink, error)

var openers = map[string]opener{}

func registerSink(name string, open opener) {
	if _, ok := openers[name]; ok {
		panic("errlog: sink " + name + " registered twice")
	}
	openers[name] = open
}

// SinkNames returns the names of all sinks, sorted. Metrics have them as labels.
func SinkNames() []string { return slices.Sorted(maps.Keys(openers)) }
