package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/redact"
)

// ruleJSON is a rule as list and show print it.
type ruleJSON struct {
	ID              string          `json:"id"`
	Pack            string          `json:"pack"`
	Default         bool            `json:"default"` // on where nothing else is said
	Description     string          `json:"description"`
	Reference       string          `json:"reference,omitempty"`
	Severity        redact.Severity `json:"severity"`
	Confidence      redact.Severity `json:"confidence"`
	Tags            []string        `json:"tags"`
	Engine          string          `json:"engine,omitempty"`
	AnnouncedBy     []string        `json:"announced_by,omitempty"` // see redact.Set.Announced
	Pattern         string          `json:"pattern,omitempty"`
	Begins          []string        `json:"begins,omitempty"`
	Keys            []string        `json:"keys,omitempty"`
	Validators      []string        `json:"validators,omitempty"`
	Examples        []string        `json:"examples,omitempty"`
	CounterExamples []string        `json:"counter_examples,omitempty"`
}

func toJSON(r *redact.Rule) ruleJSON {
	return ruleJSON{
		ID: r.ID, Pack: r.Pack, Default: onByDefault(r), Description: r.Description, Reference: r.Reference,
		Severity: r.Severity, Confidence: r.Confidence, Tags: append([]string{}, r.Tags...),
		Pattern: r.Pattern, Begins: r.Begins, Keys: r.Keys, Validators: r.Validators,
		Examples: r.Examples, CounterExamples: r.CounterExamples,
	}
}

func onByDefault(r *redact.Rule) bool {
	return r.Pack == config.RulePack || slices.Contains(defaultPacks(), r.Pack)
}

func newRulesList(e *env) *cobra.Command {
	var packs, tags []string
	var file string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the rules",
		Long: `List the built-in rules, and with --config those of a file too.

With --pack and --tag it lists the rules of one of the packs that carry one of
the tags. The column ON says which are on where nothing else is said.`,
		Example: `  redactd rules list
  redactd rules list --pack cloud,vcs
  redactd rules list --tag pii --json`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  listed", "1  no rule fits, or the file could not be read"),
		RunE: e.runs(func(*cobra.Command, []string) error {
			rules, err := e.allRules(file)
			if err != nil {
				return err
			}
			rules = slices.DeleteFunc(rules, func(r redact.Rule) bool {
				return len(packs) > 0 && !slices.Contains(packs, r.Pack) ||
					len(tags) > 0 && !slices.ContainsFunc(tags, r.HasTag)
			})
			if len(rules) == 0 {
				return fmt.Errorf("no rule fits (redactd rules list shows all packs and tags)")
			}
			if asJSON {
				return e.listJSON(rules)
			}
			return e.listText(rules)
		}),
	}
	flags := cmd.Flags()
	flags.StringSliceVar(&packs, "pack", nil, "only rules of these packs (`NAME,...`)")
	flags.StringSliceVar(&tags, "tag", nil, "only rules with one of these tags (`TAG,...`)")
	flags.BoolVar(&asJSON, "json", false, "print as a JSON array, with patterns and examples")
	e.configFlag(cmd, &file, "configuration or pack `FILE` whose rules are listed too")
	completeList(cmd, "pack", packWords)
	completeList(cmd, "tag", tagWords)
	return cmd
}

func (e *env) listJSON(rules []redact.Rule) error {
	out := make([]ruleJSON, len(rules))
	for i := range rules {
		out[i] = toJSON(&rules[i])
	}
	enc := json.NewEncoder(e.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

func (e *env) listText(rules []redact.Rule) error {
	t := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "RULE\tPACK\tON\tSEVERITY\tTAGS\tDESCRIPTION")
	for i := range rules {
		r := &rules[i]
		on := "no"
		if onByDefault(r) {
			on = "yes"
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", r.ID, r.Pack, on, r.Severity, strings.Join(r.Tags, ","), r.Description)
	}
	return t.Flush()
}
