package ruleimport

import (
	"go.yaml.in/yaml/v3"

	"github.com/redactd/redactd/redact"
)

// The rules of Nosey Parker (github.com/praetorian-inc/noseyparker, docs/RULES.md):
// each capturing group of a pattern is a finding of its own.
func init() {
	register(format{
		name: "noseyparker", title: "Nosey Parker", tags: []string{"secret"},
		knows: func(d *document) bool { return parkerLike(d) && !fisherLike(d) },
		read: func(im *importer, data []byte) error {
			return im.parkerFile(data, func(n *yaml.Node, r *parkerRule) {
				im.unknown(n, r.Name, "name", "id", "pattern", "description", "references", "examples", "negative_examples", "categories")
				d := r.draft(n.Line)
				d.secret.all = true
				im.add(d)
			})
		},
	})
}

// parkerLike reports whether a document is a file of rules of Nosey Parker or of
// Kingfisher, which took its format over.
func parkerLike(d *document) bool {
	rules := tables(d.yaml["rules"])
	return rules != nil && anyHas(rules, "pattern")
}

// parkerRule is what both tools' rules have.
type parkerRule struct {
	Name             string `yaml:"name"`
	ID               string `yaml:"id"`
	Description      string `yaml:"description"`
	Pattern          string `yaml:"pattern"`
	References       texts  `yaml:"references"`
	Categories       texts  `yaml:"categories"`
	Examples         texts  `yaml:"examples"`
	NegativeExamples texts  `yaml:"negative_examples"`
}

// parkerFile calls use for each rule in data.
func (im *importer) parkerFile(data []byte, use func(n *yaml.Node, r *parkerRule)) error {
	var doc struct {
		Rules    []yaml.Node `yaml:"rules"`
		Rulesets []yaml.Node `yaml:"rulesets"`
	}
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return yamlError(im.file, im.format.title, err)
	}
	if len(doc.Rulesets) > 0 {
		im.note(doc.Rulesets[0].Line, "", "left out: rulesets (routes select rules by id and tag)")
	}
	for i := range doc.Rules {
		n := &doc.Rules[i]
		var r parkerRule
		if err := n.Decode(&r); err != nil {
			return yamlError(im.file, im.format.title, err)
		}
		use(n, &r)
	}
	return nil
}

// draft returns the rule as far as both tools mean the same.
func (r *parkerRule) draft(line int) draft {
	name := r.ID
	if name == "" {
		name = r.Name
	}
	description := r.Description
	if r.Name != "" {
		description = r.Name
	}
	d := draft{
		line: line, name: name, syntax: rustSyntax, texts: r.Examples, clean: r.NegativeExamples,
		rule: redact.Rule{
			Description: description, Pattern: r.Pattern, Tags: r.Categories,
			Severity: redact.High, Confidence: redact.Medium,
		},
	}
	if len(r.References) > 0 {
		d.rule.Reference = r.References[0]
	}
	return d
}

// unknown notes the keys of a rule that redactd doesn't know.
func (im *importer) unknown(n *yaml.Node, name string, known ...string) {
	for _, key := range otherKeys(n, known...) {
		im.note(n.Line, name, "left out: %s, a key that redactd doesn't know", key)
	}
}
