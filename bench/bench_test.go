package main

import (
	"testing"

	"github.com/redactd/redactd/bench/adversary"
	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/dialect"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

// The hot paths as ordinary benchmarks, for benchstat and -cpuprofile:
//
//	go test -run '^$' -bench 'Find/clean' -cpuprofile cpu.pprof
//
// One operation is 1 MiB of logs.

const benchSize = 1 << 20

func benchmark(b *testing.B, pieces [][]byte, f func([]byte)) {
	b.Helper()
	b.SetBytes(int64(total(pieces)))
	b.ReportAllocs()
	run := each(pieces, f)
	run() // so that buffers have grown
	for b.Loop() {
		run()
	}
}

func logs(share float64, from ...corpus.Kind) corpus.Log {
	return corpus.Dirty(1, benchSize, share, from...)
}

func mustScanner(b *testing.B) *scanner {
	b.Helper()
	s, err := newScanner()
	if err != nil {
		b.Fatal(err)
	}
	return s
}

func BenchmarkFind(b *testing.B) {
	s := mustScanner(b)
	clean := logs(0, corpus.Kinds()...)
	b.Run("clean/blocks", func(b *testing.B) { benchmark(b, corpus.Blocks(clean.Text, blockSize), s.find) })
	b.Run("clean/lines", func(b *testing.B) { benchmark(b, clean.Lines, s.find) })
	for _, k := range corpus.Kinds() {
		text := logs(0, k).Text
		b.Run("clean/"+k.Name, func(b *testing.B) { benchmark(b, corpus.Blocks(text, blockSize), s.find) })
	}
}

func BenchmarkAppend(b *testing.B) {
	s := mustScanner(b)
	dirty := logs(dirtyShare, corpus.Kinds()...)
	b.Run("dirty/blocks", func(b *testing.B) { benchmark(b, corpus.Blocks(dirty.Text, blockSize), s.rewrite) })
	b.Run("dirty/lines", func(b *testing.B) { benchmark(b, dirty.Lines, s.rewrite) })
}

func BenchmarkWriter(b *testing.B) {
	s := mustScanner(b)
	for name, share := range map[string]float64{"clean": 0, "dirty": dirtyShare} {
		text := logs(share, corpus.Kinds()...).Text
		b.Run(name, func(b *testing.B) { benchmark(b, [][]byte{text}, s.stream) })
	}
}

func BenchmarkBody(b *testing.B) {
	s, err := newScrubber()
	if err != nil {
		b.Fatal(err)
	}
	for _, f := range formats {
		for name, share := range map[string]float64{"clean": 0, "dirty": dirtyShare} {
			bodies := f.bodies(logs(share, corpus.JSON()...))
			b.Run(f.name+"/"+name, func(b *testing.B) {
				benchmark(b, bodies, func(body []byte) { s.body(body, f.meta) })
			})
		}
	}
}

// BenchmarkCrafted searches the worst text that the rules group has for a rule, so
// that what it costs can be profiled: -bench Crafted/nuget-config
func BenchmarkCrafted(b *testing.B) {
	a, err := newAdversarial(options{crafted: blockSize})
	if err != nil {
		b.Fatal(err)
	}
	for i := range a.rules {
		b.Run(a.rules[i].ID, func(b *testing.B) {
			t := a.worst(adversary.Texts(&a.rules[i], blockSize))
			benchmark(b, [][]byte{t.Value}, func([]byte) { a.search(&t) })
		})
	}
}

func BenchmarkCompile(b *testing.B) {
	rules := defaultRules()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := redact.Compile(rules, redact.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDialect is one batch of each log protocol.
func BenchmarkDialect(b *testing.B) {
	s, err := newScrubber()
	if err != nil {
		b.Fatal(err)
	}
	clean, dirty := batches(batchText)
	for _, d := range dialect.All() {
		meta := scrub.Meta{ContentType: d.ContentType, Path: d.Path}
		for name, records := range map[string][]dialect.Record{"clean": clean, "dirty": dirty} {
			body := d.Body(records)
			b.Run(d.Name+"/"+name, func(b *testing.B) {
				benchmark(b, [][]byte{body}, func(body []byte) { s.body(body, meta) })
			})
		}
	}
}
