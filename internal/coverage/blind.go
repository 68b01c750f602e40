package coverage

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/config"
)

// BlindSpot is something that a route or listener never inspects, by what is written in
// the configuration.
type BlindSpot struct {
	Route     string `json:"route"`               // or listener
	Direction string `json:"direction,omitempty"` // "" is both
	Reason    string `json:"reason"`              // what it is counted as
	Setting   string `json:"setting"`             // that says so: `request = "none"`
	What      string `json:"what"`                // passes
}

// The reasons of a BlindSpot that are none of payloads.
const (
	Failed = "failed" // it is counted by kinds of failures
	Rules  = "rules"  // it is counted by findings, in payloads that were inspected otherwise
)

const (
	request  = "request"
	response = "response"
)

// Blind returns what cfg never inspects: routes first, then listeners, each in order of
// their names.
func Blind(cfg *config.Config) []BlindSpot {
	var list []BlindSpot
	for _, name := range slices.Sorted(maps.Keys(cfg.Routes)) {
		list = append(list, blindRoute(name, cfg.Routes[name])...)
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Listeners)) {
		list = append(list, blindPolicy(name, &cfg.Listeners[name].Policy)...)
	}
	return list
}

func blindRoute(name string, r *config.Route) (list []BlindSpot) {
	spot := func(direction, reason, setting, what string) {
		list = append(list, BlindSpot{name, direction, reason, setting, what})
	}
	switch r.Request {
	case config.ScopeNone:
		spot(request, OutOfScope, `request = "none"`, "all requests")
	case config.ScopeLogs:
		spot(request, OutOfScope, `request = "logs"`, "requests that are not of a log protocol")
	}
	if r.Upstream != config.StoreUpstream { // which answers in redactd's own words
		blindResponses(r, spot)
	}
	inspects := r.Request != config.ScopeNone || r.Response != config.ScopeNone
	if r.Request != config.ScopeNone && r.Signed == config.SignedPass {
		spot(request, Signed, `signed = "pass"`, "signed requests")
	}
	switch r.Upgrade {
	case "pass":
		spot("", Upgraded, `upgrade = "pass"`, "what follows a switch of protocols")
	case "scrub":
		spot("", BinaryMessage, `upgrade = "scrub"`, "binary messages of WebSocket")
	}
	if !inspects {
		return list
	}
	if !r.Headers {
		spot("", OutOfScope, `headers = false`, "header fields")
	}
	if r.Request != config.ScopeNone && !r.Query {
		spot(request, OutOfScope, `query = false`, "query strings")
	}
	return append(list, blindPolicy(name, &r.Policy)...)
}

func blindResponses(r *config.Route, spot func(direction, reason, setting, what string)) {
	switch r.Response {
	case config.ScopeNone:
		spot(response, OutOfScope, `response = "none"`, "all responses")
	case config.ScopeErrors:
		spot(response, OutOfScope, `response = "errors"`, "responses that tell of no error")
	}
	for _, e := range []struct {
		key  string
		mode config.ErrorMode
	}{{"4xx", r.Errors.On4xx}, {"5xx", r.Errors.On5xx}} {
		if e.mode == config.ErrorOff {
			spot(response, Off, `errors.`+e.key+` = "off"`, "error responses "+e.key)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(r.Errors.Statuses)) {
		if r.Errors.Statuses[status] == string(config.ErrorOff) {
			spot(response, Off, `errors.`+status+` = "off"`, "error responses "+status)
		}
	}
	if r.Errors.LogProtocols == config.ErrorOff {
		spot(response, Off, `errors.log_protocols = "off"`, "error responses of log protocols")
	}
}

// blindPolicy is of what routes and listeners have in common.
func blindPolicy(name string, p *config.Policy) (list []BlindSpot) {
	if p.Mode == config.ModeShadow {
		list = append(list, BlindSpot{name, "", Shadow, `mode = "shadow"`, "all that is found"})
	} else {
		if p.ShadowPercent > 0 {
			list = append(list, BlindSpot{name, "", Sampled, fmt.Sprintf("shadow_percent = %d", p.ShadowPercent), "all that is found in a share of it"})
		}
		if len(p.ShadowRules) > 0 {
			list = append(list, BlindSpot{name, "", Rules, "shadow_rules = " + strings.ReplaceAll(fmt.Sprintf("%q", p.ShadowRules), `" "`, `", "`), "what these rules find"})
		}
	}
	if p.OnFailure == config.FailPass {
		list = append(list, BlindSpot{name, "", Failed, `on_failure = "pass"`, "what cannot be inspected"})
	}
	return list
}

// Counts says whether traffic of that direction and reason is what b speaks of.
func (b *BlindSpot) Counts(direction, reason string) bool {
	if b.Direction != "" && b.Direction != direction {
		return false
	}
	if b.Reason == Failed {
		return slices.Contains(failures, reason)
	}
	return b.Reason == reason
}

// String returns b as one line.
func (b *BlindSpot) String() string { return fmt.Sprintf("%s: %s (%s)", b.Route, b.What, b.Setting) }
