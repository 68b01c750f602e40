package main

import (
	"context"
	"errors"
	"os"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
)

// serveFlags are the flags of serve.
type serveFlags struct {
	config, upstream, listen, admin string
	logFormat, logLevel             string
}

func newServe(e *env) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve --config FILE | --upstream URL",
		Short: "Run the proxy",
		Long: `Run the proxy.

With --config it does what the file says; see docs/CONFIGURATION.md. With
--upstream alone, all requests go to that URL: their payloads are scrubbed on the
way there, and error responses on the way back.

Signals: SIGHUP loads the configuration again, as a whole or not at all. SIGTERM
and SIGINT take no more requests, let those in flight finish and end with exit
code 0; a second one ends at once. When it is ready to take requests it logs a
line with the message "serving" and its addresses. Logs go to standard error and
never hold a payload.`,
		Example: `  # everything from a file
  redactd serve --config config.toml

  # no file: an API at port 8000 behind redactd at port 8080
  redactd serve --upstream http://127.0.0.1:8000

  # load the configuration again
  kill -HUP "$(pidof redactd)"`,
		Args: cobra.NoArgs,
		Annotations: exits("0  ended in good order after a signal",
			"1  did not start, or did not end in good order"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			if err := f.check(cmd, e); err != nil {
				return err
			}
			return e.serve(cmd.Context(), &f)
		}),
	}
	flags := cmd.Flags()
	e.configFlag(cmd, &f.config, "configuration `FILE` (default: $"+configVariable+", unless --upstream is given)")
	flags.StringVar(&f.upstream, "upstream", "", "`URL` of the API behind redactd, in place of a file")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "with --upstream: `ADDR` to take requests at")
	flags.StringVar(&f.admin, "admin", defaultAdmin, "with --upstream: `ADDR` of the admin listener, \"off\" for none")
	flags.StringVar(&f.logFormat, "log-format", "text", "`FORM` of the log: text or json")
	flags.StringVar(&f.logLevel, "log-level", "info", "least `LEVEL` that is logged: debug, info, warn or error")
	cmd.MarkFlagsMutuallyExclusive("config", "upstream")
	cmd.MarkFlagsMutuallyExclusive("config", "listen")
	cmd.MarkFlagsMutuallyExclusive("config", "admin")
	completeWords(cmd, "log-format", "text", "json")
	completeWords(cmd, "log-level", "debug", "info", "warn", "error")
	return cmd
}

// check looks at what the flags mean together.
func (f *serveFlags) check(cmd *cobra.Command, e *env) error {
	if f.upstream != "" {
		return nil
	}
	if cmd.Flags().Changed("listen") || cmd.Flags().Changed("admin") {
		return usagef("--listen and --admin go with --upstream; in a file they are server.listen and admin.listen")
	}
	if f.config == "" {
		f.config, _ = e.lookup(configVariable)
	}
	if f.config == "" {
		return usagef("nothing to serve (--config FILE or --upstream URL)")
	}
	return nil
}

// load reads the configuration that the flags name. Its rules are compiled where
// the proxy is built from it, which tells what is wrong with them; only what names
// nothing is seen here, and then all that is wrong is told at once.
func (f *serveFlags) load(e *env) (cfg *config.Config, err error) {
	if f.config != "" {
		cfg, err = config.Load(f.config, e.lookup)
	} else {
		cfg, err = config.Default(f.upstream, f.listen, f.admin)
	}
	if err == nil && cfg.Check(knownNames()) != nil {
		err = checkConfig(cfg)
	}
	return cfg, err
}

// serve runs the proxy until a signal ends it.
func (e *env) serve(ctx context.Context, f *serveFlags) error {
	log, err := newLogger(e.stderr, f.logFormat, f.logLevel)
	if err != nil {
		return err
	}
	if err := e.harden(); err != nil {
		log.Warn("core dumps could not be switched off", "error", err)
	}
	cfg, err := f.load(e)
	if err != nil {
		return err
	}
	warn := func(cfg *config.Config) {
		for _, w := range configWarnings(cfg, e.now()) {
			log.Warn(w)
		}
	}
	warn(cfg)
	o := proxy.Options{
		Config: cfg, Rules: patterns.Rules(patterns.Builtin()), DefaultPacks: defaultPacks(),
		Logger: log, Version: readBuildInfo().Version, Sample: sampleText,
	}
	if f.config != "" {
		o.Load = func() (*config.Config, error) {
			cfg, err := f.load(e)
			if err == nil {
				warn(cfg)
			}
			return cfg, err
		}
	}
	// From here on a signal is not lost, however early it comes.
	signals, stop := e.signals()
	defer stop()
	p, err := proxy.New(o)
	if err != nil {
		return err
	}
	return steer(ctx, p, signals)
}

// server is what steer needs of a proxy.Proxy.
type server interface {
	Run(ctx context.Context) error
	Reload() error
}

// errSecondSignal says that the end was not waited for.
var errSecondSignal = errors.New("ended at once by a second signal; requests in flight were cut off")

// steer runs p as the signals say.
func steer(ctx context.Context, p server, signals <-chan os.Signal) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	ending := false
	for {
		select {
		case err := <-done:
			return err
		case s := <-signals:
			switch {
			case s == syscall.SIGHUP:
				// It logs what is wrong, and counts it. A signal to end must not
				// wait for it.
				go func() { _ = p.Reload() }()
			case ending:
				return errSecondSignal
			default:
				ending = true
				end()
			}
		}
	}
}
