package ruleimport

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/redactd/redactd/redact"
)

// importer gathers what a source gives.
type importer struct {
	file   string
	format *format
	o      Options
	res    *Result
	ids    map[string]bool
}

// draft is a rule of a source, before it is translated.
type draft struct {
	line int
	name string // as the source calls it
	rule redact.Rule
	// syntax is what the pattern is written in; flags hold for all of it, as
	// "(?flags)" would.
	syntax dialect
	flags  string
	secret groups
	// texts and clean are examples without marks: texts hold a secret.
	texts, clean []string
	allow        []Allow // of which Line 0 is that of the rule
	keywords     bool    // the source tries the rule only near some words
	action       string
}

func (im *importer) note(line int, rule, format string, args ...any) {
	im.res.Notes = append(im.res.Notes, Note{File: im.file, Line: line, Rule: rule, Msg: fmt.Sprintf(format, args...)})
}

func (im *importer) lose(line int, rule, format string, args ...any) {
	im.note(line, rule, format, args...)
	im.res.Notes[len(im.res.Notes)-1].Lost = true
}

// add translates a draft and takes it over, or notes why it can't be. It returns
// the id, "" if the rule is lost.
func (im *importer) add(d draft) string {
	r := d.rule
	r.Tags = im.tags(r.Tags)
	if r.Pattern != "" {
		pattern, err := translate(r.Pattern, d.syntax, d.flags, d.secret)
		if err != nil {
			im.lose(d.line, d.name, "%s", err)
			return ""
		}
		r.Pattern = pattern
	}
	if r.ID = im.id(d.name); r.ID != slug(d.name) {
		im.note(d.line, d.name, "is called %s, since another rule has its name", r.ID)
	}
	set, ok := im.compile(&d, &r)
	if !ok {
		return ""
	}
	im.ids[r.ID] = true
	im.examples(&d, &r, set)
	im.res.Rules = append(im.res.Rules, Rule{Rule: r, Name: d.name, File: im.file, Line: d.line, Action: d.action})
	for _, a := range d.allow {
		im.allow(d.line, d.name, a, []string{r.ID})
	}
	return r.ID
}

// compile asks the kernel whether it takes the rule.
func (im *importer) compile(d *draft, r *redact.Rule) (*redact.Set, bool) {
	set, err := redact.Compile([]redact.Rule{*r}, redact.Options{})
	if err == nil {
		return set, true
	}
	reason := err.Error()
	var re *redact.RuleError
	if errors.As(err, &re) {
		reason = re.Key + ": " + re.Err.Error()
	}
	forced := *r
	forced.Force = true
	set, err = redact.Compile([]redact.Rule{forced}, redact.Options{})
	if err != nil {
		im.lose(d.line, d.name, "%s", reason)
		return nil, false
	}
	if !d.keywords && !im.o.Force {
		im.lose(d.line, d.name, "it has neither fixed text nor a rare shape, and would be tried at every byte (--force, or force = true in a rule of your own, takes it)")
		return nil, false
	}
	r.Force = true
	why := "it has neither fixed text nor a rare shape"
	if d.keywords {
		why = "its keywords are not part of its pattern"
	}
	im.note(d.line, d.name, "force: %s, so it is tried at every byte, which is slow and finds more", why)
	return set, true
}

// allow takes an entry of an allowlist over for some rules.
func (im *importer) allow(line int, name string, a Allow, rules []string) {
	if a.File == "" {
		a.File = im.file
	}
	if a.Line == 0 {
		a.Line = line
	}
	line = a.Line
	var kept []string
	for _, p := range a.Patterns {
		re, err := regexp.Compile(p)
		switch {
		case err != nil:
			im.note(line, name, "allowlist: left out an expression that is not one of Go's syntax")
		case re.MatchString(""):
			im.note(line, name, "allowlist: left out an expression that matches the empty text, and so everything")
		default:
			kept = append(kept, p)
		}
	}
	a.Patterns = kept
	if len(a.Patterns)+len(a.Values)+len(a.Paths) == 0 || len(rules) == 0 {
		return
	}
	a.Rules = rules
	a.Name = im.format.name + "-" + strconv.Itoa(len(im.res.Allow)+1)
	im.res.Allow = append(im.res.Allow, a)
}

// tags returns the tags of a rule: those of the format, its name, and the
// source's own as far as they can be names.
func (im *importer) tags(own []string) []string {
	tags := append([]string{}, im.format.tags...)
	tags = append(tags, im.format.name)
	for _, t := range own {
		t = slug(t)
		seen := t == "" || builtin()[t] != nil // a tag that is the id of another rule would select both
		for _, have := range tags {
			seen = seen || have == t
		}
		if !seen {
			tags = append(tags, t)
		}
	}
	return tags
}

const maxID = 64

// slug makes a name of an id: lower-case letters, digits and single dashes.
func slug(name string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	return strings.TrimRight(s[:min(len(s), maxID)], "-")
}

// id returns the id of a rule that the source calls name.
func (im *importer) id(name string) string {
	id := slug(name)
	if id != "" && !im.taken(id) {
		return id
	}
	prefixed := slug(im.format.name + "-" + id)
	if !im.taken(prefixed) {
		return prefixed
	}
	for n := 2; ; n++ {
		end := "-" + strconv.Itoa(n)
		if numbered := prefixed[:min(len(prefixed), maxID-len(end))] + end; !im.taken(numbered) {
			return numbered
		}
	}
}

func (im *importer) taken(id string) bool {
	return im.ids[id] || builtin()[id] != nil || selectors()[id] || im.o.Taken != nil && im.o.Taken(id)
}

// entropy returns the validator for a least entropy, none for zero.
func (im *importer) entropy(line int, name string, least float64) []string {
	switch {
	case least <= 0:
		return nil
	case least > 8:
		im.note(line, name, "entropy: left out, no text has more than 8 bits a byte")
		return nil
	}
	return []string{"entropy:" + strconv.FormatFloat(least, 'g', -1, 64)}
}

// allowPattern returns an entry of an allowlist for values that match.
func allowPattern(pattern string) Allow {
	return Allow{Allow: redact.Allow{Patterns: []string{pattern}}}
}
