// Package audit keeps what happened: one event per finding, in a chain that
// shows any later edit, and reports over it. It never holds a value.
//
// Terminology:
//
//   - event: one finding, as the proxy reports it
//   - record: an event as one line of JSON, with its number and the hash of
//     the line before
//   - trail: the records of a directory, in one chain over all its files
//   - head: number and hash of the last record, in a file of its own
//   - marker: a record that the trail writes about itself
//   - statement: a marker with facts, of what redactd says of its own work
//   - sink: where events go; the trail is one
package audit

import (
	"context"
	"encoding/json"
	"time"
)

// Event is one finding, or several that are equal. It holds no byte of the value
// found. Its strings must
// not alias a buffer that is reused.
type Event struct {
	Seq       uint64    `json:"seq"`            // set by the Trail
	Prev      string    `json:"prev"`           // set by the Trail: hash of the record before
	Time      time.Time `json:"time"`           // UTC
	Until     time.Time `json:"until,omitzero"` // the last one, where Count are merged of several payloads
	Route     string    `json:"route"`
	Direction string    `json:"direction"` // "request" or "response"
	Rule      string    `json:"rule"`
	Severity  string    `json:"severity"`
	Tags      []string  `json:"tags,omitempty"`
	Action    string    `json:"action"`
	Shadow    bool      `json:"shadow,omitempty"`
	Path      string    `json:"path,omitempty"`
	Length    int       `json:"length"` // bytes of the value found
	// Count is how many equal findings the event stands for; 0 is one. See N.
	Count       uint64 `json:"count,omitempty"`
	Fingerprint string `json:"fingerprint,omitempty"`
	Secret      string `json:"secret,omitempty"` // which of the operator's own it is, by name
	// Who wrote what the value was found in, as far as that says.
	Origin
	RequestID    string `json:"request_id,omitempty"`
	ConfigDigest string `json:"config_digest"`
	// Note makes the event a marker: what the trail says about itself, such as
	// a repair. It is empty in a finding.
	Note string `json:"note,omitempty"`
	// Sum is the SHA-256 in hex of the file that a marker speaks of.
	Sum string `json:"sum,omitempty"`
	// Facts make a marker a statement, of the kind that Note names: JSON in one line.
	Facts json.RawMessage `json:"facts,omitempty"`
}

// Origin is who wrote the record that a finding stands in, by the names that the
// record gives, and where it was to go. Any of it may be "".
type Origin struct {
	Service     string `json:"service,omitempty"`
	Version     string `json:"version,omitempty"`
	Logger      string `json:"logger,omitempty"`
	Environment string `json:"environment,omitempty"`
	Destination string `json:"destination,omitempty"` // name of the upstream
}

// N is the number of findings that e stands for.
func (e *Event) N() uint64 { return max(1, e.Count) }

// Last is the time of the last finding that e stands for.
func (e *Event) Last() time.Time {
	if e.Until.IsZero() {
		return e.Time
	}
	return e.Until
}

// Recorder takes events. It is safe for concurrent use.
type Recorder interface {
	// Record takes the events of one payload, all or none of them, in order.
	// It keeps neither the slice nor what the events point to. When it has
	// returned nil the events are accepted; with Options.Required they are on
	// disk. It may block until ctx ends and then returns an error.
	Record(ctx context.Context, events []Event) error
	// Close is Stop with a deadline of its own. It may be called twice.
	Close() error
}

// Options say how a sink keeps events. The zero value of a field is its
// default, except for Dir.
type Options struct {
	Dir      string
	MaxSize  int64         // bytes of one file before it rotates; default 64 MiB
	MaxAge   time.Duration // of one file before it rotates; default: no limit
	MaxFiles int           // files kept; default: all
	// Required makes Record return only when its events are on disk.
	Required bool
	// CheckpointKey is the secret key that signs checkpoints, as
	// NewCheckpointKey returns it; "" makes none.
	CheckpointKey string
	// CheckpointEvery is the time between two of them; default an hour. There is
	// another at the end.
	CheckpointEvery time.Duration
	// Anchors are where checkpoints are kept outside of the trail.
	Anchors []AnchorOptions
	// Report is told what fails in the background; nil: nobody.
	Report func(error)
	// Queue is the number of payloads whose events may wait; default 4096.
	Queue int

	hooks hooks
}

// Stats are counters of a sink since it was opened.
type Stats struct {
	Events     uint64 `json:"events"`      // findings recorded, for the trail: on disk
	Merged     uint64 `json:"merged"`      // findings merged with equal ones of other payloads, the queue being half full
	Crude      uint64 `json:"crude"`       // of these, without path and fingerprint
	Dropped    uint64 `json:"dropped"`     // findings without an event, as a marker says
	Queued     int    `json:"queued"`      // payloads whose events wait now
	Refused    uint64 `json:"refused"`     // payloads whose events were not taken: queue full or sink stopped
	Failed     uint64 `json:"failed"`      // payloads whose events were not written, as Record told
	Lost       uint64 `json:"lost"`        // payloads whose events were accepted and could not be written before Stop
	Commits    uint64 `json:"commits"`     // writes to disk, each for any number of payloads
	Failures   uint64 `json:"failures"`    // writes to disk that failed, those tried again included
	HeadErrors uint64 `json:"head_errors"` // times that the head could not be written
	Seq        uint64 `json:"seq"`         // number of the last record

	TreeSize           uint64        `json:"tree_size"`                // records in the tree
	CheckpointSize     uint64        `json:"checkpoint_size"`          // records in the last checkpoint
	CheckpointTime     time.Time     `json:"checkpoint_time,omitzero"` // when it was made
	CheckpointFailures uint64        `json:"checkpoint_failures"`      // times that the tree did not grow, or was not signed
	Anchors            []AnchorStats `json:"anchors"`
}
