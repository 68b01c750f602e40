package config

import (
	"slices"

	"github.com/redactd/redactd/redact"
)

// A key is what may stand in the file: where, what holds if it is absent, and
// what its value must be. Types are those of the fields in types.go.
type key struct {
	path string // NAME stands for the name of a table
	// def is the default as the file would spell it; nil means the zero value.
	def any
	// check says what is wrong with a string or with an element of a list of
	// strings, "" if nothing is. It does not quote it.
	check func(string) string
	// min and max bound numbers, sizes in bytes and durations in nanoseconds;
	// a max of 0 is none.
	min, max int64
	// raw keeps "${" and "$$" as they are, for regular expressions and examples.
	raw bool
	// file marks the name of a file or directory, which is relative to the
	// configuration file; files (not directories) must exist.
	file fileKind
	// required marks a key without which its table has no meaning.
	required bool
}

type fileKind uint8

const (
	noFile fileKind = iota
	readFile
	directory
)

// named are the tables that hold tables by name.
var named = map[string]bool{"upstream": true, "route": true, "listener": true, "rule": true, "allow": true, "secret": true, "anchor": true, "disclosure": true, "notify": true,
	"admin.token": true, "admin.client": true}

func strs(s ...any) []any { return s }

const (
	second = int64(1e9)
	kib    = int64(1 << 10)
)

// keys is the one list of keys and defaults. docs/CONFIGURATION.md and
// config.toml are tested against it.
var keys = slices.Concat(ownKeys, adminKeys, policyKeys("route.NAME"), errorKeys, listenerKeys, policyKeys("listener.NAME"), errorLogKeys, leakKeys, canaryKeys, coverageKeys, tracingKeys)

// policyKeys are those of Policy in a table.
func policyKeys(table string) []key {
	return []key{
		{path: table + ".packs", check: nonEmpty},
		{path: table + ".rules", check: nonEmpty},
		{path: table + ".disable_rules", check: nonEmpty},
		{path: table + ".action", def: "mask", check: action},
		{path: table + ".actions", check: action},
		{path: table + ".mode", def: string(ModeEnforce), check: oneOf(string(ModeEnforce), string(ModeShadow))},
		{path: table + ".shadow_rules", check: nonEmpty},
		{path: table + ".shadow_percent", def: int64(0), max: 100},
		{path: table + ".on_failure", def: string(FailBlock), check: oneOf(string(FailBlock), string(FailPass))},
	}
}

var ownKeys = []key{
	{path: "server.listen", def: strs("127.0.0.1:8080"), check: listenAddress, required: true},
	{path: "server.tls_cert", file: readFile},
	{path: "server.tls_key", file: readFile},
	{path: "server.max_body", def: "128MiB", min: 1},
	{path: "server.max_decoded", def: "256MiB", min: 1},
	{path: "server.buffer_body", def: "1MiB", min: 4 * kib},
	{path: "server.max_header_bytes", def: "16KiB", min: 4 * kib, max: 1 << 24},
	{path: "server.max_connections", def: int64(10000), min: 1},
	{path: "server.read_timeout", def: "60s", min: second / 1000},
	{path: "server.write_timeout", def: "60s", min: second / 1000},
	{path: "server.idle_timeout", def: "2m", min: second / 1000},
	{path: "server.shutdown_timeout", def: "25s"},
	{path: "server.trust_forwarded", check: network},
	{path: "server.request_id_header", def: "X-Request-Id", check: ownHeader},

	{path: "upstream.NAME.urls", check: upstreamURL, required: true},
	{path: "upstream.NAME.connect_timeout", def: "5s", min: second / 1000},
	{path: "upstream.NAME.timeout", def: "60s", min: second / 1000},
	{path: "upstream.NAME.idle_timeout", def: "30s", min: second / 1000},
	{path: "upstream.NAME.max_connections", def: int64(512), min: 1},
	{path: "upstream.NAME.max_response", def: "128MiB", min: 1},
	{path: "upstream.NAME.fail_after", def: int64(3), min: 1},
	{path: "upstream.NAME.fail_for", def: "10s"},
	{path: "upstream.NAME.tls_ca", file: readFile},
	{path: "upstream.NAME.tls_cert", file: readFile},
	{path: "upstream.NAME.tls_key", file: readFile},
	{path: "upstream.NAME.tls_server_name", check: optional(serverName)},
	{path: "upstream.NAME.tls_insecure_skip_verify", def: false},
	{path: "upstream.NAME.keep_host", def: false},
	{path: "upstream.NAME.aws_access_key_id"},
	{path: "upstream.NAME.aws_secret_access_key"},
	{path: "upstream.NAME.aws_session_token"},
	{path: "upstream.NAME.aws_credentials_file", file: readFile},
	{path: "upstream.NAME.aws_region", check: optional(scopeName)},
	{path: "upstream.NAME.aws_service", check: optional(scopeName)},
	{path: "upstream.NAME.azure_account", check: optional(scopeName)},
	{path: "upstream.NAME.azure_shared_key"},
	{path: "upstream.NAME.azure_shared_key_file", file: readFile},

	{path: "route.NAME.hosts", check: hostPattern},
	{path: "route.NAME.path_prefix", def: "/", check: pathPrefix},
	{path: "route.NAME.methods", check: method},
	{path: "route.NAME.upstream", check: nonEmpty, required: true},
	{path: "route.NAME.strip_prefix", def: false},
	{path: "route.NAME.request", def: "none", check: oneOf(string(ScopeNone), string(ScopeLogs), string(ScopeAll))},
	{path: "route.NAME.response", def: "errors", check: oneOf(string(ScopeNone), string(ScopeErrors), string(ScopeAll))},
	{path: "route.NAME.headers", def: true},
	{path: "route.NAME.query", def: true},
	{path: "route.NAME.keep_headers", check: headerName},
	{path: "route.NAME.scrub_credentials", def: false},
	{path: "route.NAME.codec", def: "auto", check: nonEmpty},
	{path: "route.NAME.annotate", def: true},
	{path: "route.NAME.signed", def: "block", check: oneOf(string(SignedBlock), string(SignedPass), string(SignedResign))},
	{path: "route.NAME.upgrade", def: "refuse", check: oneOf("refuse", "pass", "scrub")},
	{path: "route.NAME.max_delay", def: "1s", max: 60 * second},

	{path: "rule.NAME.description", raw: true},
	{path: "rule.NAME.reference", raw: true},
	{path: "rule.NAME.pattern", raw: true},
	{path: "rule.NAME.begins", raw: true, check: nonEmpty},
	{path: "rule.NAME.keys", raw: true, check: nonEmpty},
	{path: "rule.NAME.validators", raw: true, check: nonEmpty},
	{path: "rule.NAME.severity", def: "high"},
	{path: "rule.NAME.confidence", def: "medium"},
	{path: "rule.NAME.tags", raw: true, check: tableName},
	{path: "rule.NAME.window", def: int64(0), max: 1 << 20},
	{path: "rule.NAME.force", def: false},
	{path: "rule.NAME.examples", raw: true, check: nonEmpty},
	{path: "rule.NAME.counter_examples", raw: true, check: nonEmpty},

	{path: "rules.import", raw: true, check: importSource},

	{path: "allow.NAME.values", check: nonEmpty},
	{path: "allow.NAME.patterns", raw: true, check: nonEmpty},
	{path: "allow.NAME.paths", raw: true, check: nonEmpty},
	{path: "allow.NAME.rules", check: nonEmpty},
	{path: "allow.NAME.routes", check: nonEmpty},
	{path: "allow.NAME.expires"},
	{path: "allow.NAME.comment", raw: true},
	{path: "allow.NAME.examples", raw: true, check: nonEmpty},
	{path: "allow.NAME.counter_examples", raw: true, check: nonEmpty},

	{path: "secrets.min_length", def: int64(8), min: redact.MinKnown, max: 64},
	{path: "secrets.poll", def: "10s", min: second / 10},
	{path: "secrets.refresh", def: "5m", min: second},

	{path: "secret.NAME.env", check: nonEmpty},
	{path: "secret.NAME.file", file: directory},
	{path: "secret.NAME.dir", file: directory},
	{path: "secret.NAME.vault", check: optional(vaultURL)},
	{path: "secret.NAME.command", check: nonEmpty},
	{path: "secret.NAME.format", check: oneOf("", FormatWhole, FormatLines, FormatEnv, FormatJSON)},
	{path: "secret.NAME.keys", check: nameGlob},
	{path: "secret.NAME.except", check: nameGlob},
	{path: "secret.NAME.mount", def: "secret", check: nonEmpty},
	{path: "secret.NAME.version", def: int64(2), min: 1, max: 2},
	{path: "secret.NAME.paths", check: nonEmpty},
	{path: "secret.NAME.namespace"},
	{path: "secret.NAME.token"},
	{path: "secret.NAME.token_file", file: directory},
	{path: "secret.NAME.tls_ca", file: readFile},
	{path: "secret.NAME.timeout", def: "10s", min: second / 1000},
	{path: "secret.NAME.optional", def: false},
	{path: "secret.NAME.allow_common", def: false},

	{path: "token.keys"},
	{path: "token.keys_file", file: readFile},

	{path: "audit.dir", def: "data/audit", file: directory},
	{path: "audit.max_size", def: "64MiB", min: kib},
	{path: "audit.max_age", def: "1d"},
	{path: "audit.max_files", def: int64(0)},
	{path: "audit.required", def: false},
	{path: "audit.checkpoint_key", file: directory},
	{path: "audit.checkpoint_every", def: "1h", min: second},
	{path: "audit.accept_checkpoints", check: nonEmpty},

	{path: "anchor.NAME.kind", check: nonEmpty, required: true},
	{path: "anchor.NAME.path", file: directory},
	{path: "anchor.NAME.url", check: optional(anchorURL)},
	{path: "anchor.NAME.token"},
	{path: "anchor.NAME.timeout", def: "30s", min: second / 1000},

	{path: "store.dir", def: "data/store", file: directory},
	{path: "store.max_size", def: "64MiB", min: kib},
	{path: "store.max_age", def: "1d"},
	{path: "store.max_files", def: int64(100)},
}

var keyByPath = func() map[string]*key {
	m := make(map[string]*key, len(keys))
	for i := range keys {
		m[keys[i].path] = &keys[i]
	}
	return m
}()
