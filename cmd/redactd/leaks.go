package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

func newLeaks(e *env) *cobra.Command {
	return e.group(&cobra.Command{
		Use:   "leaks",
		Short: "Find the values that leaked, where and since when",
		Long: `Find the values that leaked, where and since when.

All findings of one value, by its keyed fingerprint, are one leak. The values
themselves are nowhere. docs/LEAKS.md says more.`,
		Example: `  redactd leaks list --state open
  redactd leaks show 3
  redactd leaks rotated 3 --note "ticket 17"`,
	}, newLeaksList(e), newLeaksShow(e), newLeaksExport(e),
		newLeaksState(e, "ack", records.LeakAcknowledged, "acknowledged: somebody works on them"),
		newLeaksState(e, "rotated", records.LeakRotated, `rotated: their values are no longer good for
anything. One that is seen again after that is open again, and still leaking`),
		newLeaksState(e, "false-positive", records.LeakFalsePositive, "false positives. They stay so, however often they are seen"),
		newLeaksState(e, "reopen", records.LeakOpen, "open"),
		newLeaksSync(e))
}

// leakFilter are the flags that select leaks.
type leakFilter struct {
	recordsFlags
	records.LeakFilter
	since string
}

func (f *leakFilter) add(e *env, cmd *cobra.Command) {
	f.recordsFlags.add(e, cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.State, "state", "", "only leaks in this `STATE`: "+strings.Join(records.LeakStates(), ", "))
	flags.StringVar(&f.Rule, "rule", "", "only leaks found by the rule `ID`")
	flags.StringVar(&f.Severity, "severity", "", "only leaks of this `SEVERITY`")
	flags.StringVar(&f.Route, "route", "", "only leaks seen on the route `NAME`")
	flags.StringVar(&f.Service, "service", "", "only leaks seen in records of the service `NAME`")
	flags.StringVar(&f.Version, "version", "", "only leaks seen in records of this `VERSION` of a service")
	flags.StringVar(&f.since, "since", "", "only leaks seen since `WHEN`")
	flags.IntVar(&f.Limit, "limit", 0, "at most `N` leaks; 0 is all")
	completeWords(cmd, "state", records.LeakStates()...)
	complete(cmd, "rule", completeRule)
}

const leakFilterHelp = `--since takes a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or
how long ago: 90m, 7d.`

// leaks returns what the flags select.
func (f *leakFilter) leaks(e *env, cmd *cobra.Command) (leaks []records.Leak, err error) {
	if f.State != "" && !slices.Contains(records.LeakStates(), f.State) {
		return nil, usagef("--state: %q is no state (one of %s)", f.State, strings.Join(records.LeakStates(), ", "))
	}
	if f.Since, err = parseSince(f.since, e.now()); err != nil {
		return nil, err
	}
	err = f.with(e, cmd, func(ctx context.Context, db *records.DB) error {
		if leaks, err = db.Leaks(ctx, f.LeakFilter); err != nil {
			return err
		}
		return e.warnOfLosses(ctx, db)
	})
	return leaks, err
}

// warnOfLosses says what the records lack.
func (e *env) warnOfLosses(ctx context.Context, db *records.DB) error {
	losses, err := db.TrailLosses(ctx)
	if err != nil {
		return err
	}
	total := map[string]int64{}
	for _, l := range losses {
		total[l.Reason] += l.Count
	}
	for reason, what := range map[string]string{
		records.LossRemoved:    "%d records of audit trails were removed by retention before they were read: what was found then is missing here",
		records.LossUnreadable: "%d lines of audit trails are no records (redactd audit verify): what they told is missing here",
		records.LossDropped:    "%d findings were never recorded, since the queue of the audit trail was full",
	} {
		if n := total[reason]; n > 0 {
			e.warnf(what, n)
		}
	}
	return nil
}

// newLeaksState makes a command that puts leaks into a state.
func newLeaksState(e *env, verb, state, meaning string) *cobra.Command {
	var f recordsFlags
	var c records.LeakChange
	cmd := &cobra.Command{
		Use:   verb + " ID...",
		Short: "Mark leaks as " + strings.ReplaceAll(state, "_", " "),
		Long: `Mark leaks as ` + meaning + `.

An ID is a number of leaks list, or a fingerprint or the beginning of one.
A note in which the default rules find a secret is refused: leave it out.

` + e.recordsHelp(),
		Example:     `  redactd leaks ` + verb + ` 3 --note "ticket 17"`,
		Args:        cobra.MinimumNArgs(1),
		Annotations: exits("0  marked", "1  a leak is not there, or the database could not be written"),
		RunE: e.runs(func(cmd *cobra.Command, args []string) error {
			if c.By == "" {
				c.By = userName()
			}
			c.State, c.Time = state, e.now()
			if err := checkNote(c.Note); err != nil {
				return err
			}
			return f.with(e, cmd, func(ctx context.Context, db *records.DB) error {
				for _, id := range args {
					l, err := db.Leak(ctx, id)
					if err != nil {
						return fmt.Errorf("%s: %w", printable(id), err)
					}
					if err := db.SetLeakState(ctx, l.Number, c); err != nil {
						return err
					}
					fmt.Fprintf(e.stdout, "%d %s is %s\n", l.Number, l.Fingerprint, strings.ReplaceAll(state, "_", " "))
				}
				return nil
			})
		}),
	}
	f.add(e, cmd)
	cmd.Flags().StringVar(&c.By, "by", "", "`NAME` of who says so (default: the user's)")
	cmd.Flags().StringVar(&c.Note, "note", "", "`TEXT` to keep with it")
	return cmd
}

// checkNote refuses a note with a secret in it: who writes that a key was rotated may well
// paste it, or the new one. What is less than a secret, such as an address to ask at, may
// be in a note.
func checkNote(note string) error {
	if note == "" {
		return nil
	}
	set, err := redact.Compile(patterns.Rules(patterns.Default()), redact.Options{})
	if err != nil {
		return err
	}
	s := scrub.Acquire(&scrub.Policy{Set: set}, nil)
	defer s.Release()
	res, err := s.Body([]byte(note), scrub.Meta{ContentType: "text/plain"})
	if err != nil {
		return err
	}
	for _, h := range res.Hits {
		if h.Rule.Severity >= redact.High {
			return fmt.Errorf("--note: there is a secret in it, as rule %s says: leave it out", h.Rule.ID)
		}
	}
	return nil
}
