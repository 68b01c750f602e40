package proxy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"time"

	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/door"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// canaries sends synthetic secrets through the listeners of a Proxy, at the start, after
// each reload and at an interval, and tells which of them got through. They are served by
// the twin, and go no further than the sink.
type canaries struct {
	p    *Proxy
	twin *Proxy
	sink *sink
	door door.Door
	wake chan struct{} // a policy came into force
	// served counts the requests that the twin was given, see ask.
	served atomic.Uint64
}

func (p *Proxy) newCanaries() *canaries {
	c := &canaries{p: p, wake: make(chan struct{}, 1)}
	c.sink = newSink(p.goroutines, func() string {
		if name := p.policy.Load().cfg.Server.RequestIDHeader; name != "" {
			return name
		}
		return defaultRequestID
	})
	c.twin = p.newTwin(c.sink)
	return c
}

// follow puts the twin of pol in force, and has canaries sent soon.
func (c *canaries) follow(pol *policy) {
	if c.every(pol) == 0 {
		c.p.m.canaries.forget()
		return
	}
	if err := c.twin.follow(pol, c.sink.connect); err != nil {
		c.p.log.Error("canaries can't be sent", "error", err)
		return
	}
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

func (c *canaries) every(pol *policy) time.Duration { return time.Duration(pol.cfg.Canary.Every) }

// canaryRun bounds how long a run may take. One that takes longer is given up, and has
// failed.
const canaryRun = 10 * time.Minute

// loop runs until ctx ends.
func (c *canaries) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	<-timer.C
	for {
		pace := canaryPace{pause: 3}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-c.wake: // what was changed is to be seen soon
			pace.pause = 1
		case <-timer.C:
		}
		pol := c.twin.policy.Load()
		if pol == nil || c.every(c.p.policy.Load()) == 0 {
			continue
		}
		within, cancel := context.WithTimeout(ctx, canaryRun)
		forget := remember(pol)
		r, err := c.run(within, pol, pace)
		cancel()
		forget()
		if ctx.Err() == nil {
			c.report(ctx, r, err)
		}
		timer.Reset(c.every(c.p.policy.Load()))
	}
}

// remember returns a function that gives back the memory that a run took: canaries ask all
// rules, and payloads few of them.
func remember(pol *policy) (forget func()) {
	var all []func()
	for _, rt := range pol.byName {
		all = append(all, rt.filter.scrub.Set.Remember())
	}
	for _, l := range pol.listeners {
		all = append(all, l.filter.scrub.Set.Remember())
	}
	return func() {
		for _, forget := range all {
			forget()
		}
		debug.FreeOSMemory()
	}
}

// errSuperseded says that another policy came into force during a run.
var errSuperseded = errors.New("the configuration was loaded again meanwhile")

// canaryPace says how much is done in a run.
type canaryPace struct {
	pause int  // how many times as long as it works a run pauses
	full  bool // send all canaries in each content coding
}

// run sends canaries through every route and listener of pol, which is the twin's, and
// returns what became of them; with an error, of those that could be tried.
func (c *canaries) run(ctx context.Context, pol *policy, pace canaryPace) (r *canaryResult, err error) {
	defer func() {
		if v := recover(); v != nil { // its value may quote a payload
			c.p.log.Error("panic while canaries were sent", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = errors.New("internal error")
		}
	}()
	r = &canaryResult{at: time.Now(), rows: map[canaryKey]*canaryRow{}}
	var failed []error
	over := func(name string, err error) bool {
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
		}
		return ctx.Err() != nil || errors.Is(err, errSuperseded)
	}
	for _, name := range slices.Sorted(maps.Keys(pol.byName)) {
		f := c.newFlock(ctx, pol, &pol.byName[name].filter, r, pace)
		if over(name, f.route(pol.byName[name])) {
			return r, errors.Join(failed...)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pol.listeners)) {
		f := c.newFlock(ctx, pol, &pol.listeners[name].filter, r, pace)
		if over(name, f.listener(pol.listeners[name])) {
			break
		}
	}
	r.took = time.Since(r.at)
	return r, errors.Join(failed...)
}

// flock is the canaries of a route or listener in a run.
type flock struct {
	*canaries
	ctx    context.Context
	pol    *policy
	filter *filter
	list   []canary.Canary
	result *canaryResult
	canaryPace
}

func (c *canaries) newFlock(ctx context.Context, pol *policy, f *filter, r *canaryResult, pace canaryPace) *flock {
	return &flock{
		canaries: c, ctx: ctx, pol: pol, filter: f, result: r, canaryPace: pace,
		list: canary.Make(c.rules(pol, f), canary.Options{Seed: rand.Uint64(), Allowed: allowedValues(pol.cfg, f.name), Found: findsAlone(f)}),
	}
}

// rules returns those that should be looked for on a route: those that are on by default,
// the operator's own, and what else is on there.
func (c *canaries) rules(pol *policy, f *filter) []redact.Rule {
	return slices.DeleteFunc(slices.Clone(pol.rules), func(r redact.Rule) bool {
		return r.ID == redact.KnownID || r.Pack != "config" && !f.ruleIDs[r.ID] && !selectedBy(&r, c.p.o.DefaultPacks)
	})
}

// allowedValues reports which values the operator lets through by name.
func allowedValues(cfg *config.Config, route string) func(rule, value string) bool {
	allowed := map[string]bool{}
	for _, a := range cfg.Allow {
		if len(a.Routes) == 0 || slices.Contains(a.Routes, route) {
			for _, v := range a.Values {
				allowed[v] = true
			}
		}
	}
	return func(_, value string) bool { return allowed[value] }
}

// findsAlone reports whether a canary is found by the rules of f, whatever is allowed there.
// Where its rule is not on, nothing can be said.
func findsAlone(f *filter) func(*canary.Canary) bool {
	set, err := f.scrub.Set.With(redact.Options{})
	if err != nil {
		return nil
	}
	plain := &scrub.Policy{Set: set}
	return func(c *canary.Canary) bool {
		if !f.ruleIDs[c.Rule] || f.shadowIDs[c.Rule] {
			return true
		}
		s := scrub.Acquire(plain, nil)
		defer s.Release()
		out, _, err := s.Value("", []byte(c.Key), []byte(c.Text))
		return err == nil && !c.In(string(out))
	}
}

// expect says what is to become of a canary that arrives, where its direction is in scope.
func (f *flock) expect(inScope bool) func(rule string) canary.Outcome {
	return func(rule string) canary.Outcome {
		switch {
		case !inScope || !f.filter.ruleIDs[rule]:
			return canary.Off
		case f.filter.shadow, f.filter.shadowIDs[rule]:
			return canary.Shadow
		}
		return canary.Clean
	}
}

// mostInPayload is how many canaries a payload has at most.
const mostInPayload = 400

// sampled is how many canaries go through each content coding, which knows nothing of what
// it codes: others in each run.
const sampled = 16

// each has canaries sent in a format: all of them as they are, and some in each content
// coding. No payload has more than limit bytes, unless one canary alone has.
func (f *flock) each(format *canary.Format, limit int64, send func(list []canary.Canary, coding string) error) error {
	list := format.Takes(f.list)
	for part := range slices.Chunk(list, mostInPayload) {
		if err := f.fitting(format, limit, part, "", send); err != nil {
			return err
		}
	}
	for _, coding := range codec.Codings() {
		some := list
		if !f.full {
			some = sample(list, sampled)
		}
		for part := range slices.Chunk(some, mostInPayload) {
			if err := f.fitting(format, limit, part, coding, send); err != nil {
				return err
			}
		}
	}
	return nil
}

// fitting sends list in as many payloads as limit asks for: what is refused for its size
// says nothing about what is looked for.
func (f *flock) fitting(format *canary.Format, limit int64, list []canary.Canary, coding string, send func([]canary.Canary, string) error) error {
	body, err := format.Write(list)
	if err != nil {
		return err
	}
	if half := len(list) / 2; half > 0 && int64(len(body)) > limit {
		return errors.Join(f.fitting(format, limit, list[:half], coding, send), f.fitting(format, limit, list[half:], coding, send))
	}
	return f.paced(func() error { return send(list, coding) })
}

func sample(list []canary.Canary, n int) []canary.Canary {
	if len(list) <= n {
		return list
	}
	some := make([]canary.Canary, n)
	for i, at := range rand.Perm(len(list))[:n] {
		some[i] = list[at]
	}
	return some
}

// paced sends, and pauses in proportion to what that took. It ends a run that is over.
func (f *flock) paced(send func() error) error {
	if f.twin.policy.Load() != f.pol {
		return errSuperseded
	}
	start := time.Now()
	err := send()
	if err != nil || f.pause == 0 {
		return errors.Join(err, f.ctx.Err())
	}
	t := time.NewTimer(min(time.Duration(f.pause)*time.Since(start), time.Second))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-f.ctx.Done():
		return f.ctx.Err()
	}
}

// canaryKey is what results are told apart by.
type canaryKey struct{ route, dialect, coding string }

type canaryRow struct {
	count  canary.Count
	leaked map[string]bool // ids of rules
}

// canaryResult is what became of the canaries of a run.
type canaryResult struct {
	at   time.Time
	took time.Duration
	rows map[canaryKey]*canaryRow
}

// add notes outcomes of the canaries of a payload.
func (r *canaryResult) add(key canaryKey, sent []canary.Canary, outcomes []canary.Outcome) {
	row := r.rows[key]
	if row == nil {
		row = &canaryRow{leaked: map[string]bool{}}
		r.rows[key] = row
	}
	for i, o := range outcomes {
		row.count[o]++
		if o == canary.Leaked {
			row.leaked[sent[i].Rule] = true
		}
	}
}

// off notes that nothing was sent, because nothing is looked for.
func (r *canaryResult) off(key canaryKey, n int) {
	r.add(key, nil, slices.Repeat([]canary.Outcome{canary.Off}, n))
}

var (
	errNoListener = errors.New("there is no listener that canaries can be sent to")
	errTurnedAway = errors.New("the listener takes no connections of canaries, or serves nothing that comes on them")
)

// close drops the connections of the twin, when nothing is served any more.
func (c *canaries) close() {
	if pol := c.twin.policy.Load(); pol != nil {
		for _, u := range pol.upstreams {
			u.close()
		}
	}
	c.twin.up.closeAll()
}
