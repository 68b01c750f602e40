package proxy

import (
	"context"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/projector"
	"github.com/redactd/redactd/internal/records"
)

// pruneEvery is the time between two runs that take away what is too old or too much.
// A flood of errors grows the database by so much beyond its size; to look costs
// milliseconds.
const pruneEvery = time.Minute

// lastRead bounds how long the trail is read at shutdown.
const lastRead = 2 * time.Second

// openRecords opens the database, where anything is kept in it. It connects to nothing.
func (p *Proxy) openRecords(cfg *config.Config) error {
	leaks := p.o.recorder == nil && cfg.Audit.Dir != "" && cfg.Leaks.Store
	if cfg.Records.DSN == "" || !leaks && !(cfg.Errors.Store && tellsErrors(cfg)) {
		return nil
	}
	db, err := records.Open(records.Options{
		DSN: cfg.Records.DSN, Program: p.o.Version,
		Keep: time.Duration(cfg.Errors.Keep), MaxSize: int64(cfg.Errors.MaxSize),
		KeepLeaks: time.Duration(cfg.Leaks.Keep), MaxLeaks: int64(cfg.Leaks.Max),
	})
	if err != nil {
		return err
	}
	p.records = db
	if leaks {
		n, wants := p.newNotifier(cfg, db)
		p.notifier = n
		p.projector = projector.New(projector.Options{DB: db, Dir: cfg.Audit.Dir, Observer: p.m.leaks, Logger: p.log, Receivers: wants})
		p.m.leaks.watch(p.projector)
	}
	return nil
}

// startRecords starts what works on the database, until ctx ends or closeRecords.
func (p *Proxy) startRecords(ctx context.Context) {
	if p.projector != nil {
		p.projector.Start()
	}
	if p.notifier != nil {
		p.notifier.Start()
	}
	if p.records != nil {
		p.goroutines.start(func() { p.prune(ctx) })
	}
}

// prune keeps the database at its size. It begins when there is one: it makes none itself.
func (p *Proxy) prune(ctx context.Context) {
	look := time.NewTicker(time.Minute)
	defer look.Stop()
	for !p.records.Used() {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
	p.records.Maintain(ctx, pruneEvery, func(done records.Pruned, err error) {
		if err != nil {
			p.log.Warn("the records could not be pruned", "error", err)
		}
		p.m.leaks.pruned.Add(float64(done.Leaks))
	})
}

// closeRecords reads the trail, which has stopped, to its end, and closes the database.
func (p *Proxy) closeRecords(ctx context.Context) (errs []error) {
	if p.notifier != nil {
		p.notifier.Stop()
	}
	if p.projector != nil {
		// What is not read waits in the trail: a database that is away holds nobody up.
		short, cancel := context.WithTimeout(ctx, lastRead)
		defer cancel()
		if err := p.projector.Close(short); err != nil {
			p.log.Warn("shutting down", "error", err) // nothing is lost
		}
	}
	if p.records != nil {
		errs = append(errs, p.records.Close(ctx))
	}
	return errs
}
