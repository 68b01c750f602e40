package scrub

import (
	"fmt"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// A rule that knows a value by a name in front of it finds it where a format has name and
// value apart.
func TestNamed(t *testing.T) {
	set, err := redact.Compile([]redact.Rule{
		{ID: "by-name", Pack: "test", Pattern: `acme_pat["' ]{0,3}[:=]["' ]{0,3}(?P<secret>[0-9a-f]{16})`},
		{ID: "keyed", Pack: "test", Keys: []string{"password"}, Validators: []string{"min-distinct:8"}},
		{ID: "in-text", Pack: "test", Pattern: `password["' ]{0,3}[:=]["' ]{0,3}(?P<secret>[a-z]{4,})`},
	}, redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const value = "00ff00ff00ff00ff"
	for _, tt := range []struct{ contentType, body, want string }{
		{"application/json", `{"a":{"acme_pat":%q},"b":1}`, "[REDACTED:by-name]"},
		{"application/x-ndjson", "{\"acme_pat\" : %q}\n{}\n", "[REDACTED:by-name]"},
		{"application/x-www-form-urlencoded", "a=1&acme_pat=%s&b=2", "%5BREDACTED%3Aby-name%5D"},
		{"application/logfmt", "level=info acme_pat=%s\n", "[REDACTED:by-name]"},
		{"application/json", `{"acme_pat_id":%q}`, ""},
	} {
		in := strings.ReplaceAll(strings.ReplaceAll(tt.body, "%q", `"`+value+`"`), "%s", value)
		want := in
		if tt.want != "" {
			want = strings.ReplaceAll(in, value, tt.want)
		}
		s := Acquire(&Policy{Set: set}, nil)
		res, err := s.Body([]byte(in), Meta{ContentType: tt.contentType, Path: "/"})
		if err != nil || string(res.Body) != want {
			t.Errorf("%s becomes %s, want %s: %v", in, res.Body, want, err)
		}
		s.Release()
	}
	// Under a name that a rule has among its keys, that rule says what is no secret.
	s := Acquire(&Policy{Set: set}, nil)
	defer s.Release()
	in := fmt.Sprintf(`{"password":%q}`, "short")
	if res, err := s.Body([]byte(in), Meta{ContentType: "application/json"}); err != nil || string(res.Body) != in {
		t.Errorf("%s becomes %s: %v", in, res.Body, err)
	}
}
