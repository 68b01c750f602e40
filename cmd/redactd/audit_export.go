package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

func newAuditExport(e *env) *cobra.Command {
	var f trailFlags
	var from, to, out, controls string
	var unsealed bool
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write an archive with events, proofs and a report",
		Long: `Write one archive (zip) that an auditor can check without redactd's server: the
records of a time, signed checkpoints, proofs that the records are in the signed
tree and that each checkpoint continues the one before, the configurations that
were in force, and a report as HTML, CSV and JSON that answers controls of common
standards. It holds no value that was found.

The trail is proved first. --from and --to are as in audit report. The records of
the archive are all between the first and the last of that time.

The archive is sealed with the key of audit.checkpoint_key: a signature over all
its files. --unsealed leaves that out.

--controls takes another mapping of figures to controls; "-" prints the one that
is built in, to begin with.

` + e.trailHelp(),
		Example: `  redactd audit export --from 2026-01-01 --to 2026-03-31 --out q1.zip
  redactd audit export --controls - > controls.toml`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  written", "1  the trail is not whole, or could not be read"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			if controls == "-" {
				_, err := e.stdout.Write(audit.DefaultControls())
				return err
			}
			o, err := exportOptions(e, &f, from, to, controls, unsealed)
			if err != nil {
				return err
			}
			if out == "" {
				return usagef("--out: a file for the archive is needed (- is the standard output)")
			}
			return export(cmd.Context(), e, o, out)
		}),
	}
	f.add(e, cmd)
	cmd.Flags().StringVar(&from, "from", "", "only findings from this day or time (`WHEN`) on")
	cmd.Flags().StringVar(&to, "to", "", "only findings up to the end of this day, or before this time (`WHEN`)")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` to write, which must not be there yet")
	cmd.Flags().StringVar(&controls, "controls", "", "`FILE` with another mapping to controls; - prints the one built in")
	cmd.Flags().BoolVar(&unsealed, "unsealed", false, "leave the archive unsigned")
	return cmd
}

func exportOptions(e *env, f *trailFlags, from, to, controls string, unsealed bool) (o audit.ExportOptions, err error) {
	if o.From, err = parseWhen("from", from, 0); err != nil {
		return o, err
	}
	if o.To, err = parseWhen("to", to, 24*time.Hour); err != nil {
		return o, err
	}
	if controls != "" {
		if o.Controls, err = os.ReadFile(controls); err != nil {
			return o, err
		}
		o.ControlsName = controls
	}
	if o.Dir, err = f.trail(e); err != nil {
		return o, err
	}
	var cfg *config.Config
	if f.dir == "" {
		if cfg, err = e.implicitConfig(f.config); err != nil {
			return o, err
		}
	}
	if cfg == nil || cfg.Audit.CheckpointKey == "" {
		return o, nil
	}
	secret, public, err := audit.CheckpointKey(cfg.Audit.CheckpointKey)
	switch {
	case err == nil && !unsealed:
		o.Seal = secret
	case err != nil && !unsealed:
		return o, fmt.Errorf("the archive can't be sealed (--unsealed leaves that out): %w", err)
	}
	if err == nil {
		o.Keys = []string{public}
	}
	return o, nil
}

// export writes the archive as a whole or not at all.
func export(ctx context.Context, e *env, o audit.ExportOptions, out string) error {
	if out == "-" {
		_, err := audit.Export(ctx, e.stdout, o)
		return err
	}
	file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already", out)
	}
	if err != nil {
		return err
	}
	done, err := audit.Export(ctx, file, o)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(out))
	}
	return tellExported(e.stdout, out, done)
}

func tellExported(w io.Writer, out string, d audit.Exported) error {
	records := "no records"
	if d.Records > 0 {
		records = fmt.Sprintf("%d records (%d to %d)", d.Records, d.First, d.Last)
	}
	seal := "not sealed"
	if d.Sealed {
		seal = "sealed"
	}
	_, err := fmt.Fprintf(w, "%s: %s, %d findings, %d checkpoints, %s\n", out, records, d.Findings, d.Checkpoints, seal)
	return err
}
