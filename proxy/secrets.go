package proxy

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/redactd/redactd/internal/ownsecrets"
	"github.com/redactd/redactd/redact"
)

// ownSecrets gives b the operator's own secrets: those of old where the sources are
// the same, else some that are not read yet.
func (b *builder) ownSecrets(old *policy, sh shared) *ownsecrets.Store {
	if len(b.cfg.Secrets) == 0 {
		return nil
	}
	if old != nil && old.secrets != nil && old.secrets.Same(b.cfg) {
		return old.secrets
	}
	log := b.o.Logger
	if log == nil {
		log = discardLogger
	}
	return ownsecrets.New(b.cfg, ownsecrets.Options{Tell: func(st ownsecrets.Status) {
		sh.m.secretsRead(st)
		logSecrets(log, st)
	}})
}

// knownValues returns what a Set needs to find the own secrets, nil where there are none.
func (b *builder) knownValues() *redact.Known {
	if b.secrets == nil {
		return nil
	}
	return b.secrets.Known()
}

// maxRefusals bounds the lines that are logged about one source.
const maxRefusals = 20

// logSecrets says what became of a source, by names alone.
func logSecrets(log *slog.Logger, st ownsecrets.Status) {
	switch {
	case st.Err != nil:
		log.Error("own secrets can't be read; the values read before hold", "source", st.Name, "kind", st.Kind, "values", st.Values, "error", st.Err)
	case st.Changed:
		log.Info("own secrets read", "source", st.Name, "kind", st.Kind, "values", st.Values, "refused", len(st.Refused))
		for _, r := range st.Refused[:min(len(st.Refused), maxRefusals)] {
			log.Warn("own secret refused, it is not looked for", "source", st.Name, "name", r.Name, "reason", r.Reason)
		}
	}
}

// loadSecrets reads the sources of a policy that is not in force yet.
func (p *policy) loadSecrets(old *policy) error {
	if p.secrets == nil || old != nil && old.secrets == p.secrets {
		return nil
	}
	return p.secrets.Load(context.Background(), false)
}

// watchSecrets keeps the own secrets of the policy in force up to date until ctx ends.
func (p *Proxy) watchSecrets(ctx context.Context) {
	for {
		pol := p.policy.Load()
		select {
		case <-ctx.Done():
			return
		case <-time.After(orDefault(pol.cfg.Known.Poll, defaultPoll)):
		}
		if pol = p.policy.Load(); pol.secrets != nil {
			pol.secrets.Refresh(ctx, time.Now())
		}
	}
}

const defaultPoll = 10 * time.Second

func (m *metrics) secretsRead(st ownsecrets.Status) {
	m.secretValues.WithLabelValues(st.Name).Set(float64(st.Values))
	m.secretRefused.WithLabelValues(st.Name).Set(float64(len(st.Refused)))
	failures := m.secretFailures.WithLabelValues(st.Name)
	if st.Err != nil {
		failures.Inc()
	} else {
		m.secretTime.WithLabelValues(st.Name).Set(float64(st.Read.Unix()))
	}
}

// forgetSecrets deletes the series of sources that now no longer has.
func (m *metrics) forgetSecrets(old, now *policy) {
	for name := range old.cfg.Secrets {
		if now.cfg.Secrets[name] == nil {
			l := prometheus.Labels{"source": name}
			for _, v := range []interface{ DeletePartialMatch(prometheus.Labels) int }{
				m.secretValues, m.secretRefused, m.secretTime, m.secretFailures,
			} {
				v.DeletePartialMatch(l)
			}
		}
	}
}
