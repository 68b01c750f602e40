package main

import (
	"context"
	"fmt"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/peer"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/redact"
)

var _ = register(group{
	name: "codecs", order: 5, run: runCodecs,
	about: "whole bodies through their wire format, beside the same bytes as plain text",
})

const vsText = "vs the same as text"

// format makes bodies of one wire format from the lines of a JSON log.
type format struct {
	name string
	meta scrub.Meta
	body func(lines [][]byte) []byte
	// logs says that the goal for clean JSON logs is measured by it.
	logs bool
}

func ndjson(lines [][]byte) (body []byte) {
	for _, line := range lines {
		body = append(append(body, line...), '\n')
	}
	return body
}

var formats = []format{
	{"JSON", scrub.Meta{ContentType: "application/json"}, corpus.JSONArray, true},
	{"NDJSON", scrub.Meta{ContentType: "application/x-ndjson"}, ndjson, true},
	{"_bulk", scrub.Meta{ContentType: "application/x-ndjson", Path: "/_bulk"}, corpus.Bulk, false},
}

var asText = scrub.Meta{ContentType: "text/plain"}

// bodies cuts a log into bodies of about blockSize bytes.
func (f format) bodies(l corpus.Log) (out [][]byte) {
	size, from := 0, 0
	for i, line := range l.Lines {
		if size += len(line); size >= blockSize {
			out = append(out, f.body(l.Lines[from:i+1]))
			size, from = 0, i+1
		}
	}
	return out
}

// scrubber scrubs bodies as the proxy does, one after the other.
type scrubber struct {
	policy  *scrub.Policy
	changed int
	err     error
}

func newScrubber() (*scrubber, error) {
	set, err := compileDefaults()
	return &scrubber{policy: &scrub.Policy{Set: set}}, err
}

func (s *scrubber) body(body []byte, m scrub.Meta) {
	sc := scrub.Acquire(s.policy, nil)
	defer sc.Release()
	res, err := sc.Body(body, m)
	if err != nil {
		s.err = err
	}
	if res.Changed {
		s.changed++
	}
}

func runCodecs(_ context.Context, o options) (tables []report.Table, err error) {
	s, err := newScrubber()
	if err != nil {
		return nil, err
	}
	clean := corpus.Clean(1, o.size, corpus.JSON()...)
	dirty := corpus.Dirty(1, o.size, dirtyShare, corpus.JSON()...)
	for _, f := range formats {
		t, err := codecTable(o, s, f, f.bodies(clean), f.bodies(dirty))
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

func codecTable(o options, s *scrubber, f format, clean, dirty [][]byte) (report.Table, error) {
	dfa, sink := peer.NewDFA(), 0
	over := func(name string, bodies [][]byte, f func([]byte)) measure.Contender {
		return measure.Contender{Name: name, Bytes: total(bodies), Run: each(bodies, f)}
	}
	as := func(m scrub.Meta) func([]byte) { return func(b []byte) { s.body(b, m) } }
	cs := []measure.Contender{
		over(cleanName, clean, as(f.meta)),
		over("redactd, clean, as text", clean, as(asText)),
		over("redactd, dirty", dirty, as(f.meta)),
		over("redactd, dirty, as text", dirty, as(asText)),
		over(dfaName, clean, func(p []byte) { sink += dfa.Walk(p) }),
	}
	columns, rows := singleThreaded(o, cs, against{column: vsDFA, contender: dfaName}, against{column: "vs clean", contender: cleanName}, against{column: vsText, contender: "redactd, clean, as text"})
	delete(row(rows, "redactd, dirty").Figures, vsText)
	delete(row(rows, "redactd, dirty, as text").Figures, vsText)
	row(rows, "redactd, dirty").Want(report.Goal{Column: "vs clean", Least: .6})
	if f.logs {
		jsonGoals.want(row(rows, cleanName), vsDFA, redact.Kernel())
	}
	s.changed = 0
	each(dirty, as(f.meta))()
	changed := float64(s.changed) / float64(len(dirty)) * 100
	row(rows, "redactd, dirty").Note = fmt.Sprintf("%.0f %% of the bodies changed", changed)
	return report.Table{
		Title: f.name + " bodies of 64 KiB", Columns: columns, Rows: rows,
		About: fmt.Sprintf("GOMAXPROCS=1; dirty: %.0f %% of the records hold a planted secret", dirtyShare*100),
	}, s.err
}
