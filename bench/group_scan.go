package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/peer"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/redact"
)

var _ = register(group{
	name: "scan", order: 1, run: runScan,
	about: "the kernel over plain text: blocks, lines, clean, dirty, beside other ways of searching",
})

const (
	blockSize = 64 << 10
	// sampleSize is what slow peers get.
	sampleSize = 64 << 10
	tinySize   = 8 << 10
	// dirtyShare is the share of lines that hold a secret.
	dirtyShare = .01
)

// Names of contenders that others are compared with.
const (
	dfaName   = "plain DFA walk, 8 states"
	cleanName = "redactd, clean"
	// suspectName is the test that comes before any parsing.
	suspectName = "redactd, Suspect"
)

const (
	vsDFA   = "vs DFA walk"
	vsClean = "vs redactd clean"
)

// scanner is a set with the working memory of one goroutine.
type scanner struct {
	set   *redact.Set
	sc    *redact.Scratch
	found []redact.Finding
	out   []byte
	n     int // findings
}

func newScanner() (*scanner, error) {
	set, err := compileDefaults()
	if err != nil {
		return nil, err
	}
	return &scanner{set: set, sc: set.NewScratch()}, nil
}

func (s *scanner) find(text []byte) {
	s.found, _ = s.set.Find(s.sc, s.found[:0], redact.Field{Value: text})
	s.n += len(s.found)
}

func (s *scanner) rewrite(text []byte) {
	s.out, s.found, _, _ = s.set.Append(s.sc, s.out[:0], s.found[:0], redact.Field{Value: text})
	s.n += len(s.found)
}

func runScan(_ context.Context, o options) ([]report.Table, error) {
	logs, err := readFiles(o.files)
	if err != nil {
		return nil, err
	}
	s, err := newScanner()
	if err != nil {
		return nil, err
	}
	gitleaks, err := peer.NewGitleaks()
	if err != nil {
		return nil, err
	}
	clean := corpus.Clean(1, o.size, corpus.Kinds()...)
	dirty := corpus.Dirty(1, o.size, dirtyShare, corpus.Kinds()...)
	tables := []report.Table{
		scanTable(o, s, gitleaks, clean, dirty, true),
		scanTable(o, s, gitleaks, clean, dirty, false),
		kindTable(o, s),
	}
	if len(logs) > 0 {
		tables = append(tables, fileTable(o, s, logs))
	}
	return tables, nil
}

// scanTable measures over blocks or over lines.
func scanTable(o options, s *scanner, gitleaks *peer.Gitleaks, clean, dirty corpus.Log, blocks bool) report.Table {
	pieces := func(l corpus.Log) [][]byte {
		if blocks {
			return corpus.Blocks(l.Text, blockSize)
		}
		return l.Lines
	}
	over := func(name string, l corpus.Log, f func([]byte)) measure.Contender {
		p := pieces(l)
		return measure.Contender{Name: name, Bytes: total(p), Run: each(p, f)}
	}
	sample := corpus.Clean(1, sampleSize, corpus.Kinds()...)
	tiny := corpus.Clean(1, tinySize, corpus.Kinds()...)
	regexps := peer.NewRegexps(defaultRules())
	dfa, buf, sink := peer.NewDFA(), make([]byte, 2*blockSize), 0
	oneByOne := fmt.Sprintf("%d rules one by one, regexp", regexps.Len())
	gitleaksName := fmt.Sprintf("gitleaks, its %d rules", gitleaks.Rules())

	cs := []measure.Contender{
		over(cleanName, clean, s.find),
		over("redactd, dirty, rewritten", dirty, s.rewrite),
		over("copy", clean, func(p []byte) { copy(buf, p) }),
		over(dfaName, clean, func(p []byte) { sink += dfa.Walk(p) }),
		over(gitleaksName, sample, func(p []byte) { sink += gitleaks.Find(p) }),
		over(oneByOne, tiny, func(p []byte) { sink += regexps.Find(p) }),
	}
	passed, share := s.unsuspicious(pieces(clean))
	if len(passed) > 0 {
		cs = append(cs, measure.Contender{Name: suspectName, Bytes: total(passed), Run: each(passed, s.suspect)})
	}
	if blocks {
		cs = append(cs,
			measure.Contender{Name: "redactd, clean, Writer", Bytes: len(clean.Text), Run: func() { s.stream(clean.Text) }},
			measure.Contender{Name: "redactd, dirty, Writer", Bytes: len(dirty.Text), Run: func() { s.stream(dirty.Text) }})
	}
	columns, rows := singleThreaded(o, cs, against{column: vsDFA, contender: dfaName}, against{column: vsClean, contender: cleanName})
	goal, title := blocksGoals, "64 KiB blocks of mixed logs"
	if !blocks {
		goal, title = linesGoals, "the same, line by line"
		row(rows, gitleaksName).Want(report.Goal{Column: vsClean, Most: 1.0 / 150})
	}
	goal.want(row(rows, cleanName), vsDFA, redact.Kernel())
	if len(passed) == 0 {
		rows = append(rows, report.Row{Name: suspectName})
	}
	row(rows, suspectName).Note = share
	row(rows, "redactd, dirty, rewritten").Want(report.Goal{Column: vsClean, Least: .6})
	return report.Table{
		Title: title, Columns: columns, Rows: rows,
		About: fmt.Sprintf("GOMAXPROCS=1; dirty: %.0f %% of the lines hold a planted secret; gitleaks on %d KiB, rules one by one on %d KiB of it",
			dirtyShare*100, sampleSize>>10, tinySize>>10),
	}
}

func (s *scanner) suspect(text []byte) {
	if s.set.Suspect(s.sc, text) {
		s.n++
	}
}

// unsuspicious returns the pieces, all clean, that Suspect lets pass, and says
// how many it does not.
func (s *scanner) unsuspicious(pieces [][]byte) (passed [][]byte, share string) {
	for _, p := range pieces {
		if !s.set.Suspect(s.sc, p) {
			passed = append(passed, p)
		}
	}
	yes := float64(len(pieces)-len(passed)) / float64(len(pieces)) * 100
	return passed, fmt.Sprintf("over those it lets pass; it holds %.1f %% of the clean pieces suspect", yes)
}

func (s *scanner) stream(text []byte) {
	w := redact.NewWriter(io.Discard, s.set, nil)
	for _, block := range corpus.Blocks(text, blockSize) {
		_, _ = w.Write(block)
	}
	_ = w.Close()
}

// namedLog is a log to be measured by itself.
type namedLog struct {
	name string
	text []byte
}

func readFiles(files []string) (logs []namedLog, err error) {
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		if len(text) > 0 {
			logs = append(logs, namedLog{filepath.Base(file), text})
		}
	}
	return logs, nil
}

// kindTable measures each kind of log by itself.
func kindTable(o options, s *scanner) report.Table {
	var logs []namedLog
	for _, k := range corpus.Kinds() {
		logs = append(logs, namedLog{k.Name, corpus.Clean(1, o.size/4, k).Text})
	}
	return perLog(o, s, "64 KiB blocks of one kind of log each", logs)
}

// fileTable measures the files that the user names.
func fileTable(o options, s *scanner, logs []namedLog) report.Table {
	t := perLog(o, s, "64 KiB blocks of the files named", logs)
	for i, l := range logs {
		s.n = 0
		s.find(l.text)
		t.Rows[i].Note = fmt.Sprintf("%d lines, %d findings", bytes.Count(l.text, []byte("\n")), s.n)
	}
	return t
}

func perLog(o options, s *scanner, title string, logs []namedLog) report.Table {
	dfa, sink := peer.NewDFA(), 0
	var cs []measure.Contender
	for _, l := range logs {
		cs = append(cs, measure.Contender{Name: "redactd, " + l.name, Bytes: len(l.text), Run: each(corpus.Blocks(l.text, blockSize), s.find)})
	}
	first := corpus.Blocks(logs[0].text, blockSize)
	cs = append(cs, measure.Contender{Name: dfaName, Bytes: total(first), Run: each(first, func(p []byte) { sink += dfa.Walk(p) })})
	columns, rows := singleThreaded(o, cs, against{column: vsDFA, contender: dfaName})
	return report.Table{Title: title, About: "GOMAXPROCS=1", Columns: columns, Rows: rows}
}
