//go:build vectorscan

// Command vectorscand is a worker (package worker) that searches generated logs
// with Vectorscan, or Hyperscan, whose interface is the same. The bench program
// builds it where the library is, with the build tag vectorscan.
package main

import (
	"flag"
	"fmt"
	"os"
	"slices"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/worker"
	"github.com/redactd/redactd/patterns"
)

func main() {
	size := flag.Int("size", 1<<20, "size of the logs, in bytes")
	block := flag.Int("block", 64<<10, "size of the blocks, in bytes")
	starts := flag.Bool("starts", false, "report where matches begin, not only where they end")
	pack := flag.String("pack", "", "pack of rules to search for, for a test (default: those that are on by default)")
	flag.Parse()
	if err := serve(*size, *block, *pack, *starts); err != nil {
		fmt.Fprintln(os.Stderr, "vectorscand:", err)
		os.Exit(1)
	}
}

func serve(size, block int, pack string, starts bool) error {
	packs := patterns.Default()
	if pack != "" {
		packs = slices.DeleteFunc(packs, func(p patterns.Pack) bool { return p.Name != pack })
	}
	db, err := compile(patterns.Rules(packs), starts)
	if err != nil {
		return err
	}
	dirty := corpus.Dirty(1, 64<<10, .2, corpus.Kinds()...)
	least := len(dirty.Planted)
	if pack != "" {
		least = 1
	}
	if n := db.scan(join(dirty.Lines)); n < least { // what does nothing must not be measured
		return fmt.Errorf("%d matches in a log with %d secrets", n, len(dirty.Planted))
	}
	clean := corpus.Clean(1, size, corpus.Kinds()...)
	over := func(name string, parts [][]byte) measure.Contender {
		p := join(parts)
		return measure.Contender{Name: name, Bytes: len(p.text), Run: func() { db.scan(p) }}
	}
	return worker.Serve(os.Stdin, os.Stdout, version(), db.note, []measure.Contender{
		over("blocks", corpus.Blocks(clean.Text, block)), over("lines", clean.Lines),
	})
}
