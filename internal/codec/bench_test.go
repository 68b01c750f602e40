package codec

import (
	"bytes"
	"testing"
)

func benchmarkWalk(b *testing.B, name string, src []byte) {
	w := Lookup(name).NewWalker()
	v := &stopper{int(^uint(0) >> 1)}
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := w.Walk(nil, src, true, v); err != nil {
			b.Fatal(err)
		}
		w.Reset()
	}
}

var logLine = []byte(`{"time":"2024-05-01T12:00:00.123Z","level":"info","msg":"request served in due time","method":"GET","path":"/api/v1/users/12345/orders","status":200,"took_ms":12.5,"trace":"4bf92f3577b34da6a3ce929d0e0e4736","user":{"id":12345,"agent":"Mozilla/5.0 (X11; Linux x86_64)"}}` + "\n")

func BenchmarkJSON(b *testing.B)   { benchmarkWalk(b, "json", bytes.Repeat(logLine, 240)) }
func BenchmarkNDJSON(b *testing.B) { benchmarkWalk(b, "ndjson", bytes.Repeat(logLine, 240)) }
