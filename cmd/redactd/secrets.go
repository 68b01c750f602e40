package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/ownsecrets"
)

func newSecrets(e *env) *cobra.Command {
	return e.group(&cobra.Command{
		Use:   "secrets",
		Short: "Show and check the sources of own secrets",
		Long: `Show and check the sources of own secrets, the tables [secret.NAME] of a
configuration. No value is ever printed: only how many there are, and the names
of those that are refused.`,
		Example: `  redactd secrets list --config config.toml
  redactd secrets check --config config.toml`,
	}, newSecretsList(e), newSecretsCheck(e))
}

// secretsFlags are the flags of list and check.
type secretsFlags struct {
	config string
	local  bool
	asJSON bool
}

func (f *secretsFlags) add(e *env, cmd *cobra.Command) {
	e.configFlag(cmd, &f.config, "configuration `FILE` (default: $"+configVariable+" or "+e.systemConfig+")")
	cmd.Flags().BoolVar(&f.local, "local", false, "read only what takes no other program: not Vault, no command")
	cmd.Flags().BoolVar(&f.asJSON, "json", false, "one JSON object a line for each source")
}

func newSecretsList(e *env) *cobra.Command {
	var f secretsFlags
	cmd := &cobra.Command{
		Use:   "list --config FILE",
		Short: "List the sources with what they give",
		Long: `Read every source of own secrets, as serve would, and list it with the number
of its values, and of those that are refused since they are too short or would
be found everywhere.`,
		Example:     `  redactd secrets list --config config.toml`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  listed", "1  the configuration is wrong"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			status, _, err := e.readSecrets(cmd.Context(), &f)
			if err != nil {
				return err
			}
			return writeSecrets(e.stdout, status, f.asJSON)
		}),
	}
	f.add(e, cmd)
	return cmd
}

func newSecretsCheck(e *env) *cobra.Command {
	var f secretsFlags
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Say whether every source can be read",
		Long: `Read every source of own secrets, as serve would, and say which can't be read,
and which values are refused and why.`,
		Example: `  redactd secrets check --config config.toml
  redactd secrets check --local`,
		Args: cobra.NoArgs,
		Annotations: exits("0  every source can be read, but for optional ones",
			"1  one can't, or the configuration is wrong"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			status, failed, err := e.readSecrets(cmd.Context(), &f)
			if err != nil {
				return err
			}
			for _, w := range secretWarnings(status) {
				e.warnf("%s", w)
			}
			if failed != nil {
				fmt.Fprintln(e.stderr, failed)
				return silentError{exitFailure}
			}
			return writeSecrets(e.stdout, status, f.asJSON)
		}),
	}
	f.add(e, cmd)
	return cmd
}

// readSecrets reads the sources of a configuration; failed says which can't be read.
func (e *env) readSecrets(ctx context.Context, f *secretsFlags) (status []ownsecrets.Status, failed, err error) {
	file := f.config
	if file == "" {
		if file = e.findConfig(); file == "" {
			return nil, nil, usagef("no configuration (--config FILE)")
		}
	}
	cfg, err := e.loadConfig(file)
	if err != nil {
		return nil, nil, err
	}
	if ctx == nil {
		ctx = context.Background()
	}
	store := ownsecrets.New(cfg, ownsecrets.Options{})
	failed = store.Load(ctx, f.local)
	return store.Status(), failed, nil
}

// secretWarnings says what is missing or refused of the sources.
func secretWarnings(status []ownsecrets.Status) (out []string) {
	for _, st := range status {
		key := "secret." + st.Name
		if st.Err != nil {
			out = append(out, fmt.Sprintf("%s: can't be read: %v", key, st.Err))
		} else if st.Values == 0 && !st.Skipped {
			out = append(out, key+": has no value that is looked for")
		}
		for _, r := range st.Refused {
			out = append(out, fmt.Sprintf("%s: %s is refused: it %s", key, printable(r.Name), r.Reason))
		}
	}
	return out
}

// secretsJSON is a source as list prints it.
type secretsJSON struct {
	Name    string        `json:"name"`
	Kind    string        `json:"kind"`
	State   string        `json:"state"` // "read", "failed" or "not asked"
	Error   string        `json:"error,omitempty"`
	Values  int           `json:"values"`
	Encoded int           `json:"encoded"` // of which in base64 and hexadecimal digits wherever they begin
	Refused []refusalJSON `json:"refused"`
	Read    *time.Time    `json:"read,omitempty"`
}

type refusalJSON struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

func writeSecrets(w io.Writer, status []ownsecrets.Status, asJSON bool) error {
	if len(status) == 0 && !asJSON {
		_, err := fmt.Fprintln(w, "no source of own secrets is configured")
		return err
	}
	if asJSON {
		enc := json.NewEncoder(w)
		for i := range status {
			if err := enc.Encode(secretsAsJSON(&status[i])); err != nil {
				return err
			}
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "SOURCE\tKIND\tSTATE\tVALUES\tREFUSED")
	for i := range status {
		st := &status[i]
		fmt.Fprintf(t, "%s\t%s\t%s\t%d\t%d\n", st.Name, st.Kind, secretState(st), st.Values, len(st.Refused))
	}
	return t.Flush()
}

func secretsAsJSON(st *ownsecrets.Status) secretsJSON {
	j := secretsJSON{Name: st.Name, Kind: st.Kind, State: secretState(st), Values: st.Values, Encoded: st.Encoded, Refused: []refusalJSON{}}
	if st.Err != nil {
		j.Error = st.Err.Error()
	}
	if !st.Read.IsZero() {
		j.Read = &st.Read
	}
	for _, r := range st.Refused {
		j.Refused = append(j.Refused, refusalJSON(r))
	}
	return j
}

func secretState(st *ownsecrets.Status) string {
	switch {
	case st.Skipped:
		return "not asked"
	case st.Err != nil:
		return "failed"
	}
	return "read"
}

// loadSecrets reads the own secrets of a configuration, nil where it has none, and
// warns of those that are not looked for.
func (e *env) loadSecrets(cfg *config.Config, local bool) (*ownsecrets.Store, error) {
	if len(cfg.Secrets) == 0 {
		return nil, nil
	}
	store := ownsecrets.New(cfg, ownsecrets.Options{})
	if err := store.Load(context.Background(), local); err != nil {
		return nil, err
	}
	for _, w := range secretWarnings(store.Status()) {
		e.warnf("%s", w)
	}
	return store, nil
}
