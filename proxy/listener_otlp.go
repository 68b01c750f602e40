package proxy

import (
	"context"
	"net/netip"

	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/otlpgrpc"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/internal/store"
)

// grpcHost is what a listener for OTLP over gRPC works with.
type grpcHost struct{ relayHost }

// grpcType is what messages would be over HTTP.
const grpcType = "application/x-protobuf"

// Request implements otlpgrpc.Host.
func (h *grpcHost) Request(from netip.AddrPort, path string, body []byte) ([]byte, error) {
	return h.scrub(from, dirRequest, path, body)
}

// Response implements otlpgrpc.Host.
func (h *grpcHost) Response(from netip.AddrPort, path string, body []byte) ([]byte, error) {
	return h.scrub(from, dirResponse, path, body)
}

func (h *grpcHost) scrub(from netip.AddrPort, dir, path string, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return body, nil
	}
	pol := h.p.policy.Load()
	l := h.in(pol).of(from)
	s := l.newScrubber()
	defer s.Release()
	res, err := s.Body(body, scrub.Meta{Path: path, ContentType: grpcType})
	if err == nil {
		err = h.p.record(pol, &l.filter, dir, "", res.Hits)
	}
	if err != nil {
		return h.unsureGRPC(dir, body, l, err)
	}
	h.p.count(&l.filter, dir, &res, int64(len(body)))
	if !res.Changed {
		return body, nil
	}
	return append([]byte(nil), res.Body...), nil
}

// unsureGRPC decides about a message that could not be scrubbed.
func (h *grpcHost) unsureGRPC(dir string, body []byte, l *listener, err error) ([]byte, error) {
	kind := kindOf(err)
	if l.pass || l.shadow {
		h.p.m.covered(h.name, dir, kind, int64(len(body)))
		h.p.m.errors.WithLabelValues(h.name, dir, kind).Inc()
		return body, nil
	}
	h.p.m.blocked.WithLabelValues(h.name, dir, kind).Inc()
	h.quiet.Warn(h.p.log, 1, dir+kind, "messages withheld", "listener", h.name, "direction", dir, "kind", kind)
	if kind == string(scrub.KindLimit) {
		err = otlpgrpc.ErrTooLarge
	}
	return nil, err
}

// Message implements otlpgrpc.Host.
func (h *grpcHost) Message(from netip.AddrPort, text string) (string, error) {
	pol := h.p.policy.Load()
	l := h.in(pol).of(from)
	s := l.newScrubber()
	defer s.Release()
	out, hits, err := s.Value("status:", []byte("message"), []byte(text))
	if err == nil {
		err = h.p.record(pol, &l.filter, dirResponse, "", hits)
	}
	if err != nil {
		passed, err := h.unsureGRPC(dirResponse, []byte(text), l, err)
		return string(passed), err
	}
	return string(out), nil
}

// Store implements otlpgrpc.Host.
func (h *grpcHost) Store(ctx context.Context, r *dialect.Request) (*dialect.Response, error) {
	if h.p.local == nil {
		return nil, errNoStore
	}
	res, err := h.p.local.Serve(ctx, store.Origin{Route: h.name}, r)
	h.p.m.storeRecords.Add(float64(res.Records))
	h.p.m.storeBytes.Add(float64(res.Bytes))
	return res.Response, err
}
