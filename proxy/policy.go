package proxy

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/gate"
	"github.com/redactd/redactd/internal/neutral"
	"github.com/redactd/redactd/internal/ownsecrets"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// policy is everything compiled from one configuration. It is immutable; a
// request loads it once and stays with it to its end.
type policy struct {
	cfg       *config.Config
	digest    string
	loadedAt  time.Time
	rules     []redact.Rule // all that there are; what is on is said by each filter
	matcher   *matcher
	byName    map[string]*route
	listeners map[string]*listener
	upstreams map[string]*upstream
	keys      *redact.Keyring
	trust     []netip.Prefix
	tls       *tls.Config // of the data listener, or nil
	admin     *gate.Rules
	secrets   *ownsecrets.Store // nil without own secrets
	explains  explainers
	costs     costs
}

// filter is what is looked for on a route or a listener, and what becomes of it.
type filter struct {
	name string
	// destination is the name of the upstream.
	destination string
	policy      *config.Policy
	ruleIDs     map[string]bool // those in shadowIDs too
	shadowIDs   map[string]bool // of rules whose findings stay
	scrub       *scrub.Policy
	// newScrubber returns the working memory for one exchange.
	newScrubber func() scrubber
	canStream   func(scrub.Meta) bool
	shadow      bool
	sampled     bool // shadow, of a share of what a filter gets that is not
	pass        bool // on_failure = "pass"
	series      *series
}

// route is a route with everything looked up.
type route struct {
	filter
	cfg  *config.Route
	up   *upstream       // nil: the embedded store
	keep map[string]bool // lower-case names of headers never scrubbed
	// errors is nil where error responses are scrubbed as other answers are.
	errors *errorPolicy
	// sample takes the place of the route for shadow_percent of the exchanges, or is nil.
	sample *route
}

// scrubber is what the hop needs of a scrub.Scrubber.
type scrubber interface {
	Body(body []byte, m scrub.Meta) (scrub.Result, error)
	Stream(w io.Writer, r io.Reader, m scrub.Meta) (scrub.Result, error)
	Value(place string, name, value []byte) ([]byte, []scrub.Hit, error)
	Query(raw []byte) ([]byte, []scrub.Hit, error)
	Encode(text []byte) ([]byte, error)
	Release()
}

// Check builds everything that New would build from cfg with those built-in
// rules, and returns every error at once as config.Errors.
func Check(cfg *config.Config, rules []redact.Rule, defaultPacks []string) error {
	_, err := build(cfg, Options{Rules: rules, DefaultPacks: defaultPacks}, nil, newShared())
	return err
}

// shared is what outlives every policy and is used by parts of it.
type shared struct {
	m  *metrics
	up *connSet // connections to upstreams
	// goroutines are those that outlive the call that starts them.
	goroutines *owner
}

func newShared() shared { return shared{newMetrics(), newConnSet(), &owner{}} }

// builder gathers what build makes, and what is wrong.
type builder struct {
	cfg   *config.Config
	o     Options
	rules []redact.Rule
	keys  *redact.Keyring
	sets  map[string]*redact.Set // by the ids selected
	bad   config.Errors
	// secrets are the own ones, nil without any.
	secrets *ownsecrets.Store
	neutral map[string]*neutral.Set // by the ids selected
}

// build compiles cfg. Upstreams of old whose settings are the same are kept.
func build(cfg *config.Config, o Options, old *policy, sh shared) (*policy, error) {
	b := &builder{cfg: cfg, o: o, sets: map[string]*redact.Set{}, neutral: map[string]*neutral.Set{}}
	b.gatherRules()
	b.keyring()
	b.secrets = b.ownSecrets(old, sh)
	p := &policy{
		cfg: cfg, digest: cfg.Digest, loadedAt: time.Now(), rules: b.rules, keys: b.keys, secrets: b.secrets,
		byName: map[string]*route{}, listeners: map[string]*listener{}, upstreams: map[string]*upstream{},
	}
	b.serverSettings(p)
	b.evidence()
	b.notify()
	for _, name := range slices.Sorted(maps.Keys(cfg.Upstreams)) {
		b.upstream(p, name, old, sh)
	}
	b.echo(p, old, sh)
	var routes []*route
	for _, name := range slices.Sorted(maps.Keys(cfg.Routes)) {
		rt := b.route(p, name, cfg.Routes[name])
		rt.sample = b.sampleRoute(p, rt)
		p.byName[name] = rt
		routes = append(routes, rt)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Listeners)) {
		l := b.listener(name, cfg.Listeners[name])
		l.sample = b.sampleListener(l)
		p.listeners[name] = l
	}
	var wrong config.Errors
	if errors.As(errlog.Check(cfg), &wrong) {
		b.bad = append(b.bad, wrong...)
	}
	if len(routes)+len(p.listeners) == 0 {
		b.fail("route", "there is no route (add a [route.NAME] table)")
	}
	if len(b.bad) > 0 {
		return nil, b.bad
	}
	p.matcher = newMatcher(routes)
	return p, nil
}

// fail notes, once, that the value of key is wrong.
func (b *builder) fail(key, format string, args ...any) {
	file, line := b.cfg.Locate(key)
	e := config.Error{File: file, Line: line, Key: key, Msg: fmt.Sprintf(format, args...)}
	if !slices.Contains(b.bad, e) {
		b.bad = append(b.bad, e)
	}
}

func (b *builder) gatherRules() {
	b.rules = append(slices.Clone(b.o.Rules), redact.KnownRule())
	known := map[string]bool{}
	for i := range b.rules {
		known[b.rules[i].ID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(b.cfg.Rules)) {
		r := *b.cfg.Rules[id]
		r.ID, r.Pack = id, "config"
		if known[id] {
			b.fail("rule."+id, "a built-in rule has this name (choose another)")
			continue
		}
		b.rules = append(b.rules, r)
	}
}

func (b *builder) keyring() {
	ring, err := b.cfg.Keyring()
	if err != nil {
		b.fail("token.keys", "%v", err)
		return
	}
	b.keys = ring
}

func (b *builder) serverSettings(p *policy) {
	for i, text := range b.cfg.Server.TrustForwarded {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, aerr := netip.ParseAddr(text)
			if aerr != nil {
				b.fail(fmt.Sprintf("server.trust_forwarded[%d]", i), "is not an address or CIDR (10.0.0.0/8)")
				continue
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		p.trust = append(p.trust, prefix.Masked())
	}
	var err error
	if p.tls, err = serverTLS(&b.cfg.Server); err != nil {
		b.fail("server.tls_cert", "%v", err)
	}
	if p.admin, err = gate.Compile(&b.cfg.Admin); err != nil {
		b.fail("admin", "%v", err)
	}
}

func (b *builder) upstream(p *policy, name string, old *policy, sh shared) {
	cfg := b.cfg.Upstreams[name]
	if old != nil {
		if u := old.upstreams[name]; u != nil && u.same(cfg) {
			p.upstreams[name] = u
			return
		}
	}
	u, err := newUpstream(name, cfg, headerBytes(&b.cfg.Server), sh)
	if err != nil {
		b.fail("upstream."+name, "%v", err)
		return
	}
	p.upstreams[name] = u
}

// echo adds the built-in upstream of that name where a route leads to it.
func (b *builder) echo(p *policy, old *policy, sh shared) {
	for _, r := range b.cfg.Routes {
		if r.Upstream != config.EchoUpstream || p.upstreams[config.EchoUpstream] != nil {
			continue
		}
		if old != nil && old.upstreams[config.EchoUpstream] != nil {
			p.upstreams[config.EchoUpstream] = old.upstreams[config.EchoUpstream]
			continue
		}
		u, err := echoUpstream(headerBytes(&b.cfg.Server), sh)
		if err != nil {
			b.fail("route", "%v", err)
			return
		}
		p.upstreams[config.EchoUpstream] = u
	}
}

func (b *builder) route(p *policy, name string, cfg *config.Route) *route {
	key := "route." + name
	rt := &route{cfg: cfg, keep: map[string]bool{}}
	switch cfg.Upstream {
	case config.StoreUpstream:
	case config.EchoUpstream:
		rt.up = p.upstreams[cfg.Upstream]
	default:
		if rt.up = p.upstreams[cfg.Upstream]; rt.up == nil && b.cfg.Upstreams[cfg.Upstream] == nil {
			b.fail(key+".upstream", "there is no [upstream.%s]", cfg.Upstream)
		}
	}
	for _, h := range cfg.KeepHeaders {
		rt.keep[strings.ToLower(h)] = true
	}
	b.filter(&rt.filter, key, name, &cfg.Policy, cfg.Codec)
	rt.destination = cfg.Upstream
	rt.errors = b.errorPolicy(key, rt)
	if rt.scrub != nil {
		rt.scrub.Annotate, rt.scrub.MaxDelay = cfg.Annotate, time.Duration(cfg.MaxDelay)
	}
	if rt.scrub != nil && b.o.newScrubber != nil {
		rt.newScrubber = func() scrubber { return b.o.newScrubber(rt) }
		rt.canStream = func(m scrub.Meta) bool { return isLive(m.ContentType) || m.ContentType == "text/plain" }
	}
	return rt
}

// filter compiles what cfg, which stands at key, says to look for in payloads of that
// codec.
func (b *builder) filter(f *filter, key, name string, cfg *config.Policy, codec string) {
	f.name, f.policy, f.ruleIDs, f.series = name, cfg, map[string]bool{}, &series{}
	f.shadow, f.pass = cfg.Mode == config.ModeShadow, cfg.OnFailure == config.FailPass
	f.shadowIDs = map[string]bool{}
	var enforced, watched []redact.Rule
	for _, r := range b.selectRules(key, cfg) {
		f.ruleIDs[r.ID] = true
		if !f.shadow && selectedBy(&r, cfg.ShadowRules) {
			f.shadowIDs[r.ID] = true
			watched = append(watched, r)
		} else {
			enforced = append(enforced, r)
		}
	}
	o, ok := b.options(key, f)
	if !ok {
		return
	}
	if f.scrub = b.scrubs(key, enforced, o, codec); f.scrub == nil {
		return
	}
	f.scrub.Shadow = f.shadow
	if len(watched) > 0 {
		if f.scrub.Watch = b.scrubs(key, watched, o, codec); f.scrub.Watch == nil {
			return
		}
		f.scrub.Watch.Shadow = true
	}
	keys := b.keys
	if keys == nil {
		keys = b.o.fingerprints
	}
	f.canStream = f.scrub.CanStream
	f.newScrubber = func() scrubber { return scrub.Acquire(f.scrub, keys) }
}

// scrubs returns a policy of those rules, which stand at key.
func (b *builder) scrubs(key string, rules []redact.Rule, o redact.Options, codec string) *scrub.Policy {
	set := b.compile(key, rules, o)
	if set == nil {
		return nil
	}
	return &scrub.Policy{Set: set, Codec: codec, MaxDecoded: int64(b.cfg.Server.MaxDecoded)}
}

// compile returns rules bound to actions and allowlists.
func (b *builder) compile(key string, rules []redact.Rule, o redact.Options) *redact.Set {
	var ids []string
	for i := range rules {
		ids = append(ids, rules[i].ID)
	}
	// Equal selections share the compiled rules, the greater part of a Set.
	base, done := b.sets[strings.Join(ids, " ")]
	if !done {
		set, err := redact.Compile(rules, redact.Options{})
		if err != nil {
			b.setErrors(key, err)
		}
		base = set
		b.sets[strings.Join(ids, " ")] = base
	}
	if base == nil {
		return nil
	}
	set, err := base.With(o)
	if err != nil {
		b.setErrors(key, err)
		return nil
	}
	return set.WithKnown(b.knownValues())
}

// setErrors notes the errors of Compile and With, each at its rule or allowlist.
func (b *builder) setErrors(key string, err error) {
	errs := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs = joined.Unwrap()
	}
	for _, err := range errs {
		var re *redact.RuleError
		var ae *redact.AllowError
		switch {
		case errors.As(err, &ae):
			b.fail("allow."+ae.Name+"."+ae.Key, "%v", ae.Err)
		case !errors.As(err, &re):
			b.fail(key, "%v", err)
		case b.cfg.Rules[re.ID] != nil:
			b.fail("rule."+re.ID+"."+re.Key, "%v", re.Err)
		default:
			b.fail(key, "built-in rule %s: %s: %v", re.ID, re.Key, re.Err)
		}
	}
}

// selectRules returns the rules that cfg, which stands at key, selects: its packs or the default ones, the
// operator's own, what "rules" adds, less what "disable_rules" takes away.
func (b *builder) selectRules(key string, cfg *config.Policy) []redact.Rule {
	packs := cfg.Packs
	if len(packs) == 0 {
		packs = b.o.DefaultPacks
	}
	b.checkNames(key+".packs", cfg.Packs)
	b.checkNames(key+".rules", cfg.Rules)
	b.checkNames(key+".disable_rules", cfg.DisableRule)
	b.checkNames(key+".shadow_rules", cfg.ShadowRules)
	var out []redact.Rule
	for i := range b.rules {
		r := &b.rules[i]
		if r.ID == redact.KnownID && len(b.cfg.Secrets) == 0 {
			continue
		}
		on := r.Pack == "config" || selectedBy(r, packs) || selectedBy(r, cfg.Rules)
		if on && !selectedBy(r, cfg.DisableRule) {
			out = append(out, *r)
		}
	}
	return out
}

func selectedBy(r *redact.Rule, names []string) bool { return slices.ContainsFunc(names, r.Selected) }

func (b *builder) checkNames(key string, names []string) {
	for i, name := range names {
		if !b.known(name) {
			b.fail(fmt.Sprintf("%s[%d]", key, i), "no rule, pack or tag is called %q", name)
		}
	}
}

func (b *builder) known(name string) bool {
	return slices.ContainsFunc(b.rules, func(r redact.Rule) bool { return r.Selected(name) })
}

// options binds actions and allowlists of a filter.
func (b *builder) options(key string, f *filter) (redact.Options, bool) {
	errs := len(b.bad)
	parse := func(key, text string) redact.Action {
		a, err := redact.ParseAction(text, b.keys)
		if err != nil {
			b.fail(key, "%v", err)
		}
		return a
	}
	var def redact.Action
	if f.policy.Action != "" {
		def = parse(key+".action", f.policy.Action)
	}
	named := map[string]redact.Action{}
	for _, name := range slices.Sorted(maps.Keys(f.policy.Actions)) {
		named[name] = parse(key+".actions."+name, f.policy.Actions[name])
		if !b.known(name) {
			b.fail(key+".actions."+name, "no rule, pack or tag has this name")
		}
	}
	o := redact.Options{Action: func(r *redact.Rule) redact.Action {
		if a, ok := named[r.ID]; ok {
			return a
		}
		for _, tag := range r.Tags {
			if a, ok := named[tag]; ok {
				return a
			}
		}
		if a, ok := named[r.Pack]; ok {
			return a
		}
		return def
	}}
	for _, name := range slices.Sorted(maps.Keys(b.cfg.Allow)) {
		a := b.cfg.Allow[name]
		for i, r := range a.Routes {
			if b.cfg.Routes[r] == nil && b.cfg.Listeners[r] == nil {
				b.fail(fmt.Sprintf("allow.%s.routes[%d]", name, i), "there is no [route.%s] or [listener.%s]", r, r)
			}
		}
		b.checkNames("allow."+name+".rules", a.Rules)
		if len(a.Routes) == 0 || slices.Contains(a.Routes, f.name) {
			o.Allow = append(o.Allow, a.Entry(name))
		}
	}
	return o, len(b.bad) == errs
}

// filters returns those of all routes and listeners by name.
func (p *policy) filters() map[string]*filter {
	all := make(map[string]*filter, len(p.byName)+len(p.listeners))
	for name, rt := range p.byName {
		all[name] = &rt.filter
	}
	for name, l := range p.listeners {
		all[name] = &l.filter
	}
	return all
}

func (p *policy) hasTarget(name, label string) bool {
	u := p.upstreams[name]
	return u != nil && slices.ContainsFunc(u.targets, func(t *target) bool { return t.label == label })
}

// trusted reports whether the X-Forwarded-* of that peer are kept.
func (p *policy) trusted(ip netip.Addr) bool {
	ip = ip.Unmap()
	return slices.ContainsFunc(p.trust, func(n netip.Prefix) bool { return n.Contains(ip) })
}
