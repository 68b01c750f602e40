// Package store is the embedded log backend: it takes scrubbed requests of
// every dialect, appends their records as lines of JSON to rotating files, and
// answers in the dialect once they are on disk.
//
// It imports two leaves, internal/dialect for the protocols and
// internal/seglog for the files.
package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/seglog"
)

const (
	prefix         = "store"
	defaultMaxSize = 64 << 20
	queue          = 1024
	maxBatch       = 4 << 20
	closeTimeout   = 10 * time.Second
)

// ErrClosed says that the store takes no records any more.
var ErrClosed = errors.New("store: closed")

// Options say where records are kept. The zero value of a field is its
// default, except for Dir.
type Options struct {
	Dir      string
	MaxSize  int64         // bytes of one file before it rotates; default 64 MiB
	MaxAge   time.Duration // of one file before it rotates; default: no limit
	MaxFiles int           // files kept; default: all

	now      func() time.Time
	openFile func(name string) (seglog.File, error)
}

// Stats are counters since Open.
type Stats struct {
	Records  uint64 // records on disk
	Bytes    uint64 // bytes on disk, line feeds included
	Queued   int    // requests whose records wait now
	Commits  uint64 // writes to disk, each for any number of requests
	Failures uint64 // writes to disk that failed
	Refused  uint64 // requests not taken: queue full or closed
}

// Store keeps records. It is safe for concurrent use.
type Store struct {
	now     func() time.Time
	segs    *seglog.Segments
	com     *seglog.Committer[chunk]
	release sync.Once

	records, bytes atomic.Uint64
}

// chunk is the lines of one request.
type chunk struct {
	lines []byte
	n     int
}

// Open opens the store in o.Dir, creating it if need be, and cuts off what a
// crash left incomplete. A store has one opener at a time.
func Open(o Options) (*Store, error) {
	if o.MaxSize <= 0 {
		o.MaxSize = defaultMaxSize
	}
	if o.now == nil {
		o.now = time.Now
	}
	segs, _, err := seglog.Open(seglog.Options{
		Dir: o.Dir, Prefix: prefix, MaxSize: o.MaxSize, MaxAge: o.MaxAge, MaxFiles: o.MaxFiles,
		Now: o.now, OpenFile: o.openFile,
	})
	if err != nil {
		return nil, fmt.Errorf("store: %w", err)
	}
	s := &Store{now: o.now, segs: segs}
	s.com = seglog.NewCommitter(seglog.CommitterOptions[chunk]{
		Commit: s.commit, Queue: queue, MaxBatch: min(maxBatch, o.MaxSize),
		Weight: func(c chunk) int64 { return int64(len(c.lines)) },
	})
	return s, s.com.Start()
}

func (s *Store) commit(batch []chunk) error {
	parts := make([][]byte, len(batch))
	var n, size int
	for i, c := range batch {
		parts[i] = c.lines
		n += c.n
		size += len(c.lines)
	}
	if err := s.segs.Commit(parts...); err != nil {
		return err
	}
	s.records.Add(uint64(n))
	s.bytes.Add(uint64(size))
	return nil
}

// Append appends records, each a line of JSON without its line feed, and
// returns when all of them are on disk. On error none of them is, except that
// after ctx has ended they may yet come there. It keeps no slice.
func (s *Store) Append(ctx context.Context, records [][]byte) error {
	var lines []byte
	for _, r := range records {
		if len(r) == 0 || bytes.IndexByte(r, '\n') >= 0 {
			return errors.New("store: a record must be one line")
		}
		lines = append(append(lines, r...), '\n')
	}
	return s.put(ctx, chunk{lines, len(records)})
}

func (s *Store) put(ctx context.Context, c chunk) error {
	if c.n == 0 {
		return nil
	}
	err := s.com.Put(ctx, c, true)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, seglog.ErrStopped):
		return ErrClosed
	}
	return fmt.Errorf("store: %w", err)
}

// Origin is what the store writes beside the records of a request.
type Origin struct {
	Route     string
	RequestID string
}

// Result is what became of a request.
type Result struct {
	*dialect.Response       // to give, never nil
	Records           int   // that are on disk now
	Bytes             int64 // that they take, line feeds included
}

// Serve takes a request and answers it. Once the answer promises success the
// records are on disk. An error says that they could not be written; the
// answer then tells so in words that make the sender try again.
func (s *Store) Serve(ctx context.Context, from Origin, r *dialect.Request) (Result, error) {
	d := dialect.Of(r)
	res, records := d.Handle(r)
	now := s.now().UTC()
	var lines []byte
	for i := range records {
		lines = appendLine(lines, now, from, d.Name(), &records[i])
	}
	out := Result{res, len(records), int64(len(lines))}
	err := s.put(ctx, chunk{lines, len(records)})
	if err != nil {
		out = Result{Response: d.Fail(r, dialect.Retryable, "the log store cannot write now")}
	}
	if r.Method == http.MethodHead {
		out.Body = nil
	}
	return out, err
}

// Put keeps records that came in another way than a request, as Serve does. It returns
// how many bytes they take once they are on disk.
func (s *Store) Put(ctx context.Context, from Origin, dialect string, records []dialect.Record) (bytes int64, err error) {
	now := s.now().UTC()
	var lines []byte
	for i := range records {
		lines = appendLine(lines, now, from, dialect, &records[i])
	}
	return int64(len(lines)), s.put(ctx, chunk{lines, len(records)})
}

// Stop refuses new records, writes those accepted and gives the directory
// free. It may be called any number of times.
func (s *Store) Stop(ctx context.Context) error {
	err := s.com.Stop(ctx)
	select {
	case <-s.com.Done():
	default:
		return fmt.Errorf("store: %w", err)
	}
	s.release.Do(func() { err = errors.Join(err, s.segs.Close()) })
	return err
}

// Close is Stop with ten seconds of time.
func (s *Store) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	return s.Stop(ctx)
}

// Stats returns the counters.
func (s *Store) Stats() Stats {
	c := s.com.Stats()
	return Stats{
		Records: s.records.Load(), Bytes: s.bytes.Load(), Queued: c.Queued,
		Commits: c.Commits, Failures: c.Failures, Refused: c.Refused,
	}
}
