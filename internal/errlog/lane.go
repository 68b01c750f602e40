package errlog

import (
	"context"
	"errors"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// lane brings what is in a queue to one sink.
type lane struct {
	name string
	q    *queue
	sink sink
	log  *Log
	seq  uint64
	// failing is set from the first batch that was refused to the next that was taken.
	failing bool
}

const (
	// batchSize is how many reports one batch holds at most.
	batchSize = 256
	// maxTries is how often a batch is given to a sink that says no for reasons it does
	// not tell; what is known to pass is tried again without end.
	maxTries = 8

	firstPause = 50 * time.Millisecond
	maxPause   = 5 * time.Second
)

// run ends when the queue is closed and empty, or ctx has ended; what is left then is
// counted as lost.
func (l *lane) run(ctx context.Context) {
	for {
		select {
		case <-l.q.wake:
		case <-ctx.Done():
			l.lose()
			return
		}
		entries, counts, ended := l.q.take(batchSize)
		if ended {
			return
		}
		if len(entries)+len(counts) > 0 {
			l.seq++
			l.deliver(ctx, newBatch(l.seq, entries, counts))
		}
	}
}

// deliver gives a batch to the sink until it takes it.
func (l *lane) deliver(ctx context.Context, b *batch) {
	pause := l.log.firstPause
	for try := 1; ; try++ {
		err := l.sink.write(ctx, b)
		if err == nil {
			l.log.observer.Written(l.name, b.reports())
			if l.failing {
				l.failing = false
				l.log.logger.Info("error reports are taken again", "sink", l.name)
			}
			return
		}
		kind := KindOf(err)
		l.log.observer.Failed(l.name, kind)
		if !l.failing {
			l.failing = true
			l.log.logger.Warn("error reports are not taken", "sink", l.name, "kind", kind, "error", err)
		}
		if errors.As(err, new(permanentError)) || kind == string(records.Other) && try >= maxTries {
			l.log.logger.Error("error reports are lost", "sink", l.name, "reports", b.reports(), "error", err)
			l.log.observer.Dropped(l.name, DroppedCount, b.reports())
			return
		}
		select {
		case <-ctx.Done():
			l.log.lost(l.name, b.reports())
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, maxPause)
	}
}

// lose counts what is still in the queue as lost.
func (l *lane) lose() {
	for {
		entries, counts, _ := l.q.take(batchSize)
		if len(entries)+len(counts) == 0 {
			return
		}
		l.log.lost(l.name, newBatch(0, entries, counts).reports())
	}
}

// KindOf returns what metrics call an error of a sink.
func KindOf(err error) string {
	var k kinder
	if errors.As(err, &k) {
		return k.kind()
	}
	return string(records.KindOf(err))
}
