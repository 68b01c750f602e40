package audit

import (
	"context"
	"sync"
)

func init() {
	RegisterSink("discard", func(Options) (Sink, error) { return &discard{}, nil })
}

// discard counts events and forgets them, for an operator who wants no trail.
type discard struct {
	mu               sync.Mutex
	started, stopped bool
	stats            Stats
}

func (d *discard) Start() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.stopped {
		return ErrStopped
	}
	d.started = true
	return nil
}

func (d *discard) Record(ctx context.Context, events []Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	err := ctx.Err()
	if err == nil && (!d.started || d.stopped) {
		err = ErrStopped
	}
	if err != nil {
		d.stats.Refused++
		return err
	}
	d.stats.Events += uint64(len(events))
	d.stats.Seq += uint64(len(events))
	return nil
}

func (d *discard) Stop(context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stopped = true
	return nil
}

func (d *discard) Close() error { return d.Stop(context.Background()) }

func (d *discard) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}
