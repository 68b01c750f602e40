package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/errlog"
	"github.com/redactd/redactd/internal/records"
)

func newErrorsList(e *env) *cobra.Command {
	var f recordsFlags
	var filter records.ErrorFilter
	var since string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the errors",
		Long: `List the errors, each once with how often it happened, the one that happened
last first. Errors are the same if route, class of the status, framework, type of
the exception and the innermost frames of the application are.

--since takes a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or
how long ago: 90m, 7d.

` + e.recordsHelp(),
		Example: `  redactd errors list
  redactd errors list --since 24h --state open
  redactd errors list --route api --framework django --json`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  listed, even if there are none", "1  the database could not be read"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			if filter.State != "" && filter.State != records.StateOpen && filter.State != records.StateResolved {
				return usagef("--state: %q is no state (open or resolved)", filter.State)
			}
			var err error
			if filter.Since, err = parseSince(since, e.now()); err != nil {
				return err
			}
			return f.with(e, cmd, func(ctx context.Context, db *records.DB) error {
				groups, err := db.ErrorGroups(ctx, filter)
				if err != nil {
					return err
				}
				if asJSON {
					return writeGroups(e.stdout, groups)
				}
				return listGroups(e.stdout, groups)
			})
		}),
	}
	f.add(e, cmd)
	flags := cmd.Flags()
	flags.StringVar(&filter.Route, "route", "", "only errors of the route `NAME`")
	flags.StringVar(&filter.Framework, "framework", "", "only errors of the framework `NAME`")
	flags.StringVar(&filter.State, "state", "", "only errors in this `STATE`: open or resolved")
	flags.StringVar(&since, "since", "", "only errors that happened since `WHEN`")
	flags.IntVar(&filter.Limit, "limit", 0, "at most `N` errors; 0 lists all")
	flags.BoolVar(&asJSON, "json", false, "print one JSON object a line")
	completeWords(cmd, "state", records.StateOpen, records.StateResolved)
	return cmd
}

// parseSince reads a time, a day, or how long before now.
func parseSince(text string, now time.Time) (time.Time, error) {
	if ago, err := parseDuration(text); err == nil {
		return now.Add(-ago), nil
	}
	at, err := parseWhen("since", text, 0)
	if err != nil {
		return at, usagef("--since: %q is neither a day (2026-01-31), nor a time (2026-01-31T12:00:00Z), nor how long ago (90m, 7d)", text)
	}
	return at, nil
}

func writeGroups(w io.Writer, groups []records.ErrorGroup) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range groups {
		if err := enc.Encode(&groups[i]); err != nil {
			return err
		}
	}
	return nil
}

// shownID is how much of a group's id a list shows.
const shownID = 12

func listGroups(out io.Writer, groups []records.ErrorGroup) error {
	if len(groups) == 0 {
		_, err := fmt.Fprintln(out, "no errors")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "ID\tCOUNT\tFIRST SEEN\tLAST SEEN\tSTATE\tSTATUS\tROUTE\tFRAMEWORK\tEXCEPTION\tIN")
	for i := range groups {
		g := &groups[i]
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%d\t%s\t%s\t%s\t%s\n", g.ID[:min(shownID, len(g.ID))], g.Count, second(g.FirstSeen), second(g.LastSeen),
			g.State, g.Status, cell(g.Route), cell(g.Framework), cell(g.Exception), cell(topFrame(g.Frames)))
	}
	return w.Flush()
}

// cell is a text in a table.
func cell(s string) string { return cmp.Or(printable(s), "-") }

// second writes a time to the second.
func second(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// topFrame is the innermost frame of the application, else that of anybody.
func topFrame(frames []records.Frame) string {
	own := errlog.InApp(frames)
	if len(own) == 0 {
		own = frames
	}
	if len(own) == 0 {
		return ""
	}
	return own[0].String()
}

// parseDuration reads a duration as the configuration has it.
func parseDuration(text string) (time.Duration, error) {
	var d config.Duration
	err := d.UnmarshalText([]byte(text))
	return time.Duration(d), err
}
