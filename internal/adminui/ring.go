package adminui

import (
	"math"
	"sync"
	"time"

	"github.com/redactd/redactd/internal/audit"
)

const (
	// ringStep is the time between two samples, ringTime how far back they go.
	ringStep = 10 * time.Second
	ringTime = 3 * time.Hour
	// plotPoints is how many points a plot of the ring has at most, so that its table stays
	// one that can be read.
	plotPoints = 90
)

// ring keeps the figures of the last hours. It is safe for concurrent use.
type ring struct {
	mu      sync.Mutex
	samples []*figures // the oldest first
}

// add keeps f, and lets go what is too old.
func (r *ring) add(f *figures) {
	r.mu.Lock()
	defer r.mu.Unlock()
	from := 0
	for from < len(r.samples) && f.at.Sub(r.samples[from].at) > ringTime {
		from++
	}
	kept := append(r.samples[from:], f)
	if from > 0 { // or what is let go would be held by the array
		kept = append(make([]*figures, 0, len(kept)+len(kept)/4), kept...)
	}
	r.samples = kept
}

// all returns the samples, the oldest first. They are not to be changed.
func (r *ring) all() []*figures {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.samples[:len(r.samples):len(r.samples)]
}

// ago returns the newest sample that is at least that old, or else the oldest; nil where
// there is none.
func (r *ring) ago(now time.Time, d time.Duration) *figures {
	var found *figures
	for _, f := range r.all() {
		if found == nil || now.Sub(f.at) >= d {
			found = f
		}
	}
	return found
}

// Plot is what is drawn over time.
type Plot struct {
	ID     string      `json:"id"`
	Title  string      `json:"title"`
	Unit   string      `json:"unit"` // of the values; "" for none
	Times  []time.Time `json:"times"`
	Series []Series    `json:"series"`
}

// Series is a line of a plot.
type Series struct {
	Name   string   `json:"name"`
	Values []*Value `json:"values"` // one for each time; nil where nothing is known
}

// Value is one of a plot.
type Value = float64

// known returns v for a Series, nil where it is none.
func known(v float64) *Value {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// line is how a series of a plot comes from two readings.
type line struct {
	name string
	of   func(before, now *figures) float64
}

// rate returns what was counted between two readings, for each second.
func rate(count func(*figures) float64) func(before, now *figures) float64 {
	return func(before, now *figures) float64 {
		return max(count(now)-count(before), 0) / now.at.Sub(before.at).Seconds()
	}
}

// unread returns which share of bytes in scope nobody looked at, in percent.
func unread(s *audit.CoverageSum) float64 {
	if s.Inspected.Bytes+s.Uninspected.Bytes == 0 {
		return 0
	}
	return 100 * (1 - s.Ratio())
}

// livePlots are those of the ring. Their ids are those that events tell points of.
var livePlots = []struct {
	id, title, unit string
	lines           []line
}{
	{"requests", "Requests and messages", "per second", []line{
		{"2xx", rate(func(f *figures) float64 { return f.requests[0] })},
		{"3xx", rate(func(f *figures) float64 { return f.requests[1] })},
		{"4xx", rate(func(f *figures) float64 { return f.requests[2] })},
		{"5xx", rate(func(f *figures) float64 { return f.requests[3] })},
		{"messages", rate(func(f *figures) float64 { return f.messages })},
	}},
	{"latency", "Time to answer", "ms", []line{
		{"half within", func(b, n *figures) float64 { return 1000 * quantile(.5, b.latency, n.latency) }},
		{"95 % within", func(b, n *figures) float64 { return 1000 * quantile(.95, b.latency, n.latency) }},
		{"99 % within", func(b, n *figures) float64 { return 1000 * quantile(.99, b.latency, n.latency) }},
	}},
	{"uninspected", "Bytes in scope that nobody looked at", "% of the hour before", []line{
		{"share", func(_, n *figures) float64 { return unread(&n.covered) }},
	}},
}

// plots draws what the ring has.
func (r *ring) plots() []Plot {
	samples := thin(r.all())
	var plots []Plot
	for _, l := range livePlots {
		p := Plot{ID: l.id, Title: l.title, Unit: l.unit}
		for _, line := range l.lines {
			s := Series{Name: line.name}
			for i := 1; i < len(samples); i++ {
				s.Values = append(s.Values, known(line.of(samples[i-1], samples[i])))
			}
			p.Series = append(p.Series, s)
		}
		for i := 1; i < len(samples); i++ {
			p.Times = append(p.Times, samples[i].at)
		}
		plots = append(plots, p)
	}
	return plots
}

// thin returns every nth sample, the last one among them.
func thin(samples []*figures) []*figures {
	n := len(samples)/plotPoints + 1
	var kept []*figures
	for i := (len(samples) - 1) % n; i < len(samples); i += n {
		kept = append(kept, samples[max(i, 0)])
	}
	return kept
}
