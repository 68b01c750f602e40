package ruleimport

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/redact"
)

// The configuration of gitleaks 8 (github.com/gitleaks/gitleaks, README,
// "Configuration"). Its keys may be written in any case.
func init() {
	register(format{
		name: "gitleaks", title: "gitleaks", tags: []string{"secret"},
		knows: func(d *document) bool { return leaksLike(d) && !betterLike(d) },
		read:  readLeaks,
	})
}

// leaksLike reports whether a document is a configuration of gitleaks or one of
// its kin.
func leaksLike(d *document) bool {
	if d.toml == nil || d.toml["pack"] != nil {
		return false
	}
	return tables(d.toml["rules"]) != nil || d.toml["extend"] != nil && d.toml["route"] == nil
}

// leaksFile is such a configuration. Keys of its kin stand here too, so that both
// have one reader.
type leaksFile struct {
	Title, Description, MinVersion string
	Extend                         struct {
		Path, URL     string
		UseDefault    bool
		DisabledRules []string
	}
	Rules      []leaksRule
	Allowlist  *leaksAllow
	Allowlists []leaksAllow
	// Of betterleaks.
	Prefilter, Filter     string
	BetterleaksMinVersion string
}

type leaksRule struct {
	ID, Description, Regex, Path string
	SecretGroup                  int
	Entropy                      float64
	Keywords, Tags               []string
	Allowlist                    *leaksAllow
	Allowlists                   []leaksAllow
	Required                     []map[string]any
	SkipReport                   bool
	// Of betterleaks.
	Filter, Validate, Confidence string
	TokenEfficiency              bool

	file string
	line int
}

type leaksAllow struct {
	Description, Condition, RegexTarget string
	Regexes, StopWords, Paths, Commits  []string
	Resources                           []string
	TargetRules                         []string

	file string
	line int
}

// leaksReader reads a configuration with those that it extends.
type leaksReader struct {
	im     *importer
	open   []string // files being read
	rules  []leaksRule
	global []leaksAllow
	filter []string // global filters
}

func readLeaks(im *importer, data []byte) error {
	r := &leaksReader{im: im}
	if err := r.file(im.file, data); err != nil {
		return err
	}
	file := im.file
	taken := map[string]string{} // ids by those of the source
	for i := range r.rules {
		im.file = r.rules[i].file
		if id := im.leaksRule(&r.rules[i]); id != "" {
			taken[r.rules[i].ID] = id
		}
	}
	im.file = file
	all := ids(im.res.Rules)
	for i := range r.global {
		a := &r.global[i]
		targets := all
		if len(a.TargetRules) > 0 {
			targets = nil
			for _, name := range a.TargetRules {
				if id, ok := taken[name]; ok {
					targets = append(targets, id)
				}
			}
		}
		for _, entry := range im.leaksAllow("", a) {
			im.allow(0, "", entry, targets)
		}
	}
	for _, f := range r.filter {
		filter := parseFilter(f)
		if filter.rest > 0 || filter.entropy > 0 {
			im.note(0, "", "left out: the filter for all rules, except what it lets through by the secret alone")
		}
		for _, entry := range filter.allow {
			im.allow(0, "", entry, all)
		}
	}
	return nil
}

// file reads one configuration: first what it extends, then its own rules, which
// change those of the same id.
func (r *leaksReader) file(name string, data []byte) error {
	var doc leaksFile
	md, err := toml.Decode(string(data), &doc)
	if err != nil {
		e := &Error{File: name, Msg: "not TOML of gitleaks: " + unquoted(err.Error())}
		var pe toml.ParseError
		if errors.As(err, &pe) {
			e.Line, e.Msg = pe.Position.Line, "not TOML of gitleaks: "+unquoted(pe.Message)
		}
		return e
	}
	outer := r.im.file
	r.im.file = name
	defer func() { r.im.file = outer }()
	if err := r.extend(name, &doc); err != nil {
		return err
	}
	lines := tomlpos.Find(data)
	for _, key := range md.Undecoded() {
		r.im.note(lines.Nearest(key.String()), "", "left out: %s, a key that redactd doesn't know", key)
	}
	if doc.Prefilter != "" {
		r.im.note(lines["prefilter"], "", "left out: prefilter, which is about files and commits")
	}
	if doc.Filter != "" {
		r.filter = append(r.filter, doc.Filter)
	}
	for i, rule := range doc.Rules {
		rule.file, rule.line = name, lines[tomlpos.Element("rules", i)]
		if rule.ID == "" {
			rule.ID = rule.Description
		}
		placeAllows(name, tomlpos.Element("rules", i)+".", lines, rule.Allowlist, rule.Allowlists)
		r.merge(rule)
	}
	placeAllows(name, "", lines, doc.Allowlist, doc.Allowlists)
	if doc.Allowlist != nil {
		r.global = append(r.global, *doc.Allowlist)
	}
	r.global = append(r.global, doc.Allowlists...)
	return nil
}

// placeAllows notes where allowlists stand in a file, below a key.
func placeAllows(file, key string, lines tomlpos.Lines, one *leaksAllow, more []leaksAllow) {
	if one != nil {
		one.file, one.line = file, lines.Nearest(key+"allowlist")
	}
	for i := range more {
		more[i].file, more[i].line = file, lines.Nearest(tomlpos.Element(key+"allowlists", i))
	}
}

func (r *leaksReader) extend(name string, doc *leaksFile) error {
	e := &doc.Extend
	if e.UseDefault {
		r.im.note(0, "", "left out: [extend] useDefault: the rules that come with the tool are not in the file; redactd's own packs take their place")
	}
	if e.URL != "" {
		r.im.note(0, "", "left out: [extend] url: nothing is fetched (save it and name it as path)")
	}
	if e.Path == "" {
		return nil
	}
	path := e.Path
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(name), path)
	}
	r.open = append(r.open, filepath.Clean(name))
	if slices.Contains(r.open, filepath.Clean(path)) {
		return &Error{File: name, Msg: "[extend] path: the files extend each other"}
	}
	data, err := read(path)
	if err != nil {
		return &Error{File: name, Msg: "[extend] path: " + err.Error()}
	}
	if err := r.file(path, data); err != nil {
		return err
	}
	r.open = r.open[:len(r.open)-1]
	for _, id := range e.DisabledRules {
		r.rules = slices.DeleteFunc(r.rules, func(rule leaksRule) bool { return rule.ID == id })
	}
	return nil
}

// merge adds a rule, or puts what it says into the one of the same id.
func (r *leaksReader) merge(rule leaksRule) {
	i := slices.IndexFunc(r.rules, func(old leaksRule) bool { return old.ID == rule.ID && old.file != rule.file })
	if i < 0 {
		r.rules = append(r.rules, rule)
		return
	}
	old := &r.rules[i]
	old.file, old.line = rule.file, rule.line
	for _, s := range []struct{ old, new *string }{
		{&old.Description, &rule.Description}, {&old.Regex, &rule.Regex}, {&old.Path, &rule.Path}, {&old.Filter, &rule.Filter},
		{&old.Validate, &rule.Validate}, {&old.Confidence, &rule.Confidence},
	} {
		if *s.new != "" {
			*s.old = *s.new
		}
	}
	if rule.SecretGroup != 0 {
		old.SecretGroup = rule.SecretGroup
	}
	if rule.Entropy != 0 {
		old.Entropy = rule.Entropy
	}
	old.Keywords = append(old.Keywords, rule.Keywords...)
	old.Tags = append(old.Tags, rule.Tags...)
	old.Allowlists = append(old.Allowlists, rule.Allowlists...)
	if rule.Allowlist != nil {
		old.Allowlists = append(old.Allowlists, *rule.Allowlist)
	}
}

// leaksRule takes a rule over and returns its id.
func (im *importer) leaksRule(r *leaksRule) string {
	switch {
	case r.Regex == "" && r.Path != "":
		im.lose(r.line, r.ID, "it looks at names of files only")
		return ""
	case r.Regex == "":
		im.lose(r.line, r.ID, "it has no regex")
		return ""
	case r.SkipReport:
		im.lose(r.line, r.ID, "it is part of other rules only (skipReport)")
		return ""
	}
	if r.Path != "" {
		im.note(r.line, r.ID, "left out: path; it holds in all texts, not only in files of some names")
	}
	if len(r.Required) > 0 {
		im.note(r.line, r.ID, "left out: required; it is found without the other rules' findings beside it")
	}
	d := draft{
		line: r.line, name: r.ID, keywords: len(r.Keywords) > 0,
		rule: redact.Rule{
			Description: r.Description, Pattern: r.Regex, Tags: r.Tags,
			Severity: redact.High, Confidence: confidence(r.Confidence),
		},
	}
	if r.SecretGroup > 0 {
		d.secret.numbers = []int{r.SecretGroup}
	}
	filter := parseFilter(r.Filter)
	if filter.rest > 0 {
		im.note(r.line, r.ID, "left out: what filter says of anything but the secret's text")
	}
	if r.TokenEfficiency || filter.tokens {
		im.note(r.line, r.ID, "left out: the token efficiency that it asks for (the validator rarity is near to it)")
	}
	d.rule.Validators = im.entropy(r.line, r.ID, max(r.Entropy, filter.entropy))
	d.allow = filter.allow
	if r.Allowlist != nil {
		d.allow = append(d.allow, im.leaksAllow(r.ID, r.Allowlist)...)
	}
	for i := range r.Allowlists {
		d.allow = append(d.allow, im.leaksAllow(r.ID, &r.Allowlists[i])...)
	}
	return im.add(d)
}

func confidence(name string) redact.Severity {
	var s redact.Severity
	if s.UnmarshalText([]byte(strings.ToLower(name))) != nil || s < redact.Low || s > redact.High {
		return redact.Medium
	}
	return s
}

// leaksAllow translates an allowlist. Criteria about files and commits mean
// nothing here; where all of several must hold and one can't be kept, letting
// through by the others alone would let too much through.
func (im *importer) leaksAllow(name string, a *leaksAllow) []Allow {
	var out []string
	drop := func(is bool, what string) {
		if is {
			out = append(out, what)
		}
	}
	drop(len(a.Paths) > 0, "paths")
	drop(len(a.Commits) > 0, "commits")
	drop(len(a.Resources) > 0, "resources")
	target := strings.ToLower(a.RegexTarget)
	regexes := a.Regexes
	if len(regexes) > 0 && target != "" && target != "secret" {
		drop(true, fmt.Sprintf("regexes, which look at the whole %s", target))
		regexes = nil
	}
	kinds := 0
	for _, n := range []int{len(a.Paths), len(a.Commits), len(a.Resources), len(a.Regexes), len(a.StopWords)} {
		if n > 0 {
			kinds++
		}
	}
	and := strings.EqualFold(a.Condition, "and") || a.Condition == "&&"
	if and && kinds > 1 {
		im.note(a.line, name, "allowlist: left out, since all of its criteria must hold (condition = %q) and redactd can't ask for all", a.Condition)
		return nil
	}
	if len(out) > 0 {
		im.note(a.line, name, "allowlist: left out %s", strings.Join(out, ", "))
	}
	if len(a.StopWords) > 0 {
		regexes = append(slices.Clone(regexes), containsAny(a.StopWords, true))
	}
	if len(regexes) == 0 {
		return nil
	}
	return []Allow{{Allow: redact.Allow{Patterns: regexes}, File: a.file, Line: a.line}}
}

// containsAny returns an expression that matches in texts with one of the words.
func containsAny(words []string, fold bool) string {
	quoted := make([]string, 0, len(words))
	for _, w := range words {
		if w != "" {
			quoted = append(quoted, regexp.QuoteMeta(w))
		}
	}
	text := strings.Join(quoted, "|")
	if fold {
		return "(?i:" + text + ")"
	}
	return "(?:" + text + ")"
}
