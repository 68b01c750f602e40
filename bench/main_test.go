package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

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

func TestRunRefuses(t *testing.T) {
	for name, args := range map[string][]string{
		"an unknown group": {"-group", "scan,nothing"},
		"a missing file":   {"-quick", "-group", "scan", filepath.Join(t.TempDir(), "missing.log")},
	} {
		if err := run(t.Context(), args); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}
