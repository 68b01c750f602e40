package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/peer"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/bench/worker"
	"github.com/redactd/redactd/redact"
)

var _ = register(group{
	name: "kernels", order: 2, run: runKernels,
	about: "clean logs with each kernel that this processor has, each in a process of its own",
})

// workerVariable is the environment variable that makes this program a worker of
// the kernels group; its value is the size of the logs in bytes.
const workerVariable = "REDACTD_BENCH_WORKER"

// subject is what the kernels are compared by.
type subject struct {
	name   string
	goal   goals
	log    func(size int) corpus.Log
	pieces func(l corpus.Log) [][]byte
	// codec says that the pieces are JSON bodies for the codec.
	codec bool
}

func mixed(size int) corpus.Log { return corpus.Clean(1, size, corpus.Kinds()...) }

func jsonLog(size int) corpus.Log { return corpus.Clean(1, size, corpus.JSON()...) }

var subjects = []subject{
	{"64 KiB blocks of clean mixed logs", blocksGoals, mixed, func(l corpus.Log) [][]byte { return corpus.Blocks(l.Text, blockSize) }, false},
	{"the same, line by line", linesGoals, mixed, func(l corpus.Log) [][]byte { return l.Lines }, false},
	{"clean JSON bodies of 64 KiB through the JSON codec", jsonGoals, jsonLog, func(l corpus.Log) [][]byte { return formats[0].bodies(l) }, true},
}

// serveWorker is the main of a worker: every subject is a contender, with the
// kernel that the environment chooses.
func serveWorker() error {
	size, err := strconv.Atoi(os.Getenv(workerVariable))
	if err = errors.Join(err, chooseKernel()); err != nil {
		return err
	}
	s, err := newScanner()
	if err != nil {
		return err
	}
	b, err := newScrubber()
	if err != nil {
		return err
	}
	var cs []measure.Contender
	for _, sub := range subjects {
		pieces, f := sub.pieces(sub.log(size)), s.find
		if sub.codec {
			f = func(body []byte) { b.body(body, formats[0].meta) }
		}
		cs = append(cs, measure.Contender{Name: sub.name, Bytes: total(pieces), Run: each(pieces, f)})
	}
	return errors.Join(worker.Serve(os.Stdin, os.Stdout, redact.Kernel(), "", cs), b.err)
}

// startKernel starts this program as a worker with a kernel.
func startKernel(ctx context.Context, o options, kernel string) (p *worker.Process, err error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program)
	cmd.Env = append(os.Environ(), kernelVariable+"="+kernel, fmt.Sprintf("%s=%d", workerVariable, o.size))
	if p, err = worker.Start(ctx, cmd); err != nil {
		return nil, fmt.Errorf("kernel %s: %w", kernel, err)
	}
	if p.About != kernel {
		return nil, errors.Join(fmt.Errorf("kernel %s: the worker uses %s", kernel, p.About), p.Stop())
	}
	return p, nil
}

func runKernels(ctx context.Context, o options) (tables []report.Table, err error) {
	have := map[string]*worker.Process{}
	defer func() {
		for _, p := range have {
			err = errors.Join(err, p.Err(), p.Stop())
		}
	}()
	for _, k := range redact.Kernels() {
		p, err := startKernel(ctx, o, k)
		if err != nil {
			return nil, err
		}
		have[k] = p
	}
	for _, sub := range subjects {
		tables = append(tables, kernelTable(o, sub, have))
	}
	return tables, nil
}

func kernelTable(o options, sub subject, have map[string]*worker.Process) report.Table {
	name := func(kernel string) string { return "redactd, " + kernel }
	var cs []measure.Contender
	for _, k := range kernels {
		if p := have[k]; p != nil {
			if c, ok := p.Contender(sub.name, name(k)); ok {
				cs = append(cs, c)
			}
		}
	}
	dfa, sink, pieces := peer.NewDFA(), 0, sub.pieces(sub.log(o.size))
	cs = append(cs, measure.Contender{Name: dfaName, Bytes: total(pieces), Run: each(pieces, func(p []byte) { sink += dfa.Walk(p) })})
	columns, rows := singleThreaded(o, cs, against{column: vsDFA, contender: dfaName})
	for _, k := range kernels {
		if have[k] != nil {
			sub.goal.want(row(rows, name(k)), vsDFA, k)
		} else {
			rows = append(rows, report.Row{Name: name(k), Note: "not in this processor"})
		}
	}
	return report.Table{Title: sub.name, About: "each kernel in a process of its own with GOMAXPROCS=1, in turns", Columns: columns, Rows: rows}
}
