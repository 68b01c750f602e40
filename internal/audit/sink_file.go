package audit

import (
	"bytes"
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
	required bool
	now      func() time.Time
	segs     *seglog.Segments
	com      *seglog.Committer[[]byte]
	head     *headFile
	release  sync.Once

	// Of the committing goroutine; before Start, of newTrail.
	last link
	buf  []byte

	seq, events, headErrors atomic.Uint64
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
	t := &Trail{required: o.Required, now: o.hooks.now}
	if t.now == nil {
		t.now = time.Now
	}
	t.com = seglog.NewCommitter(seglog.CommitterOptions[[]byte]{
		Commit: t.commit, Queue: o.Queue, MaxBatch: min(maxBatch, o.MaxSize),
		Weight: func(p []byte) int64 { return int64(len(p)) },
	})
	segs, rep, err := seglog.Open(seglog.Options{
		Dir: o.Dir, Prefix: prefix, MaxSize: o.MaxSize, MaxAge: o.MaxAge, MaxFiles: o.MaxFiles,
		BeforeRemove: t.beforeRemove, Now: o.hooks.now, OpenFile: o.hooks.openFile,
	})
	if err != nil {
		return nil, fmt.Errorf("audit: %w", err)
	}
	t.segs = segs
	if err := t.resume(o.Dir, rep); err != nil {
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
	return nil
}

// Record implements Recorder.
func (t *Trail) Record(ctx context.Context, events []Event) error {
	if len(events) == 0 {
		return nil
	}
	lines, err := appendBodies(nil, events)
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	err = t.com.Put(ctx, lines, t.required)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, seglog.ErrStopped):
		return ErrStopped
	}
	return fmt.Errorf("audit: %w", err)
}

// commit writes the records of a batch. The chain moves on only when they are
// on disk.
func (t *Trail) commit(batch [][]byte) error {
	next, n := t.last, uint64(0)
	t.buf = t.buf[:0]
	for _, bodies := range batch {
		for body := range bytes.Lines(bodies) {
			t.buf = next.append(t.buf, body)
			n++
		}
	}
	if err := t.segs.Commit(t.buf); err != nil {
		return err
	}
	t.last = next
	t.seq.Store(next.seq)
	t.events.Add(n)
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
	err := t.com.Stop(ctx)
	select {
	case <-t.com.Done():
	default:
		return fmt.Errorf("audit: %w", err)
	}
	t.release.Do(func() {
		err = errors.Join(err, t.head.write(t.last, true), t.head.close(), t.segs.Close())
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
	return Stats{
		Events: t.events.Load(), Queued: c.Queued, Refused: c.Refused, Failed: c.Failed, Lost: c.Lost,
		Commits: c.Commits, Failures: c.Failures, HeadErrors: t.headErrors.Load(), Seq: t.seq.Load(),
	}
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
