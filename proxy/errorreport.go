package proxy

import (
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/internal/scrub"
)

// ErrorReport is what the operator is told of an error response. Nothing in it is secret.
type ErrorReport struct {
	Time      time.Time
	Reference string
	Route     string
	Upstream  string // "" where it is not known
	Method    string
	Path      string // scrubbed, without the query
	Status    int
	Framework string // "" if unknown
	Exception string
	Frames    []neutral.Frame // the innermost first
	Rules     []string        // ids of the disclosure rules that recognised something
	Outcome   string
	// Original is the body as it came, scrubbed, in UTF-8; nil where it could not be
	// inspected or is no text. Truncated says that it is the beginning only.
	Original    []byte
	Truncated   bool
	ContentType string

	RequestID, TraceID, ConfigDigest string
}

// errorLog takes reports. It never waits, and keeps the report, which is its own.
type errorLog interface {
	Report(*ErrorReport)
}

// unknownFramework is the label "framework" of errors of which no rule says what made
// them.
const unknownFramework = "unknown"

// recogniseScrubbed reads what an error response discloses that is only scrubbed, for the
// operator.
func (x *exchange) recogniseScrubbed(res *scrub.Result) {
	if x.fault.mode != config.ErrorScrub || x.p.errorLog == nil || res.Text == nil {
		return
	}
	text, _ := widened(res.Text)
	if _, err := x.recognise(text); err == nil {
		x.keepOriginal(text)
	}
}

// tellFault counts the error response at hand and tells the operator of it, if there is
// something to tell: it is the service's own trouble, or something became of it that the
// caller may ask about.
func (x *exchange) tellFault() {
	f := &x.fault
	if f.policy == nil || f.shape != "" && f.outcome == outcomePassed {
		return
	}
	framework := f.read.Framework
	if framework == "" {
		framework = unknownFramework
	}
	status := x.in.StatusCode()
	x.p.m.faults.WithLabelValues(x.rt.name, statusClasses[statusClass(status)], framework, f.outcome).Inc()
	if x.p.errorLog == nil || f.mode == config.ErrorOff || status < 500 && !f.read.Discloses() &&
		f.outcome != outcomeReplaced && f.outcome != outcomeWithheld {
		return
	}
	r := &ErrorReport{
		Time: time.Now(), Reference: x.reference(), Route: x.rt.name, Method: methodLabels[x.method], Path: x.cleanPath(),
		Status: status, Framework: f.read.Framework, Exception: f.read.Exception, Frames: f.read.Frames, Outcome: f.outcome,
		Original: f.original, Truncated: f.cut, ContentType: string(x.in.Header.ContentType()),
		RequestID: x.id, TraceID: x.traceID(), ConfigDigest: x.pol.digest,
	}
	f.original = nil // it is the report's now
	if x.rt.up != nil {
		r.Upstream = x.rt.cfg.Upstream
	}
	for _, rule := range f.read.Found {
		r.Rules = append(r.Rules, rule.ID)
	}
	x.p.errorLog.Report(r)
}

// maxReportedPath bounds, in bytes, the path in a report.
const maxReportedPath = 1024

// cleanPath returns the path of the request, scrubbed.
func (x *exchange) cleanPath() string {
	path := x.path[:min(len(x.path), maxReportedPath)]
	out, _, err := x.responseScrubber().Value("path:", nil, path)
	if err != nil {
		return ""
	}
	if x.rt.shadow { // it says what it found and changes nothing
		if _, hits, _ := x.responseScrubber().Value("path:", nil, path); len(hits) > 0 {
			return ""
		}
	}
	return string(out)
}
