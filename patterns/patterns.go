// Package patterns holds redactd's built-in rules as packs, one TOML file each,
// and reads packs of others. Every rule carries examples and counter-examples,
// which the tests of this package run.
package patterns

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/redact"
)

//go:generate go test -run TestRulesDocument -update .

//go:embed *.toml
var files embed.FS

// Pack is a named group of rules.
type Pack struct {
	Name        string
	Description string
	// Default says that the pack is on where the configuration names none.
	Default bool
	// Rules are in the order of the file.
	Rules []redact.Rule
}

var builtin = sync.OnceValues(func() ([]Pack, error) { return tomlpos.ParseAll(files, Parse) })

// Builtin returns the packs of this package, sorted by name. The slice is the
// caller's; the rules in it are shared and must not be changed. It is safe for
// concurrent use. It panics if an embedded pack is not well-formed, which the
// tests rule out.
func Builtin() []Pack {
	packs, err := builtin()
	if err != nil {
		panic(fmt.Sprintf("patterns: %v", err))
	}
	return append([]Pack(nil), packs...)
}

// Default returns the built-in packs that are on where the configuration names
// none, as Builtin does.
func Default() []Pack {
	var on []Pack
	for _, p := range Builtin() {
		if p.Default {
			on = append(on, p)
		}
	}
	return on
}

// Rules returns the rules of packs, in their order. The slice is the caller's.
func Rules(packs []Pack) []redact.Rule {
	var rules []redact.Rule
	for _, p := range packs {
		rules = append(rules, p.Rules...)
	}
	return rules
}

// packName returns the name of the pack in a file: its base without ".toml", with a
// dash for what no name has.
func packName(file string) string {
	file = file[strings.LastIndexAny(file, `/\`)+1:]
	name := strings.ToLower(strings.TrimSuffix(file, ".toml"))
	name = strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '-'
	}, name)
	name = strings.TrimLeft(name, "-")
	return name[:min(len(name), 64)]
}
