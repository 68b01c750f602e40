package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// growEvery is how far the tree lags behind the records at most, while
	// nothing is wrong.
	growEvery              = time.Second
	defaultCheckpointEvery = time.Hour
	// lastAnchors is how long the end waits for anchors to take the last checkpoint.
	lastAnchors = 2 * time.Second
)

// keeper is the goroutine that grows the tree, signs checkpoints of it and hands
// them to the anchors.
type keeper struct {
	grow    *grower
	points  *checkpointer // nil without a key
	anchors []*anchoring
	every   time.Duration
	now     func() time.Time
	seq     func() uint64 // of the last record on disk
	report  func(error)

	told string // the last failure

	started bool
	ending  chan struct{}
	work    context.Context // of attempts of anchors
	cancel  context.CancelFunc
	done    sync.WaitGroup

	size, at, failures atomic.Uint64 // last checkpoint: size, Unix time
}

func (t *Trail) newKeeper(o Options) (*keeper, error) {
	k := &keeper{every: o.CheckpointEvery, now: t.now, seq: t.seq.Load, report: o.Report}
	if k.every <= 0 {
		k.every = defaultCheckpointEvery
	}
	if k.report == nil {
		k.report = func(error) {}
	}
	var err error
	if o.CheckpointKey != "" {
		if k.points, err = newCheckpointer(o.Dir, o.CheckpointKey); err != nil {
			return nil, err
		}
		k.noteLast()
	} else if len(o.Anchors) > 0 {
		return nil, errors.New("anchors keep checkpoints, for which there is no key")
	}
	for _, a := range o.Anchors {
		an, err := newAnchoring(a, k.report)
		if err != nil {
			return nil, err
		}
		k.anchors = append(k.anchors, an)
	}
	if k.grow, err = openGrower(o.Dir); err != nil {
		return nil, err
	}
	return k, nil
}

func (k *keeper) noteLast() {
	if last := k.points.last; last.Size > 0 {
		k.size.Store(last.Size)
		k.at.Store(uint64(max(0, last.Time.Unix())))
	}
}

// start starts the goroutines. It is called once.
func (k *keeper) start() {
	k.started, k.ending = true, make(chan struct{})
	k.work, k.cancel = context.WithCancel(context.Background())
	k.offer() // it may not have been kept before the last end
	for _, a := range k.anchors {
		k.done.Go(func() { a.run(k.work, k.ending) })
	}
	k.done.Go(k.run)
}

func (k *keeper) run() {
	tick := time.NewTicker(min(growEvery, k.every))
	defer tick.Stop()
	next := k.now().Add(k.every)
	for {
		select {
		case <-k.ending:
			return
		case <-tick.C:
		}
		if err := k.grow.grow(k.seq()); err != nil {
			k.failed(fmt.Errorf("tree of the audit trail: %w", err))
			continue
		}
		k.told = ""
		if now := k.now(); k.points != nil && !now.Before(next) {
			next = now.Add(k.every)
			k.checkpoint(now)
		}
	}
}

// failed counts a failure, and reports it unless it is the one before: the tree is
// tried every second.
func (k *keeper) failed(err error) {
	k.failures.Add(1)
	if text := err.Error(); text != k.told {
		k.told = text
		k.report(err)
	}
}

// checkpoint signs the tree as it is.
func (k *keeper) checkpoint(now time.Time) {
	made, err := k.points.sign(k.grow, now)
	if err != nil {
		k.failed(fmt.Errorf("checkpoint of the audit trail: %w", err))
		return
	}
	if made {
		k.noteLast()
		k.offer()
	}
}

// offer hands the last checkpoint to the anchors.
func (k *keeper) offer() {
	if k.points == nil || k.points.msg == nil {
		return
	}
	c := Anchored{Checkpoint: k.points.last, Signed: k.points.msg}
	c.Prove = k.grow.prover(c.Size)
	for _, a := range k.anchors {
		a.offer(c)
	}
}

// end signs the last records and closes the tree. Anchors have a moment to take
// the last checkpoint; it is offered again at the next start.
func (k *keeper) end() error {
	if k == nil {
		return nil
	}
	if !k.started {
		return k.grow.close()
	}
	close(k.ending)
	defer k.cancel()
	timer := time.AfterFunc(lastAnchors, k.cancel)
	defer timer.Stop()
	k.done.Wait()
	err := k.grow.grow(k.seq())
	if err != nil {
		k.failed(fmt.Errorf("tree of the audit trail: %w", err))
	} else if k.points != nil {
		k.checkpoint(k.now())
	}
	var last sync.WaitGroup
	for _, a := range k.anchors {
		last.Go(func() { a.attempt(k.work) })
	}
	last.Wait()
	return k.grow.close()
}

// prove returns the proof that the first old records are the beginning of the
// first size ones.
func (g *grower) prove(old, size uint64) ([]tlog.Hash, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.tree == nil || g.broken || size > uint64(g.tree.n) || old < 1 || old > size {
		return nil, errors.New("there is no such proof")
	}
	return tlog.ProveTree(int64(size), int64(old), hashFile{g.tree.f})
}

// prover is prove for a checkpoint of that size.
func (g *grower) prover(size uint64) func(old uint64) ([]tlog.Hash, error) {
	return func(old uint64) ([]tlog.Hash, error) { return g.prove(old, size) }
}

// stats adds what the keeper counts.
func (k *keeper) stats(s *Stats) {
	s.TreeSize = k.grow.size()
	s.CheckpointSize, s.CheckpointFailures = k.size.Load(), k.failures.Load()
	if at := k.at.Load(); at > 0 {
		s.CheckpointTime = time.Unix(int64(at), 0).UTC()
	}
	for _, a := range k.anchors {
		s.Anchors = append(s.Anchors, a.read())
	}
}
