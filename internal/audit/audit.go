// Package audit keeps what happened: one event per finding, in a chain that
// shows any later edit, and reports over it. It never holds a value.
package audit

import (
	"context"
	"time"
)

// Event is one finding. It holds no byte of the value found.
type Event struct {
	Seq          uint64    `json:"seq"`  // set by the Trail
	Time         time.Time `json:"time"` // UTC
	Route        string    `json:"route"`
	Direction    string    `json:"direction"` // "request" or "response"
	Rule         string    `json:"rule"`
	Severity     string    `json:"severity"`
	Tags         []string  `json:"tags,omitempty"`
	Action       string    `json:"action"`
	Shadow       bool      `json:"shadow,omitempty"`
	Path         string    `json:"path,omitempty"`
	Length       int       `json:"length"`
	Fingerprint  string    `json:"fingerprint,omitempty"`
	RequestID    string    `json:"request_id,omitempty"`
	ConfigDigest string    `json:"config_digest"`
	Prev         string    `json:"prev"` // set by the Trail: hash of the record before
}

// Recorder takes events. It is safe for concurrent use.
type Recorder interface {
	// Record takes the events of one payload. When it has returned nil the
	// events are accepted; with a durable trail they are on disk.
	Record(ctx context.Context, events []Event) error
	Close() error
}
