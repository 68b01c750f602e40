package proxy

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/dialect"
	"github.com/redactd/redactd/internal/otlpgrpc"
	"github.com/redactd/redactd/internal/relay"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/internal/store"
)

// listener is a listener of a protocol that is not HTTP, with everything looked up.
type listener struct {
	filter
	cfg                  *config.Listener
	serverTLS, clientTLS *tls.Config
	// sample takes the place of the listener for shadow_percent of the connections, or is
	// nil.
	sample *listener
}

// protocolCodecs are the codecs of what the protocols of listeners carry.
var protocolCodecs = map[string]string{"syslog": "syslog", "forward": "forward", "gelf": "gelf"}

func (b *builder) listener(name string, cfg *config.Listener) *listener {
	key := "listener." + name
	l := &listener{cfg: cfg}
	b.filter(&l.filter, key, name, &cfg.Policy, protocolCodecs[cfg.Protocol])
	l.destination = cfg.Upstream
	var err error
	if l.serverTLS, err = serverTLS(&config.Server{TLSCert: cfg.TLSCert, TLSKey: cfg.TLSKey}); err != nil {
		b.fail(key+".tls_cert", "%v", err)
	}
	if cfg.TLSClientCA != "" && l.serverTLS != nil {
		if l.serverTLS.ClientCAs, err = certPool(cfg.TLSClientCA); err != nil {
			b.fail(key+".tls_client_ca", "%v", err)
		}
		l.serverTLS.ClientAuth = tls.RequireAndVerifyClientCert
	}
	l.clientTLS, err = clientTLS(&config.Upstream{
		TLSCA: cfg.UpstreamTLSCA, TLSCert: cfg.UpstreamTLSCert, TLSKey: cfg.UpstreamTLSKey,
		TLSServerName: cfg.UpstreamTLSServerName, InsecureSkipVerify: cfg.UpstreamInsecureSkipVerify,
	})
	if err != nil {
		b.fail(key+".upstream_tls_ca", "%v", err)
	}
	for _, c := range []*tls.Config{l.serverTLS, l.clientTLS} {
		if c != nil {
			c.NextProtos = nil
		}
	}
	return l
}

// fixedListeners checks what of listeners can't change while they run.
func fixedListeners(old, now *config.Config, check func(key string, a, b any)) {
	check("listener", slices.Sorted(maps.Keys(old.Listeners)), slices.Sorted(maps.Keys(now.Listeners)))
	for name, b := range now.Listeners {
		a := old.Listeners[name]
		if a == nil {
			continue
		}
		key := "listener." + name
		check(key+".protocol", a.Protocol, b.Protocol)
		check(key+".listen", a.Listen, b.Listen)
		check(key+".max_connections", a.MaxConnections, b.MaxConnections)
		// Another address of the same kind holds for new connections.
		check(key+".upstream", config.ParseAddress(a.Upstream).Scheme, config.ParseAddress(b.Upstream).Scheme)
	}
}

// runner is a listener with its sockets; relay.Listener says what its methods do.
type runner interface {
	Addrs() []net.Addr
	Serve()
	Stop(ctx context.Context) error
}

// openRelays opens the listeners of protocols that are not HTTP, all or none.
func (p *Proxy) openRelays(pol *policy) error {
	p.relays = map[string]runner{}
	for _, name := range slices.Sorted(maps.Keys(pol.listeners)) {
		r, err := p.openRelay(name, pol.listeners[name].cfg)
		if err != nil {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			return errors.Join(err, <-p.stopRelays(ctx))
		}
		p.relays[name] = r
	}
	return nil
}

func (p *Proxy) openRelay(name string, cfg *config.Listener) (runner, error) {
	if cfg.Protocol == otlpgrpc.Protocol {
		return otlpgrpc.Open(otlpgrpc.Options{Config: cfg, Host: &grpcHost{relayHost{p: p, name: name}}, Log: p.log})
	}
	return relay.Open(relay.Options{Config: cfg, Host: &relayHost{p: p, name: name}, Log: p.log})
}

// stopRelays stops them all at once, and sends when they have.
func (p *Proxy) stopRelays(ctx context.Context) <-chan error {
	errs := make(chan error, len(p.relays))
	for _, r := range p.relays {
		go func() { errs <- r.Stop(ctx) }()
	}
	all := make(chan error, 1)
	go func() {
		var err error
		for range cap(errs) {
			err = errors.Join(err, <-errs)
		}
		all <- err
	}()
	return all
}

// relayHost is what a listener works with: the policy in force, the trail, the store.
type relayHost struct {
	p     *Proxy
	name  string
	quiet relay.Quiet
}

func (h *relayHost) in(pol *policy) *listener   { return pol.listeners[h.name] }
func (h *relayHost) Settings() *config.Listener { return h.in(h.p.policy.Load()).cfg }
func (h *relayHost) ServerTLS() *tls.Config     { return h.in(h.p.policy.Load()).serverTLS }
func (h *relayHost) ClientTLS() *tls.Config     { return h.in(h.p.policy.Load()).clientTLS }

// Scrub implements relay.Host.
func (h *relayHost) Scrub(dst, payload []byte, coding string, from netip.AddrPort, probe bool) ([]byte, error) {
	pol := h.p.policy.Load()
	l := h.in(pol).of(from)
	s := l.newScrubber()
	defer s.Release()
	res, err := s.Body(payload, scrub.Meta{ContentEncoding: coding})
	if err != nil {
		return h.unsure(dst, payload, l, err, probe)
	}
	if h.p.tell(pol, &l.filter, dirRequest, "", res.Hits) != nil {
		return dst, relay.ErrLater
	}
	h.p.m.found(h.name, dirRequest, res.Hits)
	h.p.count(&l.filter, dirRequest, &res, int64(len(payload)))
	return append(dst, res.Body...), nil
}

// unsure decides about messages that could not be scrubbed.
func (h *relayHost) unsure(dst, payload []byte, l *listener, err error, probe bool) ([]byte, error) {
	kind := kindOf(err)
	switch {
	case probe:
		return dst, err
	case l.pass || l.shadow:
		h.p.m.covered(h.name, dirRequest, kind, int64(len(payload)))
		h.p.m.errors.WithLabelValues(h.name, dirRequest, kind).Inc()
		return append(dst, payload...), nil
	}
	h.p.m.blocked.WithLabelValues(h.name, dirRequest, kind).Inc()
	h.quiet.Warn(h.p.log, 1, kind, "messages withheld", "listener", h.name, "kind", kind)
	return dst, err
}

var errNoStore = errors.New("there is no store")

// Store implements relay.Host.
func (h *relayHost) Store(ctx context.Context, protocol string, records []dialect.Record) error {
	s, ok := h.p.local.(interface {
		Put(ctx context.Context, from store.Origin, dialect string, records []dialect.Record) (int64, error)
	})
	if !ok {
		return errNoStore
	}
	n, err := s.Put(ctx, store.Origin{Route: h.name}, protocol, records)
	if err != nil {
		h.Count(relay.StoreFailed, 1)
		return err
	}
	h.p.m.storeRecords.Add(float64(len(records)))
	h.p.m.storeBytes.Add(float64(n))
	return nil
}

// relayMetrics is what is counted of listeners beside what is of routes too.
type relayMetrics struct {
	connections *prometheus.GaugeVec
	messages    *prometheus.CounterVec
	received    *prometheus.CounterVec
	sent        *prometheus.CounterVec
	dropped     *prometheus.CounterVec
	cut         *prometheus.CounterVec
}

func newRelayMetrics() relayMetrics {
	return relayMetrics{
		connections: gauge("redactd_listener_connections", "Clients connected to a listener.", "route"),
		messages:    counter("redactd_listener_messages_total", "Messages and datagrams received by a listener.", "route"),
		received:    counter("redactd_listener_received_bytes_total", "Bytes of messages received by a listener.", "route"),
		sent:        counter("redactd_listener_sent_bytes_total", "Bytes that a listener's upstream has taken.", "route"),
		dropped:     counter("redactd_listener_dropped_total", "Messages and connections that a listener dropped.", "route", "reason"),
		cut:         counter("redactd_listener_cut_total", "Messages cut to what a datagram can hold.", "route"),
	}
}

func (m *relayMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.connections, m.messages, m.received, m.sent, m.dropped, m.cut}
}

func (m *relayMetrics) forget(l prometheus.Labels) {
	m.connections.DeletePartialMatch(l)
	for _, v := range []*prometheus.CounterVec{m.messages, m.received, m.sent, m.dropped, m.cut} {
		v.DeletePartialMatch(l)
	}
}

// dropReasons are the values of label "reason" of what is dropped.
var dropReasons = map[relay.Event]string{
	relay.DroppedTooLarge: "too_large", relay.DroppedFraming: "framing", relay.DroppedQueue: "queue",
	relay.DroppedSend: "send", relay.DroppedStop: "stop", relay.DroppedAudit: "audit", relay.DroppedAuth: "auth",
}

// Count implements relay.Host.
func (h *relayHost) Count(e relay.Event, n int) {
	m := &h.p.m.relay
	by := float64(n)
	switch e {
	case relay.Connected:
		m.connections.WithLabelValues(h.name).Add(by)
	case relay.Received:
		m.messages.WithLabelValues(h.name).Add(by)
	case relay.ReceivedBytes:
		m.received.WithLabelValues(h.name).Add(by)
	case relay.SentBytes:
		m.sent.WithLabelValues(h.name).Add(by)
	case relay.Cut:
		m.cut.WithLabelValues(h.name).Add(by)
	case relay.UpstreamFailed:
		h.p.m.errors.WithLabelValues(h.name, "upstream", "connect").Add(by)
	case relay.StoreFailed:
		h.p.m.errors.WithLabelValues(h.name, refuseStore.stage, refuseStore.kind).Add(by)
	case relay.Panicked:
		h.p.m.errors.WithLabelValues(h.name, dirRequest, "internal").Add(by)
	default:
		m.dropped.WithLabelValues(h.name, cmp.Or(dropReasons[e], "other")).Add(by)
	}
}
