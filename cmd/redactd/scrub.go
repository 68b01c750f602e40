package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// scrubFlags are the flags of scrub.
type scrubFlags struct {
	format     string
	report     string
	reportFile string
	failFound  bool
	maxRecord  config.Size

	config, route         string
	packs, rules, disable []string
	actions               []string
	keyFile               string
}

func newScrub(e *env) *cobra.Command {
	f := scrubFlags{maxRecord: defaultMaxRecord}
	cmd := &cobra.Command{
		Use:   "scrub [FILE...]",
		Short: "Take secrets out of files and pipes",
		Long: `Take secrets out of files, or of standard input, and write the result to standard
output.

Only the bytes of findings change; a file without any comes out byte for byte,
still compressed as it was. Files of any size are read as a stream, in constant
memory. gzip and Zstandard are recognised by name (.gz, .zst) and by their first
bytes; what was compressed is written compressed in the same way.

The format is chosen for each file by its name and first bytes, unless --format
names one. Several files come out one after the other, as from cat; one that
can't be scrubbed is named on standard error, and the others are still done.
Nothing that can't be scrubbed is written, and so nothing of a binary file.

--config takes own rules, allowlists and keys from a configuration file, and
--route also what one of its routes looks for and does. Flags beat the file.`,
		Example: `  redactd scrub app.log > clean.log
  kubectl logs -f deploy/api | redactd scrub

  # in a CI pipeline: fail if there is a secret, and say where
  redactd scrub --report text --fail-on-findings build.log > /dev/null

  # the same value becomes the same token, in every run with the same key
  redactd scrub --action token --key-file token.keys app.ndjson

  # personal data too; card numbers keep their last four digits
  redactd scrub --rules pii --action pci=partial:0,4 orders.csv`,
		Args: cobra.ArbitraryArgs,
		Annotations: exits("0  done (with or without findings)",
			"1  some file could not be read, scrubbed or written",
			"3  there were findings, with --fail-on-findings"),
		RunE: e.runs(func(_ *cobra.Command, args []string) error { return e.scrub(&f, args) }),
	}
	f.add(e, cmd)
	return cmd
}

func (f *scrubFlags) add(e *env, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.report, "report", "", "report findings, never their values, on standard error, as `FORM` text or json (one object a line)")
	flags.StringVar(&f.reportFile, "report-file", "", "write the report to this `FILE` instead")
	flags.BoolVar(&f.failFound, "fail-on-findings", false, "end with exit code 3 if there was a finding")
	flags.Var(sizeValue{&f.maxRecord}, "max-record", "`SIZE` of the longest record, or document that can't be read in pieces, to hold in memory")
	completeWords(cmd, "report", "text", "json")
	f.addPolicy(e, cmd)
}

// addPolicy adds the flags that say what to look for and do.
func (f *scrubFlags) addPolicy(e *env, cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.format, "format", "f", "auto", "`FORMAT` of the input: auto, "+strings.Join(codec.Names(), ", "))
	flags.StringSliceVar(&f.packs, "packs", nil, "packs or tags of rules (`NAME,...`) to use, in place of the default packs")
	flags.StringSliceVar(&f.rules, "rules", nil, "further rules, packs or tags (`NAME,...`) to use")
	flags.StringSliceVar(&f.disable, "disable", nil, "rules, packs or tags (`NAME,...`) to leave out")
	flags.StringArrayVar(&f.actions, "action", nil, "what stands in place of a finding: `ACTION` mask, remove, token, partial:F,L or replace:TEXT;\n"+
		"NAME=ACTION for a rule, tag or pack (may be given more than once)")
	flags.StringVar(&f.keyFile, "key-file", "", "`FILE` with the keys of tokens and fingerprints, one a line, the last one current")
	e.configFlag(cmd, &f.config, "take own rules, allowlists and keys from this configuration `FILE`")
	flags.StringVar(&f.route, "route", "", "with --config: take what the route `NAME` looks for and does")

	completeWords(cmd, "format", append([]string{"auto"}, codec.Names()...)...)
	completeList(cmd, "packs", packOrTagWords)
	completeList(cmd, "rules", selectorWords)
	completeList(cmd, "disable", selectorWords)
	complete(cmd, "action", completeAction)
	complete(cmd, "route", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return e.routeWords(f.config), cobra.ShellCompDirectiveNoFileComp
	})
}

// check looks at what the flags mean together.
func (f *scrubFlags) check() error {
	if f.format != "auto" && codec.Lookup(f.format) == nil {
		return usagef("--format: %q is no format (auto, %s)", f.format, strings.Join(codec.Names(), ", "))
	}
	if f.route != "" && f.config == "" {
		return usagef("--route names a route of a configuration (--config FILE)")
	}
	switch f.report {
	case "text", "json":
	case "":
		if f.reportFile != "" {
			f.report = "text"
		}
	default:
		return usagef("--report: %q is no form of report (text or json)", f.report)
	}
	return nil
}

// completeAction completes the name of an action, or of what it is for.
func completeAction(_ *cobra.Command, _ []string, given string) ([]cobra.Completion, cobra.ShellCompDirective) {
	var out []cobra.Completion
	before, _, named := strings.Cut(given, "=")
	for _, a := range redact.ActionNames() {
		if named {
			a = before + "=" + a
		}
		out = append(out, a)
	}
	if !named {
		for _, w := range selectorWords() {
			name, description, _ := strings.Cut(w, "\t")
			out = append(out, cobra.CompletionWithDesc(name+"=", description))
		}
	}
	return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

// sizeValue is a config.Size as a flag.
type sizeValue struct{ *config.Size }

func (v sizeValue) Set(text string) error { return v.UnmarshalText([]byte(text)) }
func (v sizeValue) Type() string          { return "size" }
