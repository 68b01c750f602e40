package disclosure

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
)

// document is a pack as written.
type document struct {
	Pack       packTable       `toml:"pack"`
	Disclosure map[string]Rule `toml:"disclosure"`
}

type packTable struct {
	Description string `toml:"description"`
}

var (
	idForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)
	statusForm = regexp.MustCompile(`^[1-9](?:xx|[0-9]{2})$`)
	ruleKeys   = tomlpos.Keys[Rule]()
	kinds      = []string{"html", "json", "xml", "text"}
)

// Parse reads one pack from TOML. name is the file's name, used in errors; without
// ".toml" it is the pack's. It keeps nothing of data.
//
// Parsing is strict, as that of rule packs is: unknown keys, misspelt ones included, are
// errors, and so is a key that does not belong to the rule's part. The error joins one
// "name:line: key: what is wrong" for each mistake. Patterns are not compiled here.
func Parse(name string, data []byte) (Pack, error) {
	var doc document
	md, err := toml.Decode(string(data), &doc)
	if err != nil {
		return Pack{}, tomlpos.Positioned(name, err)
	}
	bad := tomlpos.Mistakes{Name: name, Lines: tomlpos.Find(data)}
	pack := Pack{Name: strings.TrimSuffix(name[strings.LastIndexAny(name, `/\`)+1:], ".toml"), Description: doc.Pack.Description}
	if pack.Description == "" {
		bad.Add(toml.Key{"pack"}, "no description")
	}
	for _, key := range md.Keys() {
		if !known(key) {
			bad.Add(key, "unknown key")
			continue
		}
		if len(key) != 2 || key[0] != "disclosure" {
			continue
		}
		r := doc.Disclosure[key[1]]
		r.ID, r.Pack = key[1], pack.Name
		for _, m := range r.Check() {
			bad.Add(append(slices.Clone(key), m.Key), m.What)
		}
		pack.Rules = append(pack.Rules, r)
	}
	if err := bad.Err(); err != nil {
		return Pack{}, err
	}
	return pack, nil
}

// known reports whether key may stand in a pack. The decoder matches names of keys
// without regard to case; a pack must not.
func known(key toml.Key) bool {
	switch key[0] {
	case "pack":
		return len(key) == 1 || len(key) == 2 && key[1] == "description"
	case "disclosure":
		return len(key) <= 2 || len(key) == 3 && slices.Contains(ruleKeys, key[2])
	}
	return false
}

// Mistake is what is wrong with a key of a rule.
type Mistake struct{ Key, What string }

// needs names for each part the keys that it must have, and those that it may.
var needs = map[Part]struct{ must, may []string }{
	Page:    {[]string{"marks"}, []string{"media", "exception", "frame", "reverse"}},
	Trace:   {[]string{"pattern"}, []string{"validators", "before", "after", "gap", "exception", "frame", "reverse"}},
	Member:  {[]string{"keys"}, []string{"pattern", "beside", "within", "exception", "frame", "reverse", "instead"}},
	Message: {[]string{"pattern"}, []string{"validators", "instead", "exception"}},
	Name:    {[]string{"pattern"}, []string{"validators", "instead"}},
	Header:  {[]string{"headers"}, []string{"pattern", "instead"}},
}

// Check returns what is wrong with r, but for its patterns, which are compiled where
// they are used. It is for configuration, too.
func (r *Rule) Check() []Mistake {
	var bad []Mistake
	add := func(key, format string, args ...any) { bad = append(bad, Mistake{key, fmt.Sprintf(format, args...)}) }
	if !idForm.MatchString(r.ID) {
		add("", "names have lower-case letters, digits and dashes only, 64 at most")
	}
	need, ok := needs[r.Part]
	if !ok {
		add("part", "%q is none of page, trace, member, message, name and header", string(r.Part))
		return bad
	}
	given := map[string]bool{
		"marks": len(r.Marks) > 0, "media": len(r.Media) > 0, "pattern": r.Pattern != "", "validators": len(r.Validators) > 0,
		"before": r.Before != 0, "after": r.After != 0, "gap": r.Gap != 0, "keys": len(r.Keys) > 0, "beside": len(r.Beside) > 0, "within": r.Within != "",
		"headers": len(r.Headers) > 0, "exception": r.Exception != "", "frame": r.Frame != "", "reverse": r.Reverse, "instead": r.Instead != "",
	}
	for _, key := range ruleKeys {
		switch {
		case slices.Contains(need.must, key) && !given[key]:
			add(key, "is missing, and a %s needs it", r.Part)
		case given[key] && !slices.Contains(need.must, key) && !slices.Contains(need.may, key):
			add(key, "does not belong to a %s", r.Part)
		}
	}
	if r.Within != "" && len(r.Beside) == 0 {
		add("within", "needs beside")
	}
	for key, n := range map[string]int{"before": r.Before, "after": r.After, "gap": r.Gap} {
		if n < 0 || n > 64 {
			add(key, "is not a number of lines from 0 to 64")
		}
	}
	for _, m := range r.Media {
		if !slices.Contains(kinds, m) {
			add("media", "%q is none of html, json, xml and text", m)
		}
	}
	for _, s := range r.Status {
		if !statusForm.MatchString(s) {
			add("status", "%q is no status and no class of them such as 5xx", s)
		}
	}
	for _, m := range r.Marks {
		if len(m) < 4 {
			add("marks", "%q is too short to tell a page by", m)
		}
	}
	for key, texts := range map[string][]string{"keys": r.Keys, "headers": r.Headers, "beside": r.Beside} {
		if slices.ContainsFunc(texts, func(s string) bool { return strings.Trim(s, " *") == "" }) {
			add(key, "has an empty name")
		}
	}
	slices.SortFunc(bad, func(a, b Mistake) int { return strings.Compare(a.Key, b.Key) })
	return bad
}
