package errlog

import (
	"context"

	"github.com/redactd/redactd/internal/records"
)

func init() {
	registerSink("records", func(o *Options, l *Log) (sink, error) {
		if !o.Errors.Store || o.DB == nil {
			return nil, nil
		}
		return &recordsSink{db: o.DB, source: "errors/" + l.run, replica: o.Replica, observer: o.Observer}, nil
	})
}

// recordsSink has the database take each batch once, even where its answer to a commit
// was lost.
type recordsSink struct {
	db              *records.DB
	source, replica string
	observer        Observer
}

func (s *recordsSink) write(ctx context.Context, b *batch) error {
	in := records.ErrorBatch{Source: s.source, Seq: b.seq, Groups: b.groups}
	for _, e := range b.entries {
		in.Occurrences = append(in.Occurrences, records.ErrorOccurrence{
			Group: e.id, Reference: e.Reference, Time: e.Time, Status: e.Status, Method: e.Method, Path: e.Path,
			RequestID: e.RequestID, TraceID: e.TraceID, SpanID: e.SpanID, ConfigDigest: e.ConfigDigest, Replica: s.replica,
			Original: e.original, Sealed: e.sealed,
		})
	}
	added, err := s.db.AddErrors(ctx, &in)
	if err != nil {
		return err
	}
	for i := range b.groups {
		g := &b.groups[i]
		for _, id := range added.New {
			if id == g.ID {
				s.observer.Group(g, false)
			}
		}
		for _, id := range added.Reopened {
			if id == g.ID {
				s.observer.Group(g, true)
			}
		}
	}
	return nil
}

// close leaves the database to whom it belongs.
func (s *recordsSink) close(context.Context) error { return nil }
