package proxy

import (
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/notify"
	"github.com/redactd/redactd/internal/records"
)

// receivers are those whom cfg wants told of leaks.
func receivers(cfg *config.Config) (list []notify.ReceiverOptions) {
	for _, name := range slices.Sorted(maps.Keys(cfg.Notify)) {
		n := cfg.Notify[name]
		list = append(list, notify.ReceiverOptions{
			Name: name, Kind: n.Kind, URL: string(n.URL), Secret: string(n.Secret), Token: string(n.Token),
			MinSeverity: n.MinSeverity, Timeout: orDefault(n.Timeout, 10*time.Second),
		})
	}
	return list
}

// notify checks what the configuration says of receivers.
func (b *builder) notify() {
	for _, r := range receivers(b.cfg) {
		key := "notify." + r.Name
		if err := notify.Check(r); err != nil {
			b.fail(key, "%v", err)
		}
		if u, err := url.Parse(r.URL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			b.fail(key+".url", "is no http:// or https:// URL")
		}
		if b.cfg.Records.DSN == "" || b.cfg.Audit.Dir == "" || !b.cfg.Leaks.Store {
			b.fail(key, "is told of leaks, of which there are none (audit.dir, records.dsn and leaks.store)")
		}
	}
}

// newNotifier returns who tells the receivers, nil where there are none; wants says who is
// told of what.
func (p *Proxy) newNotifier(cfg *config.Config, db *records.DB) (n *notify.Notifier, wants func(*records.LeakEvent) []string) {
	all := receivers(cfg)
	if len(all) == 0 {
		return nil, nil
	}
	n = notify.New(notify.Options{DB: db, Receivers: all, Observer: p.m.notices, Logger: p.log})
	return n, func(e *records.LeakEvent) []string { return notify.Wants(all, e.Leak.Severity) }
}

// noticeMetrics are those of what receivers are told. It is a notify.Observer.
type noticeMetrics struct{ sent, failed, gaveUp *prometheus.CounterVec }

func newNoticeMetrics() *noticeMetrics {
	return &noticeMetrics{
		sent:   counter("redactd_notices_sent_total", "Leaks that a receiver was told of.", "receiver"),
		failed: counter("redactd_notices_failed_total", "Times that a receiver could not be told. It is tried again.", "receiver"),
		gaveUp: counter("redactd_notices_lost_total", "Leaks that a receiver will never be told of.", "receiver"),
	}
}

func (m *noticeMetrics) all() []prometheus.Collector {
	return []prometheus.Collector{m.sent, m.failed, m.gaveUp}
}

// Sent implements notify.Observer.
func (m *noticeMetrics) Sent(receiver string, n int) {
	m.sent.WithLabelValues(receiver).Add(float64(n))
}

// Failed implements notify.Observer.
func (m *noticeMetrics) Failed(receiver string) { m.failed.WithLabelValues(receiver).Inc() }

// GaveUp implements notify.Observer.
func (m *noticeMetrics) GaveUp(receiver string, n int) {
	m.gaveUp.WithLabelValues(receiver).Add(float64(n))
}
