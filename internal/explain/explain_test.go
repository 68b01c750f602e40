package explain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redactd/redactd/internal/config"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

const policyText = `[route.logs]
upstream = "store"
request = "all"
disable_rules = ["iban"]

[allow.demo]
values = ["demo-password-17"]

[allow.over]
values = ["over-password-17"]
expires = 2001-01-01

[rule.ticket]
description = "Ticket"
pattern = 'TICKET-([0-9a-f]{24})\b'
validators = ["entropy:3.5"]
examples = ["TICKET-«{hex:24}»"]
counter_examples = ["TICKET-000000000000000000000000"]

[rule.checked]
description = "Checked"
pattern = 'CHK([0-9]{16})\b'
validators = ["luhn"]
examples = ["CHK«4111111111111111»"]
counter_examples = ["CHK4111111111111112"]
`

// newExplainer explains under the one route of a configuration, with the built-in rules
// of a few packs.
func newExplainer(t testing.TB, file string, o Options) *Explainer {
	t.Helper()
	cfg, err := config.Load(file, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	var all, on []redact.Rule
	for _, r := range patterns.Rules(patterns.Builtin()) {
		if !slices.Contains([]string{"generic", "passwords", "vcs", "pii", "pii-europe", "payment"}, r.Pack) && r.ID != "serp-key" {
			continue
		}
		all = append(all, r)
		if r.Selected("generic") || r.Selected("github-classic-token") || r.Selected("serp-key") {
			on = append(on, r)
		}
	}
	for id, r := range cfg.Rules {
		own := *r
		own.ID, own.Pack = id, "config"
		on, all = append(on, own), append(all, own)
	}
	var ro redact.Options
	for name, a := range cfg.Allow {
		ro.Allow = append(ro.Allow, a.Entry(name))
	}
	set, err := redact.Compile(on, ro)
	if err != nil {
		t.Fatal(err)
	}
	o.Config, o.Name, o.Policy = cfg, "logs", &scrub.Policy{Set: set}
	o.Off = OffRules(all, o.Policy)
	x, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func policyFile(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "config.toml")
	if err := os.WriteFile(file, []byte(policyText), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func explained(t testing.TB, x *Explainer, r Request) *Result {
	t.Helper()
	e, err := x.Explain(context.Background(), r)
	if err != nil {
		t.Fatal(err)
	}
	return e.Result()
}

// Each reason that a text is found or not found for is said, with its place.
func TestVerdicts(t *testing.T) {
	file := policyFile(t)
	x := newExplainer(t, file, Options{})
	for name, c := range map[string]struct {
		text, path         string
		rule, why, key, at string
		outcome            redact.Outcome
	}{
		"found":        {text: "password=swordfish-99", rule: "pw-assigned", outcome: redact.OutcomeFound},
		"allowed":      {text: "password=demo-password-17", rule: "pw-assigned", outcome: redact.OutcomeAllowed, key: "allow.demo", at: ":6", why: "is let through by allow.demo (" + file + ":6)"},
		"expired":      {text: "password=over-password-17", rule: "pw-assigned", outcome: redact.OutcomeAllowed, key: "allow.over", at: ":9", why: redact.Expired + " by allow.over (" + file + ":9)"},
		"entropy":      {text: "TICKET-0101" + strings.Repeat("0", 20), rule: "ticket", outcome: redact.OutcomeRefused, why: "entropy 0.41, below 3.5"},
		"check digits": {text: "CHK4111111111111112", rule: "checked", outcome: redact.OutcomeRefused, why: "check digits are wrong (luhn)"},
		"keyword":      {text: "id " + strings.Repeat("0123456789abcdef", 2), rule: "serp-key", outcome: redact.OutcomeNameless, why: "is one only beside its name (serp_api, serpapi, serper)"},
		"off":          {text: "mail ann.lee@company.net", rule: "email", outcome: OutcomeOff, key: "route.logs", at: ":1", why: `its rule is off, as is pack pii (rules = ["email"] in route.logs (` + file + ":1))"},
		"disabled":     {text: "GB82WEST12345698765432", rule: "iban", outcome: OutcomeOff, key: "route.logs.disable_rules[0]", at: ":4", why: "its rule is switched off by route.logs.disable_rules[0]"},
		"by its name":  {text: "hunter2swordfish", path: "db.password", rule: "sensitive-key", outcome: redact.OutcomeFound},
	} {
		res := explained(t, x, Request{Text: []byte(c.text), Path: c.path})
		ok := false
		for _, v := range res.Verdicts {
			at := ""
			if c.at != "" {
				at = file + c.at
			}
			ok = ok || v.Rule == c.rule && v.Outcome == c.outcome && strings.HasPrefix(v.Why, c.why) && v.Key == c.key && v.Place == at
		}
		if !ok {
			t.Errorf("%s: %+v", name, res.Verdicts)
		}
	}
}

// The place of a verdict is that of its field, and of the encodings it stands in.
func TestPlaces(t *testing.T) {
	x := newExplainer(t, policyFile(t), Options{})
	res := explained(t, x, Request{Text: []byte("one\n  password=swordfish-99\n")})
	if v := res.Verdicts[0]; v.Line != 2 || v.Column != 12 || v.Where() != "line 2, bytes 12 to 23" || v.Path != "" || v.Number != 1 {
		t.Errorf("%+v", v)
	}
	res = explained(t, x, Request{Text: []byte(`{"q":"password=swordfish-99"}`), Path: "items[].body"})
	if v := res.Verdicts[0]; v.Path != "items[].body.q" && !strings.HasPrefix(v.Path, "items[].body") || res.Findings == 0 {
		t.Errorf("%+v", v)
	}
	res = explained(t, x, Request{Text: []byte(`{"password":"swordfish-99"}`)})
	if v := res.Verdicts[0]; v.Where() != "" || v.Path != "password" || res.Format != "json" || v.Writes != "[REDACTED:sensitive-key]" || len(v.Actions) != len(Actions) {
		t.Errorf("%+v", v)
	}
}

// No value is told unless it was asked for, by any action but one that keeps parts.
func TestValuesAreMasked(t *testing.T) {
	x := newExplainer(t, policyFile(t), Options{})
	value := "ghp_" + strings.Repeat("aB3xZ9", 6)
	texts := []string{`{"token":"` + value + `"}`, "password=" + value + " mail to " + value + "@x.org", value}
	for _, text := range texts {
		for _, show := range []bool{false, true} {
			res := explained(t, x, Request{Text: []byte(text), ShowValues: show})
			out, err := json.Marshal(res)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(out), value[4:20]) != show {
				t.Errorf("shown %v: %s", show, out)
			}
		}
	}
}

// Tokens that are shown without the operator's key differ from Explainer to Explainer,
// that of the action in force too; with it they are those of the action.
func TestTokensAreNoOracle(t *testing.T) {
	file := policyFile(t)
	keys, err := redact.NewKeyring([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	token := func(o Options) string {
		x := newExplainer(t, file, o)
		action, err := redact.ParseAction("token", keys)
		if err != nil {
			t.Fatal(err)
		}
		set, err := x.o.Policy.Set.With(redact.Options{Action: func(*redact.Rule) redact.Action { return action }})
		if err != nil {
			t.Fatal(err)
		}
		x.o.Policy.Set = set
		v := explained(t, x, Request{Text: []byte("password=swordfish-99")}).Verdicts[0]
		if v.Action != "token" || v.Writes != v.Actions["token"] || !strings.Contains(v.Writes, "pw-assigned:") {
			t.Fatalf("%+v", v)
		}
		return v.Writes
	}
	a, b, c, d := token(Options{}), token(Options{}), token(Options{Keys: keys}), token(Options{Keys: keys})
	if a == b || a == c || c != d {
		t.Error(a, b, c, d)
	}
}

// Work and answers are bounded.
func TestBounds(t *testing.T) {
	x := newExplainer(t, policyFile(t), Options{MaxText: 4096, MaxVerdicts: 3})
	var long *TooLongError
	if _, err := x.Explain(context.Background(), Request{Text: make([]byte, 4097)}); !errors.As(err, &long) || long.Max != 4096 {
		t.Error(err)
	}
	res := explained(t, x, Request{Text: []byte(strings.Repeat("password=swordfish-99\n", 9))})
	if len(res.Verdicts) != 3 || res.LeftOut < 6 || res.Findings != 9 {
		t.Errorf("%d verdicts, %d left out, %d findings", len(res.Verdicts), res.LeftOut, res.Findings)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := x.Explain(ctx, Request{Text: []byte("password=swordfish-99")}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for r, want := range map[*Request]error{
		{Text: []byte("x"), Format: "nix"}:                 ErrFormat,
		{Text: []byte("x"), Path: "a..b"}:                  ErrPath,
		{Text: []byte("\x00\x01\x02\xff\xfe\x9c\x00\x00")}: ErrBinary,
	} {
		if _, err := x.Explain(context.Background(), *r); !errors.Is(err, want) {
			t.Errorf("%v: %v", want, err)
		}
	}
	if res := explained(t, x, Request{}); res.Fields != 0 || res.Verdicts == nil {
		t.Errorf("%+v", res)
	}
}

// One Explainer serves many at once.
func TestConcurrent(t *testing.T) {
	x := newExplainer(t, policyFile(t), Options{})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			text := strings.Repeat("a line\n", i) + fmt.Sprintf("password=swordfish-%d", i)
			if e, err := x.Explain(context.Background(), Request{Text: []byte(text)}); err != nil || e.findings != 1 || e.Result().Verdicts[0].Line != i+1 {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
}
