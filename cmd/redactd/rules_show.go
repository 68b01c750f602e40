package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/redact"
)

func newRulesShow(e *env) *cobra.Command {
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "show ID",
		Short: "Show everything about a rule",
		Long: `Show everything about a rule: what it finds and how, with its examples.

Examples are templates: {alnum:36} stands for 36 random letters and digits, and
the secret is what stands between « and ».`,
		Example:           `  redactd rules show github-classic-token`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: completeRule,
		Annotations:       exits("0  shown", "1  there is no such rule"),
		RunE: e.runs(func(_ *cobra.Command, args []string) error {
			rules, err := e.allRules(file)
			if err != nil {
				return err
			}
			i := slices.IndexFunc(rules, func(r redact.Rule) bool { return r.ID == args[0] })
			if i < 0 {
				return fmt.Errorf("no rule is called %q (redactd rules list shows them)", args[0])
			}
			return e.showRule(&rules[i], asJSON)
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	e.configFlag(cmd, &file, "configuration or pack `FILE` with rules of its own")
	return cmd
}

func completeRule(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return ruleWords(), cobra.ShellCompDirectiveNoFileComp
}

func (e *env) showRule(r *redact.Rule, asJSON bool) error {
	set, err := redact.Compile([]redact.Rule{*r}, redact.Options{})
	if err != nil {
		return err
	}
	j := toJSON(r)
	j.Engine, j.AnnouncedBy = set.EngineName(0), set.Announced(0)
	if asJSON {
		enc := json.NewEncoder(e.stdout)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		return enc.Encode(j)
	}
	return writeRule(e.stdout, &j)
}

func writeRule(w io.Writer, r *ruleJSON) error {
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-16s %s\n", name, value)
		}
	}
	on := "off unless selected"
	if r.Default {
		on = "on by default"
	}
	line("rule", r.ID)
	line("description", r.Description)
	line("pack", r.Pack+" ("+on+")")
	line("severity", r.Severity.String())
	line("confidence", r.Confidence.String())
	line("tags", strings.Join(r.Tags, ", "))
	line("reference", r.Reference)
	line("keys", strings.Join(r.Keys, ", "))
	line("pattern", r.Pattern)
	line("begins", strings.Join(r.Begins, ", "))
	line("validators", strings.Join(r.Validators, ", "))
	line("engine", r.Engine)
	list := func(name string, values []string) {
		for _, v := range values {
			line(name, strings.ReplaceAll(v, "\n", "\n"+strings.Repeat(" ", 17)))
			name = " "
		}
	}
	list("announced by", r.AnnouncedBy)
	list("finds", r.Examples)
	list("does not find in", r.CounterExamples)
	_, err := io.WriteString(w, b.String())
	return err
}
