package main

import (
	"io"
	"os"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a run has come. A nil progress shows nothing.
type progress struct{ bar *progressbar.ProgressBar }

// newProgress returns a progress if a person watches: standard error is a
// terminal, standard output is not the same one, and there is much to read.
func (e *env) newProgress(files []string) *progress {
	if !e.isTerminal(e.stderr) || e.isTerminal(e.stdout) {
		return nil
	}
	var total int64
	for _, name := range files {
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() {
			return nil
		}
		total += info.Size()
	}
	if total <= e.progressFrom {
		return nil
	}
	return &progress{progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(e.stderr),
		progressbar.OptionSetDescription("scrubbing"),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100_000_000), // nanoseconds
		progressbar.OptionClearOnFinish(),
	)}
}

// watch counts what is read of r.
func (p *progress) watch(r io.Reader) io.Reader {
	if p == nil {
		return r
	}
	return io.TeeReader(r, p.bar)
}

// clear makes room for a line of text.
func (p *progress) clear() {
	if p != nil {
		_ = p.bar.Clear()
	}
}

func (p *progress) end() {
	if p != nil {
		_ = p.bar.Finish()
	}
}
