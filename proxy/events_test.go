package proxy

import (
	"fmt"
	"reflect"
	"testing"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

func hitsOf(n, values int) []scrub.Hit {
	rule := &redact.Rule{ID: "a", Tags: []string{"cloud"}}
	hits := make([]scrub.Hit, n)
	for i := range hits {
		hits[i] = scrub.Hit{Rule: rule, Action: "mask", Path: "msg", Length: 20, Fingerprint: fmt.Sprint("e1-", i%values)}
	}
	return hits
}

// TestEventsCount holds that equal findings become one event, that the numbers
// add up, and that a buffer brings nothing of its last use with it.
func TestEventsCount(t *testing.T) {
	for _, n := range []int{1, 3, fewHits, fewHits + 1, 100} {
		for _, values := range []int{1, 2, 7} {
			hits := hitsOf(n, values)
			hits = append(hits, hits[0])
			hits[n].Path = "other"
			b := eventPool.Get().(*eventBuffer)
			events := b.events(hits, audit.Event{Route: "r"})
			if want := min(n, values) + 1; len(events) != want {
				t.Errorf("%d findings of %d values make %d events, want %d", n, values, len(events), want)
			}
			got := map[string]uint64{}
			for i := range events {
				got[events[i].Path+events[i].Fingerprint] += events[i].N()
			}
			want := map[string]uint64{}
			for _, h := range hits {
				want[h.Path+h.Fingerprint]++
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%d findings of %d values are counted %v, want %v", n, values, got, want)
			}
			b.release()
		}
	}
}

// TestEventsTellApart holds that findings which differ in anything an event
// tells stay apart.
func TestEventsTellApart(t *testing.T) {
	for name, differ := range map[string]func(*scrub.Hit){
		"rule":        func(h *scrub.Hit) { h.Rule = &redact.Rule{ID: "b"} },
		"action":      func(h *scrub.Hit) { h.Action = "token" },
		"path":        func(h *scrub.Hit) { h.Path = "x" },
		"length":      func(h *scrub.Hit) { h.Length++ },
		"fingerprint": func(h *scrub.Hit) { h.Fingerprint = "x" },
		"secret":      func(h *scrub.Hit) { h.Secret = "x" },
		"service":     func(h *scrub.Hit) { h.Origin.Service = "x" },
		"version":     func(h *scrub.Hit) { h.Origin.Version = "x" },
		"logger":      func(h *scrub.Hit) { h.Origin.Logger = "x" },
		"environment": func(h *scrub.Hit) { h.Origin.Environment = "x" },
	} {
		for _, n := range []int{2, 20} {
			hits := hitsOf(n, 1)
			differ(&hits[1])
			b := eventPool.Get().(*eventBuffer)
			if events := b.events(hits, audit.Event{}); len(events) != 2 {
				t.Errorf("%s: %d events", name, len(events))
			}
			b.release()
		}
	}
}

func BenchmarkEvents(b *testing.B) {
	for _, values := range []int{1, 180} {
		hits := hitsOf(180, values)
		b.Run(fmt.Sprint(values, " values of 180"), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				buf := eventPool.Get().(*eventBuffer)
				buf.events(hits, audit.Event{})
				buf.release()
			}
		})
	}
}
