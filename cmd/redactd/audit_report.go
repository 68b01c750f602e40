package main

import (
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
)

func newAuditReport(e *env) *cobra.Command {
	var f trailFlags
	var filter audit.Filter
	var from, to, format string
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Sum up the audit trail",
		Long: `Sum up the findings of the audit trail by rule, tag, route and day.

--from and --to take a day such as 2026-01-31 or a time such as
2026-01-31T12:00:00Z. A day is one of UTC; --to includes the day and excludes the
time that it names. It may run while the trail is written. It does not prove the
trail; audit verify does.

` + e.trailHelp(),
		Example: `  redactd audit report
  redactd audit report --from 2026-01-01 --to 2026-01-31 --format csv
  redactd audit report --tag pci --format html > report.html`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  printed", "1  the trail could not be read"),
		RunE: e.runs(func(*cobra.Command, []string) error {
			var err error
			if filter.From, err = parseWhen("from", from, 0); err != nil {
				return err
			}
			if filter.To, err = parseWhen("to", to, 24*time.Hour); err != nil {
				return err
			}
			if !slices.Contains(audit.Formats(), format) {
				return usagef("--format: %q is no format (one of %s)", format, strings.Join(audit.Formats(), ", "))
			}
			dir, err := f.trail(e)
			if err != nil {
				return err
			}
			summary, err := audit.Summarise(dir, filter)
			if err != nil {
				return err
			}
			return audit.Render(e.stdout, format, summary)
		}),
	}
	f.add(e, cmd)
	flags := cmd.Flags()
	flags.StringVar(&from, "from", "", "only findings from this day or time (`WHEN`) on")
	flags.StringVar(&to, "to", "", "only findings up to the end of this day, or before this time (`WHEN`)")
	flags.StringVar(&filter.Route, "route", "", "only findings of the route `NAME`")
	flags.StringVar(&filter.Rule, "rule", "", "only findings of the rule `ID`")
	flags.StringVar(&filter.Tag, "tag", "", "only findings of rules with the `TAG`")
	flags.StringVar(&format, "format", "text", "`FORM` of the report: "+strings.Join(audit.Formats(), ", "))
	completeWords(cmd, "format", audit.Formats()...)
	complete(cmd, "rule", completeRule)
	completeList(cmd, "tag", tagWords)
	return cmd
}

// parseWhen reads a time, or a day, to which add is added.
func parseWhen(flag, text string, add time.Duration) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, text); err == nil {
		return day.Add(add), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, usagef("--%s: %q is neither a day (2026-01-31) nor a time (2026-01-31T12:00:00Z)", flag, text)
	}
	return at.UTC(), nil
}
