package audit

import (
	"context"
	"slices"
	"sync"
)

func init() {
	RegisterSink("memory", func(Options) (Sink, error) { return &Memory{}, nil })
}

// Memory keeps events in memory, for tests. Its zero value is a sink that is
// not started.
type Memory struct {
	discard
	mu     sync.Mutex
	events []Event
}

// Record keeps copies of the events and numbers them.
func (m *Memory) Record(ctx context.Context, events []Event) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.discard.Record(ctx, events); err != nil {
		return err
	}
	for _, e := range events {
		e.Seq, e.Prev = uint64(len(m.events))+1, ""
		e.Tags = slices.Clone(e.Tags)
		m.events = append(m.events, e)
	}
	return nil
}

// Events returns the events recorded so far.
func (m *Memory) Events() []Event {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.events)
}
