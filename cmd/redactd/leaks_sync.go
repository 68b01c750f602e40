package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/projector"
	"github.com/redactd/redactd/internal/records"
)

func newLeaksSync(e *env) *cobra.Command {
	var f recordsFlags
	var dir string
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Read the audit trail into the database",
		Long: `Read what the audit trail has and the database does not have yet. serve does so
all the time; this is for a trail that was copied, or written while no database was
configured. Each record counts once, whoever reads it, and it may run beside serve.
The database is made where there is none.

The trail is in --dir, or where the configuration says.

` + e.recordsHelp(),
		Example: `  redactd leaks sync --config config.toml
  redactd leaks sync --dir copy/audit --records sqlite:leaks.db`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  read to its end", "1  the trail or the database could not be read or written"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			trail, err := (&trailFlags{dir: dir, config: f.config}).trail(e)
			if err != nil {
				return err
			}
			dsn, err := f.find(e)
			if err != nil {
				return err
			}
			db, err := records.Open(records.Options{DSN: dsn, Program: readBuildInfo().Version})
			if err != nil {
				return err
			}
			defer func() { _ = db.Close(cmd.Context()) }() // nothing is under way then
			n, err := projector.New(projector.Options{DB: db, Dir: trail}).Sync(cmd.Context())
			if err != nil {
				return err
			}
			fmt.Fprintf(e.stdout, "%d records read\n", n)
			return e.warnOfLosses(cmd.Context(), db)
		}),
	}
	cmd.Flags().StringVar(&dir, "dir", "", "`DIR` of the trail")
	if err := cmd.MarkFlagDirname("dir"); err != nil {
		panic(err)
	}
	f.add(e, cmd)
	return cmd
}
