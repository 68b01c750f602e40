package coverage

import (
	"os"
	"reflect"
	"regexp"
	"testing"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
)

func TestBlind(t *testing.T) {
	cfg := &config.Config{
		Routes: map[string]*config.Route{
			"whole": {Request: config.ScopeAll, Response: config.ScopeAll, Headers: true, Query: true},
			"api":   {Request: config.ScopeNone, Response: config.ScopeErrors, Headers: true, Query: true, Signed: config.SignedPass},
			"off": {Request: config.ScopeLogs, Response: config.ScopeNone, Signed: config.SignedPass, Upgrade: "pass",
				Policy: config.Policy{Mode: config.ModeShadow, OnFailure: config.FailPass},
				Errors: config.ErrorPolicy{On4xx: config.ErrorOff, Statuses: map[string]string{"404": "scrub", "410": "off"}, LogProtocols: config.ErrorOff}},
			"none": {Request: config.ScopeNone, Response: config.ScopeNone, Upgrade: "scrub", Policy: config.Policy{Mode: config.ModeShadow}},
		},
		Listeners: map[string]*config.Listener{
			"syslog": {Policy: config.Policy{OnFailure: config.FailPass}}, "gelf": {Policy: config.Policy{ShadowPercent: 5, ShadowRules: []string{"a", "b"}}},
		},
	}
	want := [][3]string{
		{"api", "request", `request = "none"`}, {"api", "response", `response = "errors"`},
		{"none", "request", `request = "none"`}, {"none", "response", `response = "none"`}, {"none", "", `upgrade = "scrub"`},
		{"off", "request", `request = "logs"`}, {"off", "response", `response = "none"`}, {"off", "response", `errors.4xx = "off"`},
		{"off", "response", `errors.410 = "off"`}, {"off", "response", `errors.log_protocols = "off"`},
		{"off", "request", `signed = "pass"`}, {"off", "", `upgrade = "pass"`}, {"off", "", `headers = false`},
		{"off", "request", `query = false`}, {"off", "", `mode = "shadow"`}, {"off", "", `on_failure = "pass"`},
		{"gelf", "", `shadow_percent = 5`}, {"gelf", "", `shadow_rules = ["a", "b"]`},
		{"syslog", "", `on_failure = "pass"`},
	}
	var got [][3]string
	for _, b := range Blind(cfg) {
		got = append(got, [3]string{b.Route, b.Direction, b.Setting})
		if b.What == "" || b.Reason != Failed && b.Reason != Rules && (!known(b.Reason) || !b.Counts("request", b.Reason) && !b.Counts("response", b.Reason)) {
			t.Errorf("%+v", b)
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestBlindSpotCounts(t *testing.T) {
	b := BlindSpot{Direction: "request", Reason: Failed}
	for reason, want := range map[string]bool{"budget": true, "coding": true, Binary: false, "": false, OutOfScope: false} {
		if b.Counts("request", reason) != want || b.Counts("response", reason) {
			t.Errorf("%q", reason)
		}
	}
}

// TestReasonsAreWhatCanHappen holds the list to the kinds of failures, and to the manual.
func TestReasonsAreWhatCanHappen(t *testing.T) {
	for _, kind := range append([]string{string(scrub.KindCoding), string(scrub.KindFormat), string(scrub.KindLimit), string(scrub.KindBudget), string(scrub.KindIO)}, failures...) {
		if !known(kind) {
			t.Errorf("%s is no reason", kind)
		}
	}
	page, err := os.ReadFile("../../docs/COVERAGE.md")
	if err != nil {
		t.Fatal(err)
	}
	listed := regexp.MustCompile("(?m)^\\| `([a-z ]+)` \\| (.*) \\|$").FindAllStringSubmatch(string(page), -1)
	if len(listed) != len(Reasons()) {
		t.Errorf("docs/COVERAGE.md lists %d reasons, of %d", len(listed), len(Reasons()))
	}
	for i, r := range Reasons() {
		if i < len(listed) && (listed[i][1] != r.Name || listed[i][2] != r.Meaning) {
			t.Errorf("docs/COVERAGE.md says %q, want %s: %s", listed[i][1:], r.Name, r.Meaning)
		}
	}
}
