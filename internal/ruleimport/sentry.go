package ruleimport

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/redactd/redactd/redact"
)

// The PII configuration of Sentry and its Relay, "advanced data scrubbing"
// (docs.sentry.io/product/relay/modes/pii-and-data-scrubbing): rules, and for
// selectors of fields which of them apply. It may stand in a project's
// configuration as config.piiConfig.
func init() {
	register(format{
		name: "sentry", title: "Sentry", tags: []string{"pii"},
		knows: func(d *document) bool { return sentryConfig(d.json) != nil },
		read:  readSentry,
	})
}

// sentryConfig finds the PII configuration in a document and returns the path
// that leads to it with a dot behind it; nil if there is none.
func sentryConfig(doc map[string]any) *string {
	path := ""
	for _, step := range []string{"config", "piiConfig"} {
		if inner, ok := doc[step].(map[string]any); ok {
			doc, path = inner, path+step+"."
		}
	}
	_, rules := doc["rules"].(map[string]any)
	_, applications := doc["applications"].(map[string]any)
	if !rules && !applications {
		return nil
	}
	return &path
}

type sentryPII struct {
	Rules        map[string]sentryRule `json:"rules"`
	Applications map[string][]string   `json:"applications"`
}

type sentryRule struct {
	Type          string   `json:"type"`
	Pattern       string   `json:"pattern"`
	ReplaceGroups []int    `json:"replaceGroups"`
	KeyPattern    string   `json:"keyPattern"`
	Rules         []string `json:"rules"`
	Rule          string   `json:"rule"`
	Redaction     struct {
		Method string `json:"method"`
		Text   string `json:"text"`
	} `json:"redaction"`
}

// sentryReader reads a configuration.
type sentryReader struct {
	im    *importer
	rules map[string]sentryRule
	lines map[string]int
	path  string
}

func readSentry(im *importer, data []byte) error {
	var doc map[string]any
	if err := json.Unmarshal(data, &doc); err != nil {
		e := &Error{File: im.file, Msg: "not JSON: " + err.Error()}
		var se *json.SyntaxError
		if errors.As(err, &se) {
			e.Line = 1 + strings.Count(string(data[:min(int(se.Offset), len(data))]), "\n")
		}
		return e
	}
	path := sentryConfig(doc)
	if path == nil {
		return &Error{File: im.file, Msg: "has neither rules nor applications"}
	}
	for _, step := range strings.Split(strings.TrimSuffix(*path, "."), ".") {
		if step != "" {
			doc = doc[step].(map[string]any)
		}
	}
	inner, err := json.Marshal(doc)
	if err != nil {
		return &Error{File: im.file, Msg: err.Error()}
	}
	var pii sentryPII
	if err := json.Unmarshal(inner, &pii); err != nil {
		return &Error{File: im.file, Msg: "not a PII configuration of Sentry: " + err.Error()}
	}
	r := &sentryReader{im: im, rules: pii.Rules, lines: jsonLines(data), path: *path}
	r.apply(&pii)
	return nil
}

// scope is where a rule applies: everywhere, or in fields of some names.
type scope struct {
	everywhere bool
	keys       []string
	line       int // of the first selector
}

// apply takes over the rules that something applies, once each.
func (r *sentryReader) apply(pii *sentryPII) {
	scopes := map[string]*scope{}
	for _, selector := range slices.Sorted(maps.Keys(pii.Applications)) {
		line := r.lines[r.path+"applications."+selector]
		sel, left := parseSelector(selector)
		if left != "" {
			r.im.note(line, "", "selector %q: left out %s; more fields are looked at", selector, left)
		}
		for _, name := range pii.Applications[selector] {
			s := scopes[name]
			if s == nil {
				s = &scope{line: line}
				scopes[name] = s
			}
			s.everywhere = s.everywhere || sel.everywhere
			for _, key := range sel.keys {
				if !slices.Contains(s.keys, key) {
					s.keys = append(s.keys, key)
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(scopes)) {
		r.rule(name, name, scopes[name], nil)
	}
	for _, name := range slices.Sorted(maps.Keys(pii.Rules)) {
		if scopes[name] == nil && !r.used(name, scopes) {
			r.im.lose(r.line(name), name, "no selector applies it")
		}
	}
}

// used reports whether a rule stands in one that is applied.
func (r *sentryReader) used(name string, scopes map[string]*scope) bool {
	for outer, rule := range r.rules {
		if scopes[outer] != nil && (rule.Rule == name || slices.Contains(rule.Rules, name)) {
			return true
		}
	}
	return false
}

func (r *sentryReader) line(name string) int { return r.lines[r.path+"rules."+name] }

// sentryTypes names the built-in rules that find what a type does.
var sentryTypes = map[string][]string{
	"email": {"email"}, "ip": {"ip-address"}, "mac": {"mac-address"}, "creditcard": {"payment-card"}, "iban": {"iban"},
	"us_ssn": {"us-ssn"}, "usssn": {"us-ssn"}, "pemkey": {"private-key"}, "url_auth": {"url-userinfo"}, "urlauth": {"url-userinfo"},
	"bearer": {"bearer-token"}, "password": {"sensitive-key"},
}

// sentryPatterns are the types that no built-in rule finds.
var sentryPatterns = map[string]struct {
	pattern    string
	validators []string
}{
	"uuid":     {`\b[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}\b`, nil},
	"imei":     {`\b[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9]{6}[- ]?[0-9]\b`, []string{"luhn"}},
	"userpath": {`(?i)(?:[a-z]:\\{1,2}users\\{1,2}|/(?:home|users)/)(?<secret>[^/\\\s"':]{1,64})`, nil},
}

// rule takes over what name stands for; as is what it is called, and outer the
// rules that it stands in.
func (r *sentryReader) rule(name, as string, s *scope, outer []string) {
	rule, ok := r.rules[name]
	if !ok {
		kind, method, _ := strings.Cut(strings.TrimPrefix(name, "@"), ":")
		if !strings.HasPrefix(name, "@") {
			r.im.lose(s.line, name, "there is no such rule")
			return
		}
		rule.Type, rule.Redaction.Method = kind, method
	}
	line := cmp.Or(r.line(name), s.line)
	if slices.Contains(outer, name) {
		r.im.lose(line, name, "it stands in itself")
		return
	}
	inner := rule.Rules
	if rule.Type == "alias" {
		inner = []string{rule.Rule}
	}
	if rule.Type == "alias" || rule.Type == "multiple" {
		for i, n := range inner {
			called := as
			if len(inner) > 1 {
				called += "-" + strconv.Itoa(i+1)
			}
			r.rule(n, called, s, append(outer, name))
		}
		return
	}
	d := draft{line: line, name: as, syntax: rustSyntax, action: sentryAction(&rule), rule: redact.Rule{
		Description: "Sentry rule " + name, Severity: redact.Medium, Confidence: redact.Medium,
	}}
	switch {
	case rule.Type == "anything":
		r.anything(d, s)
	case rule.Type == "redact_pair" || rule.Type == "redactPair":
		r.pair(d, rule.KeyPattern)
	case rule.Type == "pattern":
		d.rule.Pattern, d.secret.numbers = rule.Pattern, slices.DeleteFunc(slices.Clone(rule.ReplaceGroups), func(n int) bool { return n == 0 })
		d.secret.whole = len(d.secret.numbers) == 0
		r.scoped(d, s)
	default:
		r.typed(d, rule.Type, s)
	}
}

// scoped adds a rule for the fields that selectors name.
func (r *sentryReader) scoped(d draft, s *scope) {
	if !s.everywhere {
		d.rule.Keys = s.keys
	}
	r.im.add(d)
}

func (r *sentryReader) anything(d draft, s *scope) {
	if s.everywhere {
		r.im.lose(d.line, d.name, "it would take away every value (name fields in its selector)")
		return
	}
	d.rule.Keys = s.keys
	r.im.add(d)
}

// typed adds a rule of a type that the tool knows by itself.
func (r *sentryReader) typed(d draft, kind string, s *scope) {
	if p, ok := sentryPatterns[kind]; ok {
		d.rule.Pattern, d.rule.Validators, d.syntax = p.pattern, p.validators, goSyntax
		d.keywords = kind == "imei"
		r.scoped(d, s)
		return
	}
	names := sentryTypes[kind]
	if names == nil {
		r.im.lose(d.line, d.name, "redactd doesn't know the type %q", kind)
		return
	}
	for _, id := range names {
		b := *builtin()[id]
		b.Tags, b.Pack = nil, ""
		b.Examples, b.CounterExamples = slices.Clone(b.Examples), slices.Clone(b.CounterExamples)
		d.rule, d.syntax = b, goSyntax
		if b.Pattern != "" && !s.everywhere {
			d.rule.Keys = s.keys
			d.rule.CounterExamples = nil
		}
		r.im.note(d.line, d.name, "it is a copy of the built-in rule %s, which routes can switch on instead", id)
		r.im.add(d)
	}
}

// pair adds the rules for values whose name matches a pattern: by the names of
// fields as far as they can be listed, and by NAME=value in texts.
func (r *sentryReader) pair(d draft, keyPattern string) {
	pattern, err := translate(keyPattern, rustSyntax, "", groups{none: true})
	if err != nil {
		r.im.lose(d.line, d.name, "%s", err)
		return
	}
	if names, ok := wordsOf(pattern); ok {
		field := d
		field.rule.Keys = names
		r.im.add(field)
	} else {
		r.im.note(d.line, d.name, "left out: fields whose name matches, since the names that do can't be listed (a rule with keys names them)")
	}
	d.name += " text"
	d.syntax = goSyntax
	d.rule.Pattern = `\b(?i:` + strings.TrimSuffix(strings.TrimPrefix(pattern, "^"), "$") +
		`)["'\]]{0,2}\s{0,3}(?:=>?|:=?)\s{0,3}["']?(?<secret>[^\s"',;&]{1,256})`
	r.im.add(d)
}

// sentryAction names the action that does what a redaction does.
func sentryAction(r *sentryRule) string {
	switch r.Redaction.Method {
	case "remove":
		return "remove"
	case "hash":
		return "token"
	case "replace":
		if r.Redaction.Text != "" {
			return "replace:" + r.Redaction.Text
		}
	}
	return ""
}
