package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrStopped says that a sink takes no events: not started, or stopped.
var ErrStopped = errors.New("audit: sink is stopped")

// Sink is a Recorder with a life of its own. [OpenSink] returns it started.
type Sink interface {
	Recorder
	// Start makes a sink ready. Called again it does nothing; after Stop it
	// returns ErrStopped.
	Start() error
	// Stop refuses new events and waits until those accepted are written or
	// ctx ends. It may be called any number of times.
	Stop(ctx context.Context) error
	Stats() Stats
}

var sinks = map[string]func(Options) (Sink, error){}

// RegisterSink adds a kind of sink. A duplicate name panics.
func RegisterSink(name string, open func(Options) (Sink, error)) {
	if _, ok := sinks[name]; ok {
		panic("audit: sink " + name + " registered twice")
	}
	sinks[name] = open
}

// SinkNames returns the names of all sinks, sorted.
func SinkNames() []string {
	names := make([]string, 0, len(sinks))
	for name := range sinks {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// OpenSink opens and starts a sink by name.
func OpenSink(name string, o Options) (Sink, error) {
	open, ok := sinks[name]
	if !ok {
		return nil, fmt.Errorf("audit: unknown sink (one of %s)", strings.Join(SinkNames(), ", "))
	}
	s, err := open(o)
	if err != nil {
		return nil, err
	}
	return s, s.Start()
}
