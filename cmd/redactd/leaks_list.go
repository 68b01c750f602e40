package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/leakexport"
	"github.com/redactd/redactd/internal/records"
	"github.com/redactd/redactd/patterns"
)

func newLeaksList(e *env) *cobra.Command {
	var f leakFilter
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the leaks",
		Long: `List the leaks, the one seen last first. SINCE is the version of the service in
whose records it was seen first, where records tell versions.

` + leakFilterHelp + `

` + e.recordsHelp(),
		Example: `  redactd leaks list
  redactd leaks list --state open --since 24h
  redactd leaks list --service checkout --version 1.8.2 --json`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  listed, even if there are none", "1  the database could not be read"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			leaks, err := f.leaks(e, cmd)
			if err != nil {
				return err
			}
			if asJSON {
				return writeLeaks(e.stdout, leaks)
			}
			return listLeaks(e.stdout, leaks)
		}),
	}
	f.add(e, cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object a line")
	return cmd
}

func writeLeaks(w io.Writer, leaks []records.Leak) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range leaks {
		if err := enc.Encode(&leaks[i]); err != nil {
			return err
		}
	}
	return nil
}

func listLeaks(out io.Writer, leaks []records.Leak) error {
	if len(leaks) == 0 {
		_, err := fmt.Fprintln(out, "no leaks")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LEAK\tRULE\tSEVERITY\tCOUNT\tFIRST SEEN\tLAST SEEN\tSTATE\tSINCE\tSERVICES\tROUTES")
	for i := range leaks {
		l := &leaks[i]
		since, _ := l.Since()
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\n", l.Number, cell(l.Rule), l.Severity, l.Count, second(l.FirstSeen), second(l.LastSeen),
			leakState(l), cell(since.Version), cell(distinct(l, func(p *records.LeakPlace) string { return p.Service })),
			cell(distinct(l, func(p *records.LeakPlace) string { return p.Route })))
	}
	return w.Flush()
}

// leakState is a state for people.
func leakState(l *records.Leak) string {
	text := strings.ReplaceAll(l.State, "_", " ")
	if !l.Reopened.IsZero() {
		text += ", still leaking"
	}
	return text
}

// distinct lists the values that places have, each once, four at most.
func distinct(l *records.Leak, value func(*records.LeakPlace) string) string {
	const most = 4
	var all []string
	for i := range l.Places {
		if v := value(&l.Places[i]); v != "" && !slices.Contains(all, v) {
			all = append(all, v)
		}
	}
	text := strings.Join(all[:min(most, len(all))], ", ")
	if len(all) > most {
		text += fmt.Sprintf(" and %d more", len(all)-most)
	}
	return text
}

func newLeaksExport(e *env) *cobra.Command {
	var f leakFilter
	var format string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write leaks for other programs",
		Long: `Write leaks for other programs: as SARIF, which code scanners and GitHub read, as
JSON, or as CSV with a row for each place of each leak.

` + leakFilterHelp + `

` + e.recordsHelp(),
		Example: `  redactd leaks export --format sarif --state open > leaks.sarif
  redactd leaks export --format csv --since 30d > leaks.csv`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  written", "1  the database could not be read"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			if !slices.Contains(leakexport.Formats(), format) {
				return usagef("--format: %q is no format (one of %s)", format, strings.Join(leakexport.Formats(), ", "))
			}
			leaks, err := f.leaks(e, cmd)
			if err != nil {
				return err
			}
			return leakexport.Write(e.stdout, format, &leakexport.Document{
				Time: e.now(), Version: readBuildInfo().Version, Leaks: leaks, Describe: describeRule,
			})
		}),
	}
	f.add(e, cmd)
	cmd.Flags().StringVar(&format, "format", "json", "`FORM`: "+strings.Join(leakexport.Formats(), ", "))
	completeWords(cmd, "format", leakexport.Formats()...)
	return cmd
}

// describeRule describes a built-in rule.
func describeRule(id string) (description, reference string) {
	for _, p := range patterns.Builtin() {
		for i := range p.Rules {
			if p.Rules[i].ID == id {
				return p.Rules[i].Description, p.Rules[i].Reference
			}
		}
	}
	return "", ""
}
