package proxy

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/redactd/redactd/internal/adminui"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/gate"
)

// newAdmin returns the server of the operator's listener, and what cuts off those of its
// answers that go on and on. It shows no payload and no secret; pprof, whose heap dumps
// hold both, is behind a switch.
func (p *Proxy) newAdmin(cfg *config.Config) (*http.Server, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	return &http.Server{
		Handler:           p.adminPaths(cfg),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}, cancel
}

// adminPaths returns what the operator's listener serves, and to whom.
func (p *Proxy) adminPaths(cfg *config.Config) *gate.Gate {
	g := gate.New(func() *gate.Rules { return p.policy.Load().admin }, p.log)
	g.Refused = func(reason string) { p.m.adminRefused.WithLabelValues(reason).Inc() }
	g.Handle(gate.Scrape, "GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{Registry: p.registry}))
	handle := func(need gate.Need, pattern string, f http.HandlerFunc) { g.Handle(need, pattern, f) }
	handle(gate.Open, "GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "healthy\n") })
	handle(gate.Open, "GET /-/ready", p.serveReady)
	handle(gate.Control, "POST /-/reload", p.serveReload)
	handle(gate.Inspect, "GET /-/config", p.serveConfig)
	if p.witness != nil {
		handle(gate.Open, "POST /-/checkpoints", p.serveCheckpoints) // their signatures say who they are of
	}
	p.console = adminui.Register(g, p.sources(cfg))
	g.Handle(gate.Open, "GET /-/", http.NotFoundHandler())
	if cfg.Admin.Pprof {
		handle(gate.Control, "GET /debug/pprof/", pprof.Index)
		handle(gate.Control, "GET /debug/pprof/profile", pprof.Profile)
		handle(gate.Control, "GET /debug/pprof/symbol", pprof.Symbol)
		handle(gate.Control, "GET /debug/pprof/trace", pprof.Trace)
	}
	return g
}

func (p *Proxy) serveReady(w http.ResponseWriter, _ *http.Request) {
	if !p.ready.Load() {
		http.Error(w, "not ready", http.StatusServiceUnavailable)
		return
	}
	_, _ = io.WriteString(w, "ready\n")
}

func (p *Proxy) serveReload(w http.ResponseWriter, _ *http.Request) {
	if err := p.Reload(); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = io.WriteString(w, "reloaded\n")
}

func (p *Proxy) serveConfig(w http.ResponseWriter, _ *http.Request) {
	text, err := p.policy.Load().cfg.TOML()
	if err != nil {
		http.Error(w, "the configuration can't be written as TOML", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/toml")
	_, _ = w.Write(text)
}

// newAdminRefused counts who is refused at the admin listener; each reason is there from
// the start.
func newAdminRefused() *prometheus.CounterVec {
	v := counter("redactd_admin_refused_total", "Requests refused at the admin listener.", "reason")
	for _, reason := range gate.Reasons() {
		v.WithLabelValues(reason)
	}
	return v
}
