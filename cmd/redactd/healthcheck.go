package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/spf13/cobra"
)

// defaultAdmin is where serve opens the admin listener unless told otherwise.
const defaultAdmin = "127.0.0.1:9090"

func newHealthcheck(e *env) *cobra.Command {
	var admin, file string
	var withTLS bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "healthcheck [--admin ADDR | --config FILE]",
		Short: "Ask a running redactd whether it is ready",
		Long: `Ask a running redactd whether it is ready to take requests.

It asks the admin listener at --admin, or at the address in --config. Without
either it takes the configuration file that $` + configVariable + ` names or
` + e.systemConfig + `, where there is one, and else ` + defaultAdmin + `.
In a container it serves as the health check.`,
		Example: `  redactd healthcheck
  redactd healthcheck --admin 127.0.0.1:9191`,
		Args:        cobra.NoArgs,
		Annotations: exits("0  ready", "1  not ready, or not reached"),
		RunE: e.runs(func(cmd *cobra.Command, _ []string) error {
			addr, secure, err := e.adminAddress(admin, file)
			if err != nil {
				return err
			}
			scheme := "http"
			if secure || withTLS {
				scheme = "https"
			}
			if err := askReady(cmd.Context(), scheme+"://"+addr, timeout); err != nil {
				return fmt.Errorf("%s: %w", addr, err)
			}
			_, err = fmt.Fprintln(e.stdout, "ready")
			return err
		}),
	}
	cmd.Flags().StringVar(&admin, "admin", "", "`ADDR` of the admin listener")
	e.configFlag(cmd, &file, "configuration `FILE` that names the admin listener")
	cmd.Flags().BoolVar(&withTLS, "tls", false, "the listener at --admin has TLS")
	cmd.Flags().DurationVar(&timeout, "timeout", 3*time.Second, "how long to wait for the answer")
	cmd.MarkFlagsMutuallyExclusive("admin", "config")
	return cmd
}

// adminAddress returns the address of the admin listener, and whether it is known to
// have TLS.
func (e *env) adminAddress(admin, file string) (addr string, secure bool, err error) {
	if admin != "" {
		addr, err = dialable(admin)
		return addr, false, err
	}
	cfg, err := e.implicitConfig(file)
	switch {
	case err != nil:
		return "", false, err
	case cfg == nil:
		return defaultAdmin, false, nil
	case cfg.Admin.Listen == "":
		return "", false, errors.New("the admin listener is switched off (admin.listen)")
	}
	addr, err = dialable(cfg.Admin.Listen)
	return addr, cfg.Admin.TLSCert != "", err
}

// dialable turns an address to listen at into one to connect to.
func dialable(addr string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return "", usagef("%q is not an address (such as %s)", addr, defaultAdmin)
	}
	if host == "" {
		host = "127.0.0.1"
	} else if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}

// askReady returns nil when the redactd whose admin listener is at that URL takes
// requests. Its certificate is not verified: it is of a name that need not be that of
// this address, nothing secret is sent, and whoever could answer in its place could as
// well stop it.
func askReady(ctx context.Context, url string, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/-/ready", nil)
	if err != nil {
		return err
	}
	// No Proxy: what stands in the environment for other hosts is not meant.
	client := http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}}
	res, err := client.Do(req)
	if err != nil {
		return errors.Unwrap(err) // without method and URL
	}
	defer res.Body.Close()
	_, _ = io.CopyN(io.Discard, res.Body, 1<<10)
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready (status %d)", res.StatusCode)
	}
	return nil
}
