package proxy

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/explain"
	"github.com/redactd/redactd/redact"
)

// A text is explained under the policy in force of a route or a listener, which a reload
// changes; in shadow mode too, and without the keys of the operator.
func TestExplain(t *testing.T) {
	rules := []redact.Rule{
		{ID: "acme", Pack: "on", Pattern: `\bacme_[a-z0-9]{8,}\b`, Severity: redact.High, Confidence: redact.Medium},
		{ID: "other", Pack: "off", Pattern: `\bother_[a-z0-9]{8,}\b`, Severity: redact.High, Confidence: redact.Medium},
	}
	load := func(text string) *config.Config {
		cfg, err := config.Parse("c.toml", []byte(text), nil)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Audit = config.Audit{}
		return cfg
	}
	const head = "[token]\nkeys = [\"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk\"]\n" +
		"[route.r]\nupstream = \"echo\"\nrequest = \"all\"\nmode = \"shadow\"\naction = \"token\"\n" +
		"[listener.l]\nprotocol = \"forward\"\nlisten = [\"tcp://127.0.0.1:0\"]\nupstream = \"tcp://127.0.0.1:9\"\n"
	p, err := New(Options{
		Config: load(head), Rules: rules, DefaultPacks: []string{"on"},
		Load: func() (*config.Config, error) { return load(head + "[allow.a]\nvalues = [\"acme_0123456789\"]\n"), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(route, text string) *explain.Result {
		t.Helper()
		res, err := p.Explain(context.Background(), route, explain.Request{Text: []byte(text)})
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	res := ask("r", `{"m":"acme_0123456789 other_0123456789"}`)
	if res.Route != "r" || !res.Shadow || res.Findings != 1 || len(res.Verdicts) != 2 ||
		res.Verdicts[1].Outcome != explain.OutcomeOff || !strings.Contains(res.Verdicts[1].Why, "route.r (c.toml:3)") {
		t.Errorf("%+v", res)
	}
	keys, err := redact.NewKeyring([]byte(strings.Repeat("k", 40)))
	if err != nil {
		t.Fatal(err)
	}
	token, err := redact.ParseAction("token", keys)
	if err != nil {
		t.Fatal(err)
	}
	if v := res.Verdicts[0]; v.Action != "token" || v.Writes == string(token.Append(nil, &rules[0], []byte("acme_0123456789"))) {
		t.Errorf("%+v", v)
	}
	if res := ask("l", "acme_0123456789"); res.Findings != 1 || res.Shadow || res.Format != "text" {
		t.Errorf("%+v", res)
	}
	if err := p.Reload(); err != nil {
		t.Fatal(err)
	}
	if res := ask("r", "acme_0123456789"); res.Findings != 0 || res.Verdicts[0].Place != "c.toml:12" {
		t.Errorf("%+v", res)
	}
	if _, err := p.Explain(context.Background(), "nix", explain.Request{}); !errors.Is(err, explain.ErrNoRoute) {
		t.Error(err)
	}
}
