// Package tracing tells an OpenTelemetry collector how long redactd's own work takes: spans
// of exchanges, made by the SDK, sent as OTLP over HTTP. No span has anything of a payload,
// a path, a query or a header field but the ids of traces.
//
// Terminology is that of https://opentelemetry.io/docs/specs/otel/trace/.
package tracing

import (
	"context"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Options say what is traced and where it goes.
type Options struct {
	// URL of the collector; "/v1/traces" is put behind it unless it ends so.
	URL     string
	Headers map[string]string // to send to it, as credentials
	// Ratio is the share of traces that are recorded, from 0 to 1, of those that no
	// caller has decided on.
	Ratio   float64
	Version string // of redactd
	// Instance tells this process from others; default: the name of the host.
	Instance string
	Observer Observer
	// Every is the time between two exports; default 5s.
	Every time.Duration
}

// Observer is told what becomes of spans. Its methods are called from any goroutine, and
// return soon.
type Observer interface {
	// Ended says that a span has come to its end, and waits to be sent. Of those for which
	// there is no room it is the last word.
	Ended()
	// Exported says that the collector has taken n spans, Lost that it will never get n,
	// since an export failed with err. The error quotes neither what was sent nor
	// credentials.
	Exported(n int)
	Lost(n int, err error)
}

// Tracer makes spans. It is safe for concurrent use; nil is one that makes none.
type Tracer struct {
	o        Options
	begin    sync.Once
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

// New returns a Tracer, which starts nothing before the first span.
func New(o Options) *Tracer {
	if o.Instance == "" {
		o.Instance, _ = os.Hostname()
	}
	return &Tracer{o: o}
}

const scope = "github.com/redactd/redactd"

func (t *Tracer) start() {
	client := newClient(&t.o)
	exporter := otlptrace.NewUnstarted(client) // its Start has nothing to do
	every := t.o.Every
	if every <= 0 {
		every = sdk.DefaultScheduleDelay * time.Millisecond
	}
	t.provider = sdk.NewTracerProvider(
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(t.o.Ratio))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "redactd"),
			attribute.String("service.version", t.o.Version),
			attribute.String("service.instance.id", t.o.Instance),
		)),
		sdk.WithSpanProcessor(counter{t.o.Observer}),
		sdk.WithBatcher(exporter, sdk.WithBatchTimeout(every)),
	)
	t.tracer = t.provider.Tracer(scope, trace.WithInstrumentationVersion(t.o.Version))
}

// Request begins the span of a request that came at that time. parent is the caller's
// traceparent field (https://www.w3.org/TR/trace-context/), nil without one; continues says
// that it was understood. The Span is off where the trace is not recorded.
func (t *Tracer) Request(name string, at time.Time, parent []byte) (s Span, continues bool) {
	if t == nil {
		return Span{}, false
	}
	if t.begin.Do(t.start); t.tracer == nil {
		return Span{}, false // closed before it began
	}
	ctx := context.Background()
	if len(parent) > 0 {
		ctx = propagation.TraceContext{}.Extract(ctx, carrier(parent))
		continues = trace.SpanContextFromContext(ctx).IsValid()
	}
	_, span := t.tracer.Start(ctx, name, trace.WithTimestamp(at), trace.WithSpanKind(trace.SpanKindServer))
	if !span.IsRecording() {
		return Span{}, continues
	}
	return Span{span: span, tracer: t.tracer}, continues
}

// Close sends what is left until ctx ends. Spans that end later are lost.
func (t *Tracer) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	t.begin.Do(func() {}) // from here on it starts no more
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// carrier is a header with a traceparent field alone: a tracestate, which is whatever a
// caller wrote, is not for the collector.
type carrier []byte

const parentField = "traceparent"

func (c carrier) Get(key string) string {
	if key == parentField {
		return string(c)
	}
	return ""
}

func (c carrier) Set(string, string) {}

func (c carrier) Keys() []string { return []string{parentField} }

// counter is a processor that counts spans.
type counter struct{ Observer }

func (c counter) OnStart(context.Context, sdk.ReadWriteSpan) {}

func (c counter) OnEnd(sdk.ReadOnlySpan) { c.Ended() }

func (c counter) Shutdown(context.Context) error { return nil }

func (c counter) ForceFlush(context.Context) error { return nil }
