package redact

import (
	"bytes"
	"math/rand/v2"
	"regexp"
	"sync"
	"testing"
)

// testRules cover every way a rule is announced and confirmed. Their patterns are
// shapes, not real kinds; package patterns holds those.
func testRules() []Rule {
	return []Rule{
		{ID: "prefix", Pattern: `\bghx_[A-Za-z0-9]{8,12}\b`, Confidence: High, Severity: Critical},
		{ID: "folded", Pattern: `(?i)\bSeKret[_-]?key\s{0,3}[=:]\s{0,3}(\S{4,20})`},
		{ID: "alternation", Pattern: `\b(?:AKXA|ASXA|abxc)[A-Z2-7]{6}\b`, Confidence: Medium},
		{ID: "branches", Pattern: `foo-(\d{4})|[a-z]{0,5}bar:([a-z]{3})`},
		{ID: "userinfo", Pattern: `\b[a-z][a-z0-9+.-]{0,12}://[^\s:@/]{0,20}:(?P<secret>[^\s@/]{1,30})@`},
		{ID: "middle", Pattern: `\b[A-Za-z0-9]{14}\.atlasx1\.[A-Za-z0-9]{6,}`},
		{ID: "email", Pattern: `\b[A-Za-z0-9._%+-]{1,20}@[A-Za-z0-9-]{1,20}\.[a-z]{2,5}\b`},
		{ID: "digits", Pattern: `\b(?:\d{4}[ -]?){3}\d{4}\b`, Validators: []string{"luhn"}},
		{ID: "dashes", Pattern: `\b\d{3}-\d{2}-\d{4}\b`, Validators: []string{"ssn"}},
		{ID: "block", Pattern: `-----BEGIN X-----[\s\S]{0,200}?(?:-----END X-----|\z)`, Severity: High},
		{ID: "lookahead", Pattern: `\btok=(?=[a-z]*\d)(\w{3,10})(?!\w)`},
		{ID: "backref", Pattern: `quote=(['|])([a-z]{2,8})\1`},
		{ID: "everywhere", Pattern: `[q-z]{6}\d`, Force: true},
		{ID: "by-key", Keys: []string{"password", "api_key"}, Tags: []string{"generic"}},
		{ID: "by-key-part", Keys: []string{"authorization"}, Pattern: `(?i)^(?:basic|bearer) +(\S+)`},
		{ID: "two-secrets", Pattern: `pair\((?P<secret>\w+),(?P<secret2>\w+)\)`},
		{ID: "line", Pattern: `(?m)^line: (.{3,20})$`},
		{ID: "named", Pattern: `[a-z_]{3}[a-z ]{0,12}?key[ =]{1,3}([a-f0-9]{6,12})`, Begins: []string{"acme", "acmex", "zed9"}},
		{ID: "named-run", Pattern: `(?:\b|_)[a-z]{3}\w{0,6}[ =]{1,2}([A-Za-z0-9]{20,})`, Begins: []string{"acme", "zed9"}},
		{ID: "unbounded", Pattern: `run_[a-f]+`, Window: 64},
	}
}

func mustCompile(t testing.TB, rules []Rule, o Options) *Set {
	t.Helper()
	s, err := Compile(rules, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reference finds what Find does the plain way: every rule alone, at every byte,
// without a prefilter, each with an engine compiled here.
func reference(s *Set, f Field) []Finding {
	var spans []span
	try := func(p *program, at int) bool {
		if b := f.Value[at]; b >= 0x80 && b < 0xC0 {
			return false
		}
		if p.begins != nil && !p.begins.fits(f.Value[at:min(len(f.Value), at+p.window)]) {
			return false
		}
		loc := referenceMatch(p, f.Value, at)
		for i := 0; i < len(loc); i += 2 {
			if loc[i] < 0 || loc[i] == loc[i+1] {
				continue
			}
			from, stop := p.enclosed(f.Value, loc[i], p.finish(f.Value, at, loc[i+1]))
			if from < stop && p.valid(f.Key, f.Value, from, stop) {
				if start, end, ok := s.settle(f.Value, at, from, stop); ok {
					spans = append(spans, span{start: start, end: end, index: p.index})
				}
			}
		}
		return loc != nil
	}
	fits := s.keys.lookup(s.NewScratch(), nil, f.Key)
	keyMatched := false
	for i := range s.programs {
		p := &s.programs[i]
		if p.engine == nil || p.keyed && !contains(fits, p.index) {
			continue
		}
		for at := range f.Value {
			if try(p, at) && p.keyed {
				keyMatched = true
			}
		}
	}
	for _, i := range fits {
		p := &s.programs[i]
		if start, end := trimSpace(f.Value); p.engine == nil && !keyMatched && start < end && p.valid(f.Key, f.Value, start, end) {
			if start, end, ok := s.settle(f.Value, 0, start, end); ok {
				spans = append(spans, span{start: start, end: end, index: p.index})
			}
		}
	}
	return s.join(f.Value, spans, nil)
}

func contains(list []int32, x int32) bool {
	for _, y := range list {
		if x == y {
			return true
		}
	}
	return false
}

func referenceMatch(p *program, text []byte, at int) []int {
	end := min(len(text), at+p.window)
	if _, ok := p.engine.(*regexp2Engine); ok {
		loc, err := p.engine.match(&Scratch{}, text, at, end)
		if err != nil {
			panic(err)
		}
		return loc
	}
	re, from := plainRegexp(`\A(?:`, p.rule.Pattern), 0
	if at > 0 {
		re, from = plainRegexp(`\A(?s:.)(?:`, p.rule.Pattern), at-1
	}
	loc := re.FindSubmatchIndex(text[from:end])
	if loc == nil {
		return nil
	}
	loc[0] = at - from // without the byte in front
	var secrets []int
	for _, g := range secretGroups(re.SubexpNames()) {
		secrets = append(secrets, loc[2*g], loc[2*g+1])
		for i := len(secrets) - 2; i < len(secrets); i++ {
			if secrets[i] >= 0 {
				secrets[i] += from
			}
		}
	}
	return secrets
}

var plainRegexps sync.Map

func plainRegexp(before, pattern string) *regexp.Regexp {
	if re, ok := plainRegexps.Load(before + pattern); ok {
		return re.(*regexp.Regexp)
	}
	parsed, err := parsePattern(pattern)
	if err != nil {
		panic(err)
	}
	re := regexp.MustCompile(before + parsed.String() + ")")
	plainRegexps.Store(before+pattern, re)
	return re
}

var fragments = []string{
	"ghx_abcd1234", "ghx_", "AKXA234567", "ASXAABCDEF", "abxcAAAAAA", "sekret_key = hunter2", "SEKRETKEY:abcd", "foo-1234",
	"xbar:abc", "bar:", "redis://u:p@ss@h", "://:pw@", "http://a:b@", "ABCDEFGHIJ1234.atlasx1.abcdef", "a.b@c-d.org", "@",
	"4111 1111 1111 1111", "4111111111111111", "123-45-6789", "219-09-9998", "-----BEGIN X-----\nabc\n-----END X-----",
	"-----BEGIN X-----", "tok=abc1", "tok=abc", "quote='abc'", "quote=|abc|", "quote='abc|", "zzzzzz1", "pair(a,b)",
	"\nline: hello\n", "line: ", "run_abcdef", "run_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"[REDACTED:prefix]", "[REDACTED:userinfo:e1-abcdefghijklmnopqrstuvwxyz]", "[REDACTED:unknown]", "[REDACTED:", "]",
	"acme_x", "acme", "zed9_", "acme key=abcdef012", "ABCDEFGHIJKLMNOPQRSTUVWX0123", "acme=abcdefghijklmnopqrstuvwx0123",
	" ", "\n", "é", "\xff", "\u212a", "\x00", ".", "-", ":", "=", "_", "a", "1", "ſekret_key=abcd", "日本",
}

func randomText(r *rand.Rand) []byte {
	var b bytes.Buffer
	for n := r.IntN(14); n > 0; n-- {
		b.WriteString(fragments[r.IntN(len(fragments))])
	}
	return b.Bytes()
}

var testKeys = []string{"", "password", "userPassword", "api-key", "apikey", "api_keys", "API_KEY_2", "HTTP_AUTHORIZATION", "x"}

func sameFindings(a, b []Finding) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].Start != b[i].Start || a[i].End != b[i].End || a[i].Rule.ID != b[i].Rule.ID {
			return false
		}
	}
	return true
}

func show(found []Finding) (out [][3]any) {
	for _, f := range found {
		out = append(out, [3]any{f.Rule.ID, f.Start, f.End})
	}
	return out
}

func checkAgainstReference(t *testing.T, s *Set, f Field) {
	t.Helper()
	got, err := s.Find(s.NewScratch(), nil, f)
	if err != nil {
		t.Fatal(err)
	}
	want := reference(s, f)
	if !sameFindings(got, want) {
		t.Fatalf("key %q, text %q:\n got %v\nwant %v", f.Key, f.Value, show(got), show(want))
	}
	byPattern, _ := s.Find(s.NewScratch(), nil, Field{Value: f.Value})
	if len(byPattern) > 0 && !s.Suspect(s.NewScratch(), f.Value) {
		t.Fatalf("not suspect: %q", f.Value)
	}
}

func TestFindEqualsReference(t *testing.T) {
	s := mustCompile(t, testRules(), Options{})
	r := rand.New(rand.NewPCG(1, 2))
	found := 0
	for range 1500 {
		f := Field{Key: []byte(testKeys[r.IntN(len(testKeys))]), Value: randomText(r)}
		checkAgainstReference(t, s, f)
		got, _ := s.Find(s.NewScratch(), nil, f)
		found += len(got)
	}
	if found < 1500 {
		t.Errorf("only %d findings in 1,500 texts: the texts don't test much", found)
	}
}

func FuzzFindEqualsReference(f *testing.F) {
	s := mustCompile(f, testRules(), Options{})
	for i, frag := range fragments {
		f.Add([]byte(testKeys[i%len(testKeys)]), []byte(frag+fragments[(i*7)%len(fragments)]))
	}
	f.Fuzz(func(t *testing.T, key, text []byte) {
		if len(text) > 400 {
			return
		}
		checkAgainstReference(t, s, Field{Key: key, Value: text})
	})
}
