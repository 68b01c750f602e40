package proxy

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/projector"
	"github.com/redactd/redactd/internal/records"
)

// leakMetrics are those of the trail on its way into the records. It is a
// projector.Observer. No label tells values apart, however many leak.
type leakMetrics struct {
	found, lost, failed *prometheus.CounterVec
	read, pruned        prometheus.Counter
	open                *prometheus.GaugeVec
	again               prometheus.Gauge
	unread              prometheus.GaugeFunc
	of                  atomic.Pointer[projector.Projector]
}

func newLeakMetrics() *leakMetrics {
	one := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	m := &leakMetrics{
		found: counter("redactd_leaks_found_total", "Values found for the first time, or again after they were rotated.", "rule", "severity", "what"),
		lost: counter("redactd_trail_lost_total",
			"What of the audit trail is not in the records: records, and findings that were dropped.", "reason"),
		failed: counter("redactd_trail_read_failures_total", "Times that the audit trail could not be read into the records.", "kind"),
		read:   one("redactd_trail_read_total", "Records of the audit trail that were read into the records."),
		pruned: one("redactd_leaks_pruned_total", "Leaks taken out of the records, being too old or too many."),
		open:   gauge("redactd_leaks", "Leaks in the records.", "state"),
		again:  prometheus.NewGauge(prometheus.GaugeOpts{Name: "redactd_leaks_still_leaking", Help: "Leaks that were seen after they were rotated."}),
	}
	m.unread = prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "redactd_trail_unread", Help: "Records of the audit trail that are not yet in the records."},
		func() float64 {
			if p := m.of.Load(); p != nil {
				return float64(p.Behind())
			}
			return 0
		})
	return m
}

func (m *leakMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.found, m.lost, m.failed, m.read, m.pruned, m.open, m.again, m.unread}
}

// watch shows how far p is from then on.
func (m *leakMetrics) watch(p *projector.Projector) { m.of.Store(p) }

// Read implements projector.Observer.
func (m *leakMetrics) Read(n uint64) { m.read.Add(float64(n)) }

// Lost implements projector.Observer.
func (m *leakMetrics) Lost(reason string, n int64) { m.lost.WithLabelValues(reason).Add(float64(n)) }

// Failed implements projector.Observer.
func (m *leakMetrics) Failed(kind string) { m.failed.WithLabelValues(kind).Inc() }

// Leak implements projector.Observer.
func (m *leakMetrics) Leak(l *records.Leak, again bool) {
	what := "new"
	if again {
		what = "again"
	}
	m.found.WithLabelValues(l.Rule, l.Severity, what).Inc()
}

// Totals implements projector.Observer.
func (m *leakMetrics) Totals(byState map[string]int64, again int64) {
	for _, state := range records.LeakStates() {
		m.open.WithLabelValues(state).Set(float64(byState[state]))
	}
	m.again.Set(float64(again))
}
