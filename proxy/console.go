package proxy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/adminui"
	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/redact"
)

// sources are what the console reads. What is not there stays nil.
func (p *Proxy) sources(cfg *config.Config) adminui.Sources {
	s := adminui.Sources{Version: p.o.Version, Logger: p.log, Policy: inForce{p}, Explain: p, Metrics: p.registry, Coverage: ownCoverage{p}}
	if p.records != nil {
		s.Errors = p.records
	}
	if p.projector != nil {
		s.Leaks, s.Statements = p.records, p.records
	}
	if trail, ok := p.recorder.(*audit.Trail); ok {
		s.Audit = trailView{trail, cfg}
	}
	return s
}

// inForce implements adminui.Policy.
type inForce struct{ p *Proxy }

// Reload implements adminui.Policy.
func (f inForce) Reload() error { return f.p.Reload() }

// Traces implements adminui.Policy.
func (f inForce) Traces(value []byte) (fingerprints, tokens []string) {
	pol := f.p.policy.Load()
	keys := pol.keys
	if keys == nil {
		keys = f.p.o.fingerprints
	}
	if keys == nil {
		return nil, nil
	}
	parts := map[string]bool{string(value): true}
	searched := map[string]bool{}
	for _, fl := range pol.filters() {
		if fl.scrub == nil || searched[ruleKey(fl.scrub.Set)] {
			continue
		}
		searched[ruleKey(fl.scrub.Set)] = true
		set := fl.scrub.Set
		found, err := set.Find(set.NewScratch(), nil, redact.Field{Value: value})
		if err != nil {
			continue // the value as a whole is looked up
		}
		for _, fd := range found {
			parts[string(value[fd.Start:fd.End])] = true
		}
	}
	for part := range parts {
		fingerprints = append(fingerprints, keys.Fingerprints([]byte(part))...)
		tokens = append(tokens, keys.Tokens([]byte(part))...)
	}
	slices.Sort(fingerprints)
	slices.Sort(tokens)
	return fingerprints, tokens
}

// InForce implements adminui.Policy.
func (f inForce) InForce() adminui.InForce {
	pol := f.p.policy.Load()
	v := adminui.InForce{Digest: pol.digest, LoadedAt: pol.loadedAt, Rules: pol.rules}
	if text, err := pol.cfg.TOML(); err == nil {
		v.Config = string(text)
	}
	for _, name := range slices.Sorted(maps.Keys(pol.byName)) {
		rt := pol.byName[name]
		c := rt.cfg
		v.Routes = append(v.Routes, routeView(&rt.filter, adminui.Route{
			Kind: adminui.RouteHTTP, Match: matchText(c), Request: string(c.Request), Response: string(c.Response),
		}))
	}
	for _, name := range slices.Sorted(maps.Keys(pol.listeners)) {
		l := pol.listeners[name]
		c := pol.cfg.Listeners[name]
		v.Routes = append(v.Routes, routeView(&l.filter, adminui.Route{
			Kind: c.Protocol, Match: strings.Join(c.Listen, " "), Request: string(config.ScopeAll), Response: string(config.ScopeNone),
		}))
	}
	return v
}

func routeView(f *filter, r adminui.Route) adminui.Route {
	r.Name, r.Upstream, r.Mode = f.name, f.destination, string(f.policy.Mode)
	r.OnFailure, r.Action = string(f.policy.OnFailure), f.policy.Action
	r.Rules = slices.Sorted(maps.Keys(f.ruleIDs))
	return r
}

// matchText writes which requests a route is for.
func matchText(c *config.Route) string {
	hosts := []string{""}
	if len(c.Hosts) > 0 {
		hosts = c.Hosts
	}
	var list []string
	for _, h := range hosts {
		list = append(list, h+"/"+strings.TrimPrefix(c.PathPrefix, "/"))
	}
	text := strings.Join(list, " ")
	if len(c.Methods) > 0 {
		text = fmt.Sprintf("%s %s", strings.Join(c.Methods, ","), text)
	}
	return text
}

// trailView implements adminui.Audit.
type trailView struct {
	trail *audit.Trail
	cfg   *config.Config
}

// Status implements adminui.Audit.
func (t trailView) Status() adminui.AuditStatus {
	a := &t.cfg.Audit
	s := adminui.AuditStatus{Dir: a.Dir, Required: a.Required, Stats: t.trail.Stats()}
	if a.CheckpointKey != "" {
		if _, public, err := audit.CheckpointKey(a.CheckpointKey); err == nil {
			s.PublicKey = public
		}
	}
	return s
}

// Verify implements adminui.Audit.
func (t trailView) Verify() (audit.Report, error) {
	var o audit.VerifyOptions
	if s := t.Status(); s.PublicKey != "" {
		o.Keys = []string{s.PublicKey}
	}
	return audit.VerifyWith(t.cfg.Audit.Dir, o)
}

// ownCoverage implements adminui.Coverage.
type ownCoverage struct{ p *Proxy }

// Recent implements adminui.Coverage.
func (c ownCoverage) Recent() map[string]audit.CoverageSum { return c.p.m.cover.Recent() }

// Report implements adminui.Coverage.
func (c ownCoverage) Report(rows []audit.CoverageRow) coverage.Report {
	return coverage.NewReport(c.p.policy.Load().cfg, rows, "")
}
