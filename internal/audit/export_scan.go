package audit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/redactd/redactd/internal/seglog"
)

// each calls f for every whole record of the trail, but for those written since
// it was verified.
func (x *exporter) each(f func(seg seglog.Segment, seq uint64, prev, line []byte) error) error {
	segs, err := seglog.List(x.o.Dir, prefix)
	if err != nil {
		return err
	}
	for _, s := range segs {
		if err := x.eachIn(s, f); err != nil {
			return err
		}
	}
	return nil
}

func (x *exporter) eachIn(s seglog.Segment, f func(seglog.Segment, uint64, []byte, []byte) error) error {
	file, err := os.Open(s.Path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for lines := seglog.NewLines(file, maxLine); ; {
		line, complete, err := lines.Next()
		if err == io.EOF || err == nil && !complete {
			return nil
		}
		if err != nil && err != seglog.ErrLineTooLong {
			return err
		}
		if seq, prev, ok := parseLink(line); ok && (seq <= x.verified.Last || !x.verified.OK) {
			if err := f(s, seq, prev, line); err != nil {
				return err
			}
		}
	}
}

// scan finds the records of the time asked for, and counts them.
func (x *exporter) scan(ctx context.Context) error {
	f := Filter{From: x.o.From, To: x.o.To}
	x.total = newSummariser(f)
	x.ask()
	next := max(1, x.verified.First) // behind the last record before the time
	var marks []Event
	var lines []string
	err := x.each(func(_ seglog.Segment, seq uint64, _, line []byte) error {
		if seq%1024 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		var e Event
		if err := json.Unmarshal(line, &e); err != nil {
			return nil
		}
		if _, ok := policyName(&e); ok {
			marks, lines = append(marks, e), append(lines, string(line))
		}
		switch in := f.selects(&e); {
		case in && x.first == 0:
			x.first, x.last = seq, seq
		case in:
			x.last = seq
		case e.Time.Before(x.o.From) && x.first == 0:
			next = seq + 1
		}
		x.count(&e)
		return nil
	})
	if x.first == 0 {
		x.first, x.last = next, next-1
	}
	for i := range marks {
		x.mark(&marks[i], lines[i])
	}
	return err
}

func (x *exporter) count(e *Event) {
	if !x.total.filter.selects(e) {
		return
	}
	x.total.event(e)
	if e.Statement() != "" {
		x.state(e)
	}
	if e.Note != "" {
		return
	}
	for _, q := range x.queries {
		if q.control.selects(e) {
			q.event(e)
		}
	}
}

// query counts the findings that a control asks for.
type query struct {
	*summariser
	control *Control
}

// ask makes a query for each different question of the controls.
func (x *exporter) ask() {
	known := map[string]*summariser{fmt.Sprintf("%q", [3][]string{}): x.total}
	for i := range x.controls {
		c := &x.controls[i]
		question := fmt.Sprintf("%q", [3][]string{c.Tags, c.Rules, c.Severities})
		if known[question] == nil {
			s := newSummariser(x.total.filter)
			s.lean = true
			known[question] = s
			x.queries = append(x.queries, &query{s, c})
		}
		x.answers = append(x.answers, known[question])
	}
}

// mark sorts a policy's marker: before the first record only the last one counts.
func (x *exporter) mark(e *Event, line string) {
	name, _ := policyName(e)
	p := PolicyPeriod{Since: e.Time, Record: e.Seq, Digest: e.ConfigDigest, File: name}
	switch {
	case e.Seq < x.first:
		x.before, x.beforeLine = e, line
		x.policies = []PolicyPeriod{p}
	case e.Seq <= x.last:
		x.policies = append(x.policies, p)
	}
}

// choosePoints takes the checkpoints from the last one before the records to the
// first one that covers them all, and the newest.
func (x *exporter) choosePoints(context.Context) error {
	all, err := directoryPoints(x.o.Dir)
	if err != nil {
		return err
	}
	from, to := 0, len(all)
	for i, p := range all {
		if p.size < x.first {
			from = i
		}
		if p.size >= x.last && to == len(all) {
			to = i + 1
		}
	}
	x.points = slices.Clone(all[from:to])
	if to < len(all) {
		x.points = append(x.points, all[len(all)-1])
	}
	return nil
}

// growTree adds the records of the archive.
func (x *exporter) growTree(t *frontier) error {
	var buf []tlog.Hash
	err := x.each(func(_ seglog.Segment, seq uint64, _, line []byte) error {
		if seq == uint64(t.n)+1 && seq <= x.last {
			buf = t.add(leafOf(line), buf)
		}
		return nil
	})
	if err == nil && uint64(t.n) != x.last {
		err = errors.New("records are missing")
	}
	return err
}

// consistency proves each checkpoint from the one before, and the first one that
// covers all records from these.
func (x *exporter) consistency(r tlog.HashReader) ([]TreeProof, error) {
	steps := []TreeProof{}
	prove := func(old, size uint64) error {
		if old == 0 || old >= size {
			return nil
		}
		proof, err := tlog.ProveTree(int64(size), int64(old), r)
		steps = append(steps, TreeProof{Old: old, New: size, Hashes: proof})
		return err
	}
	for i, p := range x.points {
		if i > 0 {
			if err := prove(x.points[i-1].size, p.size); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range x.points {
		if p.size > x.last && x.last > 0 {
			return steps, prove(x.last, p.size)
		}
	}
	return steps, nil
}
