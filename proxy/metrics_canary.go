package proxy

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/canary"
)

// canaryMetrics are what is counted of canaries, whose exchanges are counted nowhere else.
type canaryMetrics struct {
	leaks   *prometheus.GaugeVec
	results *prometheus.GaugeVec
	runs    *prometheus.CounterVec
	last    prometheus.Gauge
}

// The values of label "result" of runs.
const (
	canaryComplete = "complete"
	canaryFailed   = "failed"
)

func newCanaryMetrics() *canaryMetrics {
	return &canaryMetrics{
		leaks: gauge("redactd_canary_leaks",
			"Canaries of the last run that got through, where some did.", "route", "dialect", "coding"),
		results: gauge("redactd_canary_results",
			"Canaries of the last run, and what became of them.", "route", "outcome"),
		runs: counter("redactd_canary_runs_total", "Runs of canaries.", "result"),
		last: prometheus.NewGauge(prometheus.GaugeOpts{Name: "redactd_canary_last_run_timestamp_seconds",
			Help: "Time at which the last complete run of canaries ended; 0 before the first."}),
	}
}

func (m *canaryMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.leaks, m.results, m.runs, m.last}
}

// forget shows no run, as none are made any more.
func (m *canaryMetrics) forget() {
	m.last.Set(0)
	m.leaks.Reset()
	m.results.Reset()
}

// identity is the label "coding" of payloads without one.
const identity = "identity"

// ended shows a run. One that failed says nothing of routes that it didn't try.
func (m *canaryMetrics) ended(r *canaryResult, failed bool) {
	if failed {
		m.runs.WithLabelValues(canaryFailed).Inc()
		for key := range r.rows {
			route := prometheus.Labels{"route": key.route}
			m.leaks.DeletePartialMatch(route)
			m.results.DeletePartialMatch(route)
		}
	} else {
		m.runs.WithLabelValues(canaryComplete).Inc()
		m.forget()
		m.last.Set(float64(r.at.Add(r.took).Unix()))
	}
	for key, row := range r.rows {
		for i, name := range canary.Outcomes() {
			m.results.WithLabelValues(key.route, name).Add(float64(row.count[i]))
		}
		if n := row.count[canary.Leaked]; n > 0 {
			m.leaks.WithLabelValues(key.route, key.dialect, key.codingLabel()).Set(float64(n))
		}
	}
}

func (k canaryKey) codingLabel() string {
	if k.coding == "" {
		return identity
	}
	return k.coding
}
