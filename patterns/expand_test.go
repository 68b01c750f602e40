package patterns

import (
	"regexp"
	"slices"
	"testing"
)

func TestExpand(t *testing.T) {
	tests := []struct {
		example, want string // want is an expression
		spans         []Span
	}{
		{"plain", `^plain$`, nil},
		{"a «b» c", `^a b c$`, []Span{{2, 3}}},
		{"«a»«b»", `^ab$`, []Span{{0, 1}, {1, 2}}},
		{"x=«{alnum:8}»;", `^x=[A-Za-z0-9]{8};$`, []Span{{2, 10}}},
		{"{hex:4}{HEX:4}{digit:2}{lower:2}{upper:2}{alpha:2}", `^[0-9a-f]{4}[0-9A-F]{4}[0-9]{2}[a-z]{2}[A-Z]{2}[A-Za-z]{2}$`, nil},
		{"{b64:8} {b64u:8} {base32:8} {anl:8} {anu:8}", `^[A-Za-z0-9+/]{8} [\w-]{8} [A-Z2-7]{8} [a-z0-9]{8} [A-Z0-9]{8}$`, nil},
		{"{uuid}", `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, nil},
		{"{hex:2-5}", `^[0-9a-f]{2,5}$`, nil},
		{"${VAR} {} {foo:3} {hex}", `^\$\{VAR\} \{\} \{foo:3\} \{hex\}$`, nil},
		{"é «ü»", `^é ü$`, []Span{{3, 5}}},
	}
	for _, tt := range tests {
		for seed := range uint64(20) {
			text, spans, err := Expand(tt.example, seed)
			if err != nil {
				t.Fatalf("%q: %v", tt.example, err)
			}
			if !regexp.MustCompile(tt.want).MatchString(text) || !slices.Equal(spans, tt.spans) {
				t.Errorf("%q: %q with %v, want %s with %v", tt.example, text, spans, tt.want, tt.spans)
			}
		}
	}
}

func TestExpandIsDeterministic(t *testing.T) {
	const example = "«{alnum:40}»"
	a, _, _ := Expand(example, 1)
	b, _, _ := Expand(example, 1)
	c, _, _ := Expand(example, 2)
	if a != b || a == c {
		t.Errorf("seeds 1, 1, 2 give %q, %q, %q", a, b, c)
	}
}

func TestExpandErrors(t *testing.T) {
	for _, example := range []string{"«a", "a»", "«a «b»»", "»«"} {
		if _, _, err := Expand(example, 1); err == nil {
			t.Errorf("%q: no error", example)
		}
	}
}
