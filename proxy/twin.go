package proxy

import (
	"maps"
	"net"
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/redactd/redactd/internal/door"
)

// The twin of a Proxy serves those exchanges that redactd has with itself. It has the
// policy in force, and of all else nothing: no trail, no store, no log, no report of
// errors, metrics that nobody reads, and upstreams that are functions of this process. So
// an exchange of the twin can't be taken for one of a client, whatever happens in it.

// newTwin returns a twin whose upstreams are what connect leads to, and whose store is
// keep.
func (p *Proxy) newTwin(keep local) *Proxy {
	return &Proxy{
		o: p.o, log: discardLogger, shared: shared{newMetrics(), newConnSet(), p.goroutines},
		conns: newConnSet(), local: keep,
	}
}

// sinkURL is the one of all upstreams of a twin.
const sinkURL = "http://upstream"

// follow puts a twin of pol in force.
func (p *Proxy) follow(pol *policy, connect func() (net.Conn, error)) error {
	t := &policy{
		cfg: pol.cfg, digest: pol.digest, rules: pol.rules, keys: pol.keys, trust: pol.trust, tls: pol.tls, secrets: pol.secrets,
		byName: map[string]*route{}, listeners: map[string]*listener{}, upstreams: map[string]*upstream{},
	}
	for name, u := range pol.upstreams {
		twin, err := p.sinkUpstream(name, u, headerBytes(&pol.cfg.Server), connect)
		if err != nil {
			return err
		}
		t.upstreams[name] = twin
	}
	var routes []*route
	for _, name := range slices.Sorted(maps.Keys(pol.byName)) {
		rt := *pol.byName[name]
		if rt.sample != nil && rt.cfg.ShadowPercent >= 100 {
			rt = *rt.sample
		}
		rt.series, rt.sample = &series{}, nil // what is enforced is what is tried, where anything is
		if rt.up != nil {
			rt.up = t.upstreams[rt.cfg.Upstream]
		}
		t.byName[name] = &rt
		routes = append(routes, &rt)
	}
	for name, l := range pol.listeners {
		twin := *l
		if l.sample != nil && l.cfg.ShadowPercent >= 100 {
			twin = *l.sample
		}
		twin.series, twin.sample = &series{}, nil
		t.listeners[name] = &twin
	}
	t.matcher = newMatcher(routes)
	old := p.policy.Swap(t)
	if old != nil {
		for _, u := range old.upstreams {
			u.close()
		}
	}
	return nil
}

// sinkUpstream returns an upstream as u, but for where it is and how it is reached.
func (p *Proxy) sinkUpstream(name string, u *upstream, maxHeader int, connect func() (net.Conn, error)) (*upstream, error) {
	cfg := u.cfg
	cfg.URLs = []string{sinkURL}
	cfg.TLSCA, cfg.TLSCert, cfg.TLSKey, cfg.TLSServerName = "", "", "", ""
	cfg.AWSAccessKeyID, cfg.AWSSecretAccessKey, cfg.AWSSessionToken = "", "", ""
	cfg.AzureAccount, cfg.AzureSharedKey = "", ""
	twin, err := newUpstream(name, &cfg, maxHeader, p.shared)
	if err != nil {
		return nil, err
	}
	twin.targets[0].local = connect
	return twin, nil
}

// serving returns who serves a request: p, or its twin where redactd itself sent it.
func (p *Proxy) serving(ctx *fasthttp.RequestCtx) *Proxy {
	if p.canaries == nil {
		return p
	}
	if c := dataConnOf(ctx.Conn()); c != nil && c.pass.Guest() != nil {
		p.canaries.served.Add(1)
		return p.canaries.twin
	}
	return p
}

// door returns the one that canaries come through, nil if there are none.
func (p *Proxy) door() *door.Door {
	if p.canaries == nil {
		return nil
	}
	return &p.canaries.door
}
