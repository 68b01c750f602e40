package main

import (
	"cmp"
	"context"
	"fmt"
	"os/user"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/records"
)

// newErrorsState makes a command that puts errors into a state.
func newErrorsState(e *env, verb, state string) *cobra.Command {
	var f recordsFlags
	var by string
	short, long := "Mark errors as resolved", `Mark errors as resolved. One that happens again is open again.`
	if state == records.StateOpen {
		short, long = "Mark errors as open", `Mark errors as open that were marked as resolved.`
	}
	cmd := &cobra.Command{
		Use:   verb + " ID...",
		Short: short,
		Long: long + `

An ID is that of errors list, or more of it.

` + e.recordsHelp(),
		Example:     `  redactd errors ` + verb + ` 3f2504e04f89`,
		Args:        cobra.MinimumNArgs(1),
		Annotations: exits("0  marked", "1  an error is not there, or the database could not be written"),
		RunE: e.runs(func(cmd *cobra.Command, args []string) error {
			return f.with(e, cmd, func(ctx context.Context, db *records.DB) error {
				for _, id := range args {
					g, err := db.ErrorGroup(ctx, id)
					if err != nil {
						return fmt.Errorf("%s: %w", printable(id), err)
					}
					if err := db.SetErrorState(ctx, g.ID, state, cmp.Or(by, userName()), e.now()); err != nil {
						return err
					}
					fmt.Fprintf(e.stdout, "%s is %s\n", g.ID[:shownID], state)
				}
				return nil
			})
		}),
	}
	f.add(e, cmd)
	cmd.Flags().StringVar(&by, "by", "", "`NAME` of who says so (default: the user's)")
	return cmd
}

// userName is who runs the command, as far as the system tells.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
