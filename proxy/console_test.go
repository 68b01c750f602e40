package proxy

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/audit"
	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/coverage"
)

// What the console says of the policy in force is what the configuration says.
func TestConsoleSources(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	cfg.Token.Keys = []config.Secret{"0123456789abcdef0123456789abcdef"}
	h := start(t, cfg)
	h.Proxy.o.Sample = func() ([]byte, error) { return []byte(strings.Repeat("a line of a log\n", 1000)), nil }
	s := h.Proxy.sources(cfg)
	in := s.Policy.InForce()
	if in.Digest != h.Proxy.policy.Load().digest || in.LoadedAt.IsZero() || len(in.Routes) != len(cfg.Routes) || !strings.Contains(in.Config, "[server]") || strings.Contains(in.Config, "0123456789abcdef") {
		t.Errorf("in force is %+v", in)
	}
	route := in.Routes[0]
	if cfg.Routes[route.Name] == nil || len(route.Rules) == 0 || !slices.IsSorted(route.Rules) || route.Kind != "http" || route.Mode == "" {
		t.Errorf("a route is %+v", route)
	}
	costs, err := s.Policy.Costs(context.Background())
	if err != nil || len(costs) == 0 {
		t.Errorf("costs are %v: %v", costs, err)
	}
	for _, id := range route.Rules {
		if _, ok := costs[id]; !ok {
			t.Errorf("%s has no cost", id)
		}
	}
	report := s.Coverage.Report([]audit.CoverageRow{{Route: route.Name, Direction: "request", Payloads: 1, Bytes: 10}})
	if i := slices.IndexFunc(report.Routes, func(r coverage.RouteReport) bool { return r.Route == route.Name }); i < 0 || report.Routes[i].Inspected.Bytes != 10 {
		t.Errorf("coverage is %+v", report.Routes)
	}
}

// A value is told by itself and by what the rules find in it, under all keys.
func TestConsoleTraces(t *testing.T) {
	up := newBackend(t, nil)
	cfg := settings(up.URL)
	h := start(t, cfg)
	if f, k := (inForce{h.Proxy}).Traces([]byte("x")); f != nil || k != nil {
		t.Errorf("without keys: %v %v", f, k)
	}
	cfg = settings(up.URL)
	cfg.Token.Keys = []config.Secret{"0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"}
	h = start(t, cfg)
	traces := inForce{h.Proxy}
	alone, tokens := traces.Traces([]byte(secret))
	if len(alone) != 2 || len(tokens) != 2 {
		t.Fatalf("a secret: %v %v", alone, tokens)
	}
	within, _ := traces.Traces([]byte("token " + secret + " of a service"))
	for _, f := range alone {
		if !slices.Contains(within, f) || len(within) != 4 {
			t.Errorf("%s is not among %v", f, within)
		}
	}
}
