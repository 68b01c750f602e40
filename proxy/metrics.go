package proxy

import (
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/scrub"
)

// The values of label "direction".
const (
	dirRequest  = "request"
	dirResponse = "response"
)

// metrics is everything redactd counts. docs/METRICS.md describes each; a test
// holds the two together.
type metrics struct {
	requests      *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	scanned       *prometheus.CounterVec
	findings      *prometheus.CounterVec
	skippedBytes  *prometheus.CounterVec
	skippedCount  *prometheus.CounterVec
	outsideBytes  *prometheus.CounterVec
	outsideCount  *prometheus.CounterVec
	cover         *coverage.Tally
	coverRatio    ratioMetric
	objective     prometheus.Gauge
	errors        *prometheus.CounterVec
	blocked       *prometheus.CounterVec
	noTransform   *prometheus.CounterVec
	faults        *prometheus.CounterVec
	upUp          *prometheus.GaugeVec
	upFailures    *prometheus.CounterVec
	configInfo    *prometheus.GaugeVec
	reloadSuccess prometheus.Gauge
	reloadTime    prometheus.Gauge
	auditEvents   prometheus.Counter
	auditFailures prometheus.Counter
	storeRecords  prometheus.Counter
	storeBytes    prometheus.Counter
	inFlight      prometheus.Gauge
	relay         relayMetrics
	audit         *auditMetrics
	errorLog      *errorLogMetrics
	leaks         *leakMetrics
	notices       *noticeMetrics
	canaries      *canaryMetrics
	traces        *traceMetrics
	adminRefused  *prometheus.CounterVec

	secretValues, secretRefused, secretTime *prometheus.GaugeVec
	secretFailures                          *prometheus.CounterVec
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
}

func gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
}

func newMetrics() *metrics {
	one := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: name, Help: help})
	}
	oneGauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: name, Help: help})
	}
	cover := coverage.New(nil)
	return &metrics{
		cover: cover, coverRatio: newRatioMetric(cover),
		objective: oneGauge("redactd_coverage_objective", "The share of bytes in scope that is to be inspected, as coverage.objective says."),
		outsideBytes: counter("redactd_out_of_scope_bytes_total",
			"Payload bytes that the route's scope leaves alone.", "route", "direction"),
		outsideCount: counter("redactd_out_of_scope_payloads_total",
			"Payloads that the route's scope leaves alone.", "route", "direction"),
		requests: counter("redactd_requests_total",
			"Requests answered.", "route", "method", "status_class"),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "redactd_request_duration_seconds",
			Help:    "Time from the request's header to the last byte of the answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}, []string{"route"}),
		scanned: counter("redactd_scanned_bytes_total",
			"Decoded payload bytes that were inspected.", "route", "direction"),
		findings: counter("redactd_findings_total",
			"Secrets found.", "route", "direction", "rule", "action"),
		skippedBytes: counter("redactd_uninspected_bytes_total",
			"Payload bytes in scope that passed unread, or in shadow mode.", "route", "direction", "reason"),
		skippedCount: counter("redactd_uninspected_payloads_total",
			"Payloads in scope that passed unread, or in shadow mode.", "route", "direction", "reason"),
		errors: counter("redactd_errors_total",
			"Exchanges that went wrong.", "route", "stage", "kind"),
		blocked: counter("redactd_blocked_total",
			"Payloads withheld because they could not be scrubbed.", "route", "direction", "kind"),
		noTransform: counter("redactd_no_transform_overridden_total",
			"Payloads changed although Cache-Control said no-transform.", "route", "direction"),
		faults: counter("redactd_error_responses_total",
			"Error responses, and what became of them.", "route", "status_class", "framework", "outcome"),
		upUp: gauge("redactd_upstream_up",
			"1 while a URL of an upstream is in use, 0 while it is taken out after failures.", "upstream", "url"),
		upFailures: counter("redactd_upstream_failures_total",
			"Exchanges that failed at a URL of an upstream.", "upstream", "url"),
		configInfo: gauge("redactd_config_info",
			"Always 1; the label is the digest of the configuration in force.", "digest"),
		reloadSuccess: oneGauge("redactd_config_last_reload_success",
			"1 if the last load of the configuration succeeded."),
		reloadTime: oneGauge("redactd_config_last_reload_timestamp_seconds",
			"Time of the last successful load of the configuration."),
		auditEvents:   one("redactd_audit_events_total", "Events accepted by the audit trail."),
		auditFailures: one("redactd_audit_failures_total", "Events that the audit trail did not accept."),
		storeRecords:  one("redactd_store_records_total", "Records written to the embedded store."),
		storeBytes:    one("redactd_store_bytes_total", "Bytes written to the embedded store."),
		inFlight:      oneGauge("redactd_in_flight_requests", "Requests being served."),
		relay:         newRelayMetrics(),
		audit:         newAuditMetrics(),
		errorLog:      newErrorLogMetrics(),
		leaks:         newLeakMetrics(),
		adminRefused:  newAdminRefused(),
		notices:       newNoticeMetrics(),
		canaries:      newCanaryMetrics(),
		traces:        newTraceMetrics(),
		secretValues: gauge("redactd_own_secrets",
			"Values of a source of own secrets that are looked for.", "source"),
		secretRefused: gauge("redactd_own_secrets_refused",
			"Values of a source of own secrets that are not, being too short or too common.", "source"),
		secretTime: gauge("redactd_own_secrets_last_read_timestamp_seconds",
			"Time at which a source of own secrets was read last.", "source"),
		secretFailures: counter("redactd_own_secrets_failures_total",
			"Times that a source of own secrets could not be read.", "source"),
	}
}

func (m *metrics) all() []prometheus.Collector {
	return append(slices.Concat(m.relay.all(), m.audit.all, m.errorLog.all(), m.leaks.all(), m.notices.all(), m.canaries.all()),
		m.requests, m.duration, m.scanned, m.findings, m.skippedBytes, m.skippedCount, m.errors,
		m.blocked, m.noTransform, m.faults, m.upUp, m.upFailures, m.configInfo, m.reloadSuccess, m.reloadTime,
		m.auditEvents, m.auditFailures, m.storeRecords, m.storeBytes, m.inFlight,
		m.outsideBytes, m.outsideCount, m.coverRatio, m.objective, m.traces.spans, m.adminRefused, m.secretValues, m.secretRefused, m.secretTime, m.secretFailures,
	)
}

// register adds everything to reg, and the collectors of Go and the process
// where nobody has yet.
func (m *metrics) register(reg *prometheus.Registry) error {
	for _, c := range m.all() {
		if err := reg.Register(c); err != nil {
			return err
		}
	}
	for _, c := range []prometheus.Collector{
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	} {
		if err := reg.Register(c); err != nil {
			if _, ok := err.(prometheus.AlreadyRegisteredError); !ok {
				return err
			}
		}
	}
	return nil
}

func (m *metrics) upstreamUp(name, url string, up bool) {
	v := 0.0
	if up {
		v = 1
	}
	m.upUp.WithLabelValues(name, url).Set(v)
}

func (m *metrics) upstreamFailed(name, url string) {
	m.upFailures.WithLabelValues(name, url).Inc()
}

// series are those that every exchange of a route counts in, so that each has to be
// looked up once only. It is safe for concurrent use.
type series struct {
	requests [len(methodLabels)][len(statusClasses)]atomic.Pointer[prometheus.Counter]
	duration atomic.Pointer[prometheus.Observer]
	scanned  [2]atomic.Pointer[prometheus.Counter] // of request and response
}

// once returns what p holds, and lets find fill it before.
func once[T any](p *atomic.Pointer[T], find func() T) T {
	if v := p.Load(); v != nil {
		return *v
	}
	v := find()
	p.Store(&v)
	return v
}

// answered counts a finished exchange; rt is nil where no route matched.
func (m *metrics) answered(rt *route, method, status int, took time.Duration) {
	class := statusClass(status)
	if rt == nil {
		m.requests.WithLabelValues(noRoute, methodLabels[method], statusClasses[class]).Inc()
		m.duration.WithLabelValues(noRoute).Observe(took.Seconds())
		return
	}
	once(&rt.series.requests[method][class], func() prometheus.Counter {
		return m.requests.WithLabelValues(rt.name, methodLabels[method], statusClasses[class])
	}).Inc()
	once(&rt.series.duration, func() prometheus.Observer { return m.duration.WithLabelValues(rt.name) }).Observe(took.Seconds())
}

// searched counts decoded bytes in which something was looked for.
func (m *metrics) searched(f *filter, dir string, bytes int64) {
	i := 0
	if dir == dirResponse {
		i = 1
	}
	once(&f.series.scanned[i], func() prometheus.Counter { return m.scanned.WithLabelValues(f.name, dir) }).Add(float64(bytes))
}

func (m *metrics) found(route, dir string, hits []scrub.Hit) {
	for i := 0; i < len(hits); {
		h, n := &hits[i], 1 // a secret that leaks, leaks in line after line
		for i+n < len(hits) && hits[i+n].Rule.ID == h.Rule.ID && hits[i+n].Action == h.Action {
			n++
		}
		m.findings.WithLabelValues(route, dir, h.Rule.ID, h.Action).Add(float64(n))
		i += n
	}
}

// loaded says that the policy of that digest is in force and deletes the
// series of routes, rules and upstreams that it no longer has.
func (m *metrics) loaded(old, now *policy, at time.Time) {
	m.reloadSuccess.Set(1)
	m.reloadTime.Set(float64(at.Unix()))
	m.configInfo.Reset()
	m.configInfo.WithLabelValues(now.digest).Set(1)
	m.objective.Set(float64(now.cfg.Coverage.Objective))
	m.cover.Keep(slices.Collect(maps.Keys(now.filters())))
	if old == nil {
		return
	}
	m.forgetSecrets(old, now)
	filters := now.filters()
	for name, f := range old.filters() {
		kept := filters[name]
		if kept == nil {
			m.forgetRoute(name)
			continue
		}
		for id := range f.ruleIDs {
			if !kept.ruleIDs[id] {
				m.findings.DeletePartialMatch(prometheus.Labels{"route": name, "rule": id})
			}
		}
	}
	for name, u := range old.upstreams {
		for _, t := range u.targets {
			if !now.hasTarget(name, t.label) {
				m.upUp.DeleteLabelValues(name, t.label)
				m.upFailures.DeleteLabelValues(name, t.label)
			}
		}
	}
}

func (m *metrics) forgetRoute(name string) {
	l := prometheus.Labels{"route": name}
	for _, v := range []*prometheus.CounterVec{m.requests, m.scanned, m.findings, m.skippedBytes,
		m.skippedCount, m.outsideBytes, m.outsideCount, m.errors, m.blocked, m.noTransform, m.faults, m.errorLog.groups} {
		v.DeletePartialMatch(l)
	}
	m.duration.DeletePartialMatch(l)
	m.relay.forget(l)
}

var statusClasses = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

// statusClass returns which of statusClasses a status is of.
func statusClass(status int) int {
	if c := status / 100; c >= 1 && c <= 5 {
		return c
	}
	return 0
}

// methodLabels are the values of the label "method", which bounds them.
var methodLabels = [...]string{"other", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}

// methodIndex returns which of methodLabels a method has.
func methodIndex(method []byte) int {
	for i := 1; i < len(methodLabels); i++ {
		if string(method) == methodLabels[i] {
			return i
		}
	}
	return 0
}
