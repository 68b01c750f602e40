package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/redact"
)

// The exit codes.
const (
	exitOK       = 0
	exitFailure  = 1
	exitUsage    = 2
	exitFindings = 3
)

// kernelVariable names the inner loop of the search, instead of the fastest that the
// processor has; see redact.UseKernel.
const kernelVariable = "REDACTD_KERNEL"

// usageError is a mistake on the command line.
type usageError struct{ error }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// silentError ends the process with a code, after all was said.
type silentError struct{ code int }

func (e silentError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// run executes a command line and returns the exit code.
func run(e *env, args []string) int {
	if name, ok := e.lookup(kernelVariable); ok && name != "" {
		if err := redact.UseKernel(name); err != nil {
			e.complain(fmt.Errorf("%s: %w", kernelVariable, err))
			return exitUsage
		}
	}
	root := newRoot(e)
	root.SetArgs(args)
	cmd, err := root.ExecuteC()
	var silent silentError
	var usage usageError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &silent):
		return silent.code
	case errors.As(err, &usage) || !e.ran:
		e.complain(err)
		fmt.Fprintf(e.stderr, "Run '%s --help' for usage.\n", cmd.CommandPath())
		return exitUsage
	}
	e.complain(err)
	return exitFailure
}

// complain writes an error, each line of it with the name of the program.
func (e *env) complain(err error) {
	for line := range strings.Lines(err.Error()) {
		fmt.Fprintf(e.stderr, "redactd: %s\n", strings.TrimSuffix(line, "\n"))
	}
}

func (e *env) warnf(format string, args ...any) {
	fmt.Fprintf(e.stderr, "redactd: warning: "+format+"\n", args...)
}

// newRoot returns the whole command line.
func newRoot(e *env) *cobra.Command {
	root := &cobra.Command{
		Use:   "redactd",
		Short: "Take secrets out of error responses and log payloads",
		Long: `redactd takes secrets out of error responses and log payloads.

As a server it stands in front of an API, where it scrubs what error responses
leak, and between applications and their log backend, where it scrubs what is
logged. As a filter it scrubs files and pipes. Only the bytes of a secret
change; everything else stays as it was.`,
		Example: `  # stand in front of an API
  redactd serve --upstream http://127.0.0.1:8000

  # scrub a file
  redactd scrub app.log > clean.log`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE:          e.runs(func(cmd *cobra.Command, _ []string) error { return cmd.Help() }),
	}
	root.SetIn(e.stdin)
	root.SetOut(e.stdout)
	root.SetErr(e.stderr)
	root.SetUsageTemplate(root.UsageTemplate() + `{{with .Annotations.exit}}
Exit codes:
{{.}}{{end}}`)
	root.AddCommand(
		newServe(e), newScrub(e), newExplain(e), newCheck(e), newCanary(e), newRules(e), newSecrets(e), newAudit(e), newLeaks(e), newErrors(e), newCoverage(e), newAdmin(e), newHealthcheck(e), newVersion(e),
	)
	return root
}

// runs makes the RunE of a command: from there on, errors are not about usage.
func (e *env) runs(f func(cmd *cobra.Command, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		e.ran = true
		return f(cmd, args)
	}
}

// group returns a command that only holds others.
func (e *env) group(cmd *cobra.Command, children ...*cobra.Command) *cobra.Command {
	cmd.Args = cobra.NoArgs
	cmd.RunE = e.runs(func(cmd *cobra.Command, _ []string) error { return cmd.Help() })
	cmd.AddCommand(children...)
	return cmd
}

// exits tells the help what the exit codes of a command mean: one line for
// each, "code  meaning".
func exits(lines ...string) map[string]string {
	lines = append(lines, "2  the command line is wrong")
	slices.Sort(lines)
	return map[string]string{"exit": "  " + strings.Join(lines, "\n  ") + "\n"}
}
