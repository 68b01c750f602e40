package config

import (
	"net/url"
	"path/filepath"
	"strings"
)

// ErrorLog says where reports of error responses go.
type ErrorLog struct {
	Store       bool              `toml:"store"`        // into the database of [records]
	MaxOriginal Size              `toml:"max_original"` // of a body that is kept
	Keep        Duration          `toml:"keep"`         // 0: no limit
	MaxSize     Size              `toml:"max_size"`     // of all that is kept; 0: no limit
	SealTo      []string          `toml:"seal_to"`      // public keys of age
	OTLP        string            `toml:"otlp"`         // URL of a collector; "" for none
	OTLPHeaders map[string]Secret `toml:"otlp_headers"`
	SentryDSN   string            `toml:"sentry_dsn"` // "" for none
}

// Records says where the database is that answers questions.
type Records struct {
	DSN string `toml:"dsn"` // "sqlite:FILE" or "postgres://..."; "" for none
}

var errorLogKeys = []key{
	{path: "records.dsn", def: "sqlite:data/records.db", check: optional(recordsDSN)},

	{path: "errors.store", def: true},
	{path: "errors.max_original", def: "256KiB", min: kib, max: 16 << 20},
	{path: "errors.keep", def: "30d"},
	{path: "errors.max_size", def: "1GiB"},
	{path: "errors.seal_to", check: nonEmpty},
	{path: "errors.otlp", check: optional(upstreamURL)},
	{path: "errors.otlp_headers"},
	{path: "errors.sentry_dsn", check: optional(sentryDSN)},
}

// sqliteScheme begins a DSN that names a file.
const sqliteScheme = "sqlite:"

// recordsDSN looks at the form of a DSN; package records reads all of it.
func recordsDSN(s string) string {
	const advice = ` ("sqlite:FILE" or "postgres://USER:PASSWORD@HOST/DATABASE")`
	if file, ok := strings.CutPrefix(s, sqliteScheme); ok {
		if file == "" || strings.HasPrefix(file, ":") || strings.HasPrefix(file, "//") {
			return "names no file" + advice
		}
		return ""
	}
	if u, err := url.Parse(s); err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return "is no DSN of a database that redactd knows" + advice
	}
	return ""
}

// sentryDSN follows https://develop.sentry.dev/sdk/overview/#parsing-the-dsn.
func sentryDSN(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User.Username() == "" || strings.Trim(u.Path, "/") == "" {
		return `is no DSN of Sentry ("https://KEY@HOST/PROJECT")`
	}
	return ""
}

// checkErrorLog makes the file of the database relative to that of the configuration and
// looks at what keys mean together.
func (d *decoder) checkErrorLog() {
	const dsn = "records.dsn"
	if file, ok := strings.CutPrefix(d.cfg.Records.DSN, sqliteScheme); ok && !d.failed(dsn) && !filepath.IsAbs(file) {
		d.cfg.paths[dsn] = d.cfg.Records.DSN
		d.cfg.Records.DSN = sqliteScheme + filepath.Join(d.dir, file)
	}
	e := &d.cfg.Errors
	stored := e.Store && d.cfg.Records.DSN != ""
	d.noEffect("errors", "where errors are not stored (store = true, and dsn in [records])", map[string]bool{
		"seal_to": len(e.SealTo) > 0 && !stored,
	})
	d.noEffect("errors", "without otlp", map[string]bool{"otlp_headers": len(e.OTLPHeaders) > 0 && e.OTLP == ""})
	for name := range e.OTLPHeaders {
		if problem := headerName(name); problem != "" {
			d.fail("errors.otlp_headers", "a name %s", problem)
		}
	}
}
