package projector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

// Observer is told what becomes of a trail, for metrics. Its methods must return soon.
type Observer interface {
	// Read says that n records of the trail are in the database.
	Read(n uint64)
	// Lost says that something is not, and never will be; see records.TrailLoss.
	Lost(reason string, n int64)
	// Failed says that the trail or the database could not be read or written. It is
	// tried again.
	Failed(kind string)
	// Leak says that a leak is new, or was seen after it was rotated.
	Leak(l *records.Leak, reopened bool)
	// Totals says how many leaks there are by state, and how many of them were seen after
	// they were rotated.
	Totals(byState map[string]int64, again int64)
}

// Nobody is an Observer that does nothing.
type Nobody struct{}

// Read does nothing.
func (Nobody) Read(uint64) {}

// Lost does nothing.
func (Nobody) Lost(string, int64) {}

// Failed does nothing.
func (Nobody) Failed(string) {}

// Leak does nothing.
func (Nobody) Leak(*records.Leak, bool) {}

// Totals does nothing.
func (Nobody) Totals(map[string]int64, int64) {}

// Options say what is read into what. The zero value of a field is its default.
type Options struct {
	DB       *records.DB // it is not closed
	Dir      string      // of the trail
	Observer Observer
	Logger   *slog.Logger // default: none
	// Receivers returns who is told of a leak; nil for nobody. See records.TrailBatch.
	Receivers func(*records.LeakEvent) []string
	// Poll is how long it waits at the end of the trail; default 500ms.
	Poll time.Duration
}

// The kinds of failures that are not those of package records.
const (
	failedTrail  = "trail"  // it could not be read
	failedBehind = "behind" // it ends before what was read of it
)

const (
	// chunk is how many records one transaction takes in. Those of a chunk that tell of one
	// leak are written as one, so it is as large as a transaction may last, a fraction of a
	// second, and memory allow, some MB.
	chunk    = 4096
	maxPause = 5 * time.Second
	// totalsEvery is how often leaks are counted where the trail has nothing new.
	totalsEvery = 15 * time.Second
	// toldOneByOne is how many leaks of a chunk the log names.
	toldOneByOne = 10
)

// Projector reads one trail into the records. It is safe for concurrent use.
type Projector struct {
	o Options
	// reading is held while the trail is read.
	reading sync.Mutex
	source  string
	reader  *audit.Reader
	at      uint64 // position in the database, once reader is there

	seq     atomic.Uint64 // at, for others
	failing bool          // of the goroutine
	cancel  context.CancelFunc
	done    chan struct{}
}

// New returns a Projector. It touches neither the trail nor the database.
func New(o Options) *Projector {
	if o.Observer == nil {
		o.Observer = Nobody{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Poll <= 0 {
		o.Poll = 500 * time.Millisecond
	}
	return &Projector{o: o}
}

// Start reads the trail as it is written, until Close.
func (p *Projector) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.cancel, p.done = cancel, make(chan struct{})
	go func() {
		defer close(p.done)
		p.run(ctx)
	}()
}

func (p *Projector) run(ctx context.Context) {
	pause, counted := p.o.Poll, time.Time{}
	for {
		n, err := p.Sync(ctx)
		if ctx.Err() != nil {
			return
		}
		p.note(err)
		if err == nil && (n > 0 || time.Since(counted) > totalsEvery) && p.source != "" {
			p.totals(ctx)
			counted = time.Now()
		}
		if pause = min(2*pause, maxPause); err == nil {
			pause = p.o.Poll
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}

// totals tells how many leaks there are, which people and other replicas change too.
func (p *Projector) totals(ctx context.Context) {
	byState, again, err := p.o.DB.LeakTotals(ctx)
	if err == nil { // else it is told with the next failure to write
		p.o.Observer.Totals(byState, again)
	}
}

// note logs the first failure of a row, and its end.
func (p *Projector) note(err error) {
	switch {
	case err != nil && !p.failing:
		p.o.Logger.Warn("the audit trail is not read into the records; its events wait", "error", err)
	case err == nil && p.failing:
		p.o.Logger.Info("the audit trail is read into the records again")
	}
	p.failing = err != nil
}

// Sync reads all that the trail has and returns how many records that were. Where it
// fails, what was read up to there is in the database.
func (p *Projector) Sync(ctx context.Context) (n uint64, err error) {
	p.reading.Lock()
	defer p.reading.Unlock()
	for more := true; more && err == nil; {
		var read uint64
		read, more, err = p.step(ctx)
		n += read
	}
	if err != nil && ctx.Err() == nil {
		p.o.Observer.Failed(kindOf(err))
	}
	return n, err
}

// trailError is a failure to read the trail.
type trailError struct{ error }

func (e trailError) Unwrap() error { return e.error }

func kindOf(err error) string {
	switch {
	case errors.Is(err, audit.ErrBehind):
		return failedBehind
	case errors.As(err, new(trailError)):
		return failedTrail
	}
	return string(records.KindOf(err))
}

// step takes in one chunk.
func (p *Projector) step(ctx context.Context) (n uint64, more bool, err error) {
	if p.reader == nil {
		if err := p.begin(ctx); err != nil || p.reader == nil {
			return 0, false, err
		}
	}
	c, err := p.reader.Read(chunk)
	if err != nil {
		p.reader = nil
		return 0, false, trailError{err}
	}
	if c.Last == 0 {
		return 0, false, nil
	}
	b := batch(p.source, p.at, &c, time.Now())
	b.Receivers = p.o.Receivers
	events, err := p.o.DB.AddTrail(ctx, b)
	if err != nil {
		// Whether it is in or not, and who has read on, the database knows.
		p.reader = nil
		if errors.Is(err, records.ErrMoved) {
			return 0, true, nil
		}
		return 0, false, err
	}
	n = c.Last - p.at
	p.at = c.Last
	p.seq.Store(p.at)
	p.tell(n, b, events)
	return n, c.More, nil
}

// begin finds out up to where the trail was read. It leaves reader nil where there is no
// trail yet.
func (p *Projector) begin(ctx context.Context) error {
	id, err := audit.ID(p.o.Dir)
	if err != nil {
		return trailError{err}
	}
	if id == "" {
		return nil
	}
	p.source = "trail/" + id
	err = p.o.DB.View(ctx, "read the position of the trail", func(tx *records.Tx) (err error) {
		p.at, err = tx.Position(p.source)
		return err
	})
	if err != nil {
		return err
	}
	p.reader = audit.NewReader(p.o.Dir, p.at)
	p.seq.Store(p.at)
	return nil
}

func (p *Projector) tell(n uint64, b *records.TrailBatch, events []records.LeakEvent) {
	p.o.Observer.Read(n)
	for _, l := range b.Losses {
		p.o.Observer.Lost(l.Reason, l.Count)
		p.o.Logger.Error("the records lack what the audit trail does not have any more", "reason", l.Reason, "count", l.Count)
	}
	if len(events) > toldOneByOne {
		p.o.Logger.Warn("leaks", "number", len(events))
	}
	for i := range events {
		l := &events[i].Leak
		p.o.Observer.Leak(l, events[i].Reopened)
		if len(events) > toldOneByOne {
			continue
		}
		p.o.Logger.Warn("leak", "number", l.Number, "rule", l.Rule, "severity", l.Severity, "fingerprint", l.Fingerprint,
			"again_after_rotation", events[i].Reopened)
	}
}

// Behind returns how many records of the trail are not yet in the database, as far as
// that is known.
func (p *Projector) Behind() uint64 {
	written, err := audit.Written(p.o.Dir)
	if err != nil {
		return 0
	}
	return written - min(written, p.seq.Load())
}

// Close ends what Start began. It reads the rest of the trail, until ctx ends.
func (p *Projector) Close(ctx context.Context) error {
	if p.cancel == nil {
		return nil
	}
	p.cancel()
	<-p.done
	p.cancel = nil
	if _, err := p.Sync(ctx); err != nil {
		return fmt.Errorf("the audit trail is not read into the records to its end, which the next start does: %w", err)
	}
	return nil
}
