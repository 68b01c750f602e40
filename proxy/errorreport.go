package proxy

import (
	"context"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/scrub"
)

// errorLog takes reports, see errlog.Log.
type errorLog interface {
	Report(errlog.Report)
	// Seals reports whether a report brings the body with its secrets, too.
	Seals() bool
	Close(context.Context) error
}

// openErrorLog opens what reports of errors go to, if they go anywhere.
func (p *Proxy) openErrorLog(cfg *config.Config) error {
	if p.errorLog != nil || !tellsErrors(cfg) {
		return nil
	}
	log, err := errlog.New(errlog.Options{
		Errors: cfg.Errors, DB: p.records, Version: p.o.Version, Observer: p.m.errorLog, Logger: p.log,
	})
	if err != nil {
		return err
	}
	p.m.errorLog.watch(log)
	if log.Active() {
		p.errorLog = log
		return nil
	}
	return log.Close(context.Background())
}

// tellsErrors reports whether cfg has a route whose error responses are looked at, and
// somewhere to tell of them.
func tellsErrors(cfg *config.Config) bool {
	e := &cfg.Errors
	if (!e.Store || cfg.Records.DSN == "") && e.OTLP == "" && e.SentryDSN == "" {
		return false
	}
	for _, r := range cfg.Routes {
		if r.Response != config.ScopeNone && r.Upstream != config.StoreUpstream {
			return true
		}
	}
	return false
}

// closeErrorLog waits until what was reported is where it goes, or ctx ends.
func (p *Proxy) closeErrorLog(ctx context.Context) (errs []error) {
	if p.errorLog != nil {
		errs = append(errs, p.errorLog.Close(ctx))
	}
	return errs
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
	r := errlog.Report{
		Time: time.Now(), Reference: x.reference(), Route: x.rt.name, Upstream: x.rt.cfg.Upstream,
		Method: methodLabels[x.method], Path: x.cleanPath(), Status: status,
		Framework: f.read.Framework, Exception: f.read.Exception,
		Original: x.concealed(f.original, x.originalMeta()), ContentType: string(x.in.Header.ContentType()),
		TraceID: x.traceID(), SpanID: x.spanID(), RequestID: x.id, ConfigDigest: x.pol.digest,
	}
	f.original = nil // it is the report's now
	for _, frame := range f.read.Frames {
		r.Frames = append(r.Frames, errlog.Frame(frame))
	}
	if x.p.errorLog.Seals() && x.respBuf != nil && len(x.respBuf.b) > 0 {
		limit := limitOr(int64(x.pol.cfg.Server.MaxDecoded), defaultMaxDecoded)
		if text, err := codec.Decode(nil, x.respBuf.b, x.answerMeta().ContentEncoding, limit); err == nil {
			r.Unscrubbed = text
		}
	}
	x.p.errorLog.Report(r)
}

// originalMeta describes what is kept of the answer: its text, or lines of what it embeds.
func (x *exchange) originalMeta() scrub.Meta {
	if x.fault.shape != "" {
		return scrub.Meta{ContentType: "text/plain"}
	}
	return x.answerMeta()
}

// maxReportedPath bounds, in bytes, the path in a report.
const maxReportedPath = 1024

// cleanPath returns the path of the request, scrubbed.
func (x *exchange) cleanPath() string {
	path := x.path[:min(len(x.path), maxReportedPath)]
	out, hits, err := x.responseScrubber().Value("path:", nil, path)
	stays := func(h scrub.Hit) bool { return h.Shadow || x.rt.shadow }
	if err != nil || slices.ContainsFunc(hits, stays) {
		return ""
	}
	return string(out)
}
