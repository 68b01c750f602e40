package scrub

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// Each text that is searched is told, found or not, and what becomes of the body is
// what Body makes of it.
func TestTexts(t *testing.T) {
	set, err := redact.Compile([]redact.Rule{{ID: "acme", Pattern: `\bacme_[a-z]{8}\b`}}, redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &Policy{Set: set}
	coded := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("an ordinary line ", 3) + "acme_abcdefgh"))
	for _, c := range []struct {
		body string
		want []string
	}{
		{"plain text", []string{"=plain text"}},
		{`{"a":"nothing","b":{"c":"` + coded + `"},"n":12}`, []string{"a=nothing", "b.c|base64=an ordinary line", "b.c=" + coded[:16], "n=12"}},
		{`{"doc":"{\"in\":\"acme_abcdefgh\"}"}`, []string{"doc.in=acme_abcdefgh"}},
	} {
		s := Acquire(p, nil)
		var got []string
		res, err := s.Texts([]byte(c.body), Meta{}, func(path []byte, f redact.Field) {
			got = append(got, string(path)+"="+string(f.Value))
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, want) }) {
				t.Errorf("%s: told %q, want %q", c.body, got, want)
			}
		}
		out := string(res.Body)
		s.Release()
		s = Acquire(p, nil)
		plain, err := s.Body([]byte(c.body), Meta{})
		if err != nil || string(plain.Body) != out {
			t.Errorf("%s: Body gives %s, %v, and Texts %s", c.body, plain.Body, err, out)
		}
		s.Release()
	}
}
