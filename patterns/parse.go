package patterns

import (
	"regexp"
	"slices"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/redact"
)

// document is a pack as written.
type document struct {
	Pack   packTable              `toml:"pack"`
	Define map[string]string      `toml:"define"`
	Names  map[string][]string    `toml:"names"` // lists for Rule.Begins
	Rule   map[string]redact.Rule `toml:"rule"`
}

// packTable is what a pack says of itself.
type packTable struct {
	Description string   `toml:"description"`
	Default     bool     `toml:"default"`
	Tags        []string `toml:"tags"` // that all of its rules carry beside their own
}

var (
	idForm   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	packKeys = tomlpos.Keys[packTable]()
	ruleKeys = tomlpos.Keys[redact.Rule]()
)

// Parse reads one pack from TOML. name is the file's name, used in errors, and
// the pack is called by its base without ".toml", in lower case, with a dash for what is
// no letter or digit. It keeps nothing of data.
//
// Parsing is strict: unknown keys, misspelt ones included, are errors. The
// error joins one "name:line: key: what is wrong" for each mistake. Patterns are
// not compiled here; redact.Compile does that.
func Parse(name string, data []byte) (Pack, error) {
	var doc document
	md, err := toml.Decode(string(data), &doc)
	if err != nil {
		return Pack{}, tomlpos.Positioned(name, err)
	}
	p := parser{tomlpos.Mistakes{Name: name, Lines: tomlpos.Find(data)}}
	pack := Pack{Name: packName(name), Description: doc.Pack.Description, Default: doc.Pack.Default}
	if !idForm.MatchString(pack.Name) {
		p.Add(nil, "a pack is called by its file, whose name needs a letter or digit")
	}
	if pack.Description == "" {
		p.Add(toml.Key{"pack"}, "no description")
	}
	defs := p.definitions(doc.Define)
	for _, key := range md.Keys() {
		if !p.known(key) || len(key) != 2 || key[0] != "rule" {
			continue
		}
		r := doc.Rule[key[1]]
		r.ID, r.Pack = key[1], pack.Name
		for _, tag := range doc.Pack.Tags {
			if !r.HasTag(tag) {
				r.Tags = append(r.Tags, tag)
			}
		}
		if !idForm.MatchString(r.ID) {
			p.Add(key, "rule names have lower-case letters, digits and dashes only, 64 at most")
		}
		if r.Pattern, err = resolve(r.Pattern, defs); err != nil {
			p.Add(append(slices.Clone(key), "pattern"), err.Error())
		}
		r.Begins = p.namesOf(append(slices.Clone(key), "begins"), r.Begins, doc.Names)
		pack.Rules = append(pack.Rules, r)
	}
	if err := p.Err(); err != nil {
		return Pack{}, err
	}
	return pack, nil
}

// parser collects the mistakes of one pack.
type parser struct{ tomlpos.Mistakes }

// known reports whether key may stand in a pack, and notes a mistake if not.
// The decoder matches names of keys without regard to case; a pack must not.
func (p *parser) known(key toml.Key) bool {
	switch {
	case key[0] == "pack" && len(key) == 1, key[0] == "rule" && len(key) <= 2, (key[0] == "define" || key[0] == "names") && len(key) <= 2:
		return true
	case key[0] == "pack" && slices.Contains(packKeys, key[1]):
		return true
	case key[0] == "rule" && len(key) == 3 && slices.Contains(ruleKeys, key[2]):
		return true
	}
	p.Add(key, "unknown key")
	return false
}

// definitions returns the common definitions with those of the pack.
func (p *parser) definitions(own map[string]string) map[string]string {
	defs := make(map[string]string, len(common)+len(own))
	for name, text := range common {
		defs[name] = text
	}
	for name, text := range own {
		if _, ok := defs[name]; ok {
			p.Add(toml.Key{"define", name}, "is defined for all packs already")
		}
		defs[name] = text
	}
	return defs
}
