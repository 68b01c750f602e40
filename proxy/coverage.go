package proxy

import (
	"context"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/scrub"
)

// stateEvery is the time between two statements of coverage, and so what a kill loses of
// them. They are made as a minute of the clock begins, so that each is of one hour.
const stateEvery = time.Minute

// covered counts a payload, of that many bytes as received, by why it was not inspected;
// "" is that it was.
func (m *metrics) covered(route, dir, reason string, bytes int64) {
	m.coveredMore(route, dir, reason, 1, bytes)
}

// coveredMore is covered for any number of payloads.
func (m *metrics) coveredMore(route, dir, reason string, payloads int, bytes int64) {
	m.cover.Add(route, dir, reason, payloads, bytes)
	switch reason {
	case "":
	case coverage.OutOfScope:
		m.outsideCount.WithLabelValues(route, dir).Add(float64(payloads))
		m.outsideBytes.WithLabelValues(route, dir).Add(float64(bytes))
	default:
		m.skippedCount.WithLabelValues(route, dir, reason).Add(float64(payloads))
		m.skippedBytes.WithLabelValues(route, dir, reason).Add(float64(bytes))
	}
}

// count counts what of a payload was inspected and what was not; raw is its
// size as received.
func (x *exchange) count(dir string, res *scrub.Result, raw int64) {
	x.p.count(&x.rt.filter, dir, res, raw)
}

// count is exchange.count for a payload of a filter.
func (p *Proxy) count(f *filter, dir string, res *scrub.Result, raw int64) {
	p.countRest(f, dir, res, raw, 0)
}

// countRest is count for a stream of which so many bytes were counted on the way.
func (p *Proxy) countRest(f *filter, dir string, res *scrub.Result, raw, counted int64) {
	rest := max(raw-counted, 0)
	switch {
	case res.Skipped != "":
		p.m.covered(f.name, dir, res.Skipped, rest)
	case res.Scanned > 0:
		p.m.searched(f, dir, res.Scanned)
		// As received, a part that was passed over has the share that it has decoded.
		part := min(rest, int64(float64(raw)*min(1, float64(res.Passed)/float64(res.Scanned))))
		p.m.covered(f.name, dir, f.unenforced(), rest-part)
		if res.Passed > 0 {
			p.m.covered(f.name, dir, coverage.BinaryPart, part)
		}
	}
	if res.Unwatched != "" {
		p.m.errors.WithLabelValues(f.name, dir, "unwatched").Inc()
	}
	if res.Fallback {
		p.m.errors.WithLabelValues(f.name, dir, "fallback").Inc()
	}
}

// leave notes why the answer's body passes unread; the first reason counts.
func (x *exchange) leave(reason string) {
	if x.left == "" {
		x.left = reason
	}
}

// countLeft counts the answer's body where it passed unread.
func (x *exchange) countLeft() {
	if x.left != "" && x.source.n > 0 {
		x.p.m.covered(x.rt.name, dirResponse, x.left, x.source.n)
	}
}

// countUnread counts the body of a request that was sent on unread.
func (x *exchange) countUnread() {
	if x.unread != "" && (x.body.n > 0 || x.unread == coverage.Signed) {
		x.p.m.covered(x.rt.name, dirRequest, x.unread, x.body.n)
	}
}

// meteredReader counts what passes unread on a connection as it passes.
type meteredReader struct {
	io.Reader
	m                  *metrics
	route, dir, reason string
	begun              bool
}

func (r *meteredReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if n > 0 {
		payloads := 1
		if r.begun {
			payloads = 0
		}
		r.begun = true
		r.m.coveredMore(r.route, r.dir, r.reason, payloads, int64(n))
	}
	return n, err
}

// stateCoverage has the trail take what was counted since it was last.
func (p *Proxy) stateCoverage(ctx context.Context) {
	c, ok := p.m.cover.Take()
	trail, states := p.recorder.(audit.Stater)
	if !ok || !states {
		return
	}
	facts, err := c.Statements()
	if err == nil {
		ctx, cancel := context.WithTimeout(ctx, auditTimeout)
		defer cancel()
		err = trail.State(ctx, audit.StatementCoverage, facts...)
	}
	if err != nil {
		p.m.cover.Owe(c)
		p.m.auditFailures.Inc()
		p.log.Error("audit trail does not take the statement of coverage; it waits", "error", err)
	}
}

// watchCoverage states coverage until ctx ends.
func (p *Proxy) watchCoverage(ctx context.Context) {
	for {
		now := time.Now()
		timer := time.NewTimer(now.Truncate(stateEvery).Add(stateEvery).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
			p.stateCoverage(ctx)
		}
	}
}

// ratioMetric shows what share of the bytes in scope was inspected in the last hour.
type ratioMetric struct {
	desc  *prometheus.Desc
	tally *coverage.Tally
}

func newRatioMetric(t *coverage.Tally) ratioMetric {
	return ratioMetric{prometheus.NewDesc("redactd_inspected_ratio",
		"Share of the payload bytes in scope that was inspected in the last hour; 1 while nothing flowed.", []string{"route"}, nil), t}
}

// Describe implements prometheus.Collector.
func (r ratioMetric) Describe(ch chan<- *prometheus.Desc) { ch <- r.desc }

// Collect implements prometheus.Collector.
func (r ratioMetric) Collect(ch chan<- prometheus.Metric) {
	for route, sum := range r.tally.Recent() {
		ch <- prometheus.MustNewConstMetric(r.desc, prometheus.GaugeValue, sum.Ratio(), route)
	}
}
