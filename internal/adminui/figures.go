package adminui

import (
	"math"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/redactd/redactd/internal/audit"
)

// figures are what redactd has counted since it started, as far as the console shows it as
// it is now. They are not changed once they are read.
type figures struct {
	at           time.Time
	requests     [len(classes)]float64 // by status class
	messages     float64               // of listeners
	findings     float64
	covered      audit.CoverageSum // of all routes, in the last hour
	blocked      float64
	inFlight     float64
	latency      []bucket // of all requests, cumulative
	leaks        map[string]float64
	again        float64
	upstreams    []Upstream
	auditRecords float64
	auditTrouble float64 // findings that the trail did not take, or dropped
	unread       float64 // records of the trail that are not in the database
	checkpoint   time.Time
	reloadFailed bool
	ratio        map[string]float64 // inspected, by route, over the last hour
	objective    float64            // of the ratio; 0 for none
	canaryRun    time.Time          // the last one; zero for none
	canaryLeaks  float64
}

// classes are the status classes that are told apart.
var classes = [...]string{"2xx", "3xx", "4xx", "5xx", "other"}

// bucket is one of a histogram.
type bucket struct {
	upper float64 // in seconds
	count float64 // of what took that long at most
}

// Upstream is a URL of an upstream.
type Upstream struct {
	Name     string  `json:"name"`
	URL      string  `json:"url"`
	Up       bool    `json:"up"`
	Failures float64 `json:"failures"`
}

// read returns the figures of now. What can't be gathered is missing.
func (s *Sources) read(at time.Time) *figures {
	f := &figures{at: at, leaks: map[string]float64{}, ratio: map[string]float64{}}
	if s.Coverage != nil {
		for _, sum := range s.Coverage.Recent() {
			f.covered.AddSum(sum)
		}
	}
	if s.Metrics == nil {
		return f
	}
	families, _ := s.Metrics.Gather() // an error leaves out what it is about
	for _, family := range families {
		take := takers[family.GetName()]
		if take == nil {
			continue
		}
		for _, m := range family.GetMetric() {
			take(f, labels(m), value(m), m)
		}
	}
	return f
}

// taker puts a series of a metric into f.
type taker func(f *figures, label func(string) string, v float64, m *dto.Metric)

// sum returns a taker that adds up what field points to.
func sum(field func(*figures) *float64) taker {
	return func(f *figures, _ func(string) string, v float64, _ *dto.Metric) { *field(f) += v }
}

var takers = map[string]taker{
	"redactd_requests_total": func(f *figures, label func(string) string, v float64, _ *dto.Metric) {
		f.requests[class(label("status_class"))] += v
	},
	"redactd_request_duration_seconds":           func(f *figures, _ func(string) string, _ float64, m *dto.Metric) { f.took(m.GetHistogram()) },
	"redactd_listener_messages_total":            sum(func(f *figures) *float64 { return &f.messages }),
	"redactd_findings_total":                     sum(func(f *figures) *float64 { return &f.findings }),
	"redactd_blocked_total":                      sum(func(f *figures) *float64 { return &f.blocked }),
	"redactd_in_flight_requests":                 sum(func(f *figures) *float64 { return &f.inFlight }),
	"redactd_leaks":                              func(f *figures, label func(string) string, v float64, _ *dto.Metric) { f.leaks[label("state")] = v },
	"redactd_leaks_still_leaking":                sum(func(f *figures) *float64 { return &f.again }),
	"redactd_upstream_up":                        func(f *figures, label func(string) string, v float64, _ *dto.Metric) { f.upstream(label).Up = v > 0 },
	"redactd_upstream_failures_total":            func(f *figures, label func(string) string, v float64, _ *dto.Metric) { f.upstream(label).Failures = v },
	"redactd_audit_records":                      sum(func(f *figures) *float64 { return &f.auditRecords }),
	"redactd_audit_failures_total":               sum(func(f *figures) *float64 { return &f.auditTrouble }),
	"redactd_audit_dropped_total":                sum(func(f *figures) *float64 { return &f.auditTrouble }),
	"redactd_trail_unread":                       sum(func(f *figures) *float64 { return &f.unread }),
	"redactd_config_last_reload_success":         func(f *figures, _ func(string) string, v float64, _ *dto.Metric) { f.reloadFailed = v == 0 },
	"redactd_inspected_ratio":                    func(f *figures, label func(string) string, v float64, _ *dto.Metric) { f.ratio[label("route")] = v },
	"redactd_coverage_objective":                 sum(func(f *figures) *float64 { return &f.objective }),
	"redactd_canary_leaks":                       sum(func(f *figures) *float64 { return &f.canaryLeaks }),
	"redactd_canary_last_run_timestamp_seconds":  func(f *figures, _ func(string) string, v float64, _ *dto.Metric) { f.canaryRun = seconds(v) },
	"redactd_audit_checkpoint_timestamp_seconds": func(f *figures, _ func(string) string, v float64, _ *dto.Metric) { f.checkpoint = seconds(v) },
}

func class(name string) int {
	for i, c := range classes {
		if c == name {
			return i
		}
	}
	return len(classes) - 1
}

// seconds returns the time that v says, none for 0.
func seconds(v float64) time.Time {
	if v == 0 {
		return time.Time{}
	}
	return time.Unix(int64(v), 0).UTC()
}

// took adds the buckets of a route, which all have the same bounds.
func (f *figures) took(h *dto.Histogram) {
	for i, b := range h.GetBucket() {
		if i == len(f.latency) {
			f.latency = append(f.latency, bucket{upper: b.GetUpperBound()})
		}
		f.latency[i].count += float64(b.GetCumulativeCount())
	}
	if n := len(h.GetBucket()); n > 0 && !math.IsInf(h.GetBucket()[n-1].GetUpperBound(), 1) {
		if n == len(f.latency) {
			f.latency = append(f.latency, bucket{upper: math.Inf(1)})
		}
		f.latency[n].count += float64(h.GetSampleCount())
	}
}

// upstream returns the entry of f for those labels.
func (f *figures) upstream(label func(string) string) *Upstream {
	name, url := label("upstream"), label("url")
	for i := range f.upstreams {
		if f.upstreams[i].Name == name && f.upstreams[i].URL == url {
			return &f.upstreams[i]
		}
	}
	f.upstreams = append(f.upstreams, Upstream{Name: name, URL: url})
	return &f.upstreams[len(f.upstreams)-1]
}

func labels(m *dto.Metric) func(string) string {
	return func(name string) string {
		for _, l := range m.GetLabel() {
			if l.GetName() == name {
				return l.GetValue()
			}
		}
		return ""
	}
}

func value(m *dto.Metric) float64 {
	if c := m.GetCounter(); c != nil {
		return c.GetValue()
	}
	return m.GetGauge().GetValue()
}

// quantile returns which time the share q of what happened between two readings took at
// most, in seconds: NaN where nothing did. Within a bucket it is interpolated.
func quantile(q float64, before, now []bucket) float64 {
	at := func(i int) float64 {
		if len(before) != len(now) {
			return now[i].count
		}
		return max(now[i].count-before[i].count, 0)
	}
	if len(now) == 0 || at(len(now)-1) == 0 {
		return math.NaN()
	}
	rank, below, lower := q*at(len(now)-1), 0.0, 0.0
	for i := range now {
		n := at(i)
		if n >= rank {
			if math.IsInf(now[i].upper, 1) || n == below {
				return lower
			}
			return lower + (now[i].upper-lower)*(rank-below)/(n-below)
		}
		below, lower = n, now[i].upper
	}
	return lower
}

// decimal writes v as short as it is told exactly enough.
func decimal(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v == 0 || v >= 100 || v == math.Trunc(v):
		return number(strconv.FormatFloat(v, 'f', 0, 64))
	case v >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}
