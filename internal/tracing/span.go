package tracing

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Span is a piece of work. The zero value is off: its methods do nothing and allocate
// nothing. It is safe for concurrent use.
type Span struct {
	span   trace.Span
	tracer trace.Tracer
}

// On reports whether the span is recorded.
func (s Span) On() bool { return s.span != nil }

// Child begins a span within s.
func (s Span) Child(name string) Span { return s.child(name, trace.SpanKindInternal) }

// Call begins the span of a request to another server within s.
func (s Span) Call(name string) Span { return s.child(name, trace.SpanKindClient) }

func (s Span) child(name string, kind trace.SpanKind) Span {
	if s.span == nil {
		return Span{}
	}
	_, c := s.tracer.Start(trace.ContextWithSpan(context.Background(), s.span), name, trace.WithSpanKind(kind))
	return Span{span: c, tracer: s.tracer}
}

// Text sets an attribute. The value comes from the configuration or a fixed list.
func (s Span) Text(key, value string) {
	if s.span != nil {
		s.span.SetAttributes(attribute.String(key, value))
	}
}

// Int sets an attribute.
func (s Span) Int(key string, value int64) {
	if s.span != nil {
		s.span.SetAttributes(attribute.Int64(key, value))
	}
}

// Fail says that the work failed; kind is of a fixed list (semantic convention
// "error.type").
func (s Span) Fail(kind string) {
	if s.span != nil {
		s.span.SetStatus(codes.Error, "")
		s.span.SetAttributes(attribute.String("error.type", kind))
	}
}

// End ends the span.
func (s Span) End() {
	if s.span != nil {
		s.span.End()
	}
}

// Traceparent returns the field that makes s the parent of what another server does.
func (s Span) Traceparent() string {
	c := s.span.SpanContext()
	return "00-" + c.TraceID().String() + "-" + c.SpanID().String() + "-" + c.TraceFlags().String()
}
