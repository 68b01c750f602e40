package errlog

import (
	"strconv"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/records"
)

// Frame is a frame of a stack trace, as far as it says.
type Frame = records.Frame

// Report is what is told of one error response. Its strings must not alias a buffer that is
// reused.
type Report struct {
	Reference       string // what the client was told
	Time            time.Time
	Route, Upstream string
	Method, Path    string // what follows a "?" in Path is not kept, and ids in it are {id}
	Status          int
	Framework       string  // "" if it is not known, as is Exception
	Exception       string  // type of the exception
	Frames          []Frame // innermost first
	ContentType     string  // of Original
	Original        []byte  // body of the upstream's answer, without secrets; nil if it was not kept
	Unscrubbed      []byte  // the same with them; only where Log.Seals. It is wiped
	TraceID, SpanID string  // in hex, "" for none
	RequestID       string
	ConfigDigest    string
}

// The longest strings of a report, in bytes.
const (
	maxName = 512
	maxPath = 2048
	// most frames of a trace are more of the same.
	maxFrames = 64
)

// bound makes a report take no more memory than it may.
func (r *Report) bound() {
	for _, s := range []*string{
		&r.Reference, &r.Route, &r.Upstream, &r.Method, &r.Framework, &r.Exception, &r.ContentType,
		&r.TraceID, &r.SpanID, &r.RequestID, &r.ConfigDigest,
	} {
		*s = clip(*s, maxName)
	}
	r.Path = PathTemplate(clip(r.Path, maxPath))
	r.Frames = r.Frames[:min(len(r.Frames), maxFrames)]
}

func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(strings.Clone(s[:limit]), "")
}

// group returns what one such report adds to its group.
func (r *Report) group(id string) records.ErrorGroup {
	return records.ErrorGroup{
		ID: id, Route: r.Route, Upstream: r.Upstream, Framework: r.Framework, Exception: r.Exception,
		Status: r.Status, StatusClass: StatusClass(r.Status), Frames: r.Frames,
		FirstSeen: r.Time, LastSeen: r.Time, Count: 1,
	}
}

// StatusClass returns "5xx" of 503.
func StatusClass(status int) string {
	if status < 100 || status > 999 {
		return "other"
	}
	return strconv.Itoa(status/100) + "xx"
}

// merge adds b to a, which is the same group.
func merge(a *records.ErrorGroup, b *records.ErrorGroup) {
	a.Count += b.Count
	if b.FirstSeen.Before(a.FirstSeen) {
		a.FirstSeen = b.FirstSeen
	}
	if b.LastSeen.After(a.LastSeen) {
		a.LastSeen, a.Status, a.Upstream = b.LastSeen, b.Status, b.Upstream
	}
}

// summary is what happened in a few words.
func summary(g *records.ErrorGroup) string {
	words := strconv.Itoa(g.Status)
	for _, s := range []string{g.Framework, g.Exception} {
		if s != "" {
			words += " " + s
		}
	}
	return words
}
