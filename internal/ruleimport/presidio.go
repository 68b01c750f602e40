package ruleimport

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/redactd/redactd/redact"
)

// The recognizers of Microsoft Presidio
// (microsoft.github.io/presidio/analyzer/recognizer_registry_provider): patterns
// with a score, words that raise it, lists of words. Recognizers that are code are
// not in the file.
func init() {
	register(format{
		name: "presidio", title: "Presidio", tags: []string{"pii"},
		knows: func(d *document) bool { return d.yaml["recognizers"] != nil || d.yaml["recognizer_registry"] != nil },
		read:  readPresidio,
	})
}

type presidioRegistry struct {
	Flags       *int        `yaml:"global_regex_flags"`
	Recognizers []yaml.Node `yaml:"recognizers"`
}

type presidioRecognizer struct {
	Name     string `yaml:"name"`
	Class    string `yaml:"class_name"`
	Type     string `yaml:"type"`
	Enabled  *bool  `yaml:"enabled"`
	Entity   string `yaml:"supported_entity"`
	Entities texts  `yaml:"supported_entities"`
	Flags    *int   `yaml:"global_regex_flags"`
	Context  texts  `yaml:"context"`
	DenyList texts  `yaml:"deny_list"`
	Patterns []struct {
		Name  string  `yaml:"name"`
		Regex string  `yaml:"regex"`
		Score float64 `yaml:"score"`
	} `yaml:"patterns"`
}

func readPresidio(im *importer, data []byte) error {
	var doc struct {
		presidioRegistry `yaml:",inline"`
		Registry         *presidioRegistry `yaml:"recognizer_registry"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return yamlError(im.file, im.format.title, err)
	}
	registry := doc.presidioRegistry
	if doc.Registry != nil {
		registry = *doc.Registry
	}
	for i := range registry.Recognizers {
		n := &registry.Recognizers[i]
		if n.Kind == yaml.ScalarNode {
			im.lose(n.Line, n.Value, presidioCode)
			continue
		}
		r := presidioRecognizer{Flags: registry.Flags}
		if err := n.Decode(&r); err != nil {
			return yamlError(im.file, im.format.title, err)
		}
		im.recognizer(n, &r)
	}
	return nil
}

const presidioCode = "it is code of the tool, of which the file has only the name (redactd rules list --tag pii shows what redactd has)"

func (im *importer) recognizer(n *yaml.Node, r *presidioRecognizer) {
	entity := r.Entity
	if entity == "" && len(r.Entities) > 0 {
		entity = r.Entities[0]
	}
	if entity == "" {
		entity = r.Name
	}
	switch {
	case r.Enabled != nil && !*r.Enabled:
		im.lose(n.Line, r.Name, "it is switched off (enabled: false)")
		return
	case len(r.Patterns) == 0 && len(r.DenyList) == 0:
		im.lose(n.Line, r.Name, presidioCode)
		return
	}
	im.unknown(n, r.Name, "name", "class_name", "type", "enabled", "supported_entity", "supported_entities", "supported_language",
		"global_regex_flags", "context", "deny_list", "deny_list_score", "patterns", "supported_languages", "country_code")
	context := slices.Concat(r.Context, languageContext(n))
	for i, p := range r.Patterns {
		line := patternLine(n, i)
		name := entity
		if len(r.Patterns) > 1 || len(r.DenyList) > 0 {
			name += " " + p.Name
		}
		im.presidioPattern(line, name, r, context, p.Regex, p.Score)
	}
	if len(r.DenyList) > 0 {
		name := entity
		if len(r.Patterns) > 0 {
			name += " list"
		}
		if len(context) > 0 {
			im.note(n.Line, name, "left out: context, which only raises the score")
		}
		im.add(draft{
			line: n.Line, name: name, syntax: goSyntax,
			rule: redact.Rule{
				Description: r.Name, Pattern: wordsPattern(r.DenyList), Tags: []string{entity}, Severity: redact.Medium, Confidence: redact.Medium,
			},
			secret: groups{name: "word"},
		})
	}
}

// weakScore is the score below which a pattern alone says little: the tool shows
// such findings with a score that nobody acts on, unless a word of the context
// raises it.
const weakScore = 0.4

func (im *importer) presidioPattern(line int, name string, r *presidioRecognizer, context []string, pattern string, score float64) {
	d := draft{
		line: line, name: name, syntax: pythonSyntax, flags: pythonFlags(r.Flags), secret: groups{whole: true},
		rule: redact.Rule{Description: r.Name, Pattern: pattern, Tags: []string{name}, Severity: redact.Medium, Confidence: redact.Medium},
	}
	switch {
	case score >= 0.8:
		d.rule.Confidence = redact.High
	case score < weakScore:
		d.rule.Confidence = redact.Low
	}
	if score >= weakScore || len(context) == 0 {
		if len(context) > 0 {
			im.note(line, name, "left out: context, which only raises the score")
		}
		im.add(d)
		return
	}
	// Redaction is yes or no: a weak pattern is tried where a word of its context
	// stands before it in the text, and on the fields that have it as their name.
	var words, keys []string
	for _, w := range context {
		words = append(words, regexp.QuoteMeta(w))
		if utf8.RuneCountInString(w) >= 3 {
			keys = append(keys, w)
		}
	}
	translated, err := translate(pattern, pythonSyntax, "", groups{whole: true})
	if err != nil {
		im.lose(line, name, "%s", err)
		return
	}
	if !strings.Contains(translated, "(?<secret>") {
		translated = "(?<secret>" + translated + ")"
	}
	im.note(line, name, "its score of %g is weak: it is looked for only up to 40 characters behind a word of its context, and in fields named so", score)
	d.syntax, d.secret = goSyntax, groups{}
	d.rule.Pattern = `\b(?i:` + strings.Join(words, "|") + `)\b[^\r\n]{0,40}?` + translated
	im.add(d)
	if len(keys) > 0 {
		d.name += " field"
		d.rule.Pattern, d.rule.Keys = translated, keys
		im.add(d)
	}
}

// pythonFlags writes flags of Python's re: 26 is what the tool takes by itself.
func pythonFlags(n *int) string {
	bits := 26
	if n != nil {
		bits = *n
	}
	flags := ""
	for _, f := range []struct {
		bit  int
		flag string
	}{{2, "i"}, {8, "m"}, {16, "s"}, {64, "x"}} {
		if bits&f.bit != 0 {
			flags += f.flag
		}
	}
	return flags
}

// wordsPattern returns a pattern for any of some words, standing alone.
func wordsPattern(words []string) string {
	words = slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == "" })
	slices.SortStableFunc(words, func(a, b string) int { return len(b) - len(a) })
	for i, w := range words {
		text := regexp.QuoteMeta(w)
		if isWord(w[:1]) {
			text = `\b` + text
		}
		if isWord(w[len(w)-1:]) {
			text += `\b`
		}
		words[i] = text
	}
	return "(?i)(?<word>" + strings.Join(words, "|") + ")"
}

var isWord = regexp.MustCompile(`^\w$`).MatchString

// languageContext returns the words that stand with the languages.
func languageContext(n *yaml.Node) (words []string) {
	var r struct {
		Languages []yaml.Node `yaml:"supported_languages"`
	}
	if n.Decode(&r) != nil {
		return nil
	}
	for i := range r.Languages {
		var l struct {
			Context texts `yaml:"context"`
		}
		if r.Languages[i].Kind == yaml.MappingNode && r.Languages[i].Decode(&l) == nil {
			words = append(words, l.Context...)
		}
	}
	return words
}

// patternLine returns the line of the pattern with a number, from 0.
func patternLine(n *yaml.Node, number int) int {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if list := n.Content[i+1]; n.Content[i].Value == "patterns" && number < len(list.Content) {
			return list.Content[number].Line
		}
	}
	return n.Line
}
