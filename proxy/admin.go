package proxy

import (
	"io"
	"log"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/redactd/redactd/internal/config"
)

// newAdmin returns the server of the operator's listener. It shows no payload
// and no secret; pprof, whose heap dumps hold both, is behind a switch.
func (p *Proxy) newAdmin(cfg *config.Config) *http.Server {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{Registry: p.registry}))
	mux.HandleFunc("GET /-/healthy", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "healthy\n") })
	mux.HandleFunc("GET /-/ready", p.serveReady)
	mux.HandleFunc("POST /-/reload", p.serveReload)
	mux.HandleFunc("GET /-/config", p.serveConfig)
	if p.witness != nil {
		mux.HandleFunc("POST /-/checkpoints", p.serveCheckpoints)
	}
	if console := p.newConsole(cfg); console != nil {
		mux.Handle("/", console)
		mux.Handle("/-/", http.NotFoundHandler())
	}
	if cfg.Admin.Pprof {
		mux.HandleFunc("GET /debug/pprof/", pprof.Index)
		mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	}
	return &http.Server{
		// A page in the operator's browser must not be able to trigger a reload.
		Handler:           http.NewCrossOriginProtection().Handler(mux),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          log.New(io.Discard, "", 0),
	}
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
