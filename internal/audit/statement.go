package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
)

// The kinds of statements.
const (
	StatementCoverage = "coverage" // what was inspected, and what was not
	StatementCanaries = "canaries" // what became of secrets that redactd sent itself
)

// MaxFacts bounds, in bytes, the facts of one record.
const MaxFacts = 16 << 10

var errTooLarge = errors.New("facts are too large for a record")

// Stater takes statements: what redactd says of its own work. It is safe for concurrent
// use.
type Stater interface {
	// State writes a record of that kind for each of facts, all or none of them, in
	// order. Facts are written as encoding/json does, MaxFacts bytes each at most (see
	// Split), and must hold no payload byte. After nil they are taken: they are written
	// once, in the background, and tried again until they are. After an error they never
	// are.
	State(ctx context.Context, kind string, facts ...any) error
}

// Statement returns the kind of statement that e is, "" where it is none. Its Facts are
// what it says.
func (e *Event) Statement() string {
	if len(e.Facts) == 0 {
		return ""
	}
	return e.Note
}

// State implements Stater.
func (t *Trail) State(ctx context.Context, kind string, facts ...any) error {
	events, err := statements(Event{Time: t.now(), Note: kind}, facts)
	if err == nil {
		if digest := t.digest.Load(); digest != nil {
			for i := range events {
				events[i].ConfigDigest = *digest
			}
		}
		// Nobody forwards a payload for it. Who waited, and was told of a slow disk, would
		// say the same again, and it would count twice.
		err = t.put(ctx, events, false)
	}
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// statements returns a copy of e for each of facts.
func statements(e Event, facts []any) ([]Event, error) {
	if e.Note == "" {
		return nil, errors.New("a statement has no kind")
	}
	events := make([]Event, 0, len(facts))
	for _, f := range facts {
		var err error
		if e.Facts, err = json.Marshal(f); err != nil {
			return nil, err
		}
		if len(e.Facts) > MaxFacts {
			return nil, errTooLarge
		}
		events = append(events, e)
	}
	return events, nil
}

// put has events of redactd itself written, which are never merged. With wait it returns
// when they are on disk.
func (t *Trail) put(ctx context.Context, events []Event, wait bool) error {
	if len(events) == 0 {
		return nil
	}
	b, err := newBatch(events)
	if err != nil {
		return err
	}
	size := int64(len(b.bodies))
	if !t.required {
		t.queuedBytes.Add(size)
	}
	err = t.com.Put(ctx, b, wait)
	if err != nil && !t.required {
		t.queuedBytes.Add(-size)
	}
	return err
}

// Split returns facts for State that say all of rows in order, in as few records as
// halving them needs: with returns the facts of some of them.
func Split[R any](rows []R, with func([]R) any) ([]any, error) {
	facts := with(rows)
	text, err := json.Marshal(facts)
	switch {
	case err != nil:
		return nil, err
	case len(text) <= MaxFacts:
		return []any{facts}, nil
	case len(rows) < 2:
		return nil, errTooLarge
	}
	first, err := Split(rows[:len(rows)/2], with)
	if err != nil {
		return nil, err
	}
	rest, err := Split(rows[len(rows)/2:], with)
	return append(first, rest...), err
}

// State keeps statements as Record keeps events.
func (m *Memory) State(ctx context.Context, kind string, facts ...any) error {
	events, err := statements(Event{Note: kind}, facts)
	if err != nil {
		return err
	}
	return m.Record(ctx, events)
}
