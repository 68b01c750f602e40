package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
	"github.com/redactd/redactd/redact"
)

// configVariable names the environment variable that stands in for --config.
const configVariable = "REDACTD_CONFIG"

// configFlag adds --config to a command.
func (e *env) configFlag(cmd *cobra.Command, file *string, usage string) {
	cmd.Flags().StringVarP(file, "config", "c", "", usage)
	if err := cmd.MarkFlagFilename("config", "toml"); err != nil {
		panic(err)
	}
}

// findConfig returns the configuration file of a command that was given none,
// "" if there is none.
func (e *env) findConfig() string {
	if file, ok := e.lookup(configVariable); ok && file != "" {
		return file
	}
	if _, err := os.Stat(e.systemConfig); err == nil {
		return e.systemConfig
	}
	return ""
}

// implicitConfig reads file, or where it is "" the configuration that findConfig
// finds; it is nil where there is none.
func (e *env) implicitConfig(file string) (*config.Config, error) {
	if file == "" {
		if file = e.findConfig(); file == "" {
			return nil, nil
		}
	}
	return config.Load(file, e.lookup)
}

// loadConfig reads a configuration and looks up all that it names.
func (e *env) loadConfig(file string) (*config.Config, error) {
	cfg, err := config.Load(file, e.lookup)
	if err != nil {
		return nil, err
	}
	if err := checkConfig(cfg); err != nil {
		return nil, err
	}
	return cfg, nil
}

// checkConfig builds all that serve would build from cfg. Its error is a
// config.Errors with everything that is wrong.
func checkConfig(cfg *config.Config) error {
	var names, built config.Errors
	err := errors.Join(
		asErrors(cfg.Check(knownNames()), &names),
		asErrors(proxy.Check(cfg, patterns.Rules(patterns.Builtin()), defaultPacks()), &built),
	)
	if err != nil {
		return err
	}
	// What names nothing can't be built either: it is told once, by its key.
	for _, b := range built {
		if !slices.ContainsFunc(names, func(n config.Error) bool { return n.Key == b.Key }) {
			names = append(names, b)
		}
	}
	if len(names) == 0 {
		return nil
	}
	slices.SortStableFunc(names, func(a, b config.Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Key, b.Key))
	})
	return names
}

// asErrors puts an error into to if it is a config.Errors, and else returns it.
func asErrors(err error, to *config.Errors) error {
	if err == nil || errors.As(err, to) {
		return nil
	}
	return err
}

// knownNames are the names that a configuration can use.
func knownNames() config.Names {
	n := config.Names{Codecs: codec.Names(), Actions: redact.ActionNames(), Validators: redact.ValidatorNames()}
	for _, p := range patterns.Builtin() {
		n.Packs = append(n.Packs, p.Name)
		for i := range p.Rules {
			n.Rules = append(n.Rules, p.Rules[i].ID)
			n.Tags = append(n.Tags, p.Rules[i].Tags...)
		}
	}
	n.Rules = append(n.Rules, redact.KnownID)
	slices.Sort(n.Tags)
	n.Tags = slices.Compact(n.Tags)
	return n
}

// defaultPacks names the packs that are on where nothing else is said.
func defaultPacks() []string {
	var names []string
	for _, p := range patterns.Default() {
		names = append(names, p.Name)
	}
	return names
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
