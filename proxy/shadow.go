package proxy

import (
	"hash/maphash"
	"net/netip"
	"slices"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/scrub"
)

// Shadow mode is of a route or listener as a whole, of rules on it (scrub.Policy.Watch),
// or of a share of what it gets. For such a share it is compiled twice, and which one an
// exchange or connection has is settled before anything of it is looked at.

// sampleRoute returns rt in shadow mode, for the share of exchanges that it is to have;
// nil for none.
func (b *builder) sampleRoute(p *policy, rt *route) *route {
	if rt.cfg.ShadowPercent == 0 || rt.shadow {
		return nil
	}
	cfg := *rt.cfg
	cfg.Mode, cfg.ShadowPercent = config.ModeShadow, 0
	sample := b.route(p, rt.name, &cfg)
	sample.sampled, sample.series = true, rt.series
	return sample
}

// sampleListener is sampleRoute for a listener.
func (b *builder) sampleListener(l *listener) *listener {
	if l.cfg.ShadowPercent == 0 || l.shadow {
		return nil
	}
	cfg := *l.cfg
	cfg.Mode, cfg.ShadowPercent = config.ModeShadow, 0
	sample := b.listener(l.name, &cfg)
	sample.sampled, sample.series = true, l.series
	return sample
}

// sampleSeed keeps it from senders which of what they send is in shadow mode.
var sampleSeed = maphash.MakeSeed()

// inSample reports whether what has that id is of the share of percent.
func inSample[ID comparable](id ID, percent int) bool {
	return maphash.Comparable(sampleSeed, id)%100 < uint64(percent)
}

// of returns the route as an exchange of that id has it.
func (rt *route) of(id string) *route {
	if rt != nil && rt.sample != nil && inSample(id, rt.cfg.ShadowPercent) {
		return rt.sample
	}
	return rt
}

// of returns the listener as a client has it, by its address.
func (l *listener) of(from netip.AddrPort) *listener {
	if l.sample != nil && inSample(from, l.cfg.ShadowPercent) {
		return l.sample
	}
	return l
}

// unenforced is why what is found in payloads passes, "" where it does not.
func (f *filter) unenforced() string {
	switch {
	case f.sampled:
		return coverage.Sampled
	case f.shadow:
		return coverage.Shadow
	}
	return ""
}

// enforced reports whether some of hits go from the payload, unless that is in shadow mode
// as a whole.
func enforced(hits []scrub.Hit) bool {
	return slices.ContainsFunc(hits, func(h scrub.Hit) bool { return !h.Shadow })
}

// concealed returns a text that an answer was scrubbed to without what rules find there
// that are only watched: the operator's copy holds no secret, whatever the caller's does.
// What can't be told is nil.
func (x *exchange) concealed(text []byte, m scrub.Meta) []byte {
	s, ok := x.responseScrubber().(interface {
		Conceal(text []byte, m scrub.Meta) ([]byte, bool)
	})
	if !ok || len(text) == 0 {
		return text
	}
	if text, ok = s.Conceal(text, m); !ok {
		return nil
	}
	return slices.Clone(text)
}
