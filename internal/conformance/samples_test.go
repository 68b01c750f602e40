package conformance

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// sample is an example or counter-example of a rule, filled in.
type sample struct {
	rule *redact.Rule
	// key is the name that text must stand under to be found, "" for any.
	key  string
	text string
	// secrets are what the example marks, none in a counter-example.
	secrets []string
	// want is text with what the rules find as it is replaced; see seal.
	want string
}

func (s sample) String() string { return fmt.Sprintf("%s: %q", s.rule.ID, s.text) }

// group is the samples of rules that are searched for together.
type group struct {
	policy  *scrub.Policy
	samples []sample
}

// groups returns the samples of all built-in packs: those that are on together, each
// of the others beside them.
var groups = sync.OnceValues(func() ([]group, error) {
	var on []patterns.Pack
	var all []group
	for _, p := range patterns.Builtin() {
		if p.Default {
			on = append(on, p)
			continue
		}
		g, err := newGroup([]patterns.Pack{p})
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	g, err := newGroup(on)
	return append(all, g), err
})

func newGroup(packs []patterns.Pack) (g group, err error) {
	rules := patterns.Rules(packs)
	set, err := redact.Compile(rules, redact.Options{})
	if err != nil {
		return g, err
	}
	g.policy = &scrub.Policy{Set: set}
	for i := range rules {
		r := &rules[i]
		for n, ex := range append(append([]string(nil), r.Examples...), r.CounterExamples...) {
			text, spans, err := patterns.Expand(ex, 1)
			if err != nil {
				return g, err
			}
			s := sample{rule: r, text: text}
			if len(r.Keys) > 0 {
				s.key = r.Keys[0]
			}
			if n < len(r.Examples) {
				for _, sp := range spans {
					s.secrets = append(s.secrets, text[sp.Start:sp.End])
				}
			}
			if s.want, err = plain(g.policy, s.key, text); err != nil {
				return g, err
			}
			g.samples = append(g.samples, s)
		}
	}
	return g, nil
}

// plain returns text, under key, as it is once its findings are replaced.
func plain(p *scrub.Policy, key, text string) (string, error) {
	s := scrub.Acquire(p, nil)
	defer s.Release()
	out, _, err := s.Value("", []byte(key), []byte(text))
	return seal(string(out)), err
}

var placeholders = regexp.MustCompile(`(?:\[REDACTED:[a-z0-9-]+\]|%5BREDACTED%3A[a-z0-9-]+%5D)+`)

// seal makes replacements the same: which rule names a finding, and whether findings
// that touch are one or two, is not asked here. Examples that are percent-encoded have
// them encoded too.
func seal(text string) string { return placeholders.ReplaceAllString(text, "[#]") }

func load(t testing.TB) []group {
	t.Helper()
	all, err := groups()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// TestPlain asks that each example's secret goes where it stands as it is: what the
// other tests compare with.
func TestPlain(t *testing.T) {
	for _, g := range load(t) {
		for _, s := range g.samples {
			for _, secret := range s.secrets {
				if strings.Contains(s.want, secret) && strings.Count(s.want, secret) >= strings.Count(s.text, secret) {
					t.Errorf("%v becomes %q", s, s.want)
				}
			}
		}
	}
}
