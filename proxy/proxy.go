// Package proxy is the HTTP hop: it takes requests in, scrubs what the route
// says on the way to the upstream and on the way back, and answers in no other
// way than the upstream would.
//
// Terminology:
//
//   - policy: everything compiled from one configuration; immutable, swapped
//     as a whole
//   - route: what happens to the requests it matches
//   - upstream: a group of equal servers; target: one URL of it
//   - exchange: one request and its answer
//   - refusal: an answer of redactd itself
//   - withhold: not let pass what could not be scrubbed
//
// Files: handler.go has an exchange from top to bottom, request.go and
// response.go the two directions, stream.go bodies too large to gather, errors.go what
// becomes of error responses.
package proxy

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/adminui"
	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/notify"
	"github.com/redactd/redactd/internal/projector"
	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/redact"
)

// Options are what a Proxy is made of.
type Options struct {
	Config *config.Config
	// Rules are the built-in rules of all packs; DefaultPacks names those
	// that are on where a route names none.
	Rules        []redact.Rule
	DefaultPacks []string
	Logger       *slog.Logger         // nil: no logs
	Registry     *prometheus.Registry // nil: one of its own
	Version      string
	// Sample returns ordinary log, on which the console measures what rules cost; nil: it
	// does not.
	Sample func() ([]byte, error)
	// Load reads the configuration again for Reload; nil: no reload.
	Load func() (*config.Config, error)

	// fingerprints are the keys of fingerprints where the configuration has
	// none; New gets them from beside the trail.
	fingerprints *redact.Keyring

	// For tests.
	newScrubber func(*route) scrubber
	recorder    audit.Recorder
	local       local
	errorLog    errorLog
	traceEvery  time.Duration // between two exports
}

// Proxy is the running hop. Its methods are safe for concurrent use.
type Proxy struct {
	o   Options
	log *slog.Logger
	shared
	registry  *prometheus.Registry
	policy    atomic.Pointer[policy]
	tracer    atomic.Pointer[tracer] // nil without tracing
	recorder  audit.Recorder
	witness   *audit.Witness // nil where checkpoints of others are not kept
	local     local
	errorLog  errorLog             // nil: nobody is told of errors
	records   *records.DB          // nil without a database
	notifier  *notify.Notifier     // nil where nobody is told of leaks
	projector *projector.Projector // nil where leaks are not kept
	console   *adminui.Console
	server    *fasthttp.Server
	conns     *connSet
	relays    map[string]runner // by name; while Run runs
	canaries  *canaries         // nil where none are sent

	reloading sync.Mutex
	ran       atomic.Bool
	ready     atomic.Bool

	listening chan struct{} // closed once addresses are known, or Run has failed
	dataAddrs []net.Addr
	adminAddr net.Addr
}

// New builds everything from o and opens nothing on the network. Its error is
// a config.Errors where the configuration is at fault.
func New(o Options) (*Proxy, error) {
	p := &Proxy{
		o: o, log: o.Logger, shared: newShared(), registry: o.Registry,
		conns: newConnSet(), listening: make(chan struct{}),
	}
	if p.log == nil {
		p.log = discardLogger
	}
	if p.registry == nil {
		p.registry = prometheus.NewRegistry()
	}
	if err := p.localKeys(); err != nil {
		return nil, err
	}
	pol, err := build(o.Config, p.o, nil, p.shared)
	if err != nil {
		return nil, err
	}
	if err := pol.loadSecrets(nil); err != nil {
		return nil, err
	}
	if err := p.m.register(p.registry); err != nil {
		return nil, err
	}
	if err := p.openSinks(o.Config); err != nil {
		return nil, err
	}
	p.server = p.newServer(&o.Config.Server)
	p.canaries = p.newCanaries()
	p.adopt(pol)
	return p, nil
}

// adopt puts pol in force.
func (p *Proxy) adopt(pol *policy) {
	p.trace(pol.cfg.Tracing)
	old := p.policy.Swap(pol)
	if old != nil {
		p.stateCoverage(context.Background()) // while the configuration that it is of is in force
	}
	p.m.loaded(old, pol, time.Now())
	p.inForce(pol)
	p.canaries.follow(pol)
	for name, u := range pol.upstreams {
		for _, t := range u.targets {
			p.m.upstreamUp(name, t.label, t.outUntil().IsZero())
		}
	}
	if old == nil {
		return
	}
	for name, u := range old.upstreams {
		if pol.upstreams[name] != u {
			u.close()
		}
	}
}

// Reload reads the configuration again and puts it in force as a whole. On an
// error nothing has changed.
func (p *Proxy) Reload() error {
	p.reloading.Lock()
	defer p.reloading.Unlock()
	err := p.reload()
	if err != nil {
		p.m.reloadSuccess.Set(0)
		p.log.Error("configuration not reloaded", "error", err)
		return err
	}
	p.log.Info("configuration reloaded", "digest", p.policy.Load().digest)
	return nil
}

func (p *Proxy) reload() error {
	if p.o.Load == nil {
		return errors.New("there is no configuration file to load again")
	}
	cfg, err := p.o.Load()
	if err != nil {
		return err
	}
	old := p.policy.Load()
	if err := fixedSettings(old.cfg, cfg); err != nil {
		return err
	}
	pol, err := build(cfg, p.o, old, p.shared)
	if err != nil {
		return err
	}
	if err := pol.loadSecrets(old); err != nil {
		return err
	}
	p.adopt(pol)
	return nil
}

// fixedSettings returns an error for each setting that differs and can only
// change with a restart, because it belongs to an open socket or file.
func fixedSettings(old, now *config.Config) error {
	var bad config.Errors
	check := func(key string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			file, line := now.Locate(key)
			bad = append(bad, config.Error{File: file, Line: line, Key: key,
				Msg: "can't change while redactd runs (restart it)"})
		}
	}
	a, b := old.Server, now.Server
	check("server.listen", a.Listen, b.Listen)
	check("server.tls_cert", a.TLSCert != "", b.TLSCert != "")
	check("server.max_connections", a.MaxConnections, b.MaxConnections)
	check("server.max_header_bytes", a.MaxHeaderBytes, b.MaxHeaderBytes)
	check("server.read_timeout", a.ReadTimeout, b.ReadTimeout)
	check("server.write_timeout", a.WriteTimeout, b.WriteTimeout)
	check("server.idle_timeout", a.IdleTimeout, b.IdleTimeout)
	check("admin.listen", old.Admin.Listen, now.Admin.Listen)
	check("admin.pprof", old.Admin.Pprof, now.Admin.Pprof)
	check("admin.tls_cert", old.Admin.TLSCert != "", now.Admin.TLSCert != "")
	check("audit", old.Audit, now.Audit)
	check("anchor", true, reflect.DeepEqual(old.Anchors, now.Anchors))
	check("store", old.Store, now.Store)
	check("errors", true, reflect.DeepEqual(old.Errors, now.Errors))
	check("records", old.Records, now.Records)
	check("leaks", old.Leaks, now.Leaks)
	check("notify", true, reflect.DeepEqual(old.Notify, now.Notify))
	fixedListeners(old, now, check)
	check("route", usesStore(old) || !usesStore(now), true)
	if len(bad) > 0 {
		return bad
	}
	return nil
}

// Addrs waits until Run listens and returns the addresses; nil where Run
// failed before.
func (p *Proxy) Addrs() (data []net.Addr, admin net.Addr) {
	<-p.listening
	return p.dataAddrs, p.adminAddr
}

// Run serves until ctx ends, then lets the requests in flight finish. It
// returns nil after a shutdown in good order. It can be called once.
func (p *Proxy) Run(ctx context.Context) error {
	if p.ran.Swap(true) {
		return errors.New("proxy: Run was called before")
	}
	pol := p.policy.Load()
	if err := p.startSinks(); err != nil {
		close(p.listening)
		return err
	}
	listeners, admin, err := p.open(pol)
	close(p.listening)
	if err != nil {
		_ = p.stopSinks(context.Background())
		return err
	}
	failed := make(chan error, len(listeners)+1)
	adminServer, endAdmin := p.newAdmin(pol.cfg)
	adminServer.RegisterOnShutdown(endAdmin)
	if admin != nil {
		admin = withTLS(admin, func() *tls.Config { return p.policy.Load().admin.TLS() })
		p.goroutines.start(func() {
			if err := adminServer.Serve(admin); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("admin listener: %w", err)
			}
		})
	}
	for _, ln := range listeners {
		ln = withTLS(ln, func() *tls.Config { return p.policy.Load().tls })
		p.goroutines.start(func() {
			if err := p.server.Serve(ln); err != nil && !errors.Is(err, net.ErrClosed) {
				failed <- fmt.Errorf("listener: %w", err)
			}
		})
	}
	for name, r := range p.relays {
		r.Serve()
		p.log.Info("listening", "listener", name, "addresses", r.Addrs())
	}
	watch, end := context.WithCancel(ctx)
	defer end()
	p.goroutines.start(func() { p.watchSecrets(watch) })
	p.goroutines.start(func() { p.watchCoverage(watch) })
	p.startRecords(watch)
	p.goroutines.start(func() { p.canaries.loop(watch) })
	if admin != nil {
		p.goroutines.start(func() { p.console.Run(watch) })
	}
	p.ready.Store(true)
	p.log.Info("serving", "listen", p.dataAddrs, "admin", p.adminAddr, "version", p.o.Version, "config_digest", pol.digest)
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	end()
	return errors.Join(err, p.shutdown(listeners, adminServer))
}

// open opens every listener, or none.
func (p *Proxy) open(pol *policy) ([]net.Listener, net.Listener, error) {
	listeners, err := p.listen(pol)
	if err != nil {
		return nil, nil, err
	}
	var admin net.Listener
	if addr := pol.cfg.Admin.Listen; addr != "" {
		if admin, err = net.Listen("tcp", addr); err != nil {
			for _, l := range listeners {
				_ = l.Close()
			}
			return nil, nil, fmt.Errorf("admin.listen: %w", err)
		}
		p.adminAddr = admin.Addr()
	}
	if err := p.openRelays(pol); err != nil {
		for _, l := range listeners {
			_ = l.Close()
		}
		if admin != nil {
			_ = admin.Close()
		}
		return nil, nil, err
	}
	for _, l := range listeners {
		p.dataAddrs = append(p.dataAddrs, l.Addr())
	}
	return listeners, admin, nil
}

// shutdown drains and closes everything, in this order: no new connections,
// requests and messages in flight to their end, events and records to disk, and the admin
// listener last, so that the end can be watched.
func (p *Proxy) shutdown(listeners []net.Listener, admin *http.Server) error {
	p.ready.Store(false)
	pol := p.policy.Load()
	p.log.Info("shutting down")
	ctx, cancel := context.WithTimeout(context.Background(), orDefault(pol.cfg.Server.ShutdownTimeout, defaultShutdown))
	defer cancel()
	errs := []error{}
	stopped := p.stopRelays(ctx)
	for _, ln := range listeners { // fasthttp closes only those it serves already
		_ = ln.Close()
	}
	if err := p.server.ShutdownWithContext(ctx); err != nil && !errors.Is(err, net.ErrClosed) {
		errs = append(errs, fmt.Errorf("requests in flight were cut off after the shutdown timeout: %w", err))
	}
	errs = append(errs, <-stopped)
	p.conns.closeAll()
	p.canaries.close()
	p.up.closeAll()
	for _, u := range pol.upstreams {
		u.close()
	}
	p.trace(config.Tracing{})
	last, cancelLast := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancelLast()
	errs = append(errs, p.stopSinks(last), admin.Shutdown(last))
	if err := p.goroutines.stop(last); err != nil {
		errs = append(errs, fmt.Errorf("goroutines did not end: %w", err))
	}
	p.log.Info("shut down")
	return errors.Join(errs...)
}
