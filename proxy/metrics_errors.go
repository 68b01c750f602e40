package proxy

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/records"
)

// errorLogMetrics are those of reports of errors. It is an errlog.Observer.
type errorLogMetrics struct {
	dropped, written, failed, groups *prometheus.CounterVec
	log                              atomic.Pointer[errlog.Log]
}

func newErrorLogMetrics() *errorLogMetrics {
	return &errorLogMetrics{
		dropped: counter("redactd_error_reports_dropped_total",
			"Reports of errors that lost something on their way to a sink: their original, all but their count, or all.", "sink", "what"),
		written: counter("redactd_error_reports_written_total", "Reports of errors that a sink has taken.", "sink"),
		failed:  counter("redactd_error_reports_failed_total", "Batches of reports that a sink did not take.", "sink", "kind"),
		groups: counter("redactd_error_groups_total",
			"Errors that happened for the first time, or again after they were resolved.", "route", "framework", "what"),
	}
}

func (m *errorLogMetrics) all() []prometheus.Collector {
	waiting := func(name, help string, value func(errlog.Backlog) float64) prometheus.Collector {
		return &waitingReports{m, prometheus.NewDesc(name, help, []string{"sink"}, nil), value}
	}
	return []prometheus.Collector{
		m.dropped, m.written, m.failed, m.groups,
		waiting("redactd_error_reports_waiting", "Reports of errors that wait for a sink.",
			func(b errlog.Backlog) float64 { return float64(b.Reports) }),
		waiting("redactd_error_reports_waiting_bytes", "Memory of the reports that wait for a sink.",
			func(b errlog.Backlog) float64 { return float64(b.Bytes) }),
	}
}

// anySink is the label "sink" of what is common to all.
const anySink = "all"

func sinkLabel(sink string) string {
	if sink == "" {
		return anySink
	}
	return sink
}

// Dropped implements errlog.Observer.
func (m *errorLogMetrics) Dropped(sink, what string, n int64) {
	m.dropped.WithLabelValues(sinkLabel(sink), what).Add(float64(n))
}

// Written implements errlog.Observer.
func (m *errorLogMetrics) Written(sink string, n int64) {
	m.written.WithLabelValues(sinkLabel(sink)).Add(float64(n))
}

// Failed implements errlog.Observer.
func (m *errorLogMetrics) Failed(sink, kind string) {
	m.failed.WithLabelValues(sinkLabel(sink), kind).Inc()
}

// Group implements errlog.Observer.
func (m *errorLogMetrics) Group(g *records.ErrorGroup, reopened bool) {
	framework, what := g.Framework, "new"
	if framework == "" {
		framework = unknownFramework
	}
	if reopened {
		what = "reopened"
	}
	m.groups.WithLabelValues(g.Route, framework, what).Inc()
}

// watch shows what waits in l from then on.
func (m *errorLogMetrics) watch(l *errlog.Log) { m.log.Store(l) }

// waitingReports shows something of the queues of a Log.
type waitingReports struct {
	of    *errorLogMetrics
	desc  *prometheus.Desc
	value func(errlog.Backlog) float64
}

// Describe implements prometheus.Collector.
func (w *waitingReports) Describe(ch chan<- *prometheus.Desc) { ch <- w.desc }

// Collect implements prometheus.Collector.
func (w *waitingReports) Collect(ch chan<- prometheus.Metric) {
	l := w.of.log.Load()
	if l == nil {
		return
	}
	for sink, b := range l.Waiting() {
		ch <- prometheus.MustNewConstMetric(w.desc, prometheus.GaugeValue, w.value(b), sinkLabel(sink))
	}
}
