package main

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/spf13/cobra"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/proxy"
	"github.com/redactd/redactd/redact"
)

// defaultMaxRecord bounds, in bytes, what is held in memory of a record.
const defaultMaxRecord = 64 << 20

// flagRoute is the name of the route that the flags of scrub make. No
// configuration can define one of this name.
const flagRoute = "(flags)"

// scrubPolicy compiles what the flags say to look for and do.
func (e *env) scrubPolicy(f *scrubFlags) (*scrub.Policy, *redact.Keyring, error) {
	cfg, name, err := e.scrubRoute(f)
	if err != nil {
		return nil, nil, err
	}
	return e.routePolicy(cfg, name, f)
}

func (e *env) routePolicy(cfg *config.Config, name string, f *scrubFlags) (*scrub.Policy, *redact.Keyring, error) {
	policy, keys, err := proxy.RoutePolicy(cfg, patterns.Rules(patterns.Builtin()), defaultPacks(), name)
	if err != nil {
		return nil, nil, flagErrors(err)
	}
	policy.MaxDecoded = int64(f.maxRecord)
	secrets, err := e.loadSecrets(cfg, false)
	if err != nil {
		return nil, nil, err
	}
	if secrets != nil {
		policy.Set = policy.Set.WithKnown(secrets.Known())
	}
	return policy, keys, nil
}

// scrubRoute makes the flags a route of a configuration, so that they mean what they
// mean there, and returns both. What the configuration could not take over or lets
// through no more is told as a warning.
func (e *env) scrubRoute(f *scrubFlags) (cfg *config.Config, name string, err error) {
	if cfg, err = e.scrubConfig(f); err != nil {
		return nil, "", flagErrors(err)
	}
	for _, w := range ruleWarnings(cfg, e.now()) {
		e.warnf("%s", w)
	}
	name = flagRoute
	route := config.Route{Upstream: config.StoreUpstream, Codec: "auto", Policy: config.Policy{Action: "mask"}}
	if f.route != "" {
		name = f.route
		if r := cfg.Routes[name]; r != nil {
			route = *r
		} else if l := cfg.Listeners[name]; l != nil {
			route.Policy = l.Policy
		} else {
			return nil, "", fmt.Errorf("%s has no route %q (one of %s)", f.config, name,
				strings.Join(slices.Sorted(maps.Keys(cfg.Routes)), ", "))
		}
	}
	route.Name, route.Request, route.Mode = name, config.ScopeAll, config.ModeEnforce
	f.overlay(&route)
	if cfg.Routes == nil {
		cfg.Routes = map[string]*config.Route{}
	}
	cfg.Routes[name] = &route
	if len(cfg.Token.Keys) == 0 && usesTokens(&route) {
		cfg.Token.Keys = []config.Secret{ephemeralKey()}
		e.warnf("no --key-file: tokens are made with a key of this run only, and differ in the next")
	}
	if err := cfg.Check(knownNames()); err != nil {
		return nil, "", flagErrors(err)
	}
	return cfg, name, nil
}

// scrubConfig returns the configuration that a run starts from.
func (e *env) scrubConfig(f *scrubFlags) (cfg *config.Config, err error) {
	if f.config != "" {
		if cfg, err = e.loadConfig(f.config); err != nil || f.keyFile == "" {
			return cfg, err
		}
	}
	// A configuration of nothing but the keys, so that they are read as [token]
	// reads them.
	tree := map[string]any{"route": map[string]any{"x": map[string]any{"upstream": config.StoreUpstream, "request": "all"}}}
	if f.keyFile != "" {
		tree["token"] = map[string]any{"keys_file": f.keyFile}
	}
	var text bytes.Buffer
	if err := toml.NewEncoder(&text).Encode(tree); err != nil {
		return nil, err
	}
	bare, err := config.Parse("", text.Bytes(), nil)
	switch {
	case err != nil:
		return nil, err
	case cfg == nil:
		bare.Routes = nil
		return bare, nil
	}
	cfg.Token = bare.Token
	return cfg, nil
}

// overlay puts what the flags say over a route.
func (f *scrubFlags) overlay(r *config.Route) {
	if len(f.packs) > 0 {
		r.Packs = f.packs
	}
	r.Rules = slices.Concat(r.Rules, f.rules)
	r.DisableRule = slices.Concat(r.DisableRule, f.disable)
	r.Actions = maps.Clone(r.Actions)
	for _, a := range f.actions {
		// "replace:a=b" has no name before it.
		name, action, named := strings.Cut(a, "=")
		if !named || strings.Contains(name, ":") {
			r.Action = a
			continue
		}
		if r.Actions == nil {
			r.Actions = map[string]string{}
		}
		r.Actions[name] = action
	}
}

func usesTokens(r *config.Route) bool {
	isToken := func(action string) bool { return action == "token" }
	return isToken(r.Action) || slices.ContainsFunc(slices.Collect(maps.Values(r.Actions)), isToken)
}

func ephemeralKey() config.Secret {
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	return config.Secret(hex.EncodeToString(key[:]))
}

// flagErrors puts the names of flags in place of the keys that they became.
func flagErrors(err error) error {
	var errs config.Errors
	if !errors.As(err, &errs) {
		return err
	}
	flags := []struct{ key, flag string }{
		{"route." + flagRoute + ".packs", "--packs"},
		{"route." + flagRoute + ".rules", "--rules"},
		{"route." + flagRoute + ".disable_rules", "--disable"},
		{"route." + flagRoute + ".action", "--action"},
		{"token.keys", "--key-file"},
	}
	out := slices.Clone(errs)
	usage := true
	for i := range out {
		// The TOML form of a name that is no bare key is quoted.
		key := strings.ReplaceAll(out[i].Key, `"`+flagRoute+`"`, flagRoute)
		found := false
		for _, f := range flags {
			if out[i].File == "" && strings.HasPrefix(key, f.key) {
				out[i].Key, out[i].Line, found = f.flag, 0, true
			}
		}
		usage = usage && found
	}
	if usage {
		return usageError{out}
	}
	return out
}

// routeWords are the routes of a configuration file, for the shell.
func (e *env) routeWords(file string) []cobra.Completion {
	if file == "" {
		return nil
	}
	cfg, err := config.Load(file, e.lookup)
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(cfg.Routes))
}
