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
	total("redactd_audit_checkpoint_failures_total", "Times that the tree of the trail did not grow, or no checkpoint was signed.",
		func(s audit.Stats) uint64 { return s.CheckpointFailures })
	value := func(name, help string, value func(audit.Stats) float64) {
		m.all = append(m.all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help},
			func() float64 { return value(m.stats()) }))
	}
	value("redactd_audit_records", "Number of the last record of the trail.",
		func(s audit.Stats) float64 { return float64(s.Seq) })
	value("redactd_audit_checkpoint_records", "Records that the last signed checkpoint covers.",
		func(s audit.Stats) float64 { return float64(s.CheckpointSize) })
	value("redactd_audit_checkpoint_timestamp_seconds", "Time of the last signed checkpoint.", func(s audit.Stats) float64 {
		if s.CheckpointTime.IsZero() {
			return 0
		}
		return float64(s.CheckpointTime.Unix())
	})
	m.anchors("redactd_audit_anchor_records", "Records of the last checkpoint that an anchor keeps.",
		prometheus.GaugeValue, func(s audit.AnchorStats) uint64 { return s.Kept })
	m.anchors("redactd_audit_anchor_failures_total", "Times that an anchor did not take a checkpoint.",
		prometheus.CounterValue, func(s audit.AnchorStats) uint64 { return s.Failures })
	return m
}

// anchors shows a value of each anchor.
func (m *auditMetrics) anchors(name, help string, kind prometheus.ValueType, value func(audit.AnchorStats) uint64) {
	m.all = append(m.all, anchorMetric{m, prometheus.NewDesc(name, help, []string{"anchor"}, nil), kind, value})
}

type anchorMetric struct {
	m     *auditMetrics
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(audit.AnchorStats) uint64
}

func (a anchorMetric) Describe(ch chan<- *prometheus.Desc) { ch <- a.desc }

func (a anchorMetric) Collect(ch chan<- prometheus.Metric) {
	for _, s := range a.m.stats().Anchors {
		ch <- prometheus.MustNewConstMetric(a.desc, a.kind, float64(a.value(s)), s.Name)
	}
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
