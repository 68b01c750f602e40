package main

import (
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/ruleimport"
)

// importFormats are the formats of other tools.
func importFormats() []string {
	return slices.DeleteFunc(ruleimport.Formats(), func(name string) bool { return name == "redactd" })
}

func newRulesImport(e *env) *cobra.Command {
	var format, output string
	var force bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make a pack of another tool's rules",
		Long: `Make a pack of the rules of gitleaks, betterleaks, Kingfisher, Nosey Parker,
Presidio recognizers or Sentry's advanced data scrubbing.

The pack is printed, with comments that tell what of each rule was left out; a
warning on standard error names each rule that could not be taken over at all.
Rules without an example get one that is made of their pattern. Read the pack,
run "redactd rules test" on it, and use it with

  [rules]
  import = ["pack.toml"]

in a configuration, where the other tool's file may stand itself as well. A rule
whose name a built-in rule has gets the name of its format before it.`,
		Example: `  redactd rules import .gitleaks.toml --output acme.toml
  redactd rules import --format presidio recognizers.yaml > acme.toml
  redactd rules test acme.toml -v`,
		Args: cobra.ExactArgs(1),
		Annotations: exits("0  imported, perhaps without some rules",
			"1  the file could not be read, or none of its rules could be taken over"),
		RunE: e.runs(func(_ *cobra.Command, args []string) error {
			if format != "" && !slices.Contains(importFormats(), format) {
				return usagef("--format: no format is called %q (one of %s)", format, strings.Join(importFormats(), ", "))
			}
			return e.importRules(args[0], output, ruleimport.Options{Format: format, Force: force})
		}),
	}
	flags := cmd.Flags()
	flags.StringVar(&format, "format", "", "`FORMAT` of the file: "+strings.Join(importFormats(), ", ")+" (default: told by its content)")
	flags.StringVarP(&output, "output", "o", "", "write the pack to this `FILE`")
	flags.BoolVar(&force, "force", false, "take rules over that have to be tried at every byte, which is slow")
	completeWords(cmd, "format", importFormats()...)
	return cmd
}

func (e *env) importRules(file, output string, o ruleimport.Options) error {
	res, err := ruleimport.File(file, o)
	if err != nil {
		return err
	}
	left := 0
	for _, n := range res.Notes {
		if n.Lost || len(res.Rules) == 0 {
			e.warnf("%s", n)
		} else {
			left++
		}
	}
	if len(res.Rules) == 0 {
		return silentError{exitFailure}
	}
	if left > 0 {
		e.warnf("%s: %s; the pack's comments tell them", file, count(left, "part")+" of rules left out or changed")
	}
	if output == "" {
		_, err = e.stdout.Write(res.Pack())
		return err
	}
	return os.WriteFile(output, res.Pack(), 0o644)
}
