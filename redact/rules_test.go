package redact

import (
	"errors"
	"io"
	"strings"
	"testing"
)

func findAll(t *testing.T, s *Set, key, path, text string) string {
	t.Helper()
	found, err := s.Find(s.NewScratch(), nil, Field{Key: []byte(key), Path: []byte(path), Value: []byte(text)})
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, f := range found {
		list = append(list, f.Rule.ID+"="+text[f.Start:f.End])
	}
	return strings.Join(list, " ")
}

func TestKeys(t *testing.T) {
	s := mustCompile(t, []Rule{{ID: "k", Keys: []string{"api_key", "password", "privateKey"}}}, Options{})
	for name, fits := range map[string]bool{
		"api_key": true, "apiKey": true, "API-KEY": true, "apikey": true, "ApiKey": true, "service.api_key": true,
		"X-Api-Key": true, "MY_API_KEY": true, "HTTPPassword": true, "HTTP_PASSWORD": true, "dbPassword": true,
		"private_key": true, "privatekey": true, "PrivateKey": true, "password": true, "Password": true, "api  key": true,
		"api_key_1": true, "API_KEY2": true, "apiKey12": true, "password-[3]": true, "password2": true,
		"api_key_123": false, "api_key_v1": false, "api1_key": false,
		"api_keys": false, "password_reset_url": false, "ap_ikey": false, "pass_word": false, "passWord": false,
		"keyapi": false, "": false, "api____________key": false, "notpassword": false, "mypassword": false,
		strings.Repeat("x", 300) + "_password": true,
	} {
		if got := findAll(t, s, name, "", "v"); (got == "k=v") != fits {
			t.Errorf("%q: got %q, want fit %v", name, got, fits)
		}
		if fits && !s.Suspect(s.NewScratch(), []byte(name)) {
			t.Errorf("%q is not suspect", name)
		}
	}
	if got := findAll(t, s, "password", "", " \t "); got != "" {
		t.Errorf("blank value: %q", got)
	}
	if got := findAll(t, s, "password", "", " a b\n"); got != "k=a b" {
		t.Errorf("the white space around a value is not part of it: %q", got)
	}
}

func TestKeyWithPatternGoesFirst(t *testing.T) {
	s := mustCompile(t, []Rule{
		{ID: "scheme", Keys: []string{"authorization"}, Pattern: `(?i)^(?:basic|bearer) +(\S+)`},
		{ID: "whole", Keys: []string{"authorization"}},
	}, Options{})
	for text, want := range map[string]string{
		"Bearer abc":                 "scheme=abc",
		"abc":                        "whole=abc",
		"Bearer [REDACTED:scheme]":   "",
		"[REDACTED:whole]":           "",
		"Hawk id=1, mac=abcdefghijk": "whole=Hawk id=1, mac=abcdefghijk",
	} {
		if got := findAll(t, s, "Authorization", "", text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestJoin(t *testing.T) {
	s := mustCompile(t, []Rule{
		{ID: "generic", Pattern: `key=(\S+)`, Tags: []string{"generic"}, Confidence: High, Severity: Critical},
		{ID: "named", Pattern: `\bab_[a-z]{4}\b`, Confidence: High, Severity: Low},
		{ID: "tail", Pattern: `_[a-z]{4}\.[a-z]{3}`, Confidence: Low},
	}, Options{})
	for text, want := range map[string]string{
		"key=ab_abcd":                   "named=ab_abcd",
		"key=xyz":                       "generic=xyz",
		"ab_abcd.efg":                   "named=ab_abcd.efg",
		"key=ab_abcd@host/x":            "named=ab_abcd",
		"key=ab_abcd:more":              "named=ab_abcd:more",
		"ab_abcd ab_efgh":               "named=ab_abcd named=ab_efgh",
		"key=xyz [REDACTED:named]":      "generic=xyz",
		"key=[REDACTED:named]":          "",
		"key=ab[REDACTED:named]cd":      "",
		"key=abcdefghi[REDACTED:named]": "generic=abcdefghi[REDACTED:named]",
		"key=[REDACTED:nobody]":         "generic=[REDACTED:nobody]",
		"key=[REDACTED:AB_ABCD]":        "generic=[REDACTED:AB_ABCD]",
		"key=[REDACTED:named:e1-]":      "generic=[REDACTED:named:e1-]",
		"key=[REDACTED:named:e1-" + strings.Repeat("a", 26) + "]": "",
	} {
		if got := findAll(t, s, "", "", text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestCompileErrors(t *testing.T) {
	for _, tt := range []struct {
		rule      Rule
		key, want string
	}{
		{Rule{ID: "Bad_ID", Pattern: "abcd"}, "id", "lower-case letters"},
		{Rule{ID: "", Pattern: "abcd"}, "id", "lower-case letters"},
		{Rule{ID: "a"}, "pattern", "needs a pattern, keys or both"},
		{Rule{ID: "a", Pattern: "ab(cd"}, "pattern", "missing closing )"},
		{Rule{ID: "a", Pattern: "(?=ab(cd"}, "pattern", "(?="},
		{Rule{ID: "a", Pattern: "(abcd)?"}, "pattern", "empty text"},
		{Rule{ID: "a", Pattern: `.*abcd`}, "pattern", "bound what stands before it"},
		{Rule{ID: "a", Pattern: `\S{20}`}, "pattern", "force = true"},
		{Rule{ID: "a", Pattern: `ab`}, "pattern", "rare run of three"},
		{Rule{ID: "a", Pattern: "abcd", Validators: []string{"nope"}}, "validators", `no validator "nope"`},
		{Rule{ID: "a", Pattern: "abcd", Validators: []string{"entropy:x"}}, "validators", "entropy needs bits"},
		{Rule{ID: "a", Pattern: "abcd", Window: 1 << 30}, "window", "a window is"},
		{Rule{ID: "a", Keys: []string{"_"}}, "keys", "3 to 63 letters"},
		{Rule{ID: "a", Keys: []string{"a_b_c"}}, "keys", "word of three"},
	} {
		_, err := Compile([]Rule{tt.rule}, Options{})
		var re *RuleError
		if !errors.As(err, &re) || re.Key != tt.key || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: got %v, want one on %s with %q", tt.rule, err, tt.key, tt.want)
		}
	}
	_, err := Compile([]Rule{{ID: "a", Pattern: "abcd"}, {ID: "a", Pattern: "ab(cd"}}, Options{})
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 2 {
		t.Errorf("want a duplicate id and a bad pattern, both at once, got %v", err)
	}
}

func TestGaveUp(t *testing.T) {
	s := mustCompile(t, []Rule{{ID: "slow", Pattern: `slow=(?=(\w+)+!)\w+`}}, Options{})
	text := []byte("slow=" + strings.Repeat("a", 60))
	if _, err := s.Find(s.NewScratch(), nil, Field{Value: text}); !errors.Is(err, ErrGaveUp) {
		t.Errorf("got %v, want ErrGaveUp", err)
	}
	out, found, _, err := s.Append(s.NewScratch(), nil, nil, Field{Value: text})
	if !errors.Is(err, ErrGaveUp) || len(out) > 0 || len(found) > 0 {
		t.Errorf("after giving up: %d bytes, %d findings, %v", len(out), len(found), err)
	}
}

// Text that makes a rule start everywhere and read to the end of its window each
// time is given up, in Find and in a stream, and is suspect.
func TestCraftedTextGivesUp(t *testing.T) {
	s := mustCompile(t, []Rule{
		{ID: "run", Pattern: `abx[a-z-]{10,}\.[a-z]+`},
		{ID: "prefix", Pattern: `[a-z-]{0,60}:xy[a-z:-]{10,}\.`},
	}, Options{})
	for _, piece := range []string{"abx-", "-:xy-"} {
		text := []byte(strings.Repeat(piece, 1<<16))
		if _, err := s.Find(s.NewScratch(), nil, Field{Value: text}); !errors.Is(err, ErrGaveUp) {
			t.Errorf("%q: got %v, want ErrGaveUp", piece, err)
		}
		if !s.Suspect(s.NewScratch(), text) {
			t.Errorf("%q: not suspect", piece)
		}
		w := NewWriter(io.Discard, s, nil)
		_, err := w.Write(text)
		if err = errors.Join(err, w.Close()); !errors.Is(err, ErrGaveUp) {
			t.Errorf("%q: a Writer says %v, want ErrGaveUp", piece, err)
		}
		if _, err := s.Find(s.NewScratch(), nil, Field{Value: text[:2000]}); err != nil {
			t.Errorf("%q: a little of it is given up: %v", piece, err)
		}
	}
}

// crafted are texts against an engine each: runs of a class, near-matches, nested
// repetitions, places without number, a line without an end.
var crafted = []struct {
	name, pattern, prefix, piece string
}{
	{"run of a class", `\btok_[a-z0-9]{20,40}\b`, "", "tok_aaaaaaaaaaaaaaaa "},
	{"one byte short", `\btok_[a-z0-9]{20}\b`, "", "tok_0123456789abcdefghi "},
	{"one byte too many", `\btok_[a-z0-9]{20}\b`, "", "tok_0123456789abcdefghijk "},
	{"many states", `abc(?:[a-z]*[0-9]){12}[a-z]{7}!`, "", "abc1a2b3c4d5e6f7g8h9i0j"},
	{"nested repetition", `key=(?:(?:a+)+b?)+c`, "key=", "aaaaaaaab"},
	{"gap before a literal", `secret.{0,200}=.{0,200};end`, "", "secret=;en"},
	{"start to search", `[a-z]{0,60}:xyz[a-z:]{10,}\.`, "", "a:xyz"},
	{"beyond ASCII", `geheim[^\s]{10,}!`, "", "geheimäöüß"},
	{"backtracking", `tok=(?=(?:\w+)+!)\w+`, "tok=", "aaaaaaaa"},
	{"back-reference", `q=(['|])(\w+)\1`, "", "q='aaaa|"},
	{"digits", `\b(?:\d[ -]?){13,16}\b`, "", "1234 5678 9012 "},
}

// Text crafted against an engine is searched or given up, within the budget and
// one try beyond it.
func TestCraftedText(t *testing.T) {
	const size = 1 << 20
	for _, tt := range crafted {
		s := mustCompile(t, []Rule{{ID: "rule", Pattern: tt.pattern}}, Options{})
		text := []byte((tt.prefix + strings.Repeat(tt.piece, size/len(tt.piece)+1))[:size])
		sc := s.NewScratch()
		if _, err := s.Find(sc, nil, Field{Value: text}); err != nil && !errors.Is(err, ErrGaveUp) {
			t.Errorf("%s: %v", tt.name, err)
		}
		// A try reads a window, with at most a thread for each instruction.
		const threads = 2000
		if most := budget(text) + s.window*nfaCost*threads; sc.nfa.spent > most {
			t.Errorf("%s: %d units of work for %d bytes, want at most %d", tt.name, sc.nfa.spent, size, most)
		}
		s.Suspect(sc, text)
		if most := budget(text) + s.window*nfaCost*threads; sc.nfa.spent > most {
			t.Errorf("%s: %d units of work for %d bytes to tell whether it is suspect", tt.name, sc.nfa.spent, size)
		}
	}
}

func TestAllow(t *testing.T) {
	rules := []Rule{
		{ID: "word", Pattern: `\bkey_([a-z]+)`, Tags: []string{"x"}},
		{ID: "num", Pattern: `\bnum_(\d+)`},
	}
	for _, tt := range []struct {
		name                  string
		allow                 Allow
		path, text, wantFound string
	}{
		{"value", Allow{Values: []string{"abc"}}, "", "key_abc key_abcd", "word=abcd"},
		{"pattern", Allow{Patterns: []string{`^a.c$`}}, "", "key_abc key_abcc", "word=abcc"},
		{"path", Allow{Paths: []string{"a.*.c"}}, "a.b.c", "key_abc", ""},
		{"path not", Allow{Paths: []string{"a.*.c"}}, "a.b.c.d", "key_abc", "word=abc"},
		{"deep path", Allow{Paths: []string{"**.c"}}, "a.b.c[]", "key_abc", ""},
		{"all below", Allow{Paths: []string{"a.**"}}, "a.b.c", "key_abc", ""},
		{"deep path not", Allow{Paths: []string{"**.c"}}, "a.b.cc", "key_abc", "word=abc"},
		{"path and value", Allow{Paths: []string{"a"}, Values: []string{"abc"}}, "b", "key_abc", "word=abc"},
		{"rule by tag", Allow{Values: []string{"abc", "1"}, Rules: []string{"x"}}, "", "key_abc num_1", "num=1"},
		{"rule not here", Allow{Values: []string{"abc"}, Rules: []string{"elsewhere"}}, "", "key_abc", "word=abc"},
	} {
		s, err := Compile(rules, Options{Allow: []Allow{tt.allow}})
		if err != nil {
			t.Fatal(err)
		}
		if got := findAll(t, s, "", tt.path, tt.text); got != tt.wantFound {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.wantFound)
		}
	}
	_, err := Compile(rules, Options{Allow: []Allow{{Name: "n", Patterns: []string{"("}}, {Name: "m"}, {Name: "o", Patterns: []string{".*"}}}})
	if err == nil || !strings.Contains(err.Error(), "o: patterns: matches the empty text") || !strings.Contains(err.Error(), "n: patterns: ") || !strings.Contains(err.Error(), "m: values: ") {
		t.Errorf("got %v, want an error for each entry", err)
	}
}

// A secret longer than its rule's window goes whole, as far as maxTail.
func TestLongSecrets(t *testing.T) {
	s := mustCompile(t, []Rule{
		{ID: "run", Pattern: `\brun_[a-z]+\b`},
	}, Options{})
	for _, n := range []int{10, defaultWindow - 10, defaultWindow, defaultWindow + 1, 3 * defaultWindow} {
		text := "run_" + strings.Repeat("a", n)
		if got := findAll(t, s, "", "", text+" b"); got != "run="+text {
			t.Errorf("%d letters: %d bytes found", n, len(got))
		}
	}
}

// Names of secrets in an id say nothing about what follows its placeholder.
func TestNoMatchBeginsInAPlaceholder(t *testing.T) {
	s := mustCompile(t, []Rule{{ID: "my-token", Pattern: `token\]?=(\w+)`}}, Options{})
	if got := findAll(t, s, "", "", "[REDACTED:my-token]=abc token=xyz"); got != "my-token=xyz" {
		t.Errorf("got %q", got)
	}
}

// A pattern that folds case matches ASCII only, so that no prefilter can miss it.
func TestFoldingIsASCII(t *testing.T) {
	s := mustCompile(t, []Rule{{ID: "k", Pattern: `(?i)task_([a-z]+)`}}, Options{})
	for text, want := range map[string]string{
		"TASK_abc": "k=abc", "ta\u017fk_abc": "", "tas\u212a_abc": "", "task_a\u017fb": "k=a",
	} {
		if got := findAll(t, s, "", "", text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestSetIsSafeForConcurrentUse(t *testing.T) {
	s := mustCompile(t, testRules(), Options{})
	text := []byte(strings.Join(fragments, " "))
	want := show(reference(s, Field{Value: text}))
	done := make(chan bool)
	for range 4 {
		go func() {
			sc, same := s.NewScratch(), true
			for range 20 {
				got, err := s.Find(sc, nil, Field{Value: text})
				same = same && err == nil && len(got) == len(want)
			}
			done <- same
		}()
	}
	for range 4 {
		if !<-done {
			t.Error("a concurrent search found something else")
		}
	}
}

// Find, Append and Suspect allocate nothing once their memory has grown.
func TestFindAllocates(t *testing.T) {
	rules := testRules()
	for i := range rules {
		if rules[i].ID == "lookahead" || rules[i].ID == "backref" {
			rules[i].Pattern = "unused_" + rules[i].ID // regexp2 allocates
		}
	}
	s := mustCompile(t, rules, Options{})
	sc := s.NewScratch()
	clean := []byte(strings.Repeat("GET /index.html 200 password for bar:x ghx_ foo- run_\n", 50))
	dirty := []byte("user ghx_abcd1234 logged in with sekret_key=abcdef")
	found, out, key := make([]Finding, 0, 64), make([]byte, 0, 4096), []byte("message")
	for _, text := range [][]byte{clean, dirty} {
		if n := testing.AllocsPerRun(20, func() {
			found, _ = s.Find(sc, found[:0], Field{Key: key, Value: text})
			out, found, _, _ = s.Append(sc, out[:0], found[:0], Field{Key: key, Value: text})
			s.Suspect(sc, text)
		}); n > 0 {
			t.Errorf("%d allocations for %q", int(n), text[:20])
		}
	}
}
