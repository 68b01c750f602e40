package ruleimport

import (
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// The packs of redactd itself, so that a configuration can use one that "redactd
// rules import" made and somebody then went over.
func init() {
	register(format{
		name: "redactd", title: "redactd",
		knows: func(d *document) bool { _, ok := d.toml["pack"].(map[string]any); return ok },
		read:  readPack,
	})
}

func readPack(im *importer, data []byte) error {
	pack, err := patterns.Parse(base(im.file), data)
	if err != nil {
		// Each line begins with the base of the name.
		msg := strings.ReplaceAll(err.Error(), "\n"+base(im.file)+":", "\n"+im.file+":")
		return &Error{File: im.file, Msg: strings.TrimPrefix(strings.TrimPrefix(msg, base(im.file)+":"), " ")}
	}
	lines := tomlpos.Find(data)
	for i := range pack.Rules {
		r := pack.Rules[i]
		line := lines.Nearest(toml.Key{"rule", r.ID}.String())
		if r.ID != slug(r.ID) || im.taken(r.ID) {
			return &Error{File: im.file, Line: line, Msg: "rule." + r.ID + ": another rule, pack or tag has this id (choose another)"}
		}
		if _, err := redact.Compile([]redact.Rule{r}, redact.Options{}); err != nil {
			return &Error{File: im.file, Line: line, Msg: "rule." + err.Error()}
		}
		im.ids[r.ID] = true
		im.res.Rules = append(im.res.Rules, Rule{Rule: r, Name: r.ID, File: im.file, Line: line})
	}
	return nil
}
