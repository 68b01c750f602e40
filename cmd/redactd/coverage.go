package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
	"github.com/redactd/redactd/internal/records"
)

// coverageFlags select what passed.
type coverageFlags struct {
	recordsFlags
	since, route string
	json         bool
}

func newCoverage(e *env) *cobra.Command {
	var f coverageFlags
	cmd := &cobra.Command{
		Use:   "coverage",
		Short: "Show what was inspected, and what passed unread",
		Long: `Show what of the traffic was inspected, what passed unread and why, and what the
configuration never has inspected. Bytes are counted as received, by the hour.
docs/COVERAGE.md says what the reasons mean.

--since takes a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or
how long ago: 90m, 7d.

` + e.recordsHelp() + `
Of that configuration are the objective and the blind spots, too; without one there
are none.`,
		Example: `  redactd coverage --config config.toml
  redactd coverage --since 30d --route logs --json`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  shown, whatever the share is", "1  the database could not be read"),
		RunE:        e.runs(func(cmd *cobra.Command, _ []string) error { return f.run(e, cmd) }),
	}
	f.add(e, cmd)
	cmd.Flags().StringVar(&f.since, "since", "24h", "since `WHEN`")
	cmd.Flags().StringVar(&f.route, "route", "", "only of the route or listener `NAME`")
	cmd.Flags().BoolVar(&f.json, "json", false, "print JSON")
	return cmd
}

// coverageReport is what the command tells.
type coverageReport struct {
	Since time.Time `json:"since,omitzero"` // the beginning of an hour
	coverage.Report
}

func (f *coverageFlags) run(e *env, cmd *cobra.Command) error {
	since, err := parseSince(f.since, e.now())
	if err != nil {
		return err
	}
	var cfg *config.Config
	if f.dsn == "" {
		if cfg, err = e.implicitConfig(f.config); err != nil {
			return err
		}
	}
	var rows []audit.CoverageRow
	err = f.with(e, cmd, func(ctx context.Context, db *records.DB) error {
		totals, err := db.CoverageTotals(ctx, since.Truncate(time.Hour), time.Time{})
		for _, c := range totals {
			rows = append(rows, audit.CoverageRow{
				Route: c.Route, Direction: c.Direction, Reason: c.Reason, Payloads: uint64(c.Payloads), Bytes: uint64(c.Bytes),
			})
		}
		if err != nil {
			return err
		}
		return e.warnOfLosses(ctx, db)
	})
	if err != nil {
		return err
	}
	r := coverageReport{since.Truncate(time.Hour), coverage.NewReport(cfg, rows, f.route)}
	if f.json {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(r)
	}
	return r.write(e.stdout)
}

// write prints the report for people.
func (r *coverageReport) write(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ROUTE\tINSPECTED\tBYTES\tUNINSPECTED\tOUT OF SCOPE\tOBJECTIVE")
	for i := range r.Routes {
		s := &r.Routes[i]
		goal := "-"
		switch {
		case s.Missed:
			goal = "missed: " + audit.Percent(r.Objective)
		case r.Objective > 0:
			goal = audit.Percent(r.Objective)
		}
		share := "-" // nothing in scope
		if s.Inspected.Bytes+s.Uninspected.Bytes > 0 {
			share = audit.Percent(s.Ratio)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%s\n", cell(s.Route), share, s.Inspected.Bytes, s.Uninspected.Bytes, s.OutOfScope.Bytes, goal)
	}
	if len(r.Gaps) > 0 {
		fmt.Fprintln(w, "\nUNINSPECTED\tDIRECTION\tREASON\tPAYLOADS\tBYTES")
	}
	for _, g := range r.Gaps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", cell(g.Route), cell(g.Direction), cell(g.Reason), g.Payloads, g.Bytes)
	}
	if len(r.Blind) > 0 {
		fmt.Fprintln(w, "\nBLIND\tSETTING\tWHAT PASSES\tPAYLOADS\tBYTES")
	}
	for _, b := range r.Blind {
		if b.Reason == coverage.Rules {
			fmt.Fprintf(w, "%s\t%s\t%s\t-\t-\n", cell(b.Route), b.Setting, b.What)
			continue
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\n", cell(b.Route), b.Setting, b.What, b.Payloads, b.Bytes)
	}
	return w.Flush()
}
