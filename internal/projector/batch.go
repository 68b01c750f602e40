package projector

import (
	"math"
	"slices"
	"time"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/records"
)

// Leaks returns the leaks that events tell of. Findings without a fingerprint are none.
func Leaks(events []audit.Event) []records.Leak { return gather(events).leaks() }

// gathered is what events amount to. It holds on to the events.
type gathered struct {
	byValue map[string]*value
	counts  map[records.FindingCount]int64 // by all but the count
	dropped map[time.Time]int64
	stated  map[string][]*audit.Event // by kind
}

// value is a leak with its places by all but their counts and times.
type value struct {
	leak   records.Leak
	places map[records.LeakPlace]*records.LeakPlace
}

func gather(events []audit.Event) *gathered {
	g := &gathered{byValue: map[string]*value{}, counts: map[records.FindingCount]int64{}, dropped: map[time.Time]int64{}, stated: map[string][]*audit.Event{}}
	for i := range events {
		g.add(&events[i])
	}
	return g
}

func (g *gathered) add(e *audit.Event) {
	if kind := e.Statement(); kind != "" {
		g.stated[kind] = append(g.stated[kind], e)
		return
	}
	if e.Note != "" {
		if n := e.Dropped(); n > 0 {
			g.dropped[e.Time] += number(n)
		}
		return
	}
	n := number(e.N())
	hour := records.FindingCount{
		Hour: e.Time.UTC().Truncate(time.Hour), Route: e.Route, Direction: e.Direction, Rule: e.Rule, Severity: e.Severity, Action: e.Action,
	}
	if e.Shadow {
		hour.Action = records.ActionShadow
	}
	g.counts[hour] += n
	if e.Fingerprint != "" {
		g.addLeak(e, n)
	}
}

func (g *gathered) addLeak(e *audit.Event, n int64) {
	v := g.byValue[e.Fingerprint]
	if v == nil {
		v = &value{places: map[records.LeakPlace]*records.LeakPlace{}}
		v.leak = records.Leak{Fingerprint: e.Fingerprint, State: records.LeakOpen, FirstSeen: e.Time, LastSeen: e.Last()}
		g.byValue[e.Fingerprint] = v
	}
	l := &v.leak
	spread(&l.FirstSeen, &l.LastSeen, e)
	if !e.Last().Before(l.LastSeen) {
		l.Rule, l.Severity, l.Secret = e.Rule, e.Severity, e.Secret
	}
	l.Count += n
	if e.Shadow {
		l.Shadow += n
	}
	key := records.LeakPlace{
		Route: e.Route, Direction: e.Direction, Path: e.Path, Service: e.Service, Version: e.Version,
		Logger: e.Logger, Environment: e.Environment, Destination: e.Destination,
	}
	p := v.places[key]
	if p == nil {
		added := key
		p = &added
		p.FirstSeen, p.LastSeen = e.Time, e.Last()
		v.places[key] = p
	}
	spread(&p.FirstSeen, &p.LastSeen, e)
	p.Count += n
}

// spread makes a span of time hold that of e.
func spread(first, last *time.Time, e *audit.Event) {
	if e.Time.Before(*first) {
		*first = e.Time
	}
	if l := e.Last(); l.After(*last) {
		*last = l
	}
}

func (g *gathered) leaks() []records.Leak {
	var out []records.Leak
	for _, v := range g.byValue {
		for _, p := range v.places {
			v.leak.Places = append(v.leak.Places, *p)
		}
		slices.SortFunc(v.leak.Places, func(a, b records.LeakPlace) int { return a.FirstSeen.Compare(b.FirstSeen) })
		out = append(out, v.leak)
	}
	return out
}

// batch is what a chunk of a trail adds to the records.
func batch(source string, after uint64, c *audit.Chunk, now time.Time) *records.TrailBatch {
	g := gather(c.Events)
	b := &records.TrailBatch{Source: source, After: after, Seq: c.Last, Leaks: g.leaks()}
	for hour, n := range g.counts {
		hour.Count = n
		b.Counts = append(b.Counts, hour)
	}
	for at, n := range g.dropped {
		b.Losses = append(b.Losses, records.TrailLoss{Reason: records.LossDropped, Time: at, Count: n})
	}
	stated, unreadable := g.statements()
	b.Statements = stated
	for reason, n := range map[string]uint64{records.LossRemoved: c.Missing, records.LossUnreadable: c.Unreadable + unreadable} {
		if n > 0 {
			b.Losses = append(b.Losses, records.TrailLoss{Reason: reason, Time: now, Count: number(n)})
		}
	}
	return b
}

// number returns n as databases count; no event stands for more findings than that.
func number(n uint64) int64 { return int64(min(n, math.MaxInt32)) }
