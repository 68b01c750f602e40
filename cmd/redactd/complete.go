package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/patterns"
)

// complete makes the shell complete the values of a flag.
func complete(cmd *cobra.Command, flag string, f cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, f); err != nil {
		panic(err)
	}
}

// completeWords makes the shell complete a flag that takes one of some words.
func completeWords(cmd *cobra.Command, flag string, words ...string) {
	complete(cmd, flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// completeList makes the shell complete each word of a comma-separated list.
func completeList(cmd *cobra.Command, flag string, words func() []cobra.Completion) {
	complete(cmd, flag, func(_ *cobra.Command, _ []string, given string) ([]cobra.Completion, cobra.ShellCompDirective) {
		before := given[:strings.LastIndexByte(given, ',')+1]
		var out []cobra.Completion
		for _, w := range words() {
			out = append(out, before+w)
		}
		return out, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	})
}

// The words that name rules, with descriptions.

func ruleWords() []cobra.Completion {
	var out []cobra.Completion
	for _, r := range patterns.Rules(patterns.Builtin()) {
		out = append(out, cobra.CompletionWithDesc(r.ID, r.Description))
	}
	return out
}

func packWords() []cobra.Completion {
	var out []cobra.Completion
	for _, p := range patterns.Builtin() {
		out = append(out, cobra.CompletionWithDesc(p.Name, p.Description))
	}
	return out
}

func tagWords() []cobra.Completion { return knownNames().Tags }

func packOrTagWords() []cobra.Completion { return slices.Concat(packWords(), tagWords()) }

func selectorWords() []cobra.Completion { return slices.Concat(packOrTagWords(), ruleWords()) }
