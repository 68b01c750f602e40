package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/canary"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
)

func newCanary(e *env) *cobra.Command {
	var file string
	var asJSON, full bool
	cmd := &cobra.Command{
		Use:   "canary",
		Short: "Send synthetic secrets through a configuration",
		Long: `Send synthetic secrets through a configuration.

A canary of every rule goes through every route and listener, in every dialect
and content coding that they take, by the code that serves; what arrives where
the upstream would be is judged. Nothing is sent anywhere: redactd listens on
ports of the loopback address for as long as it takes, opens no upstream, audit
trail, store or database, and reads no own secrets.

A running redactd does the same by itself, as [canary] says.

Without --config it is the policy of serve --upstream.`,
		Example: `  redactd canary -c c.toml
  redactd canary -c c.toml --full --json`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  nothing got through that should not", "1  a canary got through, or they could not be sent"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			cfg, err := e.canaryConfig(file)
			if err != nil {
				return err
			}
			c, err := proxy.SendCanaries(cmd.Context(), cfg, proxy.Options{
				Rules: patterns.Rules(patterns.Builtin()), DefaultPacks: defaultPacks(), Version: readBuildInfo().Version,
				Logger: slog.New(slog.DiscardHandler),
			}, full)
			if err != nil {
				return err
			}
			return e.showCanaries(c, asJSON)
		}),
	}
	flags := cmd.Flags()
	e.configFlag(cmd, &file, "configuration `FILE`")
	flags.BoolVar(&full, "full", false, "send every canary in each content coding, not a sample")
	flags.BoolVar(&asJSON, "json", false, "print as JSON, as statements in the audit trail are")
	return cmd
}

func (e *env) canaryConfig(file string) (*config.Config, error) {
	if file == "" {
		return config.Default("http://127.0.0.1:1", "", "off")
	}
	return e.loadConfig(file)
}

// showCanaries prints what became of canaries, and fails where one got through.
func (e *env) showCanaries(c *audit.Canaries, asJSON bool) error {
	var err error
	if asJSON {
		err = json.NewEncoder(e.stdout).Encode(c)
	} else {
		_, err = io.WriteString(e.stdout, canaryText(c))
	}
	if err != nil {
		return err
	}
	for _, row := range c.Rows {
		if row.Outcomes[canary.Leaked.String()] > 0 {
			return silentError{exitFailure}
		}
	}
	return nil
}

func canaryText(c *audit.Canaries) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "ROUTE\t%s\n", strings.ToUpper(strings.Join(canary.Outcomes(), "\t")))
	for _, row := range c.Rows {
		if row.Dialect == "" {
			fmt.Fprint(w, row.Route)
			for _, name := range canary.Outcomes() {
				fmt.Fprintf(w, "\t%d", row.Outcomes[name])
			}
			fmt.Fprintln(w)
		}
	}
	_ = w.Flush() // into a builder
	for _, row := range c.Rows {
		for _, o := range []canary.Outcome{canary.Leaked, canary.Lost, canary.Broken, canary.Refused} {
			if n := row.Outcomes[o.String()]; n > 0 && row.Dialect != "" {
				rules := ""
				if o == canary.Leaked {
					rules = ": " + strings.Join(row.Rules, " ")
				}
				fmt.Fprintf(&b, "%d %s on %s in %s (%s)%s\n", n, o, row.Route, row.Dialect, cmp.Or(row.Coding, "identity"), rules)
			}
		}
	}
	fmt.Fprintf(&b, "in %v\n", (time.Duration(c.Took*1000) * time.Millisecond).Round(100*time.Millisecond))
	return b.String()
}
