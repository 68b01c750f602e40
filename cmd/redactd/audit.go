package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
)

func newAudit(e *env) *cobra.Command {
	return e.group(&cobra.Command{
		Use:   "audit",
		Short: "Sum up and prove the audit trail",
		Long: `Sum up and prove the audit trail.

For each finding the trail has one line that says when, where and by which rule,
and never what. Each line carries the hash of the line before, so that no line
can be changed, taken out or put in without a trace.`,
		Example: `  redactd audit report --from 2026-01-01 --format html > report.html
  redactd audit verify`,
	}, newAuditReport(e), newAuditVerify(e), newAuditFind(e), newAuditKey(e), newAuditExport(e))
}

// trailFlags say where a trail is.
type trailFlags struct{ dir, config string }

func (f *trailFlags) add(e *env, cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.dir, "dir", "", "`DIR` of the trail")
	if err := cmd.MarkFlagDirname("dir"); err != nil {
		panic(err)
	}
	e.configFlag(cmd, &f.config, "configuration `FILE` that names the directory of the trail")
	cmd.MarkFlagsMutuallyExclusive("dir", "config")
}

// trailHelp says how the directory is found.
func (e *env) trailHelp() string {
	return `The trail is in --dir, or where --config says. Without either it is where the
configuration file says that $` + configVariable + ` names or, where there is one,
` + e.systemConfig + `; and else in ` + defaultTrail + `.`
}

// defaultTrail is where serve keeps the trail unless told otherwise.
const defaultTrail = "data/audit"

// trail returns the directory of the trail, which exists.
func (f *trailFlags) trail(e *env) (string, error) {
	dir := f.dir
	if dir == "" {
		cfg, err := e.implicitConfig(f.config)
		if err != nil {
			return "", err
		}
		if dir, err = trailDir(cfg); err != nil {
			return "", err
		}
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", fmt.Errorf("there is no audit trail in %s (--dir or --config)", dir)
	}
	return dir, nil
}

// checkpointKeys returns the public keys to check with: those given, and that of
// the configured secret key where it can be read.
func (f *trailFlags) checkpointKeys(e *env, given []string) ([]string, error) {
	if len(given) > 0 || f.dir != "" {
		return given, nil
	}
	cfg, err := e.implicitConfig(f.config)
	if err != nil || cfg == nil || cfg.Audit.CheckpointKey == "" {
		return nil, err
	}
	if _, public, err := audit.CheckpointKey(cfg.Audit.CheckpointKey); err == nil {
		return []string{public}, nil
	}
	return nil, nil // another user may read the trail than the key
}

func trailDir(cfg *config.Config) (string, error) {
	switch {
	case cfg == nil:
		return defaultTrail, nil
	case cfg.Audit.Dir == "":
		return "", errors.New("the audit trail is switched off (audit.dir)")
	}
	return cfg.Audit.Dir, nil
}
