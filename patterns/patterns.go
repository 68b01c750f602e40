// Package patterns holds redactd's built-in rules as packs, one TOML file each,
// and reads packs of others.
package patterns

import "github.com/redactd/redactd/redact"

// Pack is a named group of rules.
type Pack struct {
	Name        string
	Description string
	// Default says that the pack is on where the configuration names none.
	Default bool
	Rules   []redact.Rule
}
