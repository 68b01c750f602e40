package redact

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// explained writes verdicts as "outcome rule[by]=text (why)".
func explained(t *testing.T, s *Set, key, path, text string) []string {
	t.Helper()
	verdicts, err := s.Explainer().Explain(Field{Key: []byte(key), Path: []byte(path), Value: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, v := range verdicts {
		list = append(list, strings.TrimSpace(fmt.Sprintf("%s %s[%s]=%s %s", v.Outcome, v.Rule.ID, v.By, text[v.Start:v.End], v.Why)))
	}
	return list
}

func TestExplain(t *testing.T) {
	s := mustCompile(t, []Rule{
		{ID: "acme", Pattern: `\bacme_([a-z0-9]{16})\b`, Validators: []string{"entropy:3.5", "min-distinct:4"}, Confidence: High},
		{ID: "tok", Pattern: `\bacme_[a-z0-9_]+`, Confidence: Low},
		{ID: "beside", Pattern: `(?i)\bzork[-_ ]key[=: ]{1,3}([0-9a-f]{32})\b`},
		{ID: "card", Pattern: `\bcard ([0-9]{12})\b`, Validators: []string{"luhn"}},
		{ID: "named", Keys: []string{"door_code"}, Validators: []string{"not-placeholder"}},
		{ID: "gate", Keys: []string{"gate_code"}},
		{ID: "short", Pattern: `\bZRK_([0-9a-f]{16})\b`},
		{ID: "pair", Pattern: `\bZRL-([0-9]{2,4})-[a-z ]+:`},
	}, Options{Allow: []Allow{
		{Name: "demo", Values: []string{"abcdefgh01234567"}, Rules: []string{"acme"}},
		{Name: "old", Values: []string{"765432100abcdefg"}, Until: time.Unix(1, 0)},
	}})
	const hex = "0123456789abcdef0123456789abcdef"
	for _, c := range []struct {
		key, text string
		want      []string
	}{
		{"", "a plain line", nil},
		{"", "acme_q1w2e3r4t5y6u7i8", []string{
			"found acme[]=acme_q1w2e3r4t5y6u7i8",
			"joined tok[acme]=acme_q1w2e3r4t5y6u7i8 is part of what acme names, which is the more specific",
			"joined acme[acme]=q1w2e3r4t5y6u7i8 is part of what acme names, which is the more specific",
		}},
		{"", "acme_aaaaaaaabbbbbbbb", []string{
			"found tok[]=acme_aaaaaaaabbbbbbbb",
			"refused acme[entropy:3.5]=aaaaaaaabbbbbbbb entropy 1.00, below 3.5",
			"refused acme[min-distinct:4]=aaaaaaaabbbbbbbb 2 different bytes, below 4",
		}},
		{"", "acme_abcdefgh01234567 x", []string{
			"found tok[]=acme_abcdefgh01234567",
			"allowed acme[demo]=abcdefgh01234567 is let through",
		}},
		{"", "acme_765432100abcdefg x", []string{
			"found acme[]=acme_765432100abcdefg",
			"joined tok[acme]=acme_765432100abcdefg is part of what acme names, which is the more specific",
			"allowed acme[old]=765432100abcdefg has expired",
			"joined acme[acme]=765432100abcdefg is part of what acme names, which is the more specific",
		}},
		{"", "id " + hex, []string{"nameless beside[]=" + hex + " is one only beside its name (zork.key)"}},
		{"", "zork-key: " + hex, []string{"found beside[]=" + hex}},
		{"", "zork-key: 12", []string{"unfit beside[]=zork-key: begins like one, and what stands there does not fit the pattern"}},
		{"", "acme_2 acme_short1 acme_ab+cdefgh01234567", []string{
			"found tok[]=acme_2", "found tok[]=acme_short1", "found tok[]=acme_ab",
		}},
		{"", "ZRK_0123456789", []string{"unfit short[]=ZRK_0123456789 begins like one and is cut short: 14 bytes, where the pattern asks for 20"}},
		{"", "ZRK_0123456789abcdef0", []string{"unfit short[]=ZRK_0123456789abcdef0 begins like one, and does not fit the pattern from its byte 21 on"}},
		{"", "x=ZRK_0123456789xyzdef&y", []string{"unfit short[]=ZRK_0123456789xyzdef begins like one, and does not fit the pattern from its byte 15 on"}},
		{"", "qq ZRL-0123-next 4", []string{"unfit pair[]=ZRL-0123-next begins like one and ends where its pattern goes on"}},
		{"", "ZRK_ aZRK_012345 ZRK_0", nil},
		{"", "card 123456789012", []string{"refused card[luhn]=123456789012 check digits are wrong (luhn)"}},
		{"door_code", "changeme", []string{"refused named[not-placeholder]=changeme is a placeholder, a mask or a template variable"}},
		{"gate_code", "[REDACTED:named]", []string{"replaced gate[]=[REDACTED:named] is what an action wrote"}},
		{"door_code", "1234", []string{"found named[]=1234"}},
	} {
		if got := explained(t, s, c.key, "", c.text); !slices.Equal(got, c.want) {
			t.Errorf("%q:\n got %q\nwant %q", c.text, got, c.want)
		}
	}
}

// An entry of an allowlist ends to hold while the Set is in use.
func TestAllowExpires(t *testing.T) {
	t.Cleanup(func() { now = time.Now })
	last := time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC)
	s := mustCompile(t, []Rule{{ID: "acme", Pattern: `\bacme_[a-z]{8}\b`}}, Options{Allow: []Allow{
		{Name: "until", Values: []string{"acme_abcdefgh"}, Until: last},
		{Name: "for-ever", Values: []string{"acme_ijklmnop"}},
	}})
	const text = "acme_abcdefgh acme_ijklmnop"
	for at, want := range map[time.Time]string{last.Add(-time.Second): "", last: "acme=acme_abcdefgh", last.AddDate(9, 0, 0): "acme=acme_abcdefgh"} {
		now = func() time.Time { return at }
		if got := findAll(t, s, "", "", text); got != want {
			t.Errorf("at %s: got %q, want %q", at, got, want)
		}
	}
}

// With a value that is let through, what its rule finds in parts of it is, however the
// text comes; what other rules find there, and what only overlaps with it, is not.
func TestAllowCoversParts(t *testing.T) {
	s := mustCompile(t, []Rule{
		{ID: "mail", Pattern: `\b([a-z0-9-]+@[a-z]+\.com)\b`, Window: 64, Force: true},
		{ID: "host", Pattern: `@(corp\.com)\b`},
	}, Options{Allow: []Allow{{Name: "tests", Patterns: []string{"^test-[0-9]+@"}, Rules: []string{"mail"}}}})
	for text, want := range map[string]string{
		"to test-12-x3@acme.com now":  "mail=test-12-x3@acme.com",
		"to test-1234@acme.com now":   "",
		"a-test-1234@acme.com":        "mail=a-test-1234@acme.com",
		"to test-1234@corp.com now":   "host=corp.com",
		"test-1@a.com test-x-2@b.com": "mail=test-x-2@b.com",
	} {
		if got := findAll(t, s, "", "", text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
		long := strings.Repeat(text+strings.Repeat(" ", 300), 20)
		whole, _, _, err := s.Append(s.NewScratch(), nil, nil, Field{Value: []byte(long)})
		if err != nil {
			t.Fatal(err)
		}
		for _, size := range []int{1, 7, 64, 1000} {
			var out strings.Builder
			w := NewWriter(&out, s, nil)
			for part := range slices.Chunk([]byte(long), size) {
				if _, err := w.Write(part); err != nil {
					t.Fatal(err)
				}
				if err := w.Flush(); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil || out.String() != string(whole) {
				t.Errorf("%q in pieces of %d bytes: %v, %q", text, size, err, out.String()[:80])
			}
		}
	}
}

// What validators measure is told as they measure it.
func TestRefusals(t *testing.T) {
	for validator, value := range map[string]string{
		"entropy:3.5": "aaaa", "rarity:5.2": "connection", "min-distinct:8": "abab", "luhn": "4111111111111112",
		"not-placeholder": "changeme", "has-digit": "abc", "national:es-dni": "12345678A",
	} {
		v, err := parseValidator(validator)
		if err != nil {
			t.Fatal(err)
		}
		if v.Valid([]byte(value)) {
			t.Errorf("%s takes %q", validator, value)
		}
		if why := refusal(validator, []byte(value)); why == "" || strings.Contains(why, "refuses") || strings.Contains(why, value) {
			t.Errorf("%s: %q", validator, why)
		}
	}
	names := ValidatorNames()
	for name := range refusals {
		if !slices.Contains(names, name) {
			t.Errorf("there is no validator %s", name)
		}
	}
	for name := range checksums {
		if !slices.Contains(names, name) {
			t.Errorf("there is no validator %s", name)
		}
	}
}

// An Explainer finds what Find finds, whatever the text.
func FuzzExplain(f *testing.F) {
	s, err := Compile(testRules(), Options{Allow: []Allow{{Name: "a", Patterns: []string{"^a"}}}})
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range testRules() {
		f.Add("", r.Pattern)
		for _, k := range r.Keys {
			f.Add(k, "value "+r.Pattern)
		}
	}
	f.Add("password", "tok-0123456789 [REDACTED:a]")
	f.Fuzz(func(t *testing.T, key, text string) {
		field := Field{Key: []byte(key), Value: []byte(text)}
		want, err := s.Find(s.NewScratch(), nil, field)
		verdicts, explainErr := s.Explainer().Explain(field)
		if (err == nil) != (explainErr == nil) {
			t.Fatalf("Find says %v, Explain %v", err, explainErr)
		}
		var got []Finding
		for _, v := range verdicts {
			if v.Start < 0 || v.Start >= v.End || v.End > len(text) {
				t.Fatalf("span %d to %d of %d bytes", v.Start, v.End, len(text))
			}
			if v.Outcome == OutcomeFound {
				got = append(got, v.Finding)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%q: explained %v, found %v", text, got, want)
		}
	})
}

// Each word is told of once, however often a rule's beginning stands in it: what is told
// of a text, and the time that this takes, grows with the text and not with its square.
func TestMisfitsOncePerWord(t *testing.T) {
	s := mustCompile(t, []Rule{{ID: "short", Pattern: `\bZRK_([0-9a-f]{16})\b`}}, Options{})
	for _, c := range []struct {
		text string
		want int
	}{
		{strings.Repeat("ZRK_", 10_000), 1},
		{strings.Repeat("xZRK_", 10_000), 0},
		{strings.Repeat("ZRK_xxxx ", 100), 100},
		{strings.Repeat("ZRK_xxxx.ZRK_xxxx ", 100), 100},
	} {
		misfits := 0
		for _, line := range explained(t, s, "", "", c.text) {
			if strings.HasPrefix(line, "unfit short[]=ZRK_ZRK_") || strings.HasPrefix(line, "unfit short[]=ZRK_x") {
				misfits++
			}
		}
		if misfits != c.want {
			t.Errorf("%.20s...: %d verdicts, want %d", c.text, misfits, c.want)
		}
	}
}
