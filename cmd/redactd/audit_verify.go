package main

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
)

func newAuditVerify(e *env) *cobra.Command {
	var f trailFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove the audit trail whole",
		Long: `Prove that no record of the audit trail was changed, taken out, put in or moved
since it was written, or name the first one that does not fit. It may run while
the trail is written.

The hash it prints stands for the whole trail up to there. Kept elsewhere, it
proves later that this part is still the same.

` + e.trailHelp(),
		Example:     `  redactd audit verify --dir /var/lib/redactd/audit`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  the trail is whole", "1  it is not, or could not be read"),
		RunE: e.runs(func(*cobra.Command, []string) error {
			dir, err := f.trail(e)
			if err != nil {
				return err
			}
			r, err := audit.Verify(dir)
			if err != nil {
				return err
			}
			if asJSON {
				enc := json.NewEncoder(e.stdout)
				enc.SetIndent("", "  ")
				err = enc.Encode(r)
			} else {
				err = r.WriteText(e.stdout)
			}
			if err == nil && !r.OK {
				return silentError{exitFailure}
			}
			return err
		}),
	}
	f.add(e, cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}
