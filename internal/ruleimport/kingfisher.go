package ruleimport

import (
	"go.yaml.in/yaml/v3"
)

// The rules of Kingfisher (github.com/mongodb/kingfisher, docs/RULES.md): those of
// Nosey Parker with an entropy, what the characters must be, and how a provider is
// asked. The group named TOKEN is the secret, else the first one.
func init() {
	register(format{
		name: "kingfisher", title: "Kingfisher", tags: []string{"secret"},
		knows: func(d *document) bool { return parkerLike(d) && fisherLike(d) },
		read:  readFisher,
	})
}

// fisherLike reports whether rules have what only Kingfisher's have.
func fisherLike(d *document) bool {
	return anyHas(tables(d.yaml["rules"]), "min_entropy", "confidence", "validation", "revocation", "pattern_requirements",
		"depends_on_rule", "visible")
}

type fisherRule struct {
	MinEntropy   float64             `yaml:"min_entropy"`
	Confidence   string              `yaml:"confidence"`
	Visible      *bool               `yaml:"visible"`
	Requirements *fisherRequirements `yaml:"pattern_requirements"`
	// Group is the number of the secret's group in rules that Kingfisher has from
	// betterleaks; 0 is none.
	Group int `yaml:"betterleaks_secret_group"`
}

type fisherRequirements struct {
	Digits     int    `yaml:"min_digits"`
	Upper      int    `yaml:"min_uppercase"`
	Lower      int    `yaml:"min_lowercase"`
	Special    int    `yaml:"min_special_chars"`
	Characters string `yaml:"special_chars"`
	Contains   texts  `yaml:"ignore_if_contains"`
	Checksum   any    `yaml:"checksum"`
}

func readFisher(im *importer, data []byte) error {
	var bad error
	err := im.parkerFile(data, func(n *yaml.Node, r *parkerRule) {
		var f fisherRule
		if err := n.Decode(&f); err != nil {
			bad = yamlError(im.file, im.format.title, err)
			return
		}
		d := r.draft(n.Line)
		if f.Visible != nil && !*f.Visible {
			im.lose(n.Line, d.name, "it is part of other rules only (visible: false)")
			return
		}
		im.unknown(n, d.name, "name", "id", "pattern", "description", "references", "examples", "negative_examples", "categories",
			"min_entropy", "confidence", "visible", "pattern_requirements", "validation", "revocation", "depends_on_rule",
			"keywords", "betterleaks_secret_group", "tls_mode")
		d.secret.name = "TOKEN"
		if f.Group > 0 {
			d.secret.numbers = []int{f.Group}
		}
		d.rule.Confidence = confidence(f.Confidence)
		d.rule.Validators = im.entropy(n.Line, d.name, f.MinEntropy)
		if f.Requirements != nil {
			im.fisherRequirements(n.Line, &d, f.Requirements)
		}
		im.add(d)
	})
	if bad != nil {
		return bad
	}
	return err
}

// fisherRequirements translates what the characters of a secret must be.
func (im *importer) fisherRequirements(line int, d *draft, q *fisherRequirements) {
	kinds := 0
	for _, n := range []int{q.Digits, q.Upper, q.Lower} {
		if n > 0 {
			kinds++
		}
	}
	switch {
	case q.Digits > 0 && kinds == 1:
		d.rule.Validators = append(d.rule.Validators, "has-digit")
	case kinds == 1:
		d.rule.Validators = append(d.rule.Validators, "has-letter")
	case kinds > 1:
		d.rule.Validators = append(d.rule.Validators, "mixed")
	}
	if q.Characters != "" {
		im.note(line, d.name, "left out: special_chars")
	}
	if q.Digits > 1 || q.Upper > 1 || q.Lower > 1 || q.Special > 0 || kinds == 3 {
		im.note(line, d.name, "left out: how many characters of each kind pattern_requirements asks for; it finds more")
	}
	if q.Checksum != nil {
		im.note(line, d.name, "left out: the checksum; redactd takes a token with a wrong one too, which may be cut or mistyped")
	}
	if len(q.Contains) > 0 {
		d.allow = append(d.allow, allowPattern(containsAny(q.Contains, true)))
	}
}
