package adminui

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/redact"
)

// fixed is a policy and a trail that say what is hostile.
type fixed struct{}

func (fixed) InForce() InForce {
	return InForce{
		Digest: "0123456789abcdef", LoadedAt: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Config: `dsn = "x" ` + hostile,
		Routes: []Route{
			{Name: "api", Kind: RouteHTTP, Match: "/" + hostile, Mode: "shadow", OnFailure: "pass", Rules: []string{"acme-token"}},
			{Name: "logs", Kind: "syslog", Match: "tcp://:514", Mode: "enforce", OnFailure: "withhold", Rules: []string{"acme-token"}},
		},
		Rules: []redact.Rule{
			{ID: "acme-token", Pack: "config", Description: "A token", Pattern: "acme_[a-z]+" + hostile, Examples: []string{"x acme_«{alnum:20}» " + hostile}},
			{ID: "aws" + hostile, Pack: "cloud", Description: hostile, Tags: []string{hostile}},
		},
	}
}

func (fixed) Reload() error { return errors.New("config.toml:3: nonsense " + hostile) }

func (fixed) Costs(context.Context) (map[string]time.Duration, error) {
	return map[string]time.Duration{"acme-token": 1234567}, nil
}

func (fixed) Explain(_ context.Context, route string, r explain.Request) (*explain.Result, error) {
	if route == "none" {
		return nil, explain.ErrNoRoute
	}
	if r.Format == "text" { // a note
		found := explain.Verdict{Rule: "acme-token", Number: 1, Severity: redact.Medium}
		if strings.Contains(string(r.Text), "planted") {
			found.Severity = redact.High
		}
		return &explain.Result{Findings: 1, Verdicts: []explain.Verdict{found}}, nil
	}
	if r.Format == "planted" {
		return nil, fmt.Errorf("%q %w", r.Format, explain.ErrFormat)
	}
	if route != "logs" {
		return nil, &explain.TooLongError{Max: 65536}
	}
	v := explain.Verdict{
		Path: hostile, Line: 1, Column: 2, Rule: "acme-token", Value: hostile, Outcome: redact.OutcomeFound, Number: 1, Action: "mask", Writes: hostile,
		Actions: map[string]string{"mask": hostile}, Description: hostile,
	}
	near := explain.Verdict{Path: "x", Rule: "near" + hostile, Outcome: explain.OutcomeOff, Why: "it is off" + hostile}
	return &explain.Result{Format: "json", Fields: len(r.Text), Findings: 1, Verdicts: []explain.Verdict{v, near}}, nil
}

func (fixed) Traces(value []byte) (fingerprints, tokens []string) {
	if string(value) == "a key\nof two lines" {
		return []string{fmt.Sprintf("e1-%026d", 0)}, []string{"e1-token" + hostile}
	}
	return []string{"e1-none"}, nil
}

func (fixed) Status() AuditStatus {
	return AuditStatus{Dir: "/var/lib/audit" + hostile, Stats: audit.Stats{Seq: 7, Anchors: []audit.AnchorStats{{Name: "webhook" + hostile}}}}
}

func (fixed) Verify() (audit.Report, error) {
	return audit.Report{Records: 7, Break: &audit.Break{File: "a" + hostile, Seq: 3, Fault: "edited", Detail: hostile}}, nil
}

func (fixed) Recent() map[string]audit.CoverageSum {
	return map[string]audit.CoverageSum{"api" + hostile: {
		Inspected: audit.Passed{Payloads: 9, Bytes: 900}, Uninspected: audit.Passed{Payloads: 1, Bytes: 100}, OutOfScope: audit.Passed{Payloads: 1, Bytes: 5000},
	}}
}

func (fixed) Report(rows []audit.CoverageRow) coverage.Report {
	r := coverage.NewReport(nil, rows, "")
	r.Objective, r.Routes[0].Missed = .999, true
	r.Blind = []coverage.BlindReport{{BlindSpot: coverage.BlindSpot{Route: "api" + hostile, Setting: "signed = \"pass\"" + hostile, What: hostile}}}
	return r
}

// counted returns counters as those of redactd.
func counted() *prometheus.Registry {
	reg := prometheus.NewRegistry()
	gauge := func(name string, v float64, labels prometheus.Labels) {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Name: name, ConstLabels: labels})
		g.Set(v)
		reg.MustRegister(g)
	}
	count := func(name string, v float64, labels prometheus.Labels) {
		c := prometheus.NewCounter(prometheus.CounterOpts{Name: name, ConstLabels: labels})
		c.Add(v)
		reg.MustRegister(c)
	}
	count("redactd_requests_total", 90, prometheus.Labels{"route": "api", "method": "GET", "status_class": "2xx"})
	count("redactd_requests_total", 10, prometheus.Labels{"route": "api", "method": "GET", "status_class": "5xx"})
	count("redactd_findings_total", 7, prometheus.Labels{"route": "api", "rule": "acme-token"})
	count("redactd_listener_messages_total", 50, prometheus.Labels{"route": "syslog"})
	gauge("redactd_upstream_up", 0, prometheus.Labels{"upstream": "shop" + hostile, "url": "http://10.0.0.1:8080/" + hostile})
	gauge("redactd_leaks", 3, prometheus.Labels{"state": "open"})
	gauge("redactd_inspected_ratio", .9, prometheus.Labels{"route": "api"})
	gauge("redactd_coverage_objective", .999, nil)
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "redactd_request_duration_seconds", Buckets: []float64{.001, .01, .1, 1}})
	for range 95 {
		h.Observe(.005)
	}
	for range 5 {
		h.Observe(.5)
	}
	reg.MustRegister(h)
	return reg
}
