package proxy

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/audit"
)

// auditMetrics show what the trail counts itself.
type auditMetrics struct {
	trail atomic.Pointer[func() audit.Stats]
	all   []prometheus.Collector
}

func newAuditMetrics() *auditMetrics {
	m := &auditMetrics{}
	total := func(name, help string, value func(audit.Stats) uint64) {
		m.all = append(m.all, prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help},
			func() float64 { return float64(value(m.stats())) }))
	}
	total("redactd_audit_merged_total", "Findings merged with equal ones of other payloads, the queue being half full.",
		func(s audit.Stats) uint64 { return s.Merged })
	total("redactd_audit_crude_total", "Of the merged findings, those counted without path and fingerprint.",
		func(s audit.Stats) uint64 { return s.Crude })
	total("redactd_audit_dropped_total", "Findings without an event, as a marker in the trail says.",
		func(s audit.Stats) uint64 { return s.Dropped })
	return m
}

func (m *auditMetrics) stats() audit.Stats {
	if f := m.trail.Load(); f != nil {
		return (*f)()
	}
	return audit.Stats{}
}

// watch shows the counters of r from then on, if it has any.
func (m *auditMetrics) watch(r audit.Recorder) {
	if s, ok := r.(interface{ Stats() audit.Stats }); ok {
		f := s.Stats
		m.trail.Store(&f)
	}
}
