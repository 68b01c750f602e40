package main

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"testing"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/redact"
)

// BenchmarkKnown is what own secrets cost on clean logs, by how many there are: alone,
// beside what the rules cost.
func BenchmarkKnown(b *testing.B) {
	text := logs(0, corpus.Kinds()...)
	blocks := corpus.Blocks(text.Text, blockSize)
	find := func(set *redact.Set) func(b *testing.B) {
		sc, found := set.NewScratch(), []redact.Finding(nil)
		return func(b *testing.B) {
			benchmark(b, blocks, func(p []byte) { found, _ = set.Find(sc, found[:0], redact.Field{Value: p}) })
		}
	}
	b.Run("rules", find(mustScanner(b).set))
	bare, err := redact.Compile([]redact.Rule{redact.KnownRule()}, redact.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{0, 100, 10_000, 100_000, 1_000_000} {
		k := redact.NewKnown()
		v := k.NewValues()
		for i := range n {
			sum := sha256.Sum256(fmt.Append(nil, "value ", i))
			v.Add(redact.Secret{Source: "bench"}, base64.RawURLEncoding.AppendEncode(nil, sum[:24]))
		}
		k.Replace(v)
		b.Run(fmt.Sprint(n), find(bare.WithKnown(k)))
	}
}
