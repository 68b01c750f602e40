package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
)

// maxFile bounds, in bytes, the files that are read as a whole.
const maxFile = 16 << 20

// Load reads the configuration file at path. env looks environment variables
// up, as os.LookupEnv does; with nil, a dollar sign stands for itself. The error is an Errors with everything that is
// wrong.
func Load(path string, env func(string) (string, bool)) (*Config, error) {
	data, err := readWhole(path)
	if err != nil {
		return nil, Errors{{File: path, Msg: "cannot be read: " + reason(err)}}
	}
	return Parse(path, data, env)
}

// Parse reads a configuration from data, which it does not keep. name is what
// errors call the file; paths in it are relative to the directory of name.
func Parse(name string, data []byte, env func(string) (string, bool)) (*Config, error) {
	var tree map[string]any
	if _, err := toml.Decode(string(data), &tree); err != nil {
		return nil, Errors{syntaxError(name, data, err)}
	}
	return build(name, tree, Positions(tomlpos.Find(data)), filepath.Dir(name), env)
}

// Default is the configuration of "serve --upstream": one route that leads
// everything to upstreamURL, with log payloads and error responses scrubbed. listen and admin may be "", which leaves their defaults; admin may
// be "off". Paths are relative to the working directory.
func Default(upstreamURL, listen, admin string) (*Config, error) {
	tree := map[string]any{
		"upstream": map[string]any{"default": map[string]any{"urls": []any{upstreamURL}}},
		"route": map[string]any{"default": map[string]any{
			"upstream": "default", "request": string(ScopeLogs), "response": string(ScopeErrors),
			// It is an API before it is a log backend, and its callers choose the path.
			"errors": map[string]any{"log_protocols": string(ErrorNeutralise)},
		}},
	}
	if listen != "" {
		tree["server"] = map[string]any{"listen": []any{listen}}
	}
	switch admin {
	case "":
	case "off":
		tree["admin"] = map[string]any{"listen": ""}
	default:
		tree["admin"] = map[string]any{"listen": admin}
	}
	cfg, err := build("", tree, nil, "", nil)
	var errs Errors
	if errors.As(err, &errs) {
		flags := map[string]string{
			"upstream.default.urls[0]": "--upstream", "server.listen[0]": "--listen", "admin.listen": "--admin",
		}
		for i := range errs {
			if flag, ok := flags[errs[i].Key]; ok {
				errs[i].Key = flag
			}
		}
	}
	return cfg, err
}

// build decodes and checks a tree. env is nil where "$" means nothing.
func build(name string, tree map[string]any, lines Positions, dir string, env func(string) (string, bool)) (*Config, error) {
	cfg := &Config{File: name, Positions: lines, written: map[string]string{}, paths: map[string]string{}}
	shortImport(tree, lines)
	shortStatuses(tree, lines)
	d := &decoder{cfg: cfg, env: env, dir: dir}
	d.table(at{}, tree, reflect.ValueOf(cfg).Elem())
	d.importRules()
	cfg.named()
	d.check()
	if err := d.errs.sorted(); err != nil {
		return nil, err
	}
	text, err := cfg.encode()
	if err != nil {
		return nil, Errors{{File: name, Msg: "cannot be written back: " + err.Error()}}
	}
	sum := sha256.Sum256(text)
	cfg.Digest = hex.EncodeToString(sum[:])
	return cfg, nil
}

// named puts each table's name into it.
func (c *Config) named() {
	for name, u := range c.Upstreams {
		u.Name = name
	}
	for name, s := range c.Secrets {
		s.Name = name
	}
	for name, a := range c.Anchors {
		a.Name = name
	}
	for name, t := range c.Admin.Tokens {
		t.Name = name
	}
	for name, a := range c.Admin.Clients {
		a.Name = name
	}
	for name, n := range c.Notify {
		n.Name = name
	}
	for name, r := range c.Routes {
		r.Name = name
	}
	for name, l := range c.Listeners {
		l.Name = name
	}
	for id, r := range c.Rules {
		r.ID, r.Pack = id, RulePack
	}
	for id, r := range c.Disclosures {
		r.ID, r.Pack = id, RulePack
	}
}

// RulePack is the pack that the configuration's own rules belong to.
const RulePack = "config"

// syntaxError makes an Error of what the TOML library says.
func syntaxError(name string, data []byte, err error) Error {
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return Error{File: name, Line: 1, Msg: err.Error()}
	}
	last := 1
	for _, c := range data {
		if c == '\n' {
			last++
		}
	}
	// The library quotes what it found, which may be a secret without quotes.
	msg := quotedText.ReplaceAllString(strings.TrimSuffix(pe.Message, "."), " what is not shown")
	return Error{File: name, Line: min(max(pe.Position.Line, 1), last), Key: pe.LastKey, Msg: "not TOML: " + msg}
}

var quotedText = regexp.MustCompile(`(?s) ".*"|:? '[^']{2,}'$`)

// Locate returns where key was written: "rule.my-token.pattern",
// "server.listen[0]". For a key that was not written it is the place of what
// is around it, in the end the first line. Without a file, it is "" and 0.
func (c *Config) Locate(key string) (file string, line int) {
	if p, ok := c.placeOf(key); ok {
		return p.file, p.line
	}
	if c.Positions == nil {
		return c.File, 0
	}
	return c.File, max(1, tomlpos.Lines(c.Positions).Nearest(key))
}

// readWhole reads a regular file of at most maxFile bytes.
func readWhole(path string) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir():
		return nil, errors.New("it is a directory")
	case info.Mode().IsRegular() && info.Size() > maxFile:
		return nil, errors.New("it is too large")
	}
	return os.ReadFile(path)
}

// reason is what an error of the file system says without naming the file.
func reason(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
