package audit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/seglog"
)

const (
	prefix         = "audit"
	defaultMaxSize = 64 << 20
	defaultQueue   = 4096
	maxBatch       = 1 << 20
	closeTimeout   = 10 * time.Second
)

func init() {
	RegisterSink("file", func(o Options) (Sink, error) { return newTrail(o) })
}

// hooks stand in for the clock and the file system in tests.
type hooks struct {
	now      func() time.Time
	openFile func(name string) (seglog.File, error)
}

// Trail is the durable sink: a directory of records in one hash chain. It is
// safe for concurrent use.
type Trail struct {
	dir      string
	required bool
	now      func() time.Time
	segs     *seglog.Segments
	com      *seglog.Committer[batch]
	head     *headFile
	keeper   *keeper
	begin    sync.Once
	release  sync.Once

	// Of the committing goroutine; before Start, of newTrail.
	last  link
	buf   []byte
	spill spill

	queue       int
	over        overflow
	queuedBytes atomic.Int64
	digest      atomic.Pointer[string] // of the configuration in force, once InForce was told
	committed   chan struct{}          // holds one while a commit was not yet seen

	seq, events, dropped, refused, headErrors atomic.Uint64
}

// spill is what of the overflow is being written.
type spill struct {
	bodies   []byte
	findings uint64
	dropped  uint64
}

// Open opens the trail in o.Dir, creating it if need be, and starts it. A
// trail has one opener at a time. What a crash left incomplete is repaired;
// what was edited or cut off while no one wrote is left as evidence for
// Verify. Both are noted in a marker.
func Open(o Options) (*Trail, error) {
	t, err := newTrail(o)
	if err != nil {
		return nil, err
	}
	return t, t.Start()
}

func newTrail(o Options) (*Trail, error) {
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMaxSize
	}
	if o.Queue <= 0 {
		o.Queue = defaultQueue
	}
	t := &Trail{dir: o.Dir, required: o.Required, now: o.hooks.now, queue: o.Queue, committed: make(chan struct{}, 1)}
	t.over.max = maxMerged
	if t.now == nil {
		t.now = time.Now
	}
	t.com = seglog.NewCommitter(seglog.CommitterOptions[batch]{
		Commit: t.commit, Queue: o.Queue, MaxBatch: min(maxBatch, o.MaxSize),
		Weight: func(b batch) int64 { return int64(len(b.bodies)) },
		More:   t.more,
	})
	segs, rep, err := seglog.Open(seglog.Options{
		Dir: o.Dir, Prefix: prefix, MaxSize: o.MaxSize, MaxAge: o.MaxAge, MaxFiles: o.MaxFiles,
		BeforeRemove: t.beforeRemove, Now: o.hooks.now, OpenFile: o.hooks.openFile,
	})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	t.segs = segs
	if err = t.resume(o.Dir, rep); err == nil {
		t.keeper, err = t.newKeeper(o)
	}
	if err != nil {
		_ = t.segs.Close()
		_ = t.head.close()
		return nil, fmt.Errorf("audit: %w", err)
	}
	return t, nil
}

// Start starts the writer. Open has done so already.
func (t *Trail) Start() error {
	if err := t.com.Start(); err != nil {
		return ErrStopped
	}
	t.begin.Do(t.keeper.start)
	return nil
}

// batch is the events of one payload, as appendBodies writes them.
type batch struct {
	bodies   []byte
	findings uint64
}

func newBatch(events []Event) (batch, error) {
	// Most events have about this size, so that most batches grow once or not.
	bodies, err := appendBodies(make([]byte, 0, 448*len(events)), events)
	b := batch{bodies: bodies}
	for i := range events {
		if events[i].Note == "" {
			b.findings += events[i].N()
		}
	}
	return b, err
}

// Record implements Recorder. Where events are not required it never waits long:
// see overflow.
func (t *Trail) Record(ctx context.Context, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	if err := ctx.Err(); err != nil {
		t.refused.Add(1)
		return fmt.Errorf("audit: %w", err)
	}
	if !t.required && t.pressed() {
		done, err := t.press(ctx, events)
		if done || err != nil {
			return err
		}
	}
	b, err := newBatch(events)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	if !t.required {
		t.queuedBytes.Add(int64(len(b.bodies)))
	}
	err = t.com.Put(ctx, b, t.required)
	if err != nil && !t.required {
		t.queuedBytes.Add(-int64(len(b.bodies)))
	}
	switch {
	case err == nil:
		return nil
	case errors.Is(err, seglog.ErrStopped):
		return ErrStopped
	case !t.required:
		t.over.drop(b.findings)
		t.com.Nudge()
	}
	return fmt.Errorf("audit: %w", err)
}

// more says whether commit has something to write beside a batch.
func (t *Trail) more() bool { return len(t.spill.bodies) > 0 || t.over.waiting() }

// draw takes what is merged, to be written with the next commit that succeeds.
func (t *Trail) draw() error {
	if len(t.spill.bodies) > 0 {
		return nil
	}
	events, dropped := t.over.take()
	if dropped > 0 {
		events = append(events, Event{Time: t.now(), Note: noteDropped, Count: dropped})
	}
	if len(events) == 0 {
		return nil
	}
	b, err := newBatch(events)
	if err != nil {
		t.over.drop(b.findings)
		return err
	}
	t.spill = spill{bodies: b.bodies, findings: b.findings, dropped: dropped}
	return nil
}

// noteDropped is the note of a marker that counts findings without events.
const noteDropped = "findings were not recorded: the queue was full"

// commit writes the records of a batch. The chain moves on only when they are
// on disk.
func (t *Trail) commit(batches []batch) error {
	if err := t.draw(); err != nil {
		return err
	}
	next, findings, size := t.last, t.spill.findings, int64(0)
	t.buf = t.buf[:0]
	for _, b := range batches {
		t.buf = next.appendAll(t.buf, b.bodies)
		findings += b.findings
		size += int64(len(b.bodies))
	}
	t.buf = next.appendAll(t.buf, t.spill.bodies)
	if err := t.segs.Commit(t.buf); err != nil {
		return err
	}
	t.last = next
	t.seq.Store(next.seq)
	t.events.Add(findings)
	t.dropped.Add(t.spill.dropped)
	t.spill = spill{}
	if !t.required {
		t.queuedBytes.Add(-size)
	}
	if cap(t.buf) > 4*maxBatch {
		t.buf = nil
	}
	select {
	case t.committed <- struct{}{}:
	default:
	}
	if err := t.head.write(next, false); err != nil {
		t.headErrors.Add(1)
	}
	return nil
}

// beforeRemove moves the beginning of the trail in the head, so that older
// records may be missing from then on and no others.
func (t *Trail) beforeRemove(oldest seglog.Segment) error {
	first := t.last.seq + 1
	if rec, ok, err := firstRecord(oldest.Path); err != nil {
		return err
	} else if ok {
		first = rec.seq
	}
	// The tree needs the records that go; keeper is nil while the trail resumes.
	if t.keeper != nil {
		if err := t.keeper.grow.secure(first - 1); err != nil {
			return err
		}
	}
	old := t.head.first
	t.head.first = first
	if err := t.head.write(t.last, true); err != nil {
		t.head.first = old
		return err
	}
	return nil
}

// Stop implements Sink. The directory is free when it has returned nil.
func (t *Trail) Stop(ctx context.Context) error {
	t.over.close()
	err := t.com.Stop(ctx)
	select {
	case <-t.com.Done():
	default:
		return fmt.Errorf("audit: %w", err)
	}
	t.release.Do(func() {
		if t.more() {
			err = errors.Join(err, errors.New("merged events could not be written"))
		}
		err = errors.Join(err, t.keeper.end(), t.head.write(t.last, true), t.head.close(), t.segs.Close())
	})
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

// Close is Stop with ten seconds of time.
func (t *Trail) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return t.Stop(ctx)
}

// Stats implements Sink.
func (t *Trail) Stats() Stats {
	c := t.com.Stats()
	merged, crude := t.over.totals()
	s := Stats{
		Merged: merged, Crude: crude, Dropped: t.dropped.Load(),
		Events: t.events.Load(), Queued: c.Queued, Refused: c.Refused + t.refused.Load(), Failed: c.Failed, Lost: c.Lost,
		Commits: c.Commits, Failures: c.Failures, HeadErrors: t.headErrors.Load(), Seq: t.seq.Load(),
	}
	t.keeper.stats(&s)
	return s
}

// firstRecord reads the first record of a file; ok is false for an empty one.
func firstRecord(path string) (rec record, ok bool, err error) {
	f, err := os.Open(path)
	if err != nil {
		return record{}, false, err
	}
	defer func() { _ = f.Close() }()
	line, complete, err := seglog.NewLines(f, maxLine).Next()
	if err != nil || !complete {
		return record{}, false, nil
	}
	rec, ok = parseRecord(line)
	return rec, ok, nil
}
