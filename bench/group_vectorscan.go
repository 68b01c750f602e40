package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/debian"
	"github.com/redactd/redactd/bench/hyperscan"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/bench/worker"
)

var _ = register(group{
	name: "vectorscan", order: 3, run: runVectorscan,
	about: "the same rules in Vectorscan and Hyperscan, where these are there (-install)",
})

// cache holds what -install fetches, as seen from the directory of this module.
const cache = debian.Cache("../.cache/bench")

// leastVsVectorscan is the goal for redactd against the same rules.
const leastVsVectorscan = 4

// libraryPeer is a library in one way of using it.
type libraryPeer struct {
	name   string
	starts bool
	worker *worker.Process
}

// libraryPeers builds and starts the libraries. Each compiles the rules for up to a
// minute, so they do it at the same time. Where matches begin is asked of the first
// library only: it costs both about the same.
func libraryPeers(ctx context.Context, o options, dir string, there []hyperscan.Library) (peers []libraryPeer, err error) {
	var wg sync.WaitGroup
	errs := make([]error, len(there)+1)
	peers = make([]libraryPeer, len(there), len(there)+1)
	start := func(i int, program string) {
		p := &peers[i]
		wg.Go(func() {
			p.worker, errs[i] = hyperscan.Start(ctx, program, hyperscan.Options{Size: o.size, Block: blockSize, Pack: o.pack, Starts: p.starts})
		})
	}
	for i, l := range there {
		peers[i].name = l.Name
		program, err := l.Build(ctx, dir)
		if err != nil {
			errs[i] = err
			break
		}
		start(i, program)
		if i == 0 {
			peers = append(peers, libraryPeer{name: l.Name + ", with starts", starts: true})
			start(len(there), program)
		}
	}
	wg.Wait()
	return peers, errors.Join(errs...)
}

func runVectorscan(ctx context.Context, o options) (tables []report.Table, err error) {
	dir, err := os.MkdirTemp("", "redactd-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	s, err := newScanner()
	if err != nil {
		return nil, err
	}
	there, missing := hyperscan.Libraries(cache)
	peers, err := libraryPeers(ctx, o, dir, there)
	defer func() {
		for _, p := range peers {
			if p.worker != nil {
				err = errors.Join(err, p.worker.Err(), p.worker.Stop())
			}
		}
	}()
	if err != nil {
		return nil, err
	}
	clean := mixed(o.size)
	tables = append(tables,
		libraryTable(o, s, "blocks", "64 KiB blocks of clean mixed logs", corpus.Blocks(clean.Text, blockSize), peers),
		libraryTable(o, s, "lines", "the same, line by line", clean.Lines, peers))
	for i := range tables {
		for _, l := range missing {
			tables[i].Rows = append(tables[i].Rows, report.Row{Name: l.Name, Note: debian.Advice(l.Package)})
		}
	}
	return tables, nil
}

func libraryTable(o options, s *scanner, contender, title string, pieces [][]byte, peers []libraryPeer) report.Table {
	cs := []measure.Contender{{Name: cleanName, Bytes: total(pieces), Run: each(pieces, s.find)}}
	var ratios []against
	for _, p := range peers {
		if c, ok := p.worker.Contender(contender, p.name); ok {
			cs, ratios = append(cs, c), append(ratios, against{column: "vs " + p.name, contender: p.name})
		}
	}
	columns, rows := singleThreaded(o, cs, ratios...)
	for _, p := range peers {
		if !p.starts {
			row(rows, cleanName).Want(report.Goal{Column: "vs " + p.name, Least: leastVsVectorscan})
		}
		row(rows, p.name).Note = fmt.Sprintf("%s, %s", p.worker.About, p.worker.Note)
	}
	return report.Table{
		Title: title, Columns: columns, Rows: rows,
		About: "block mode, a process of its own for each library, in turns; matches are counted as they are reported, " +
			"without validators; with starts: where each match begins, which redacting needs and redactd tells",
	}
}
