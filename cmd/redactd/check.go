package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
)

func newCheck(e *env) *cobra.Command {
	var file string
	var ask bool
	cmd := &cobra.Command{
		Use:   "check --config FILE",
		Short: "Say whether a configuration is right",
		Long: `Say whether a configuration is right, and what it amounts to.

It builds exactly what serve would build: routes, upstreams, certificates, rules.
Every mistake is printed, one a line, as FILE:LINE: KEY: what is wrong (what would
be right). Otherwise it prints the routes with the number of rules in force on
each, and warns of what is allowed but seldom meant. It connects to nothing and
writes nothing; of the sources of own secrets it reads those that are files or in
the environment, and with --ask Vault and commands too.`,
		Example: `  redactd check --config config.toml`,
		Args:    cobra.NoArgs,
		Annotations: exits("0  serve would start with it",
			"1  something is wrong with it"),
		RunE: e.runs(func(*cobra.Command, []string) error {
			if file == "" {
				if file = e.findConfig(); file == "" {
					return usagef("no configuration to check (--config FILE)")
				}
			}
			cfg, err := e.loadConfig(file)
			if err != nil {
				fmt.Fprintln(e.stderr, err)
				return silentError{exitFailure}
			}
			for _, w := range configWarnings(cfg, e.now()) {
				e.warnf("%s", w)
			}
			if _, err := e.loadSecrets(cfg, !ask); err != nil {
				fmt.Fprintln(e.stderr, err)
				return silentError{exitFailure}
			}
			return writeSummary(e.stdout, cfg)
		}),
	}
	e.configFlag(cmd, &file, "configuration `FILE` (default: $"+configVariable+" or "+e.systemConfig+")")
	cmd.Flags().BoolVar(&ask, "ask", false, "ask Vault and run the commands that own secrets come from")
	return cmd
}

// writeSummary says what a configuration amounts to.
func writeSummary(w io.Writer, cfg *config.Config) error {
	fmt.Fprintf(w, "%s is right.\n\n", cfg.File)
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "ROUTE\tMATCHES\tUPSTREAM\tREQUEST\tRESPONSE\tMODE\tRULES")
	for _, name := range slices.Sorted(maps.Keys(cfg.Routes)) {
		r := cfg.Routes[name]
		rules := proxy.RouteRules(cfg, patterns.Rules(patterns.Builtin()), defaultPacks(), name)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%d\n", name, matches(r), r.Upstream, r.Request, r.Response, r.Mode,
			len(rules))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if err := writeListeners(w, cfg); err != nil {
		return err
	}
	admin := cfg.Admin.Listen
	if admin == "" {
		admin = "off"
	}
	_, err := fmt.Fprintf(w, "\nlistens at %s, admin at %s\nconfig digest %s\n",
		strings.Join(cfg.Server.Listen, ", "), admin, cfg.Digest)
	return err
}

// writeListeners says what the listeners amount to that are not HTTP.
func writeListeners(w io.Writer, cfg *config.Config) error {
	if len(cfg.Listeners) == 0 {
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "\nLISTENER\tPROTOCOL\tLISTEN\tUPSTREAM\tMODE\tRULES")
	for _, name := range slices.Sorted(maps.Keys(cfg.Listeners)) {
		l := cfg.Listeners[name]
		rules := proxy.RouteRules(cfg, patterns.Rules(patterns.Builtin()), defaultPacks(), name)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\n", name, l.Protocol, strings.Join(l.Listen, " "), l.Upstream, l.Mode, len(rules))
	}
	return t.Flush()
}

// matches says which requests take a route.
func matches(r *config.Route) string {
	parts := slices.Concat(r.Methods, r.Hosts)
	return strings.Join(append(parts, r.PathPrefix), " ")
}

// warnings gathers what is right as written but seldom meant.
type warnings struct {
	cfg *config.Config
	out []string
}

func (w *warnings) warn(key, format string, args ...any) {
	at := ""
	if file, line := w.cfg.Locate(key); file != "" {
		at = fmt.Sprintf("%s:%d: ", file, line)
	}
	w.out = append(w.out, at+key+": "+fmt.Sprintf(format, args...))
}

// expiresSoon is how long before its end an entry of an allowlist is warned of.
const expiresSoon = 14 * 24 * time.Hour

// ruleWarnings names what was not taken over of imported files, and the entries of
// the allowlist that have expired or soon will.
func ruleWarnings(cfg *config.Config, now time.Time) []string {
	w := warnings{cfg: cfg}
	for _, e := range cfg.Warnings {
		w.out = append(w.out, e.Error())
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Allow)) {
		day := cfg.Allow[name].Expires
		end := day.End()
		switch key := "allow." + name + ".expires"; {
		case end.IsZero():
		case !now.Before(end):
			w.warn(key, "expired with %s: it lets nothing through any more", day)
		case end.Sub(now) <= expiresSoon:
			w.warn(key, "expires with %s", day)
		}
	}
	return w.out
}

// configWarnings names what is right as written but seldom meant.
func configWarnings(cfg *config.Config, now time.Time) []string {
	w := warnings{cfg: cfg, out: ruleWarnings(cfg, now)}
	warn := w.warn
	if len(cfg.Token.Keys) == 0 && cfg.Audit.Dir != "" {
		warn("token.keys", "there is no key, so fingerprints use one made and kept beside the audit trail: replicas differ")
	}
	if cfg.Audit.Dir == "" {
		warn("audit.dir", "the audit trail is off")
	}
	adminWarnings(&cfg.Admin, warn)
	for _, name := range slices.Sorted(maps.Keys(cfg.Upstreams)) {
		if cfg.Upstreams[name].InsecureSkipVerify {
			warn("upstream."+name+".tls_insecure_skip_verify", "any certificate is accepted")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Routes)) {
		routeWarnings("route."+name, cfg.Routes[name], warn)
		signedWarnings("route."+name, cfg.Routes[name], cfg.Upstreams[cfg.Routes[name].Upstream], warn)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Listeners)) {
		l := cfg.Listeners[name]
		policyWarnings("listener."+name, &l.Policy, warn)
		if l.UpstreamInsecureSkipVerify {
			warn("listener."+name+".upstream_tls_insecure_skip_verify", "any certificate is accepted")
		}
	}
	return w.out
}

func adminWarnings(a *config.Admin, warn func(key, format string, args ...any)) {
	switch open := a.Listen != "" && !a.Loopback(); {
	case open && !a.LogIn():
		warn("admin.listen", "the admin listener needs no log-in and is not on a loopback address")
	case open && a.TLSCert == "" && len(a.Tokens) > 0:
		warn("admin.listen", "tokens and sessions cross the network in clear: there is no tls_cert, and the address is no loopback one")
	}
	if a.LogIn() && a.Page == config.PageAll {
		warn("admin.page", "whoever reaches the listener may read the console, in spite of the log-in")
	}
	if len(a.Clients) > 0 && a.TLSClientCA == "" {
		warn("admin.client", "nobody can show a certificate: there is no tls_client_ca")
	}
	if a.Pprof {
		warn("admin.pprof", "profiles can show memory, which holds secrets")
	}
}

func policyWarnings(key string, p *config.Policy, warn func(key, format string, args ...any)) {
	if p.Mode == config.ModeShadow {
		warn(key+".mode", "findings are counted and let through")
	}
	if p.Mode != config.ModeShadow && len(p.ShadowRules) > 0 {
		warn(key+".shadow_rules", "findings of these rules are counted and let through")
	}
	if p.Mode != config.ModeShadow && p.ShadowPercent > 0 {
		warn(key+".shadow_percent", "findings in %d %% of the traffic are counted and let through", p.ShadowPercent)
	}
	if p.OnFailure == config.FailPass {
		warn(key+".on_failure", "what can't be scrubbed is let through")
	}
}

func routeWarnings(key string, r *config.Route, warn func(key, format string, args ...any)) {
	policyWarnings(key, &r.Policy, warn)
	if r.Upgrade == "pass" {
		warn(key+".upgrade", "upgraded connections are not inspected")
	}
	if r.Upgrade == "scrub" && r.Request != config.ScopeAll && r.Response != config.ScopeAll {
		warn(key+".upgrade", `messages are in scope of neither request = "all" nor response = "all"`)
	}
	if r.Request == config.ScopeNone && r.Response == config.ScopeNone {
		warn(key, "nothing is scrubbed")
	}
}

// signedWarnings names what makes the signatures stale of requests that are to pass
// with them. u is nil for a built-in upstream.
func signedWarnings(key string, r *config.Route, u *config.Upstream, warn func(key, format string, args ...any)) {
	if u == nil || r.Signed != config.SignedPass {
		return
	}
	if !u.KeepHost {
		warn(key+".signed", "signatures of AWS cover the Host field, which changes on the way: such requests are withheld (keep_host = true of upstream.%s)", r.Upstream)
	}
	if r.StripPath {
		warn(key+".signed", "signatures cover the path, which strip_prefix changes: such requests are withheld")
	}
}
