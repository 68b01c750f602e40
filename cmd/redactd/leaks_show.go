package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/records"
)

func newLeaksShow(e *env) *cobra.Command {
	var f recordsFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show a leak: where, since when, since which version",
		Long: `Show a leak: where it was seen, since when and since which version, whether it is
still leaking, and what was said of it.

ID is a number of leaks list, or a fingerprint or the beginning of one, as a record
of the audit trail has it.

` + e.recordsHelp(),
		Example: `  redactd leaks show 3
  redactd leaks show e1-kr3b5q --json`,
		Args:        cobra.ExactArgs(1),
		Annotations: exits("0  shown", "1  it is not there, or the database could not be read"),
		RunE: e.runs(func(cmd *cobra.Command, args []string) error {
			return f.with(e, cmd, func(ctx context.Context, db *records.DB) error {
				l, err := db.Leak(ctx, args[0])
				if err != nil {
					return fmt.Errorf("%s: %w", printable(args[0]), err)
				}
				changes, err := db.LeakChanges(ctx, l.Number)
				if err != nil {
					return err
				}
				if asJSON {
					enc := json.NewEncoder(e.stdout)
					enc.SetEscapeHTML(false)
					enc.SetIndent("", "  ")
					return enc.Encode(shownLeak{&l, changes})
				}
				var b bytes.Buffer
				if err := printLeak(&b, &l, changes, e.now()); err != nil {
					return err
				}
				_, err = e.stdout.Write(b.Bytes())
				return err
			})
		}),
	}
	f.add(e, cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as a JSON object")
	return cmd
}

type shownLeak struct {
	*records.Leak
	Changes []records.LeakChange `json:"changes,omitempty"`
}

func printLeak(out io.Writer, l *records.Leak, changes []records.LeakChange, now time.Time) error {
	row := func(name, format string, args ...any) {
		fmt.Fprintf(out, "%-13s %s\n", name, fmt.Sprintf(format, args...))
	}
	if l.Number != 0 { // it has none in a trail
		row("leak", "%d", l.Number)
	}
	row("fingerprint", "%s", l.Fingerprint)
	row("rule", "%s (%s)", printable(l.Rule), l.Severity)
	if l.Secret != "" {
		row("own secret", "%s", printable(l.Secret))
	}
	row("state", "%s", leakState(l))
	row("first seen", "%s", second(l.FirstSeen))
	row("last seen", "%s, %s ago", second(l.LastSeen), ago(now.Sub(l.LastSeen)))
	row("seen", "%d times", l.Count)
	if l.Shadow > 0 {
		row("", "%d of these only counted, and let through (shadow)", l.Shadow)
	}
	if p, ok := l.Since(); ok {
		row("since version", "%s", printable(strings.TrimSpace(p.Version+" "+ofService(p.Service))))
	}
	row("still leaking", "%s", stillLeaking(l))
	fmt.Fprintln(out)
	if err := printPlaces(out, l.Places); err != nil {
		return err
	}
	for i, c := range changes {
		if i == 0 {
			fmt.Fprintln(out)
		}
		note := ""
		if c.Note != "" {
			note = ": " + printable(c.Note)
		}
		fmt.Fprintf(out, "%s  %s by %s%s\n", second(c.Time), strings.ReplaceAll(c.State, "_", " "), printable(c.By), note)
	}
	return nil
}

func ofService(service string) string {
	if service == "" {
		return ""
	}
	return "of " + service
}

// stillLeaking answers whether a value is still in use.
func stillLeaking(l *records.Leak) string {
	switch {
	case !l.Reopened.IsZero():
		return "yes: seen after it was rotated, first " + second(l.Reopened)
	case l.State == records.LeakRotated:
		return "no: not seen since it was rotated " + second(l.StateChanged)
	case l.State == records.LeakFalsePositive:
		return "no: it is a false positive"
	}
	return "as of " + second(l.LastSeen)
}

// ago writes how long ago something was, as exact as people want it.
func ago(d time.Duration) string {
	switch {
	case d < 2*time.Minute:
		return fmt.Sprintf("%d s", max(0, int(d.Seconds())))
	case d < 2*time.Hour:
		return fmt.Sprintf("%d min", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

func printPlaces(out io.Writer, places []records.LeakPlace) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "FIRST SEEN\tLAST SEEN\tCOUNT\tROUTE\tDIRECTION\tPATH\tSERVICE\tVERSION\tLOGGER\tENVIRONMENT\tDESTINATION")
	for i := range places {
		p := &places[i]
		fmt.Fprintf(w, "%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", second(p.FirstSeen), second(p.LastSeen), p.Count, cell(p.Route), p.Direction, cell(p.Path),
			cell(p.Service), cell(p.Version), cell(p.Logger), cell(p.Environment), cell(p.Destination))
	}
	return w.Flush()
}
