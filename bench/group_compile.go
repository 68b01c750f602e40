package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

var _ = register(group{
	name: "compile", order: 8, run: runCompile,
	about: "time and memory to compile rules, and what more rules cost per byte",
})

const (
	compileColumn = "ms to compile"
	heapColumn    = "MiB of heap"
	vs100         = "time per byte vs 100 rules"
)

// filledUp are 500 rules as they come: the built-in ones, and generated ones as far
// as there are fewer.
const filledUp = "built-in rules, filled up to 500"

// ruleSet is a number of rules to compile.
type ruleSet struct {
	name  string
	rules []redact.Rule
}

func runCompile(_ context.Context, o options) ([]report.Table, error) {
	builtin := patterns.Rules(patterns.Builtin())
	sets := []ruleSet{
		{"default rules", defaultRules()},
		{"all built-in rules", builtin},
		{filledUp, append(builtin, generatedRules(500)...)[:500]},
	}
	for _, n := range []int{100, 300, 500, 1000} {
		sets = append(sets, ruleSet{fmt.Sprintf("%d generated rules", n), generatedRules(n)})
	}
	text := corpus.Blocks(corpus.Clean(1, o.size/4, corpus.Kinds()...).Text, blockSize)
	var cs []measure.Contender
	compiled := make([]report.Row, len(sets))
	for i, s := range sets {
		set, err := compileRow(o, s, &compiled[i])
		if err != nil {
			return nil, err
		}
		sc := &scanner{set: set, sc: set.NewScratch()}
		cs = append(cs, measure.Contender{Name: s.name, Bytes: total(text), Run: each(text, sc.find)})
	}
	_, rows := singleThreaded(o, cs, against{column: vs100, contender: "100 generated rules", times: true})
	for i := range rows {
		r := &rows[i]
		r.Note = fmt.Sprintf("%d rules", len(sets[i].rules))
		for column, figure := range compiled[i].Figures {
			r.Set(column, figure)
		}
	}
	for _, name := range []string{filledUp, "500 generated rules"} {
		r := row(rows, name)
		r.Want(report.Goal{Column: compileColumn, Most: 100})
		r.Want(report.Goal{Column: heapColumn, Most: 32})
	}
	row(rows, "1000 generated rules").Want(report.Goal{Column: vs100, Most: 1.5})
	return []report.Table{{
		Title: "rules", About: "GOMAXPROCS=1; heap is what a set keeps; all over clean mixed logs in 64 KiB blocks",
		Columns: []report.Column{{Name: compileColumn}, {Name: heapColumn}, {Name: speedColumn}, {Name: vs100, Ratio: true}},
		Rows:    rows,
	}}, nil
}

// compileRow compiles rules several times and notes what that costs.
func compileRow(o options, s ruleSet, r *report.Row) (set *redact.Set, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var times, heaps []float64
	for range o.rounds {
		set = nil
		before := heap()
		start := measure.Now()
		if set, err = redact.Compile(s.rules, redact.Options{}); err != nil {
			return nil, err
		}
		times = append(times, (measure.Now()-start).Seconds()*1e3)
		heaps = append(heaps, float64(heap()-before)/(1<<20))
	}
	r.Set(compileColumn, measure.Of(times))
	r.Set(heapColumn, measure.Of(heaps))
	return set, nil
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// generatedRules makes up n rules of the forms that secrets of services have: a
// prefix and a run of a class, or a service's name and "key" before a value.
func generatedRules(n int) []redact.Rule {
	r := rand.New(rand.NewPCG(1, 1))
	letters := func(n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte('a' + r.IntN(26))
		}
		return string(b)
	}
	rules := make([]redact.Rule, n)
	for i := range rules {
		rules[i].ID = fmt.Sprintf("generated-%d", i)
		if r.IntN(10) < 7 {
			rules[i].Pattern = fmt.Sprintf(`\b(%s_[0-9A-Za-z]{%d})\b`, letters(3+r.IntN(3)), 20+r.IntN(30))
		} else {
			rules[i].Pattern = fmt.Sprintf(`(?i)\b%s[_.-]?(?:api[_.-]?)?(?:key|token|secret)["']?\s{0,5}[:=]\s{0,5}["']?([0-9a-f]{32})\b`, letters(5+r.IntN(5)))
		}
	}
	return rules
}
