package canary

import (
	"bytes"
	"cmp"
	"sync"
	"testing"

	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// builtin is the rules that are on by default, compiled.
var builtin = sync.OnceValues(func() ([]redact.Rule, *redact.Set) {
	var on []patterns.Pack
	for _, p := range patterns.Builtin() {
		if p.Default {
			on = append(on, p)
		}
	}
	rules := patterns.Rules(on)
	set, err := redact.Compile(rules, redact.Options{})
	if err != nil {
		panic(err)
	}
	return rules, set
})

// finds reports whether a canary is found where it stands alone.
func finds(set *redact.Set) func(*Canary) bool {
	return func(c *Canary) bool {
		s := scrub.Acquire(&scrub.Policy{Set: set}, nil)
		defer s.Release()
		out, _, err := s.Value("", []byte(c.Key), []byte(c.Text))
		return err == nil && !c.In(string(out))
	}
}

func always(o Outcome) func(string) Outcome { return func(string) Outcome { return o } }

// pass writes canaries, has them scrubbed, and judges what is left.
func pass(t *testing.T, f *Format, list []Canary, p *scrub.Policy) []Outcome {
	t.Helper()
	body, err := f.Write(list)
	if err != nil {
		t.Fatal(err)
	}
	payloads := [][]byte{body}
	if f.Protocol == "gelf" { // whose messages go one by one
		payloads = bytes.SplitAfter(bytes.TrimSuffix(body, []byte{0}), []byte{0})
	}
	s := scrub.Acquire(p, nil)
	defer s.Release()
	var out []byte
	for _, payload := range payloads {
		text := bytes.TrimSuffix(payload, []byte{0})
		res, err := s.Body(text, scrub.Meta{Path: cmp.Or(f.Path, "/"), ContentType: f.ContentType})
		if err != nil {
			t.Fatal(err)
		}
		out = append(append(out, res.Body...), payload[len(text):]...)
	}
	return Judge(f, list, Arrival{State: Clean, Body: out}, always(Clean))
}

// TestRules asks that nothing of any rule that is on by default gets through in any
// format, and that each is seen where nothing is scrubbed.
func TestRules(t *testing.T) {
	rules, set := builtin()
	for _, seed := range []uint64{1, 2, 77} {
		list := Make(rules, Options{Seed: seed, Found: finds(set)})
		if len(list) < len(rules)*9/10 {
			t.Errorf("%d canaries of %d rules", len(list), len(rules))
		}
		for _, f := range Formats() {
			sent := f.Takes(list)
			if len(sent) < len(list)/2 && f.Name != "http-json-list" || len(sent) == 0 {
				t.Errorf("%s: takes %d canaries of %d", f.Name, len(sent), len(list))
			}
			check(t, f, sent, set)
		}
	}
}

// codecs are those of the protocols of listeners.
var codecs = map[string]string{"syslog": "syslog", "forward": "forward"}

func check(t *testing.T, f *Format, sent []Canary, set *redact.Set) {
	t.Helper()
	for i, o := range pass(t, f, sent, &scrub.Policy{Set: set, Codec: codecs[f.Protocol]}) {
		if o != Clean {
			t.Errorf("%s: %s: %v (%q)", f.Name, sent[i].Rule, o, sent[i].Text)
		}
	}
	body, err := f.Write(sent)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range Judge(f, sent, Arrival{State: Clean, Body: body}, always(Clean)) {
		if o != Leaked {
			t.Errorf("%s: %s is %v where it arrives as it was sent", f.Name, sent[i].Rule, o)
		}
	}
}
