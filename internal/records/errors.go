package records

import (
	"encoding/json"
	"time"
)

// The states of an error group.
const (
	StateOpen     = "open"
	StateResolved = "resolved"
)

// Frame is a frame of a stack trace, as far as it says.
type Frame struct {
	Function string `json:"function,omitempty"`
	File     string `json:"file,omitempty"`
	Line     string `json:"line,omitempty"`
}

// String writes a frame as "function (file:line)".
func (f Frame) String() string {
	place := f.File
	if place != "" && f.Line != "" {
		place += ":" + f.Line
	}
	switch {
	case place == "":
		return f.Function
	case f.Function == "":
		return place
	}
	return f.Function + " (" + place + ")"
}

// ErrorGroup are equal errors.
type ErrorGroup struct {
	ID          string    `json:"id"` // SHA-256 in hex
	Route       string    `json:"route"`
	Upstream    string    `json:"upstream"` // of the last one
	Framework   string    `json:"framework,omitempty"`
	Exception   string    `json:"exception,omitempty"`
	Status      int       `json:"status"` // of the last one
	StatusClass string    `json:"status_class"`
	Frames      []Frame   `json:"frames,omitempty"` // of the first one, innermost first
	FirstSeen   time.Time `json:"first_seen"`
	LastSeen    time.Time `json:"last_seen"`
	Count       int64     `json:"count"`

	State        string    `json:"state"`
	StateChanged time.Time `json:"state_changed,omitzero"`
	StateBy      string    `json:"state_by,omitempty"`
}

// ErrorOccurrence is one error response.
type ErrorOccurrence struct {
	ID           int64     `json:"-"`
	Group        string    `json:"group"`
	Reference    string    `json:"reference"`
	Time         time.Time `json:"time"`
	Status       int       `json:"status"`
	Method       string    `json:"method"`
	Path         string    `json:"path"`
	RequestID    string    `json:"request_id,omitempty"`
	TraceID      string    `json:"trace_id,omitempty"`
	SpanID       string    `json:"span_id,omitempty"`
	ConfigDigest string    `json:"config_digest,omitempty"`
	Replica      string    `json:"replica,omitempty"`
	// Original holds no data where it was not kept.
	Original Original `json:"-"`
	// Sealed is the original with its secrets, encrypted with age; nil for none.
	Sealed []byte `json:"-"`
}

// rowOverhead is about what a row of occurrences takes beside what is in it.
const rowOverhead = 256

func (o *ErrorOccurrence) size() int64 {
	return int64(rowOverhead + len(o.Reference) + len(o.Path) + len(o.RequestID) + len(o.ConfigDigest) + len(o.Original.Data) + len(o.Sealed))
}

func encodeFrames(frames []Frame) (string, error) {
	const most = 64
	kept := make([]Frame, 0, min(len(frames), most))
	for _, f := range frames[:min(len(frames), most)] {
		kept = append(kept, Frame{clean(f.Function, maxName), clean(f.File, maxName), clean(f.Line, 32)})
	}
	text, err := json.Marshal(kept)
	return string(text), err
}

func decodeFrames(text string) (frames []Frame, err error) {
	err = json.Unmarshal([]byte(text), &frames)
	return frames, err
}
