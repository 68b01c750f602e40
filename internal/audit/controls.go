package audit

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
)

//go:embed controls.toml
var defaultControls []byte

// Control is a requirement of a standard, and which figures answer it.
type Control struct {
	Name       string   `toml:"-" json:"name"`
	Framework  string   `toml:"framework" json:"framework"`
	Number     string   `toml:"number" json:"number"`
	Title      string   `toml:"title" json:"title"`
	Evidence   string   `toml:"evidence" json:"evidence"`
	Tags       []string `toml:"tags" json:"tags,omitempty"`
	Rules      []string `toml:"rules" json:"rules,omitempty"`
	Severities []string `toml:"severities" json:"severities,omitempty"`
	Show       []string `toml:"show" json:"-"`
}

// selects says whether a finding counts for the control.
func (c *Control) selects(e *Event) bool {
	has := func(list []string, v string) bool { return len(list) == 0 || slices.Contains(list, v) }
	tagged := len(c.Tags) == 0 || slices.ContainsFunc(c.Tags, func(tag string) bool { return slices.Contains(e.Tags, tag) })
	return tagged && has(c.Rules, e.Rule) && has(c.Severities, e.Severity)
}

// DefaultControls returns the mapping that is built in, as TOML.
func DefaultControls() []byte { return slices.Clone(defaultControls) }

var controlKeys = tomlpos.Keys[Control]()

// ParseControls reads a mapping, in the order of the file. name is the file's,
// for errors, of which there is one for each mistake.
func ParseControls(name string, data []byte) ([]Control, error) {
	var doc struct {
		Control map[string]Control `toml:"control"`
	}
	md, err := toml.Decode(string(data), &doc)
	if err != nil {
		return nil, tomlpos.Positioned(name, err)
	}
	bad := tomlpos.Mistakes{Name: name, Lines: tomlpos.Find(data)}
	var list []Control
	for _, key := range md.Keys() {
		switch {
		case key[0] != "control" || len(key) > 3 || len(key) == 3 && !slices.Contains(controlKeys, key[2]):
			bad.Add(key, "unknown key")
		case len(key) == 2:
			c := doc.Control[key[1]]
			c.Name = key[1]
			c.check(func(k, what string) { bad.Add(append(slices.Clone(key), k), what) })
			list = append(list, c)
		}
	}
	if len(list) == 0 {
		bad.Add(toml.Key{"control"}, "there is none")
	}
	return list, bad.Err()
}

func (c *Control) check(bad func(key, what string)) {
	for key, value := range map[string]string{"framework": c.Framework, "number": c.Number, "title": c.Title, "evidence": c.Evidence} {
		if value == "" {
			bad(key, "is missing")
		}
	}
	if len(c.Show) == 0 {
		bad("show", "is missing")
	}
	for _, f := range c.Show {
		if figures[f] == nil {
			bad("show", fmt.Sprintf("%q is no figure (one of %s)", f, strings.Join(slices.Sorted(maps.Keys(figures)), ", ")))
		}
	}
}

// Figure is one line of what answers a control.
type Figure struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ControlFigures is a control with its answer.
type ControlFigures struct {
	Control
	Figures []Figure `json:"figures"`
}

// figures are what a control may show, by name.
var figures = map[string]func(r *EvidenceReport, s *Summary) []Figure{
	"findings": func(_ *EvidenceReport, s *Summary) []Figure {
		f := []Figure{{"Findings", fmt.Sprintf("%d of %d distinct values", s.Findings, s.Values)}}
		if s.Findings > 0 {
			f = append(f, Figure{"First and last", stamp(s.First) + " – " + stamp(s.Last)})
		}
		return f
	},
	"actions": tableFigure("action", "Replaced by"),
	"rules":   tableFigure("rule", "By rule"),
	"routes":  tableFigure("route", "By route"),
	"shadow": func(_ *EvidenceReport, s *Summary) []Figure {
		return []Figure{{"Let through in shadow mode", fmt.Sprint(s.Shadow)}}
	},
	"dropped": func(r *EvidenceReport, _ *Summary) []Figure {
		return []Figure{{"Findings without a record", fmt.Sprint(r.Summary.Dropped)}}
	},
	"records": func(r *EvidenceReport, _ *Summary) []Figure {
		if r.Records == 0 {
			return []Figure{{"Records", "none in this time"}}
		}
		return []Figure{{"Records", fmt.Sprintf("%d, numbered %d to %d without a gap", r.Records, r.First, r.Last)}}
	},
	"checkpoints": func(r *EvidenceReport, _ *Summary) []Figure {
		return []Figure{{"Signed checkpoints", r.checkpointText()}}
	},
	"verification": func(r *EvidenceReport, _ *Summary) []Figure {
		return []Figure{{"Verification", r.Verification}}
	},
	"policies": func(r *EvidenceReport, _ *Summary) (f []Figure) {
		for _, p := range r.Policies {
			f = append(f, Figure{"Configuration in force since " + stamp(p.Since), p.Digest})
		}
		if f == nil {
			f = []Figure{{"Configurations in force", "not recorded"}}
		}
		return f
	},
	"coverage": statedFigure(StatementCoverage),
	"canaries": statedFigure(StatementCanaries),
}

// maxTableFigure bounds how many groups a control names.
const maxTableFigure = 10

func tableFigure(table, name string) func(*EvidenceReport, *Summary) []Figure {
	return func(_ *EvidenceReport, s *Summary) []Figure {
		var parts []string
		for _, t := range s.Tables {
			if t.Name != table {
				continue
			}
			for i, g := range t.Groups {
				if i == maxTableFigure {
					parts = append(parts, fmt.Sprintf("%d more", len(t.Groups)-i))
					break
				}
				parts = append(parts, fmt.Sprintf("%s %d", g.Name, g.Findings))
			}
		}
		if parts == nil {
			parts = []string{"no finding"}
		}
		return []Figure{{name, strings.Join(parts, ", ")}}
	}
}

// statedFigure shows what the statements of a kind come to.
func statedFigure(kind string) func(*EvidenceReport, *Summary) []Figure {
	return func(r *EvidenceReport, _ *Summary) []Figure {
		for _, s := range r.Statements {
			if s.Kind == kind {
				return s.Figures
			}
		}
		return []Figure{{title(kind), "not recorded"}}
	}
}

// title returns a kind as the beginning of a sentence.
func title(kind string) string { return upper(kind[:1]) + kind[1:] }
