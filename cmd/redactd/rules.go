package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

func newRules(e *env) *cobra.Command {
	return e.group(&cobra.Command{
		Use:   "rules",
		Short: "List, show, test and import rules",
		Long: `List, show, test and import rules.

A rule describes one kind of secret. Rules come in packs; packs and rules carry
tags. Configuration and flags select rules by id, pack or tag.`,
		Example: `  redactd rules list --tag cloud
  redactd rules show github-classic-token
  redactd rules test config.toml
  redactd rules import .gitleaks.toml --output acme.toml`,
	}, newRulesList(e), newRulesShow(e), newRulesTest(e), newRulesImport(e))
}

// ruleFile is a file with rules: a configuration, or a pack, which has a table named
// pack.
type ruleFile struct {
	rules       []redact.Rule
	disclosures []disclosure.Rule
	cfg         *config.Config // nil for a pack
}

// locate says where a key of the file was written, "" if it is not known.
func (f *ruleFile) locate(key string) string {
	if f.cfg == nil {
		return ""
	}
	return place(f.cfg.Locate(key))
}

// fileRules reads a file with rules.
func (e *env) fileRules(file string) (*ruleFile, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var kind struct {
		Pack       toml.Primitive `toml:"pack"`
		Disclosure toml.Primitive `toml:"disclosure"`
	}
	md, err := toml.Decode(string(data), &kind)
	if err == nil && md.IsDefined("pack") && md.IsDefined("disclosure") {
		pack, err := disclosure.Parse(filepath.Base(file), data)
		return &ruleFile{disclosures: pack.Rules}, err
	}
	if err == nil && md.IsDefined("pack") {
		pack, err := patterns.Parse(filepath.Base(file), data)
		return &ruleFile{rules: pack.Rules}, err
	}
	cfg, err := config.Parse(file, data, e.lookup)
	if err != nil {
		return nil, err
	}
	f := &ruleFile{rules: ownRules(cfg), cfg: cfg}
	for _, id := range slices.Sorted(maps.Keys(cfg.Disclosures)) {
		f.disclosures = append(f.disclosures, *cfg.Disclosures[id])
	}
	return f, nil
}

// ownRules returns the rules of a configuration, sorted by id.
func ownRules(cfg *config.Config) []redact.Rule {
	var rules []redact.Rule
	for _, id := range slices.Sorted(maps.Keys(cfg.Rules)) {
		rules = append(rules, *cfg.Rules[id])
	}
	return rules
}

// allRules returns the built-in rules, and those of file if it is not "".
func (e *env) allRules(file string) ([]redact.Rule, error) {
	rules := patterns.Rules(patterns.Builtin())
	if file == "" {
		return rules, nil
	}
	own, err := e.fileRules(file)
	if err != nil {
		return nil, err
	}
	return append(rules, own.rules...), nil
}
