package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/redactd/redactd/bench/measure"
	"github.com/redactd/redactd/bench/report"
	"github.com/redactd/redactd/redact"
)

// TestMain lets the kernels group start the test program as its worker.
func TestMain(m *testing.M) {
	if os.Getenv(workerVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// Every group runs to its end, with a figure in the first column of each row or
// a note that says why not. The figures themselves are not looked at.
func TestGroupsRun(t *testing.T) {
	o := options{quick: true, size: 64 << 10, crafted: 4 << 10, line: 128 << 10, rounds: 1, slice: time.Millisecond, pack: "vcs"}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			tables, err := g.run(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if len(tables) == 0 {
				t.Fatal("no table")
			}
			for _, table := range tables {
				checkRows(t, table)
			}
		})
	}
}

func checkRows(t *testing.T, table report.Table) {
	t.Helper()
	for _, r := range table.Rows {
		first := table.Columns[0].Name
		if s, ok := r.Figures[first]; r.Note == "" && (!ok || s.Median <= 0) {
			t.Errorf("%s: %s has no figure for %s", table.Title, r.Name, first)
		}
	}
}

// Goals and rows are by the names of kernels: one that is renamed or added must be
// known here.
func TestKernelsAreKnown(t *testing.T) {
	for _, k := range redact.Kernels() {
		if !slices.Contains(kernels, k) {
			t.Errorf("kernel %q is not in the list", k)
		}
	}
}

// A goal that is set for a kernel holds for it alone, but what is set for AVX2 and
// not for AVX-512 holds for that, too.
func TestGoalsByKernel(t *testing.T) {
	for _, c := range []struct {
		goals  goals
		kernel string
		want   float64
	}{
		{blocksGoals, kernelVBMI, 4.5}, {blocksGoals, kernelAVX2, 3}, {blocksGoals, kernelGo, .9},
		{linesGoals, kernelVBMI, 2.2}, {jsonGoals, kernelGo, 0}, {linesGoals, kernelNEON, 0},
	} {
		var r report.Row
		r.Set("x", measure.Of([]float64{1}))
		c.goals.want(&r, "x", c.kernel)
		got := 0.
		if len(r.Goals) > 0 {
			got = r.Goals[0].Least
		}
		if got != c.want {
			t.Errorf("%s: the goal is %v, want %v", c.kernel, got, c.want)
		}
	}
}

// redactd is held against its base and those it is to be ahead of, if they ran.
func TestProxyGoals(t *testing.T) {
	s := scenario{base: bareName, least: .9, behind: []string{filterName, caddyName}, servers: []string{redactdName, bareName, filterName, caddyName}}
	ran := func(name string, rate float64) samples {
		one := []float64{rate}
		return samples{name, samplesOf{rate: one, p50: one, p99: one, cpu: one, peak: 100}}
	}
	table := tabulate(s, []samples{ran(redactdName, 95), ran(bareName, 100), ran(filterName, 190)}, map[string]string{caddyName: "not there"})
	want := map[string]bool{"vs fasthttp": true, "vs nginx, sub_filter": false, memoryColumn: false}
	goals := row(table.Rows, redactdName).Goals
	if len(goals) != len(want) {
		t.Errorf("goals: %v", goals)
	}
	for _, g := range goals {
		if met, ok := want[g.Column]; !ok || met != g.Met {
			t.Errorf("%v at %v", g, g.Figure)
		}
	}
	if row(table.Rows, caddyName).Note != "not there" {
		t.Error("what did not run has no note")
	}
}

func TestRunRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown group": {"-group", "scan,nothing"},
		"a missing file":   {"-quick", "-group", "scan", filepath.Join(t.TempDir(), "missing.log")},
	} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	t.Setenv(kernelVariable, "abacus")
	if err := run(t.Context(), []string{"-quick", "-group", "scan"}); err == nil {
		t.Error("an unknown kernel is accepted")
	}
}
