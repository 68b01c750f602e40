package patterns

import (
	"errors"
	"fmt"
	"reflect"
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
	packKeys = tomlKeys(reflect.TypeFor[packTable]())
	ruleKeys = tomlKeys(reflect.TypeFor[redact.Rule]())
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
		return Pack{}, positioned(name, err)
	}
	p := parser{name: name, lines: tomlpos.Find(data)}
	pack := Pack{Name: packName(name), Description: doc.Pack.Description, Default: doc.Pack.Default}
	if !idForm.MatchString(pack.Name) {
		p.fail(nil, "a pack is called by its file, whose name needs a letter or digit")
	}
	if pack.Description == "" {
		p.fail(toml.Key{"pack"}, "no description")
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
			p.fail(key, "rule names have lower-case letters, digits and dashes only, 64 at most")
		}
		if r.Pattern, err = resolve(r.Pattern, defs); err != nil {
			p.fail(append(slices.Clone(key), "pattern"), err.Error())
		}
		r.Begins = p.namesOf(append(slices.Clone(key), "begins"), r.Begins, doc.Names)
		pack.Rules = append(pack.Rules, r)
	}
	if err := errors.Join(p.errs...); err != nil {
		return Pack{}, err
	}
	return pack, nil
}

// parser collects the mistakes of one pack.
type parser struct {
	name  string
	lines tomlpos.Lines
	errs  []error
}

func (p *parser) fail(key toml.Key, what string) {
	err := fmt.Errorf("%s: %s: %s", p.name, key, what)
	if line := p.lines.Nearest(key.String()); line > 0 {
		err = fmt.Errorf("%s:%d: %s: %s", p.name, line, key, what)
	}
	p.errs = append(p.errs, err)
}

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
	p.fail(key, "unknown key")
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
			p.fail(toml.Key{"define", name}, "is defined for all packs already")
		}
		defs[name] = text
	}
	return defs
}

// typeError is how the decoder words an error that has no position of its own.
var typeError = regexp.MustCompile(`^toml: line ([0-9]+) \(last key "(.+)"\): (?:incompatible types: )?(.*)$`)

// positioned rewrites an error of the decoder to the form of this package.
func positioned(name string, err error) error {
	if m := typeError.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("%s:%s: %s: %s", name, m[1], m[2], m[3])
	}
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return fmt.Errorf("%s: %w", name, err)
	}
	key := pe.LastKey
	if key == "" {
		key = "syntax"
	}
	return fmt.Errorf("%s:%d: %s: %s", name, pe.Position.Line, key, pe.Message)
}

// tomlKeys returns the keys that decode into the fields of a struct.
func tomlKeys(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if k := t.Field(i).Tag.Get("toml"); k != "" && k != "-" {
			keys = append(keys, k)
		}
	}
	return keys
}
