package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
)

func newAuditKey(e *env) *cobra.Command {
	var name, out string
	cmd := &cobra.Command{
		Use:   "key",
		Short: "Make a key that signs checkpoints",
		Long: `Make an Ed25519 key that signs checkpoints of an audit trail, and print its
public part.

The secret part goes into a new file with mode 0600, which audit.checkpoint_key
names. It is never overwritten. The public part is for those who verify: keep it
where whoever may write to the trail may not.

The name stands in every checkpoint and says which trail it is of. It looks like
a URL without its scheme; each trail has a key of its own.`,
		Example: `  redactd audit key --name logs.example.com/redactd/1 --out checkpoint.key
  redactd audit key --out checkpoint.key    # the public part of a key that is there`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  made, or read", "1  the file cannot be written or read"),
		RunE: e.runs(func(*cobra.Command, []string) error {
			if out == "" {
				return usagef("--out: a file for the key is needed")
			}
			var public string
			var err error
			if name == "" {
				_, public, err = audit.CheckpointKey(out)
			} else {
				public, err = audit.WriteCheckpointKey(out, name)
			}
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(e.stdout, public)
			return err
		}),
	}
	cmd.Flags().StringVar(&name, "name", "", "`NAME` of the trail, without blanks and plus signs; without it, the file is read")
	cmd.Flags().StringVar(&out, "out", "", "`FILE` of the secret part")
	return cmd
}
