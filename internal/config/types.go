// Package config reads what an operator wrote: types, strict decoding, and every
// error with file, line and key. It opens no socket and compiles no rule
// but those that it imports, to tell which it can't take over.
package config

import (
	"github.com/redactd/redactd/disclosure"
	"github.com/redactd/redactd/redact"
)

// Config is a whole configuration, decoded, defaulted and checked. It is not
// changed after Load.
type Config struct {
	Server    Server               `toml:"server"`
	Admin     Admin                `toml:"admin"`
	Upstreams map[string]*Upstream `toml:"upstream"`
	Routes    map[string]*Route    `toml:"route"`
	Listeners map[string]*Listener `toml:"listener"`
	// Rules are the operator's own, by id, with those imported; Pack is "config".
	Rules   map[string]*redact.Rule `toml:"rule"`
	Sources Sources                 `toml:"rules"`
	Allow   map[string]*Allow       `toml:"allow"`
	// Disclosures are the operator's own disclosure rules, by id; Pack is "config".
	Disclosures map[string]*disclosure.Rule `toml:"disclosure"`
	// Secrets are the sources of the operator's own secrets, by name.
	Secrets map[string]*Secrets `toml:"secret"`
	Known   Known               `toml:"secrets"`
	Token   Token               `toml:"token"`
	Audit   Audit               `toml:"audit"`
	Store   Store               `toml:"store"`
	Errors  ErrorLog            `toml:"errors"`
	Records Records             `toml:"records"`
	Leaks   Leaks               `toml:"leaks"`
	Canary  Canary              `toml:"canary"`
	Tracing Tracing             `toml:"tracing"`
	// Coverage says how much of the traffic is to be inspected.
	Coverage Coverage `toml:"coverage"`
	// Notify are those who are told of leaks, by name.
	Notify map[string]*Notify `toml:"notify"`
	// Anchors are where checkpoints of the trail are kept, by name.
	Anchors map[string]*Anchor `toml:"anchor"`

	// Digest is a SHA-256 in hex over the effective configuration, secrets
	// left out.
	Digest string `toml:"-"`
	// File is the name that errors give the file; "" without a file.
	File string `toml:"-"`
	// Positions finds the line of a key; see Locate.
	Positions Positions `toml:"-"`

	// Warnings tell what was left out of imported files, by the source's name of
	// a rule as key.
	Warnings []Error `toml:"-"`

	// places holds, by path, where imported rules and allowlists stand.
	places map[string]place
	// written holds, by path, strings in which environment variables were
	// put, as they stand in the file.
	written map[string]string
	// paths holds, by path, file names as written, before they were joined
	// with the directory of the configuration file.
	paths map[string]string
}

// Server is the data listener.
type Server struct {
	Listen          []string `toml:"listen"` // "127.0.0.1:8080"
	TLSCert         string   `toml:"tls_cert"`
	TLSKey          string   `toml:"tls_key"`
	MaxBody         Size     `toml:"max_body"`    // as received; larger is refused with 413
	MaxDecoded      Size     `toml:"max_decoded"` // after content codings
	BufferBody      Size     `toml:"buffer_body"` // larger bodies are streamed where the format allows
	MaxHeaderBytes  Size     `toml:"max_header_bytes"`
	MaxConnections  int      `toml:"max_connections"`
	ReadTimeout     Duration `toml:"read_timeout"`
	WriteTimeout    Duration `toml:"write_timeout"`
	IdleTimeout     Duration `toml:"idle_timeout"`
	ShutdownTimeout Duration `toml:"shutdown_timeout"`
	TrustForwarded  []string `toml:"trust_forwarded"` // CIDRs whose X-Forwarded-* are kept
	RequestIDHeader string   `toml:"request_id_header"`
}

// Upstream is where a route leads.
type Upstream struct {
	Name               string   `toml:"-"`
	URLs               []string `toml:"urls"`
	ConnectTimeout     Duration `toml:"connect_timeout"`
	Timeout            Duration `toml:"timeout"` // whole exchange, up to the response headers
	IdleTimeout        Duration `toml:"idle_timeout"`
	MaxConnections     int      `toml:"max_connections"` // per URL
	MaxResponse        Size     `toml:"max_response"`
	FailAfter          int      `toml:"fail_after"` // consecutive failures that take a URL out
	FailFor            Duration `toml:"fail_for"`   // for how long
	TLSCA              string   `toml:"tls_ca"`
	TLSCert            string   `toml:"tls_cert"`
	TLSKey             string   `toml:"tls_key"`
	TLSServerName      string   `toml:"tls_server_name"`
	InsecureSkipVerify bool     `toml:"tls_insecure_skip_verify"`
	KeepHost           bool     `toml:"keep_host"` // forward the client's Host header

	// Credentials to sign requests with in the place of clients; see Route.Signed.
	AWSAccessKeyID     Secret `toml:"aws_access_key_id"`
	AWSSecretAccessKey Secret `toml:"aws_secret_access_key"`
	AWSSessionToken    Secret `toml:"aws_session_token"`
	AWSCredentialsFile string `toml:"aws_credentials_file"` // as the AWS tools have it; in place of the three
	AWSRegion          string `toml:"aws_region"`           // "" is that of the request
	AWSService         string `toml:"aws_service"`          // "" is that of the request
	AzureAccount       string `toml:"azure_account"`        // storage account, or id of a workspace
	AzureSharedKey     Secret `toml:"azure_shared_key"`     // in base64
	AzureSharedKeyFile string `toml:"azure_shared_key_file"`
}

// StoreUpstream is the name of the embedded log store, always defined.
const StoreUpstream = "store"

// EchoUpstream is the name of the built-in upstream that answers with what it
// is sent, always defined.
const EchoUpstream = "echo"

// Scope says which bodies of a direction are scrubbed.
type Scope string

// The scopes.
const (
	ScopeNone   Scope = "none"
	ScopeErrors Scope = "errors" // responses with status 400 and above
	ScopeLogs   Scope = "logs"   // requests with a log payload, told by endpoint and type
	ScopeAll    Scope = "all"
)

// Mode says whether findings change anything.
type Mode string

// The modes.
const (
	ModeEnforce Mode = "enforce"
	ModeShadow  Mode = "shadow"
)

// OnFailure says what happens to a payload that could not be scrubbed.
type OnFailure string

// The choices on failure.
const (
	FailBlock OnFailure = "block"
	FailPass  OnFailure = "pass"
)

// Signed says what happens to a signed request whose signature would not hold.
type Signed string

// The choices for signed requests.
const (
	SignedBlock  Signed = "block"  // withhold it
	SignedPass   Signed = "pass"   // inspect no signed request
	SignedResign Signed = "resign" // sign it with the upstream's credentials
)

// Route says what happens to the requests it matches. Among the routes that
// match, one with a host beats one without, then the longest path prefix wins,
// then one with methods.
type Route struct {
	Name       string   `toml:"-"`
	Hosts      []string `toml:"hosts"` // "api.example.com", "*.example.com"
	PathPrefix string   `toml:"path_prefix"`
	Methods    []string `toml:"methods"`
	Upstream   string   `toml:"upstream"`
	StripPath  bool     `toml:"strip_prefix"`

	Request  Scope `toml:"request"` // ScopeNone, ScopeLogs or ScopeAll
	Response Scope `toml:"response"`
	// Headers and Query switch the scrubbing of headers and query strings in
	// the directions that are in scope.
	Headers bool `toml:"headers"`
	Query   bool `toml:"query"`
	// KeepHeaders are header names never scrubbed, beside those that carry the
	// upstream's own credentials.
	KeepHeaders []string `toml:"keep_headers"`
	// ScrubCredentials also scrubs the request's own credentials
	// (Authorization, Cookie, ...), which otherwise reach the upstream.
	ScrubCredentials bool `toml:"scrub_credentials"`

	Codec    string `toml:"codec"`    // "auto" or a codec's name
	Annotate bool   `toml:"annotate"` // say in the payload which rule changed what, where the format has a place for it
	Policy
	Signed  Signed `toml:"signed"`
	Upgrade string `toml:"upgrade"` // "refuse", "pass" or "scrub"
	// MaxDelay is how long what came of an answer is held back while more of it could
	// tell what to do with it; 0 is as long as it takes.
	MaxDelay Duration    `toml:"max_delay"`
	Errors   ErrorPolicy `toml:"errors"`
}

// Policy says what is looked for in payloads and what becomes of them: the keys
// that routes and listeners have in common.
type Policy struct {
	Packs       []string          `toml:"packs"`         // packs or tags; none means the default packs
	Rules       []string          `toml:"rules"`         // further rules, packs or tags to switch on
	DisableRule []string          `toml:"disable_rules"` // rules, packs or tags to switch off
	Action      string            `toml:"action"`        // default action
	Actions     map[string]string `toml:"actions"`       // by rule, pack or tag; a rule beats a tag beats a pack
	Mode        Mode              `toml:"mode"`
	OnFailure   OnFailure         `toml:"on_failure"`
	// ShadowRules are rules, packs or tags whose findings are counted, and left where they
	// are; ShadowPercent is the share of exchanges or connections that are in shadow mode.
	ShadowRules   []string `toml:"shadow_rules"`
	ShadowPercent int      `toml:"shadow_percent"`
}

// Sources are files with rules, beside the configuration.
type Sources struct {
	// Import names files of other tools, and packs: "gitleaks:path.toml", or the
	// path alone where the content tells the format; of a directory, its files.
	Import []string `toml:"import"`
}

// Allow is a redact.Allow with the routes it holds for.
type Allow struct {
	Values   []string `toml:"values"`
	Patterns []string `toml:"patterns"`
	Paths    []string `toml:"paths"`
	Rules    []string `toml:"rules"`
	Routes   []string `toml:"routes"`  // routes and listeners; none means all
	Expires  Date     `toml:"expires"` // the last day that it holds
	Comment  string   `toml:"comment"`
	// Examples mark with « and » what a rule finds and the entry lets through,
	// CounterExamples what is found in spite of it.
	Examples        []string `toml:"examples"`
	CounterExamples []string `toml:"counter_examples"`
}

// Entry returns a as an entry of an allowlist of that name.
func (a *Allow) Entry(name string) redact.Allow {
	return redact.Allow{
		Name: name, Values: a.Values, Patterns: a.Patterns, Paths: a.Paths, Rules: a.Rules, Until: a.Expires.End(),
	}
}

// Known says how the sources of own secrets are read.
type Known struct {
	MinLength int      `toml:"min_length"` // shorter values, in bytes, are refused
	Poll      Duration `toml:"poll"`       // how often files are looked at for changes
	Refresh   Duration `toml:"refresh"`    // how often Vault and commands are asked again
}

// Secrets is a source of own secrets. It has one of Env, File, Dir, Vault and Command.
type Secrets struct {
	Name string `toml:"-"`

	Env     []string `toml:"env"`     // names of variables, or globs
	File    string   `toml:"file"`    // one file
	Dir     string   `toml:"dir"`     // a directory with a file for each secret, as Kubernetes mounts it
	Vault   string   `toml:"vault"`   // address of a HashiCorp Vault
	Command []string `toml:"command"` // program and arguments

	Format string   `toml:"format"` // of files and of a command's output
	Keys   []string `toml:"keys"`   // globs of the names that are taken; none means all
	Except []string `toml:"except"` // globs of those that are not

	Mount     string   `toml:"mount"`   // where the KV engine of Vault is mounted
	Version   int      `toml:"version"` // of that engine, 1 or 2
	Paths     []string `toml:"paths"`   // of the secrets in it
	Namespace string   `toml:"namespace"`
	Token     Secret   `toml:"token"`
	TokenFile string   `toml:"token_file"`
	TLSCA     string   `toml:"tls_ca"`

	Timeout     Duration `toml:"timeout"`      // of one request or command
	Optional    bool     `toml:"optional"`     // start without it
	AllowCommon bool     `toml:"allow_common"` // take values that look common too
}

// The formats of files and outputs with secrets.
const (
	FormatWhole = "whole" // one value
	FormatLines = "lines" // a value on each line
	FormatEnv   = "env"   // KEY=VALUE on each line
	FormatJSON  = "json"  // the strings in a document
)

// Token configures keyed tokens and fingerprints. Keys are secret; the last
// one is current.
type Token struct {
	Keys     []Secret `toml:"keys"`
	KeysFile string   `toml:"keys_file"` // one key a line
}

// Audit configures the trail.
type Audit struct {
	Dir      string   `toml:"dir"` // "" switches it off
	MaxSize  Size     `toml:"max_size"`
	MaxAge   Duration `toml:"max_age"`   // of one file before it rotates; 0: no limit
	MaxFiles int      `toml:"max_files"` // kept; 0: all
	Required bool     `toml:"required"`  // a finding's event is on disk before its payload goes on

	CheckpointKey     string   `toml:"checkpoint_key"`     // file with the key that signs checkpoints; "" signs none
	CheckpointEvery   Duration `toml:"checkpoint_every"`   // beside one at the end
	AcceptCheckpoints []string `toml:"accept_checkpoints"` // public keys of trails whose checkpoints are kept here
}

// Anchor is a place outside of the trail where its checkpoints are kept.
type Anchor struct {
	Name    string   `toml:"-"`
	Kind    string   `toml:"kind"`
	Path    string   `toml:"path"` // of a directory
	URL     string   `toml:"url"`
	Token   Secret   `toml:"token"`
	Timeout Duration `toml:"timeout"`
}

// Store configures the embedded log store.
type Store struct {
	Dir      string   `toml:"dir"`
	MaxSize  Size     `toml:"max_size"`  // of one file before it rotates
	MaxAge   Duration `toml:"max_age"`   // of one file before it rotates; 0: no limit
	MaxFiles int      `toml:"max_files"` // kept; 0: all
}

// Positions is the line of each key written, by path: "route.api.upstream",
// "server.listen[0]".
type Positions map[string]int
