package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
)

func newAuditVerify(e *env) *cobra.Command {
	var f trailFlags
	var asJSON bool
	var keys, checkpoints []string
	cmd := &cobra.Command{
		Use:   "verify [DIR|ARCHIVE]",
		Short: "Prove the audit trail, or an archive of it, whole",
		Long: `Prove that no record of the audit trail was changed, taken out, put in or moved
since it was written, or name the first place that does not fit: a record, a
checkpoint, the tree, the copy of a configuration. It may run while the trail is
written, and needs nothing but the files.

An archive that audit export has written is proved in the same way, with all that
is in it. With --key it must be sealed by that key.

--key checks the signatures of checkpoints, with the public key that
audit key prints. Without it they are checked with the configured key where that
can be read, and else not at all.

--checkpoint has the trail continue a checkpoint that was kept outside of it, by
an anchor. Only this shows that a trail was set back to an older state, or made
anew by someone who has the key. It may be a directory, for all files in it.

` + e.trailHelp(),
		Example: `  redactd audit verify --dir /var/lib/redactd/audit
  redactd audit verify --key public.key --checkpoint /mnt/evidence/trail
  redactd audit verify --key public.key evidence.zip`,
		Args:        cobra.MaximumNArgs(1),
		Annotations: exits("0  the trail is whole", "1  it is not, or could not be read"),
		RunE: e.runs(func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				if f.dir != "" || f.config != "" {
					return usagef("a directory stands beside --dir or --config")
				}
				f.dir = args[0]
			}
			o, err := verifyOptions(keys, checkpoints)
			if err != nil {
				return err
			}
			r, err := verifyEither(e, &f, o)
			if err != nil {
				return err
			}
			return e.tellVerified(r, asJSON)
		}),
	}
	f.add(e, cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	cmd.Flags().StringArrayVar(&keys, "key", nil, "public `KEY` that signs checkpoints, or a file with it (may be given again)")
	cmd.Flags().StringArrayVar(&checkpoints, "checkpoint", nil, "`FILE` or directory with checkpoints kept elsewhere (may be given again)")
	return cmd
}

// tellVerified prints a report; one of a fault makes the command fail.
func (e *env) tellVerified(r audit.Report, asJSON bool) (err error) {
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
}

// verifyEither proves an archive where --dir is a file, else a trail.
func verifyEither(e *env, f *trailFlags, o audit.VerifyOptions) (audit.Report, error) {
	if info, err := os.Stat(f.dir); f.dir != "" && err == nil && info.Mode().IsRegular() {
		file, err := os.Open(f.dir)
		if err != nil {
			return audit.Report{}, err
		}
		defer func() { _ = file.Close() }()
		return audit.VerifyArchive(file, info.Size(), o)
	}
	dir, err := f.trail(e)
	if err != nil {
		return audit.Report{}, err
	}
	if o.Keys, err = f.checkpointKeys(e, o.Keys); err != nil {
		return audit.Report{}, err
	}
	return audit.VerifyWith(dir, o)
}

// verifyOptions reads what --key and --checkpoint name.
func verifyOptions(keys, checkpoints []string) (o audit.VerifyOptions, err error) {
	for _, key := range keys {
		if text, err := os.ReadFile(key); err == nil {
			key = strings.TrimSpace(string(text))
		}
		if _, err := audit.PublicKey(key); err != nil {
			return o, usagef("--key: %v", err)
		}
		o.Keys = append(o.Keys, key)
	}
	o.Checkpoints = map[string][]byte{}
	for _, path := range checkpoints {
		files, err := filesIn(path)
		if err != nil {
			return o, fmt.Errorf("--checkpoint: %w", err)
		}
		for _, file := range files {
			if o.Checkpoints[file], err = os.ReadFile(file); err != nil {
				return o, fmt.Errorf("--checkpoint: %w", err)
			}
		}
	}
	return o, nil
}

// filesIn returns path, or the files of that directory, sorted.
func filesIn(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		if info, serr := os.Stat(path); serr == nil && !info.IsDir() {
			return []string{path}, nil
		}
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if entry.Type().IsRegular() && !strings.HasPrefix(entry.Name(), ".") {
			files = append(files, filepath.Join(path, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, errors.New(path + " holds no file")
	}
	slices.Sort(files)
	return files, nil
}
