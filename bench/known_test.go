package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/redact"
)

// BenchmarkKnown is what own secrets cost on clean logs, by how many there are.
func BenchmarkKnown(b *testing.B) {
	s := mustScanner(b)
	text := logs(0, corpus.Kinds()...)
	blocks := corpus.Blocks(text.Text, blockSize)
	for _, n := range []int{0, 100, 10_000, 1_000_000} {
		k := redact.NewKnown()
		v := k.NewValues()
		for i := range n {
			sum := sha256.Sum256(fmt.Append(nil, "value ", i))
			v.Add(redact.Secret{Source: "bench"}, base64.RawURLEncoding.AppendEncode(nil, sum[:24]))
		}
		k.Replace(v)
		set, err := redact.Compile(append(s.set.Rules(), redact.KnownRule()), redact.Options{})
		if err != nil {
			b.Fatal(err)
		}
		set = set.WithKnown(k)
		sc := set.NewScratch()
		b.Run(fmt.Sprintf("suspect/%d", n), func(b *testing.B) {
			benchmark(b, blocks, func(p []byte) { set.Suspect(sc, p) })
		})
		var found []redact.Finding
		b.Run(fmt.Sprintf("find/%d", n), func(b *testing.B) {
			benchmark(b, blocks, func(p []byte) { found, _ = set.Find(sc, found[:0], redact.Field{Value: p}) })
		})
	}
}
