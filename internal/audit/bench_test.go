package audit

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkRecord records one event a payload, from many goroutines.
func BenchmarkRecord(b *testing.B) {
	for name, required := range map[string]bool{"queued": false, "required": true} {
		b.Run(name, func(b *testing.B) {
			tr := openTrail(b, Options{Dir: b.TempDir(), Required: required})
			b.ReportAllocs()
			b.SetParallelism(64)
			b.RunParallel(func(pb *testing.PB) {
				events := []Event{finding("a", 1)}
				for pb.Next() {
					if err := tr.Record(b.Context(), events); err != nil {
						b.Error(err)
					}
				}
			})
			closeTrail(b, tr)
		})
	}
}

// BenchmarkRecordPayload records payloads of 150 different findings.
func BenchmarkRecordPayload(b *testing.B) {
	tr := openTrail(b, Options{Dir: b.TempDir()})
	events := make([]Event, 150)
	for i := range events {
		events[i] = finding("aws-access-key-id", 1)
		events[i].Fingerprint = fmt.Sprint("e1-abcdefghijklmnopqrstuvwxyz", i)
		events[i].ConfigDigest = strings.Repeat("d", 64)
		events[i].RequestID = strings.Repeat("r", 36)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := tr.Record(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
	closeTrail(b, tr)
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(events)), "ns/event")
}
