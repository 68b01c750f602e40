package proxy

import (
	"context"
	"errors"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/scrub"
)

var errAudit = errors.New("the audit trail did not accept the events")

// auditTimeout bounds how long a payload waits for its events.
const auditTimeout = 5 * time.Second

// record counts findings and gives their events to the trail. An error means
// that the payload must not go on.
func (x *exchange) record(dir string, hits []scrub.Hit) error {
	if !x.span.On() || len(hits) == 0 {
		return x.p.record(x.pol, &x.rt.filter, dir, x.id, hits)
	}
	s := x.span.Child(spanAudit)
	s.Text("redactd.direction", dir)
	s.Int("redactd.findings", int64(len(hits)))
	err := x.p.record(x.pol, &x.rt.filter, dir, x.id, hits)
	if err != nil {
		s.Fail("audit")
	}
	s.End()
	return err
}

// record counts the findings of one payload, by a filter of pol, and gives their
// events to the trail. id is that of the request, "" for none. An error means that
// the payload must not go on.
func (p *Proxy) record(pol *policy, f *filter, dir, id string, hits []scrub.Hit) error {
	if len(hits) == 0 {
		return nil
	}
	p.m.found(f.name, dir, hits)
	return p.tell(pol, f, dir, id, hits)
}

// tell is record without counting the findings.
func (p *Proxy) tell(pol *policy, f *filter, dir, id string, hits []scrub.Hit) error {
	if len(hits) == 0 || p.recorder == nil {
		return nil
	}
	b := eventPool.Get().(*eventBuffer)
	defer b.release()
	base := audit.Event{
		Time: time.Now().UTC(), Route: f.name, Direction: dir, Shadow: f.shadow, RequestID: id, ConfigDigest: pol.digest,
	}
	if dir == dirRequest { // an answer goes to whoever asked
		base.Destination = f.destination
	}
	events := b.events(hits, base)
	ctx, cancel := context.WithTimeout(context.Background(), auditTimeout)
	defer cancel()
	if err := p.recorder.Record(ctx, events); err != nil {
		p.m.auditFailures.Add(float64(len(hits)))
		p.log.Error("audit trail does not accept events", "error", err, "events", len(hits), "route", f.name, "request_id", id)
		if pol.cfg.Audit.Required {
			return errAudit
		}
		return nil
	}
	p.m.auditEvents.Add(float64(len(hits)))
	return nil
}

// foundMore keeps findings until they are recorded.
func (x *exchange) foundMore(dir string, hits []scrub.Hit) {
	if dir == dirRequest {
		x.reqHits = append(x.reqHits, hits...)
	} else {
		x.respHits = append(x.respHits, hits...)
	}
}

// noteNoTransform counts a change made against Cache-Control: no-transform.
// Safety comes first, but not in silence.
func (x *exchange) noteNoTransform(dir string) {
	fields := x.headers
	if dir == dirResponse {
		fields = x.inFields
	}
	for _, f := range fields {
		if is(f.name, "cache-control") && hasToken(f.value, "no-transform") {
			x.p.m.noTransform.WithLabelValues(x.rt.name, dir).Inc()
			return
		}
	}
}
