package redact

import (
	"strings"
	"testing"
)

var openRules = []Rule{
	{ID: "prefixed", Pattern: `\btok_[a-z0-9]{12}\b`},
	{ID: "named", Pattern: `(?i)password\s{0,3}[:=]\s{0,3}(?P<secret>[^\s"]{6,40})`},
	{ID: "card", Pattern: `\b4[0-9]{15}\b`},
	{ID: "late", Pattern: `\b[0-9a-f]{16}-us[0-9]\b`},
	{ID: "ahead", Pattern: `zq(?=9)[0-9]{4}`},
}

func TestFindOpen(t *testing.T) {
	set, err := Compile(openRules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		text  string
		found string // in «»
		open  string // the rest from where something is open
		cut   string // what is found in addition if the text is severed
	}{
		{"nothing here", "", "", ""},
		{"a tok_abc", "", "tok_abc", "tok_abc"},
		{"a to", "", "", ""},
		{"a tok_a", "", "tok_a", "tok_a"},
		{"a tok_abcdef123456", "tok_abcdef123456", "tok_abcdef123456", ""},
		{"a tok_abcdef123456 b", "tok_abcdef123456", "", ""},
		{"a tok_abcdef123456[", "tok_abcdef123456", "tok_abcdef123456[", ""},
		{"a tok_abc b", "", "", ""},
		{"my password", "", "password", ""},
		{"my password: ", "", "password: ", ""},
		{"my password: hun", "", "password: hun", "hun"},
		{"my password: hunter2", "hunter2", "password: hunter2", ""},
		{"my password: hunter2 is", "hunter2", "", ""},
		{"my password is", "", "", ""},
		{"4111 1", "", "", ""},
		{"id 0123456789ab", "", "", ""},
		{"id 0123456789abcdef-us1", "0123456789abcdef-us1", "0123456789abcdef-us1", ""},
		{"zq912", "", "zq912", "zq912"},
		{"zq9123 and", "zq9123", "", ""},
	} {
		sc := set.NewScratch()
		text := []byte(tt.text)
		found, open, err := set.FindOpen(sc, nil, text)
		if err != nil {
			t.Fatal(err)
		}
		if got := list(text, found); got != tt.found || tt.text[open:] != tt.open {
			t.Errorf("%q: found %q, open %q; want %q, %q", tt.text, got, tt.text[open:], tt.found, tt.open)
		}
		found, err = set.FindSevered(sc, nil, text)
		want := tt.found
		if tt.cut != "" {
			want = tt.cut
		}
		if got := list(text, found); err != nil || got != want {
			t.Errorf("%q severed: found %q (%v), want %q", tt.text, got, err, want)
		}
	}
}

func list(text []byte, found []Finding) string {
	var all []string
	for _, f := range found {
		all = append(all, string(text[f.Start:f.End]))
	}
	return strings.Join(all, " ")
}

// TestFindOpenOfBeginnings asks of every beginning of a text that what is found in it
// before the open place is what is found in the whole.
func TestFindOpenOfBeginnings(t *testing.T) {
	set, err := Compile(openRules, Options{})
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("a tok_abcdef123456 b password = hunter2x, 4111111111111111; c 0123456789abcdef-us1 zq9123 tok_abcdef1234567 password: \"a\" password=[REDACTED:named] end of it")
	sc := set.NewScratch()
	whole, err := set.Find(sc, nil, Field{Value: text})
	if err != nil || len(whole) < 5 {
		t.Fatal(whole, err)
	}
	for n := range text {
		found, open, err := set.FindOpen(sc, nil, text[:n])
		if err != nil {
			t.Fatal(err)
		}
		var before []Finding
		for _, f := range whole {
			if f.End < open {
				before = append(before, f)
			}
		}
		for i, f := range before {
			if i >= len(found) || found[i].Start != f.Start || found[i].End != f.End {
				t.Fatalf("%q: found %v, want %v", text[:n], found, before)
			}
		}
		for i := len(before); i < len(found); i++ {
			if found[i].End < open {
				t.Fatalf("%q: found %v in addition", text[:n], found[i])
			}
		}
	}
}

func TestLastWord(t *testing.T) {
	for _, tt := range [][2]string{
		{"", ""}, {"a ", ""}, {"a b", "b"}, {"b", "b"}, {"one two.three", "two.three"}, {"a\n", ""},
		{"card 4111 1111", "4111 1111"}, {"card 4111-1111 12", "4111-1111 12"}, {"card 4111 ", "4111 "}, {"a1 ", "a1 "},
		{"room 1 at", "at"}, {"caf\xc3\xa9ole", "ole"}, {strings.Repeat("x", 300), strings.Repeat("x", 256)},
		{strings.Repeat("1 ", 300), strings.Repeat("1 ", 128)},
	} {
		if got := tt[0][LastWord([]byte(tt[0])):]; got != tt[1] {
			t.Errorf("%q: got %q, want %q", tt[0], got, tt[1])
		}
	}
}
