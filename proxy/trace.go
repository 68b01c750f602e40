package proxy

import (
	"context"
	"io"
	"net"
	"net/url"
	"reflect"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/internal/tracing"
)

// The names of the spans of an exchange, whose own is named by method and route.
const (
	spanScrubRequest  = "scrub request"
	spanScrubResponse = "scrub response"
	spanAudit         = "audit"
	spanUpstream      = "upstream"
)

// tracer is what makes the spans of the exchanges that begin now, with what it was made of.
type tracer struct {
	cfg config.Tracing
	*tracing.Tracer
}

// trace has exchanges traced from now on as cfg says, with the tracer that there is where
// that is the same. The one before has a while for the spans of the exchanges that go on.
func (p *Proxy) trace(cfg config.Tracing) {
	old := p.tracer.Load()
	if old != nil && reflect.DeepEqual(old.cfg, cfg) {
		return
	}
	var now *tracer
	if cfg.OTLP != "" {
		headers := make(map[string]string, len(cfg.Headers))
		for name, value := range cfg.Headers {
			headers[name] = string(value)
		}
		now = &tracer{cfg, tracing.New(tracing.Options{
			URL: cfg.OTLP, Headers: headers, Ratio: float64(cfg.Ratio), Version: p.o.Version,
			Observer: &traceObserver{m: p.m.traces, p: p}, Every: p.o.traceEvery,
		})}
	}
	p.tracer.Store(now)
	if old != nil {
		p.goroutines.start(func() { closeTracer(old, traceGrace) })
	}
}

const traceGrace = 3 * time.Second

// closeTracer sends what t still has, for that long at most.
func closeTracer(t *tracer, patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_ = t.Close(ctx) // what it could not send was told
}

// beginSpan begins the span of the exchange, as soon as its route is known.
func (x *exchange) beginSpan() {
	t := x.p.tracer.Load()
	if t == nil {
		return
	}
	var parent []byte
	for _, h := range x.headers {
		if is(h.name, "traceparent") {
			if parent != nil { // neither is to be believed
				parent = nil
				break
			}
			parent = h.value
		}
	}
	name := x.spanMethod()
	if x.method == 0 {
		name = "HTTP" // as the semantic conventions have it
	}
	if x.span, x.continues = t.Request(name+" "+x.rt.name, x.start, parent); !x.span.On() {
		return
	}
	x.span.Text("http.request.method", x.spanMethod())
	x.span.Text("redactd.route", x.rt.name)
	if x.body.length >= 0 {
		x.span.Int("http.request.body.size", x.body.length)
	}
}

// spanMethod is the method as semantic conventions bound it.
func (x *exchange) spanMethod() string {
	if x.method == 0 {
		return "_OTHER"
	}
	return methodLabels[x.method]
}

// endSpan ends the span of the exchange, once its answer is written.
func (x *exchange) endSpan() {
	if !x.span.On() {
		return
	}
	status := x.ctx.Response.StatusCode()
	x.span.Int("http.response.status_code", int64(status))
	if status >= 500 && !x.refused {
		x.span.Fail(strconv.Itoa(status))
	}
	x.span.End()
}

// noteRefusal says in the span that the answer is redactd's own.
func (x *exchange) noteRefusal(r *refusal) {
	x.refused = true
	x.span.Text("redactd.refused_by", r.stage)
	x.span.Fail(r.kind)
}

// parents reports whether the upstream is told of a span of redactd's as the parent. A
// signature may cover the field.
func (x *exchange) parents() bool { return x.span.On() && !x.signed() }

// replacesParent reports whether a request field gives way to that: a traceparent, and
// beside one that was not understood a tracestate.
func (x *exchange) replacesParent(name []byte) bool {
	return x.parents() && (is(name, "traceparent") || is(name, "tracestate") && !x.continues)
}

// callSpan begins the span of the request to the upstream, and makes it the parent there.
func (x *exchange) callSpan() tracing.Span {
	s := x.span.Call(spanUpstream)
	if s.On() && x.parents() {
		x.out.Header.Add("traceparent", s.Traceparent())
	}
	return s
}

// endCall ends it. at is where the request went, err what it came to.
func (x *exchange) endCall(s tracing.Span, at *target, err error) {
	if !s.On() {
		return
	}
	s.Text("http.request.method", x.spanMethod())
	s.Text("redactd.upstream", x.rt.up.cfg.Name)
	if u, perr := url.Parse(at.label); perr == nil {
		s.Text("server.address", u.Hostname())
		if _, port, perr := net.SplitHostPort(at.addr); perr == nil {
			n, _ := strconv.Atoi(port)
			s.Int("server.port", int64(n))
		}
	}
	if err != nil {
		s.Fail(upstreamRefusal(err).kind)
	} else {
		status := x.in.StatusCode()
		s.Int("http.response.status_code", int64(status))
		if status >= 400 { // as the semantic conventions have it for clients
			s.Fail(strconv.Itoa(status))
		}
	}
	s.End()
}

// traced returns s with a span for each body that it scrubs.
func (x *exchange) traced(s scrubber, name string) scrubber {
	if !x.span.On() {
		return s
	}
	t := tracedScrubber{s, x.span, name}
	if n, ok := s.(hitNotifier); ok {
		return tracedNotifier{t, n}
	}
	return t
}

// tracedScrubber is a scrubber with spans.
type tracedScrubber struct {
	scrubber
	span tracing.Span
	name string
}

// tracedNotifier is one that tells findings as it makes them.
type tracedNotifier struct {
	tracedScrubber
	hitNotifier
}

// Body implements scrubber.
func (t tracedScrubber) Body(body []byte, m scrub.Meta) (scrub.Result, error) {
	s := t.span.Child(t.name)
	res, err := t.scrubber.Body(body, m)
	endScrub(s, &res, err)
	return res, err
}

// Stream implements scrubber. Its span has the time in which the sender and the receiver
// were waited for in it.
func (t tracedScrubber) Stream(w io.Writer, r io.Reader, m scrub.Meta) (scrub.Result, error) {
	s := t.span.Child(t.name)
	s.Text("redactd.body", "stream")
	res, err := t.scrubber.Stream(w, r, m)
	endScrub(s, &res, err)
	return res, err
}

func endScrub(s tracing.Span, res *scrub.Result, err error) {
	s.Int("redactd.inspected_bytes", res.Scanned)
	if len(res.Hits) > 0 { // those of a stream are in the spans of the trail
		s.Int("redactd.findings", int64(len(res.Hits)))
	}
	if res.Codec != "" {
		s.Text("redactd.codec", res.Codec)
	}
	if err != nil {
		s.Fail(kindOf(err))
	}
	s.End()
}

// traceMetrics are those of spans.
type traceMetrics struct{ spans *prometheus.CounterVec }

func newTraceMetrics() *traceMetrics {
	return &traceMetrics{counter("redactd_trace_spans_total", "Spans, and what became of them.", "outcome")}
}

// traceObserver counts spans, and logs the first failure of a row. It is a
// tracing.Observer.
type traceObserver struct {
	m       *traceMetrics
	p       *Proxy
	failing atomic.Bool
}

// Ended implements tracing.Observer.
func (o *traceObserver) Ended() { o.m.spans.WithLabelValues("ended").Inc() }

// Exported implements tracing.Observer.
func (o *traceObserver) Exported(n int) {
	o.m.spans.WithLabelValues("exported").Add(float64(n))
	if o.failing.Swap(false) {
		o.p.log.Info("the collector takes traces again")
	}
}

// Lost implements tracing.Observer.
func (o *traceObserver) Lost(n int, err error) {
	o.m.spans.WithLabelValues("lost").Add(float64(n))
	if !o.failing.Swap(true) {
		o.p.log.Warn("the collector takes no traces", "error", err)
	}
}
