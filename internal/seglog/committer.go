package seglog

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

var (
	// ErrStopped says that a Committer does not run.
	ErrStopped = errors.New("writer is stopped")
	// ErrQueueFull says that no room came up before the context ended. The
	// item was not taken.
	ErrQueueFull = errors.New("queue is full")
	// ErrUnconfirmed says that the context ended while the item was being
	// written: it may or may not reach the disk.
	ErrUnconfirmed = errors.New("not confirmed in time")
)

const (
	firstRetry = 50 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// CommitterOptions say how much a Committer collects.
type CommitterOptions[T any] struct {
	// Commit writes a batch, all or nothing. It is called by one goroutine.
	Commit func(batch []T) error
	// Weight of an item, in bytes.
	Weight func(T) int64
	// Queue is the number of items waiting or being written at most.
	Queue int
	// MaxBatch is the weight of a batch at most, unless one item is heavier.
	MaxBatch int64
	// More says that Commit has something of its own to write, so that it is
	// called for an empty batch too; see Nudge. nil is never.
	More func() bool
}

// CommitterStats are counters since the start.
type CommitterStats struct {
	Queued   int    // items waiting or being written now
	Accepted uint64 // items taken into the queue
	Written  uint64 // items on disk
	Commits  uint64 // batches on disk
	Failures uint64 // commits that failed
	Refused  uint64 // items not taken: queue full until the context ended, or stopped
	Failed   uint64 // items not written, as their waiting callers were told
	Lost     uint64 // items not written whose callers did not wait: only after the last try of Stop
}

// Committer is the one goroutine that writes for many callers.
//
// An item whose caller waits shares the fate of its batch. One whose caller
// does not wait is kept and tried again until it is written, so that a full
// disk pushes back through the queue and drops nothing.
type Committer[T any] struct {
	opt   CommitterOptions[T]
	slots chan struct{}
	wake  chan struct{}

	mu       sync.Mutex
	pending  []entry[T]
	waiting  int   // of pending, with a caller that waits
	weight   int64 // of pending
	started  bool
	stopped  bool
	stopping chan struct{} // closed by the first Stop
	done     chan struct{} // closed when the goroutine has ended

	accepted, written, commits, failures, refused, failed, lost atomic.Uint64
}

type entry[T any] struct {
	item   T
	answer chan error // nil where nobody waits
}

// NewCommitter returns a Committer that is not started.
func NewCommitter[T any](o CommitterOptions[T]) *Committer[T] {
	return &Committer[T]{
		opt:      o,
		slots:    make(chan struct{}, o.Queue),
		wake:     make(chan struct{}, 1),
		stopping: make(chan struct{}),
		done:     make(chan struct{}),
	}
}

// Start starts the goroutine. Called again it does nothing; after Stop it
// returns ErrStopped.
func (c *Committer[T]) Start() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped {
		return ErrStopped
	}
	if !c.started {
		c.started = true
		go c.run()
	}
	return nil
}

// Put hands in an item, which belongs to the Committer from then on. It
// blocks while the queue is full, until ctx ends. With wait it returns when
// the item is on disk, or with the error that kept it from there.
func (c *Committer[T]) Put(ctx context.Context, item T, wait bool) error {
	if err := c.takeSlot(ctx); err != nil {
		c.refused.Add(1)
		return err
	}
	e := entry[T]{item: item}
	if wait {
		e.answer = make(chan error, 1)
	}
	c.mu.Lock()
	if !c.started || c.stopped {
		c.mu.Unlock()
		<-c.slots
		c.refused.Add(1)
		return ErrStopped
	}
	c.pending = append(c.pending, e)
	c.weight += c.opt.Weight(item)
	if wait {
		c.waiting++
	}
	c.accepted.Add(1)
	c.mu.Unlock()
	c.signal()
	if !wait {
		return nil
	}
	select {
	case err := <-e.answer:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrUnconfirmed, ctx.Err())
	}
}

func (c *Committer[T]) takeSlot(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	default:
	}
	select {
	case c.slots <- struct{}{}:
		return nil
	case <-c.stopping:
		return ErrStopped
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", ErrQueueFull, ctx.Err())
	}
}

// Nudge has More asked, once the batch at hand is written.
func (c *Committer[T]) Nudge() { c.signal() }

// Len is the number of items waiting or being written.
func (c *Committer[T]) Len() int { return len(c.slots) }

func (c *Committer[T]) signal() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *Committer[T]) run() {
	defer close(c.done)
	retry := time.NewTimer(time.Hour)
	defer retry.Stop()
	delay := firstRetry
	var took time.Duration
	for {
		batch, last := c.take()
		if len(batch) == 0 && (c.opt.More == nil || !c.opt.More()) {
			if last {
				return
			}
			select {
			case <-c.wake:
				c.gather(took)
			case <-c.stopping:
			}
			continue
		}
		start := time.Now()
		ok := c.write(batch, last)
		took = time.Since(start)
		if ok {
			delay = firstRetry
			continue
		}
		if last {
			if len(batch) == 0 {
				return
			}
			continue // tried for the last time: what is left is counted as lost
		}
		retry.Reset(delay)
		delay = min(2*delay, lastRetry)
		select {
		case <-c.wake: // a new caller waits for an answer
		case <-retry.C:
		case <-c.stopping:
		}
	}
}

// Items wait for others when no caller waits for them: a sync for each would cost
// more than all else. They wait for four times as long as the last commit took,
// within these bounds, so that a slow disk is not kept busy with syncs.
const (
	leastGather = 10 * time.Millisecond
	mostGather  = 250 * time.Millisecond
	// enoughBatches is how many full batches end the waiting.
	enoughBatches = 4
)

// gather waits for more items as long as nobody waits and the queue has room. last
// is how long the last commit took.
func (c *Committer[T]) gather(last time.Duration) {
	end := time.NewTimer(min(max(4*last, leastGather), mostGather))
	defer end.Stop()
	for {
		c.mu.Lock()
		enough := c.waiting > 0 || c.stopped || len(c.pending) >= cap(c.slots)/2 || c.weight >= enoughBatches*c.opt.MaxBatch
		c.mu.Unlock()
		if enough {
			return
		}
		select {
		case <-end.C:
			return
		case <-c.stopping:
			return
		case <-c.wake:
		}
	}
}

// take removes a batch from the front of the queue. last is true once the
// queue takes nothing any more.
func (c *Committer[T]) take() (batch []entry[T], last bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, weight := 0, int64(0)
	for n < len(c.pending) {
		weight += c.opt.Weight(c.pending[n].item)
		if n > 0 && weight > c.opt.MaxBatch {
			break
		}
		n++
	}
	batch = c.pending[:n:n]
	for i := range batch {
		c.weight -= c.opt.Weight(batch[i].item)
		if batch[i].answer != nil {
			c.waiting--
		}
	}
	c.pending = c.pending[n:]
	if len(c.pending) == 0 {
		c.pending = nil // begin at the front of a new array
	}
	return batch, c.stopped
}

// write commits a batch. On failure those who wait are told, the others go
// back to the front of the queue unless this was the last try.
func (c *Committer[T]) write(batch []entry[T], last bool) bool {
	defer clear(batch) // its array lives on with the queue; its items need not
	items := make([]T, len(batch))
	for i := range batch {
		items[i] = batch[i].item
	}
	err := c.opt.Commit(items)
	if err == nil {
		c.commits.Add(1)
		c.written.Add(uint64(len(batch)))
		c.finish(batch, nil)
		return true
	}
	c.failures.Add(1)
	var gone, kept []entry[T]
	for _, e := range batch {
		switch {
		case e.answer != nil:
			c.failed.Add(1)
			gone = append(gone, e)
		case last:
			c.lost.Add(1)
			gone = append(gone, e)
		default:
			kept = append(kept, e)
		}
	}
	if len(kept) > 0 {
		c.mu.Lock()
		c.pending = append(kept, c.pending...)
		for _, e := range kept {
			c.weight += c.opt.Weight(e.item)
		}
		c.mu.Unlock()
	}
	c.finish(gone, err)
	return false
}

func (c *Committer[T]) finish(batch []entry[T], err error) {
	for _, e := range batch {
		<-c.slots
		if e.answer != nil {
			e.answer <- err
		}
	}
}

// Stop refuses new items, writes what is queued and waits for it until ctx
// ends. It may be called unstarted and any number of times. Items that could
// not be written make an error.
func (c *Committer[T]) Stop(ctx context.Context) error {
	c.mu.Lock()
	if !c.stopped {
		c.stopped = true
		close(c.stopping)
		if !c.started {
			close(c.done)
		}
	}
	c.mu.Unlock()
	select {
	case <-c.done:
	default:
		select {
		case <-c.done:
		case <-ctx.Done():
			return fmt.Errorf("%d items not written yet: %w", len(c.slots), ctx.Err())
		}
	}
	if n := c.lost.Load(); n > 0 {
		return fmt.Errorf("%d queued items could not be written", n)
	}
	return nil
}

// Done is closed when the goroutine has ended after Stop.
func (c *Committer[T]) Done() <-chan struct{} { return c.done }

// Stats returns the counters.
func (c *Committer[T]) Stats() CommitterStats {
	return CommitterStats{
		Queued:   len(c.slots),
		Accepted: c.accepted.Load(),
		Written:  c.written.Load(),
		Commits:  c.commits.Load(),
		Failures: c.failures.Load(),
		Refused:  c.refused.Load(),
		Failed:   c.failed.Load(),
		Lost:     c.lost.Load(),
	}
}
