package ruleimport

import (
	"slices"
	"testing"

	"github.com/redactd/redactd/redact"
)

// The ways in which a source may be wrapped or written.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		name, text, format string
		want               []string // ids
		line               int      // of the first
	}{
		{"project of Sentry", "{\n\"config\": {\"piiConfig\": {\n\"rules\": {\n\"seat\": {\"type\": \"pattern\", \"pattern\": \"seat-[0-9]{6}\"}},\n\"applications\": {\"$string\": [\"seat\"]}}}}", "sentry", []string{"seat"}, 4},
		{"Sentry without rules", `{"applications": {"user.badge": ["@anything:remove"]}}`, "sentry", []string{"anything-remove"}, 1},
		{"Sentry pair in camel case", `{"rules": {"p": {"type": "redactPair", "keyPattern": "doorcode"}}, "applications": {"**": ["p"]}}`, "sentry", []string{"p", "p-text"}, 1},
		{"Presidio without a registry", "recognizers:\n- name: Seat\n  supported_entities: [SEAT]\n  global_regex_flags: 0\n  patterns:\n  - {name: s, regex: 'seat-\\d{6}', score: 0.5}\n", "presidio", []string{"seat"}, 6},
		{"gitleaks of old", "[[rules]]\ndescription = 'Seat number'\nregex = '''seat-[0-9]{6}'''\n[rules.allowlist]\nregexes = ['0{6}']\n", "gitleaks", []string{"seat-number"}, 1},
		{"gitleaks in other letters", "[[Rules]]\nID = 'seat'\nRegex = '''seat-([0-9]{6})'''\nSecretGroup = 1\n", "", nil, 0},
		{"Nosey Parker without ids", "rules:\n- name: Seat No.\n  pattern: 'seat-[0-9]{6}'\n  examples: seat-123456\n", "noseyparker", []string{"seat-no"}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			res, err := Parse("x", []byte(c.text), Options{})
			if c.format == "" {
				if err == nil {
					t.Errorf("taken for %s", res.Format)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range res.Rules {
				got = append(got, r.ID)
			}
			if res.Format != c.format || !slices.Equal(got, c.want) || res.Rules[0].Line != c.line {
				t.Errorf("%s: %v in line %d, notes %v", res.Format, got, res.Rules[0].Line, res.Notes)
			}
			checkRules(t, res)
		})
	}
}

// What a rule with several groups hides, from the text on.
func TestSecretOfGroups(t *testing.T) {
	for _, c := range []struct{ format, text, in, want string }{
		{"gitleaks", "[[rules]]\nid='a'\nregex='''acmeuser=(\\w+) acmepin=(\\w+)'''\nsecretGroup=2\n", "acmeuser=ann acmepin=abcd", "acmeuser=ann acmepin=[REDACTED:a]"},
		{"gitleaks", "[[rules]]\nid='a'\nregex='''acmepin=(?:\"(\\w+)\"|(\\w+))'''\n", "acmepin=abcd", "acmepin=[REDACTED:a]"},
		{"kingfisher", "rules:\n- id: a\n  name: a\n  pattern: 'acmeuser=(\\w+) acmepin=(?P<TOKEN>\\w+)'\n", "acmeuser=ann acmepin=abcd", "acmeuser=ann acmepin=[REDACTED:a]"},
		{"noseyparker", "rules:\n- id: a\n  name: a\n  pattern: 'acmeid=(\\w+) acmepin=(\\w+)'\n", "acmeid=ann acmepin=abcd", "acmeid=[REDACTED:a] acmepin=[REDACTED:a]"},
		{"noseyparker", "rules:\n- id: a\n  name: a\n  pattern: 'acmepin=(?:x(\\w)){3}'\n", "no acmepin=xaxbxc", "no [REDACTED:a]"},
		{"sentry", `{"rules": {"a": {"type": "pattern", "pattern": "acmeid=(\\w+)"}}, "applications": {"**": ["a"]}}`, "no acmeid=ann", "no [REDACTED:a]"},
	} {
		res, err := Parse("x", []byte(c.text), Options{Format: c.format})
		if err != nil {
			t.Fatal(err)
		}
		set, err := redact.Compile(res.plain(), redact.Options{Allow: res.plainAllow()})
		if err != nil {
			t.Fatal(err)
		}
		out, _, _, err := set.Append(set.NewScratch(), nil, nil, redact.Field{Value: []byte(c.in)})
		if err != nil || string(out) != c.want {
			t.Errorf("%s %q: %q, %v, want %q", c.format, c.text, out, err, c.want)
		}
	}
}

// Rules that Kingfisher has from betterleaks name the number of the secret's group, and
// the rules of its generated packs have keywords.
func TestKingfisherGroup(t *testing.T) {
	for group, want := range map[string]string{
		"0": "acme=«{hex:16}»:{hex:8}", "2": "acme={hex:16}:«{hex:8}»",
	} {
		res, err := Parse("k.yml", []byte("rules:\n- name: Acme\n  id: acme.1\n  confidence: high\n  visible: true\n  keywords: [acme]\n"+
			"  betterleaks_secret_group: "+group+"\n  pattern: 'acme=([0-9a-f]{16}):([0-9a-f]{8})'\n"), Options{Format: "kingfisher"})
		if err != nil || len(res.Rules) != 1 || len(res.Notes) != 0 {
			t.Fatalf("group %s: %v, %+v", group, err, res)
		}
		if got := res.Rules[0].Examples; len(got) != 1 || got[0] != want {
			t.Errorf("group %s: example %q, want %q", group, got, want)
		}
	}
}
