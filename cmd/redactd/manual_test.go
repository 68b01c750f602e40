package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

var update = flag.Bool("update", false, "write docs/CLI.md anew")

const manualFile = "../../docs/CLI.md"

const manualHead = `# Command line

<!-- Made of the program's own help by "go test ./cmd/redactd -run TestManual -update". -->

` + "`redactd COMMAND --help`" + ` prints what stands here. Exit codes mean the same everywhere: 0 is success, 1 a failure that is told on standard error, 2 a mistake on the command line. Messages, reports and logs go to standard error, results to standard output; neither ever holds a value that was found, but for ` + "`errors show --identity`" + `, which is there to show them.

` + "`" + configVariable + "`" + ` in the environment names the configuration file of serve, check, healthcheck, audit and errors where ` + "`--config`" + ` does not. Completion of commands, flags, rules, packs, tags and formats comes with ` + "`redactd completion bash|zsh|fish|powershell`" + `; ` + "`redactd completion bash --help`" + ` says how to switch it on.
`

// testEnv is an env that touches nothing of the machine.
func testEnv() (e *env, stdout, stderr *bytes.Buffer) {
	stdout, stderr = &bytes.Buffer{}, &bytes.Buffer{}
	return &env{
		stdin: strings.NewReader(""), stdout: stdout, stderr: stderr,
		lookup:       func(string) (string, bool) { return "", false },
		systemConfig: systemEnv().systemConfig,
		progressFrom: 256 << 10,
		isTerminal:   func(any) bool { return false },
		signals:      func() (<-chan os.Signal, func()) { return nil, func() {} },
		now:          time.Now,
		harden:       func() error { return nil },
	}, stdout, stderr
}

// commands returns the commands with something to say, in the order of the help.
func commands(root *cobra.Command) []*cobra.Command {
	var out []*cobra.Command
	for _, c := range root.Commands() {
		if c.Name() == "completion" || c.Name() == "help" || c.Hidden {
			continue
		}
		out = append(append(out, c), commands(c)...)
	}
	return out
}

// manual writes docs/CLI.md.
func manual(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString(manualHead)
	for _, c := range commands(root) {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", c.CommandPath(), strings.ReplaceAll(c.Long, "*", `\*`))
		block := func(kind, text string) {
			if text = strings.Trim(text, "\n"); text != "" {
				fmt.Fprintf(&b, "\n```%s\n%s\n```\n", kind, text)
			}
		}
		if !c.HasSubCommands() {
			block("", c.UseLine()+"\n\n"+c.LocalFlags().FlagUsages())
		}
		block("sh", strings.ReplaceAll("\n"+c.Example, "\n  ", "\n"))
		if exit := c.Annotations["exit"]; exit != "" {
			b.WriteString("\nExit codes:\n\n")
			for line := range strings.Lines(exit) {
				code, meaning, _ := strings.Cut(strings.TrimSpace(line), "  ")
				fmt.Fprintf(&b, "- `%s`: %s\n", code, meaning)
			}
		}
	}
	return b.String()
}

func TestManual(t *testing.T) {
	e, _, _ := testEnv()
	root := newRoot(e)
	for _, c := range commands(root) {
		c.InitDefaultHelpFlag()
	}
	want := manual(root)
	if *update {
		if err := os.WriteFile(manualFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(manualFile)
	if err != nil || string(got) != want {
		t.Errorf("%s is not what the help says (%v); write it anew with -update", manualFile, err)
	}
}

// What every command owes to somebody who sees it for the first time.
func TestHelp(t *testing.T) {
	e, _, _ := testEnv()
	for _, c := range commands(newRoot(e)) {
		t.Run(c.CommandPath(), func(t *testing.T) {
			if c.Short == "" || c.Long == "" || c.RunE == nil || c.Args == nil {
				t.Error("lacks a description, a function or a check of its arguments")
			}
			if c.Example == "" && c.Name() != "version" {
				t.Error("has no example")
			}
			if !c.HasSubCommands() && c.Annotations["exit"] == "" {
				t.Error("does not say what its exit codes mean")
			}
			for line := range strings.Lines(c.Long + "\n" + c.Example) {
				if len(line) > 84 {
					t.Errorf("too wide for a terminal: %s", line)
				}
			}
			c.LocalFlags().VisitAll(func(f *pflag.Flag) {
				if f.Usage == "" || f.Name != strings.ToLower(f.Name) || strings.Contains(f.Name, "_") {
					t.Errorf("--%s: no usage, or not named as flags are", f.Name)
				}
			})
			e, stdout, stderr := testEnv()
			if code := run(e, append(strings.Fields(c.CommandPath())[1:], "--help")); code != exitOK || stderr.Len() > 0 {
				t.Errorf("exit code %d: %s", code, stderr)
			}
			if !strings.Contains(stdout.String(), strings.TrimSpace(c.Long)) {
				t.Error("the help lacks the description")
			}
		})
	}
}
