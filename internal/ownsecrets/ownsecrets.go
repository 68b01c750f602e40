// Package ownsecrets reads the operator's own secrets from where they are kept, and
// has them known to the search: as fingerprints, which it keeps up to date while
// redactd runs. It keeps no value.
//
// Terminology:
//
//   - source: where values come from: the environment, files, Vault, a command
//   - refused: not taken, since it is too short or would be found everywhere
package ownsecrets

import (
	"context"
	"errors"
	"maps"
	"os"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// Options are what a Store needs besides its configuration.
type Options struct {
	Environ func() []string // nil: os.Environ
	// Tell is called, if not nil, after each time that a source was read, or could
	// not be, by the goroutine that did it.
	Tell func(Status)
}

// Status says how a source stands. It holds no value.
type Status struct {
	Name, Kind string
	Values     int
	Encoded    int // values that are found in base64 and hexadecimal digits wherever they begin
	Refused    []Refusal
	Read       time.Time // when it was read last; zero: never
	Err        error     // why it could not be, the last time; nil if it could
	Skipped    bool      // it was not asked, see Load
	Changed    bool      // the values are others than before
}

// Refusal says which value was not taken, by its name, and why.
type Refusal struct{ Name, Reason string }

// Store is the sources of a configuration. Its methods are safe for concurrent use.
type Store struct {
	cfg   *config.Config
	o     Options
	known *redact.Known

	mu      sync.Mutex // held while sources are read
	sources []*entry
	status  sync.Mutex // of the fields Status
}

// entry is a source with what is known of it.
type entry struct {
	source
	cfg    *config.Secrets
	values *redact.KnownValues // nil: never read
	stamp  stamp
	asked  time.Time
	Status
}

// New returns the Store of cfg. Nothing is read yet.
func New(cfg *config.Config, o Options) *Store {
	if o.Environ == nil {
		o.Environ = os.Environ
	}
	s := &Store{cfg: cfg, o: o, known: redact.NewKnown()}
	for _, name := range slices.Sorted(maps.Keys(cfg.Secrets)) {
		c := cfg.Secrets[name]
		kind := kindOf(c)
		s.sources = append(s.sources, &entry{source: kinds[kind](c, &s.o), cfg: c, Status: Status{Name: name, Kind: kind}})
	}
	return s
}

// Known returns what searches need. It stays the same while its values change.
func (s *Store) Known() *redact.Known { return s.known }

// Load reads every source; with local, only those that take no other program. The
// error is a config.Errors with each source that can't be read and is not optional.
func (s *Store) Load(ctx context.Context, local bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var bad config.Errors
	for _, e := range s.sources {
		if local && e.remote() {
			s.set(e, func(st *Status) { st.Skipped = true })
			continue
		}
		if err := s.read(ctx, e); err != nil && !e.cfg.Optional {
			key := "secret." + e.Name + "." + e.Kind
			file, line := s.cfg.Locate(key)
			bad = append(bad, config.Error{File: file, Line: line, Key: key,
				Msg: err.Error() + " (optional = true starts without it)"})
		}
	}
	s.publish()
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// Run keeps the values up to date until ctx ends. A source that can't be read keeps
// its last values.
func (s *Store) Run(ctx context.Context) {
	tick := time.NewTicker(time.Duration(s.cfg.Known.Poll))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.Refresh(ctx, now)
		}
	}
}

// Refresh reads again the sources that changed, or that it is time to ask at now.
func (s *Store) Refresh(ctx context.Context, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for _, e := range s.sources {
		if !s.due(e, now) {
			continue
		}
		before := e.values
		_ = s.read(ctx, e) // told by way of its status
		changed = changed || e.values != before
	}
	if changed {
		s.publish()
	}
}

// due reports whether a source is to be read at now.
func (s *Store) due(e *entry, now time.Time) bool {
	if files := e.files(); files != nil {
		return e.Err != nil || !stampOf(files).equal(e.stamp)
	}
	return now.Sub(e.asked) >= time.Duration(s.cfg.Known.Refresh)
}

// publish puts the values of all sources in force.
func (s *Store) publish() {
	var all []*redact.KnownValues
	for _, e := range s.sources {
		if e.values != nil {
			all = append(all, e.values)
		}
	}
	s.known.Replace(all...)
}

// read reads a source. After an error what it had stays.
func (s *Store) read(ctx context.Context, e *entry) error {
	e.asked = time.Now()
	// What is changed while it is read is read again at the next look.
	seen := stampOf(e.files())
	take := taker{cfg: e.cfg, least: s.cfg.Known.MinLength, source: e.Name, values: s.known.NewValues()}
	err := e.source.read(ctx, take.value)
	if err == nil && e.values != nil && e.values.Len() > 0 && take.values.Len() == 0 {
		err = errEmptied
	}
	changed := false
	if err == nil {
		if changed = e.values == nil || !e.values.Equal(take.values); changed {
			e.values = take.values
		}
		e.stamp = seen
	}
	s.set(e, func(st *Status) {
		st.Err, st.Changed, st.Skipped = err, changed, false
		if err == nil {
			st.Read, st.Values, st.Encoded, st.Refused = e.asked, e.values.Len(), e.values.Encoded(), take.refused
		}
	})
	if s.o.Tell != nil {
		s.o.Tell(e.Status)
	}
	return err
}

// errEmptied is for files that are being written anew, or were lost.
var errEmptied = errors.New("gives no value any more; the last ones stay in force")

// set changes the status of a source.
func (s *Store) set(e *entry, change func(*Status)) {
	s.status.Lock()
	defer s.status.Unlock()
	change(&e.Status)
}

// Status returns how each source stands, by name.
func (s *Store) Status() []Status {
	s.status.Lock()
	defer s.status.Unlock()
	out := make([]Status, len(s.sources))
	for i, e := range s.sources {
		out[i] = e.Status
	}
	return out
}

// Same reports whether cfg has the same sources as the configuration of s, so that s
// can go on with it.
func (s *Store) Same(cfg *config.Config) bool {
	return reflect.DeepEqual(s.cfg.Known, cfg.Known) && reflect.DeepEqual(s.cfg.Secrets, cfg.Secrets)
}
