package redact

import (
	"fmt"
	"strings"
	"testing"
)

func testKeyring(t testing.TB, keys ...string) *Keyring {
	t.Helper()
	var list [][]byte
	for _, k := range keys {
		list = append(list, []byte(k))
	}
	k, err := NewKeyring(list...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Every registered action, with an argument it takes.
var actionForms = map[string][]string{
	"mask": {"mask"}, "remove": {"remove"}, "token": {"token"},
	"partial": {"partial:4,4", "partial:0,4", "partial:1,0"}, "replace": {"replace:***", "replace:(hidden)"},
}

// Whatever the action, no rule finds its output again, wherever it stands.
func TestActionsConform(t *testing.T) {
	keys := testKeyring(t, "0123456789abcdef")
	values := []string{"a", "hunter2hunter2hunter2hunter2", "p@ss w/ord", "日本語のパスワード", "\xff\xfe", strings.Repeat("x", 500)}
	for _, name := range ActionNames() {
		forms := actionForms[name]
		if len(forms) == 0 {
			t.Errorf("action %s: no form to test it with", name)
		}
		for _, form := range forms {
			a, err := ParseAction(form, keys)
			if err != nil {
				t.Fatal(err)
			}
			if a.Name() != name {
				t.Errorf("%s: Name is %q", form, a.Name())
			}
			s := mustCompile(t, []Rule{
				{ID: "by-key", Keys: []string{"password"}},
				{ID: "assigned", Pattern: `password=(\S+)`},
				{ID: "quoted", Pattern: `password: "([^"]+)"`},
				{ID: "userinfo", Pattern: `://[^:@\s]{0,20}:([^@\s]{1,900})@`},
			}, Options{Action: func(*Rule) Action { return a }})
			for _, v := range values {
				for _, f := range []Field{
					{Key: []byte("password"), Value: []byte(v)},
					{Value: []byte("password=" + v + " next")},
					{Value: []byte(`password: "` + v + `"`)},
					{Value: []byte("://user:" + v + "@host")},
				} {
					once, found, _, err := s.Append(s.NewScratch(), nil, nil, f)
					if err != nil || len(found) == 0 && !strings.ContainsAny(v, " ") && v != "p@ss w/ord" {
						t.Fatalf("%s: %q: %v, %v", form, f.Value, found, err)
					}
					f.Value = once
					twice, again, _, err := s.Append(s.NewScratch(), nil, nil, f)
					if err != nil || string(twice) != string(once) || len(again) > 0 {
						t.Errorf("%s: %q then %q (%v)", form, once, twice, again)
					}
				}
			}
		}
	}
}

func TestActionOutput(t *testing.T) {
	keys := testKeyring(t, "0123456789abcdef", "fedcba9876543210")
	r := &Rule{ID: "r"}
	long := "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"
	for form, want := range map[string]string{
		"mask":        "[REDACTED:r]",
		"remove":      "",
		"replace:a:b": "a:b",
		"partial:4,4": "abcd[REDACTED:r]GHIJ",
		"partial:0,2": "[REDACTED:r]IJ",
		"token":       "[REDACTED:r:e2-nomwqmmcdlx2qvjxmlahkwyx2u]",
	} {
		a, err := ParseAction(form, keys)
		if err != nil {
			t.Fatal(err)
		}
		if got := string(a.Append([]byte("x"), r, []byte(long))); got != "x"+want {
			t.Errorf("%s: got %q, want %q", form, got, want)
		}
	}
	a, _ := ParseAction("partial:4,4", nil)
	if got := string(a.Append(nil, r, []byte("short"))); got != "[REDACTED:r]" {
		t.Errorf("partial of a short value: %q", got)
	}
	for form, want := range map[string]string{
		"mask:x": "no argument", "nope": `no action "nope"`, "partial": "partial:FIRST,LAST", "partial:9,0": "8 together",
		"partial:-1,2": "partial:FIRST,LAST", "replace": "needs a text", "token:x": "no argument", "remove:x": "no argument",
	} {
		if _, err := ParseAction(form, keys); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", form, err, want)
		}
	}
	if _, err := ParseAction("token", nil); err == nil {
		t.Error("token without keys is accepted")
	}
}

func TestReplaceRefusesASecret(t *testing.T) {
	a, err := ParseAction("replace:password=x", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Compile([]Rule{{ID: "assigned", Pattern: `password=(\S+)`}}, Options{Action: func(*Rule) Action { return a }})
	if err == nil || !strings.Contains(err.Error(), "redacted again") {
		t.Errorf("got %v, want a refusal", err)
	}
}

func TestKeyring(t *testing.T) {
	old, both := testKeyring(t, "0123456789abcdef"), testKeyring(t, "0123456789abcdef", "fedcba9876543210")
	v := []byte("value")
	if again := old.Fingerprint(v); again != old.Fingerprint(v) || old.Fingerprint(v) == old.Fingerprint([]byte("other")) {
		t.Error("a fingerprint is not a function of the value")
	}
	if !strings.HasPrefix(old.Fingerprint(v), "e1-") || !strings.HasPrefix(both.Fingerprint(v), "e2-") {
		t.Errorf("epochs: %s and %s", old.Fingerprint(v), both.Fingerprint(v))
	}
	if s := fmt.Sprintf("%v %+v %#v %s", both, both, both, both); strings.Contains(s, "0123") || strings.Contains(s, "48 49") {
		t.Errorf("prints its keys: %s", s)
	}
	if _, err := NewKeyring([]byte("short")); err == nil || strings.Contains(err.Error(), "short") {
		t.Errorf("got %v", err)
	}
	if _, err := NewKeyring(); err == nil {
		t.Error("no key is accepted")
	}
}
