package redact

import "fmt"

// Severity says how bad it is that a finding of a rule was written down.
type Severity uint8

// The severities, least first.
const (
	Info Severity = iota
	Low
	Medium
	High
	Critical
)

var severityNames = [...]string{"info", "low", "medium", "high", "critical"}

// String returns the lower-case name of s.
func (s Severity) String() string {
	if int(s) < len(severityNames) {
		return severityNames[s]
	}
	return "unknown"
}

// MarshalText writes the name of s.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a name as String writes it.
func (s *Severity) UnmarshalText(text []byte) error {
	for i, name := range severityNames {
		if name == string(text) {
			*s = Severity(i)
			return nil
		}
	}
	return fmt.Errorf("unknown severity (one of info, low, medium, high, critical)")
}

// Rule describes one kind of secret. It is plain data, decoded from a pack or
// from the configuration; Compile never changes or keeps it by reference.
//
// A rule has a Pattern, Keys, or both. With a Pattern alone, its secret is
// found wherever the pattern matches. With Keys alone, the whole value of a
// field so named is the secret, whatever it looks like. With both, the pattern
// is tried only on fields so named.
type Rule struct {
	// ID names the rule: lower-case letters, digits and dashes, 64 at most.
	ID string `toml:"-"`
	// Pack is the name of the pack that holds the rule, "config" for own rules.
	Pack string `toml:"-"`

	Description string `toml:"description"`
	// Reference is the address of the document that describes the format.
	Reference string `toml:"reference"`

	// Pattern is a regular expression in the syntax of regexp/syntax, or with
	// lookaround and back-references in that of regexp2. Case folding ((?i))
	// is ASCII only. The secret is what the groups named "secret", "secret2",
	// ... capture; without such a group, group 1; without groups, the match.
	Pattern string `toml:"pattern"`

	// Begins are words, of lower-case letters and digits, with one of which a match
	// has to begin, in any case and behind "_" or not: a list of names that would
	// make too large a pattern. The pattern matches the name too.
	Begins []string `toml:"begins"`

	// Keys are names of fields. A name is compared by words: "api_key" fits
	// apiKey, API-KEY, apikey and every longer name that ends in those words,
	// such as service.api_key.
	Keys []string `toml:"keys"`

	// Validators must all accept a match; see RegisterValidator. Each is a
	// name with an optional argument, "luhn" or "entropy:3.5".
	Validators []string `toml:"validators"`

	Severity   Severity `toml:"severity"`
	Confidence Severity `toml:"confidence"` // low, medium or high: breaks ties when findings overlap
	Tags       []string `toml:"tags"`

	// Window is the length in bytes that a match may have at most; 0 lets
	// Compile derive it from the pattern (4096 where the pattern has no bound).
	Window int `toml:"window"`

	// Force admits a pattern without any literal or rare shape, which is then
	// tried at every byte.
	Force bool `toml:"force"`

	// Examples hold the secret between « and »; CounterExamples hold none.
	// Both may contain generators such as {alnum:36}; see package patterns.
	Examples        []string `toml:"examples"`
	CounterExamples []string `toml:"counter_examples"`
}

// HasTag reports whether r carries the tag.
func (r *Rule) HasTag(tag string) bool {
	for _, t := range r.Tags {
		if t == tag {
			return true
		}
	}
	return false
}

// Selected reports whether name selects r: its ID, its pack or one of its tags.
func (r *Rule) Selected(name string) bool {
	return name == r.ID || name == r.Pack || r.HasTag(name)
}
