package audit

import (
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
