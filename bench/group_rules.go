package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/redactd/redactd/bench/adversary"
	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

var _ = register(group{
	name: "rules", order: 4, run: runRules,
	about: "text crafted against every rule, beside clean text, and a line of 100 MB",
})

const (
	timesColumn  = "time per byte vs clean"
	growthColumn = "time per byte of 4x the text"
	blocksColumn = "time per byte vs 64 KiB blocks"
	gaveUp       = "gave up"
	// shownRules is how many rules are printed; all are in the JSON.
	shownRules = 20
	// rounds is how often these are measured.
	rounds = 3
	// growth is how much longer the longer text is, with which it is seen whether
	// the time stays linear.
	growth = 4
	// patience is how long a search of a long line may take.
	patience = 10 * time.Second
)

// crafted is a text and what a search of it costs.
type crafted struct {
	rule string
	adversary.Text
	times, speed measure.Stat
	gaveUp       bool
}

// adversarial measures crafted texts, with all built-in rules on.
type adversarial struct {
	o     options
	rules []redact.Rule
	*scanner
	clean []byte
}

func newAdversarial(o options) (*adversarial, error) {
	rules := patterns.Rules(patterns.Builtin())
	set, err := redact.Compile(rules, redact.Options{})
	if err != nil {
		return nil, err
	}
	return &adversarial{o: o, rules: rules, scanner: &scanner{set: set, sc: set.NewScratch()}, clean: mixed(o.crafted).Text}, nil
}

// search searches a text once and reports whether the search gave up.
func (a *adversarial) search(t *adversary.Text) bool {
	var err error
	a.found, err = a.set.Find(a.sc, a.found[:0], redact.Field{Key: t.Key, Value: t.Value})
	return errors.Is(err, redact.ErrGaveUp)
}

// worst returns the text that takes the longest, found in one search of each.
func (a *adversarial) worst(texts []adversary.Text) (slowest adversary.Text) {
	var most float64
	for i := range texts {
		start := measure.Now()
		a.search(&texts[i])
		if spent := (measure.Now() - start).Seconds(); spent > most || i == 0 {
			most, slowest = spent, texts[i]
		}
	}
	return slowest
}

// measure compares a text with clean text of the same length, in rounds, or with
// none in a single search.
func (a *adversarial) measure(rule string, t adversary.Text, rounds int) crafted {
	c := crafted{rule: rule, Text: t}
	cs := []measure.Contender{
		{Bytes: len(a.clean), Run: func() { a.find(a.clean) }},
		{Bytes: len(t.Value), Run: func() { c.gaveUp = a.search(&t) }},
	}
	speeds := [][]float64{{measure.Speed(&cs[0], a.o.slice/100)}, {measure.Speed(&cs[1], 0)}}
	if rounds > 0 {
		speeds = measure.Alternate(cs, rounds, a.o.slice/30)
	}
	c.times, c.speed = measure.Ratio(speeds[0], speeds[1]), measure.Of(speeds[1])
	return c
}

// growth compares the time per byte of a longer text of the same kind with that
// of the text.
func (a *adversarial) growth(t adversary.Text) measure.Stat {
	long := adversary.Text{Key: t.Key, Value: slices.Repeat(t.Value, growth)}
	one := measure.Contender{Bytes: len(t.Value), Run: func() { a.search(&t) }}
	four := measure.Contender{Bytes: len(long.Value), Run: func() { a.search(&long) }}
	return measure.Of([]float64{measure.Speed(&one, 0) / measure.Speed(&four, 0)})
}

func runRules(ctx context.Context, o options) ([]report.Table, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	a, err := newAdversarial(o)
	if err != nil {
		return nil, err
	}
	var all []crafted
	for i := range a.rules {
		r := &a.rules[i]
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if o.pack != "" && r.Pack != o.pack {
			continue
		}
		t := a.worst(adversary.Texts(r, o.crafted/4))
		t.Value = slices.Repeat(t.Value, 4)
		all = append(all, a.measure(r.ID, t, 0))
	}
	sortWorst(all)
	for i := range all[:min(shownRules, len(all))] {
		all[i] = a.measure(all[i].rule, all[i].Text, rounds)
	}
	sortWorst(all[:min(shownRules, len(all))])
	var generic []crafted
	for _, t := range adversary.Generic(o.crafted) {
		generic = append(generic, a.measure("any rule", t, rounds))
	}
	sortWorst(generic)
	return []report.Table{a.rulesTable(all), a.genericTable(generic), lineTable(a, all[0])}, nil
}

func sortWorst(list []crafted) {
	slices.SortStableFunc(list, func(x, y crafted) int { return cmp.Compare(y.times.Median, x.times.Median) })
}

func (a *adversarial) about() string {
	return fmt.Sprintf("GOMAXPROCS=1; all %d rules on; texts of %d KiB, beside clean mixed logs; a search that gave up has answered: the text is withheld",
		len(a.rules), a.o.crafted>>10)
}

// row makes a row of a crafted text.
func (c *crafted) row(name, note string) (r report.Row) {
	r.Name, r.Note = name, note
	r.Set(timesColumn, c.times)
	r.Set(speedColumn, measure.Stat{Median: c.speed.Median / MB, Min: c.speed.Min / MB, Max: c.speed.Max / MB})
	if c.gaveUp {
		r.Note = strings.TrimPrefix(r.Note+"; "+gaveUp, "; ")
	}
	return r
}

// rulesTable has a row for every rule, the worst first, which is the worst of all.
func (a *adversarial) rulesTable(all []crafted) report.Table {
	t := report.Table{
		Title: "the worst text crafted against each rule", About: a.about(), Shown: shownRules,
		Columns: []report.Column{{Name: timesColumn, Ratio: true}, {Name: speedColumn}, {Name: growthColumn, Ratio: true}},
	}
	gave := 0
	for i := range all {
		r := all[i].row(all[i].rule, all[i].Attack)
		if i < shownRules {
			r.Set(growthColumn, a.growth(all[i].Text))
		}
		if all[i].gaveUp {
			gave++
		}
		t.Rows = append(t.Rows, r)
	}
	worst, middle := &all[0], &all[len(all)/2]
	t.About += fmt.Sprintf("; the worst of all rules is %s at %.1f times clean text, the rule in the middle %s at %.1f; %d of %d gave up",
		worst.rule, worst.times.Median, middle.rule, middle.times.Median, gave, len(all))
	return t
}

func (a *adversarial) genericTable(generic []crafted) report.Table {
	t := report.Table{
		Title: "text crafted against no rule in particular", About: a.about(),
		Columns: []report.Column{{Name: timesColumn, Ratio: true}, {Name: speedColumn}},
	}
	for i := range generic {
		t.Rows = append(t.Rows, generic[i].row(generic[i].Attack, ""))
	}
	return t
}

// lineTable measures one long line beside the same text in blocks, of which it
// takes a part only.
func lineTable(a *adversarial, worst crafted) report.Table {
	clean := slices.Clone(mixed(a.o.size / 4).Text)
	for i, b := range clean {
		if b == '\n' {
			clean[i] = ' '
		}
	}
	texts := []adversary.Text{{Attack: "clean logs", Value: clean}}
	for _, t := range adversary.Generic(a.o.crafted) {
		if slices.Contains([]string{"run of one letter", "run of digits", "run of base64"}, t.Attack) {
			texts = append(texts, t)
		}
	}
	texts = append(texts, adversary.Text{Attack: worst.Attack + ", of " + worst.rule, Key: worst.Key, Value: worst.Value})
	t := report.Table{
		Title: fmt.Sprintf("a line of %d MB without a newline", a.o.line/MB), About: "GOMAXPROCS=1; searched in one piece; once each",
		Columns: []report.Column{{Name: speedColumn}, {Name: blocksColumn, Ratio: true}},
	}
	for _, text := range texts {
		t.Rows = append(t.Rows, a.longLine(text.Attack, text, false))
	}
	t.Rows = append(t.Rows, a.longLine("clean logs, Writer", texts[0], true))
	return t
}

// longLine searches a long line that repeats a text. Where that would take too
// long, by the speed over the blocks, the line is shorter, and a note says so.
func (a *adversarial) longLine(name string, t adversary.Text, stream bool) report.Row {
	parts := corpus.Blocks(t.Value[:min(len(t.Value), 1<<20)], blockSize)
	blocks := measure.Contender{Bytes: total(parts), Run: each(parts, func(p []byte) { a.search(&adversary.Text{Key: t.Key, Value: p}) })}
	inBlocks := measure.Speed(&blocks, 0)
	size := min(a.o.line, int(inBlocks*patience.Seconds()))
	long := adversary.Text{Key: t.Key, Value: slices.Repeat(t.Value, 1+size/len(t.Value))[:size]}
	gave := false
	search := func() { gave = a.search(&long) }
	if stream {
		search = func() { a.stream(long.Value) }
	}
	whole := measure.Contender{Bytes: size, Run: search}
	speed := measure.Speed(&whole, 0)
	c := crafted{speed: measure.Of([]float64{speed}), gaveUp: gave}
	note := ""
	if size < a.o.line {
		note = fmt.Sprintf("%.1f MB of it", float64(size)/MB)
	}
	r := c.row("redactd, "+name, note)
	delete(r.Figures, timesColumn)
	r.Set(blocksColumn, measure.Of([]float64{inBlocks / speed}))
	return r
}
