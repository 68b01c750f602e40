package errlog

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/records"
)

// What a report can lose; see Observer.Dropped.
const (
	DroppedOriginal = "original" // the report was stripped
	DroppedReport   = "report"   // the report was counted
	DroppedCount    = "count"    // the report was lost altogether
)

// Observer is told what becomes of reports, for metrics. Its methods are called by several
// goroutines at once and must return soon.
type Observer interface {
	// Dropped says what n reports lost on their way to a sink; the sink is "" where they
	// lost it before the ways part.
	Dropped(sink, what string, n int64)
	// Written says that a sink has taken reports, those that were only counted too.
	Written(sink string, reports int64)
	// Failed says that a sink did not take a batch. It is tried again.
	Failed(sink, kind string)
	// Group says that a group is new to the database, or was resolved and has happened
	// again.
	Group(g *records.ErrorGroup, reopened bool)
}

// Nobody is an Observer that does nothing.
type Nobody struct{}

// Dropped does nothing.
func (Nobody) Dropped(string, string, int64) {}

// Written does nothing.
func (Nobody) Written(string, int64) {}

// Failed does nothing.
func (Nobody) Failed(string, string) {}

// Group does nothing.
func (Nobody) Group(*records.ErrorGroup, bool) {}

// Options say where reports go. The zero value of a field is its default.
type Options struct {
	Errors config.ErrorLog
	// DB takes reports where Errors.Store says so; nil for none. It is not closed.
	DB       *records.DB
	Replica  string // name of this process among others; default: that of the host
	Version  string // of redactd
	Observer Observer
	Logger   *slog.Logger // default: none
	// Queue and QueueBytes bound what waits for each sink; default 1024 reports and 16 MiB.
	Queue      int
	QueueBytes int64
}

// Log takes reports. It is safe for concurrent use.
type Log struct {
	o        Options
	observer Observer
	logger   *slog.Logger
	run      string // id of this Log, which makes the numbers of its batches unique
	sealer   *sealer
	texts    bool // a sink wants the text of originals
	intake   *queue
	lanes    []*lane

	cancel    context.CancelFunc
	done      chan struct{}
	closeOnce sync.Once
	closeErr  error
	lostCount atomic.Int64

	firstPause time.Duration // before a batch is tried again
}

// maxCounted is how many groups a queue counts one by one.
const maxCounted = 4096

// New starts a Log. It connects to nothing: a sink that can't be reached is tried until
// it can.
func New(o Options) (*Log, error) {
	if o.Observer == nil {
		o.Observer = Nobody{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Replica == "" {
		o.Replica = hostname()
	}
	if o.Queue <= 0 {
		o.Queue = 1024
	}
	if o.QueueBytes <= 0 {
		o.QueueBytes = 16 << 20
	}
	l := &Log{o: o, observer: o.Observer, logger: o.Logger, run: rand.Text(), done: make(chan struct{}), firstPause: firstPause}
	var err error
	if o.Errors.Store && o.DB != nil { // nobody else keeps sealed ones
		if l.sealer, err = newSealer(o.Errors.SealTo); err != nil {
			return nil, err
		}
	}
	bounds := limits{entries: o.Queue, bytes: o.QueueBytes, groups: maxCounted}
	l.intake = newQueue(bounds)
	for _, name := range SinkNames() {
		s, err := openers[name](&l.o, l)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if s != nil {
			l.texts = l.texts || wantsText(s)
			l.lanes = append(l.lanes, &lane{name: name, q: newQueue(bounds), sink: s, log: l})
		}
	}
	l.start()
	return l, nil
}

func (l *Log) start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	var wg sync.WaitGroup
	wg.Go(func() { l.prepareAll() })
	for _, lane := range l.lanes {
		wg.Go(func() { lane.run(ctx) })
	}
	go func() { wg.Wait(); close(l.done) }()
}

// Active reports whether there is any sink: without one, reports go nowhere.
func (l *Log) Active() bool { return len(l.lanes) > 0 }

// Seals reports whether originals are sealed, so that Report.Unscrubbed is wanted.
func (l *Log) Seals() bool { return l.sealer != nil }

// Report takes a report. It never waits. Original, Unscrubbed and Frames belong to the
// Log from then on.
func (l *Log) Report(r Report) {
	if len(l.lanes) == 0 || l.sealer == nil {
		clear(r.Unscrubbed)
		r.Unscrubbed = nil
	}
	if len(l.lanes) == 0 {
		return
	}
	r.bound()
	e := &entry{Report: r, id: Fingerprint(&r)}
	became, open := l.intake.put(e)
	if became != queued {
		clear(r.Unscrubbed)
	}
	switch {
	case !open:
		l.lost("", 1)
	case became == stripped:
		l.observer.Dropped("", DroppedOriginal, 1)
	case became == counted:
		l.observer.Dropped("", DroppedReport, 1)
	}
}

// Backlog is what waits for a sink.
type Backlog struct {
	Reports int
	Bytes   int64 // of memory
}

// Waiting returns what waits, by the name of the sink; what is yet common to all is under "".
func (l *Log) Waiting() map[string]Backlog {
	out := map[string]Backlog{"": l.intake.waiting()}
	for _, lane := range l.lanes {
		out[lane.name] = lane.q.waiting()
	}
	return out
}

// Close takes no more reports and waits until the sinks have those that were taken, or ctx
// ends. Then its error says how many are lost. It may be called any number of times.
func (l *Log) Close(ctx context.Context) error {
	l.closeOnce.Do(func() {
		l.intake.close() // which closes the lanes
		select {
		case <-l.done:
		case <-ctx.Done():
		}
		l.cancel()
		<-l.done // sinks end with their context
		var errs []error
		for _, lane := range l.lanes {
			lane.lose() // what was put in after it ended
			errs = append(errs, lane.sink.close(ctx))
		}
		if n := l.lostCount.Load(); n > 0 {
			errs = append(errs, fmt.Errorf("errlog: %d reports are lost", n))
		}
		l.closeErr = errors.Join(errs...)
	})
	return l.closeErr
}

func (l *Log) lost(sink string, n int64) {
	l.lostCount.Add(n)
	l.observer.Dropped(sink, DroppedCount, n)
}

// prepareAll brings reports from the intake to the lanes until it is closed.
func (l *Log) prepareAll() {
	for range l.intake.wake {
		entries, counts, ended := l.intake.take(batchSize)
		for _, e := range entries {
			l.spread(l.prepare(e))
		}
		for _, lane := range l.lanes {
			lane.q.putCounts(counts)
		}
		if ended {
			break
		}
	}
	for _, lane := range l.lanes {
		lane.q.close()
	}
}

// maxText is how much of an original goes to sinks that keep text, in bytes.
const maxText = 32 << 10

// prepare does once what sinks have in common.
func (l *Log) prepare(e *entry) *entry {
	out := *e
	if len(e.Unscrubbed) > 0 {
		sealed, err := l.sealer.seal(e.Unscrubbed)
		clear(e.Unscrubbed)
		if err != nil {
			l.logger.Error("an original could not be sealed", "error", err)
			l.observer.Failed("seal", string(records.Other))
		}
		out.sealed = sealed
	}
	if e.Original != nil {
		out.original = records.Pack(e.Original, e.ContentType, int(l.o.Errors.MaxOriginal))
		if l.texts {
			out.text = append([]byte(nil), e.Original[:min(len(e.Original), maxText)]...)
		}
	}
	out.original.ContentType = e.ContentType
	out.Original, out.Unscrubbed = nil, nil
	return &out
}

// spread puts an entry into every lane.
func (l *Log) spread(e *entry) {
	for _, lane := range l.lanes {
		switch became, _ := lane.q.put(e); became {
		case stripped:
			l.observer.Dropped(lane.name, DroppedOriginal, 1)
		case counted:
			l.observer.Dropped(lane.name, DroppedReport, 1)
		}
	}
}
