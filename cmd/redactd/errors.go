package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/records"
)

func newErrors(e *env) *cobra.Command {
	return e.group(&cobra.Command{
		Use:   "errors",
		Short: "Find the errors behind error responses",
		Long: `Find the errors behind error responses.

A caller who got an error response in place of the upstream's was told a
reference. Here is what the upstream had written, without the secrets in it, and
how often the same error happened. docs/ERRORS.md says more.`,
		Example: `  redactd errors list
  redactd errors show 0af7651916cd43dd8448eb211c80319c`,
	}, newErrorsList(e), newErrorsShow(e), newErrorsTry(e),
		newErrorsState(e, "resolve", records.StateResolved), newErrorsState(e, "reopen", records.StateOpen))
}

// recordsFlags say where the database of records is.
type recordsFlags struct{ dsn, config string }

func (f *recordsFlags) add(e *env, cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dsn, "records", "", "`DSN` of the database: sqlite:FILE or postgres://...")
	e.configFlag(cmd, &f.config, "configuration `FILE` that names the database")
	cmd.MarkFlagsMutuallyExclusive("records", "config")
}

// recordsHelp says how the database is found.
func (e *env) recordsHelp() string {
	return `The database is that of --records, or of [records] in --config. Without either it
is where the configuration file says that $` + configVariable + ` names or, where there
is one, ` + e.systemConfig + `; and else in ` + defaultRecords + `.
Leave a DSN with a password to --config: others see the command line.`
}

// defaultRecords is the database of serve unless told otherwise.
const defaultRecords = "sqlite:data/records.db"

// recordsTimeout bounds how long a command waits for the database.
const recordsTimeout = 30 * time.Second

// with opens the database, which is there and is not changed, for the time of f.
func (f *recordsFlags) with(e *env, cmd *cobra.Command, do func(ctx context.Context, db *records.DB) error) error {
	dsn, err := f.find(e)
	if err != nil {
		return err
	}
	db, err := records.Open(records.Options{DSN: dsn, Existing: true})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), recordsTimeout)
	defer cancel()
	err = db.Ready(ctx)
	if err == nil {
		err = do(ctx, db)
	}
	return errors.Join(err, db.Close(ctx))
}

// find returns the DSN of the database.
func (f *recordsFlags) find(e *env) (string, error) {
	if f.dsn != "" {
		return f.dsn, nil
	}
	cfg, err := e.implicitConfig(f.config)
	switch {
	case err != nil:
		return "", err
	case cfg == nil:
		return defaultRecords, nil
	case cfg.Records.DSN == "":
		return "", errors.New("no database is configured (records.dsn)")
	}
	return cfg.Records.DSN, nil
}
