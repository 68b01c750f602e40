package config

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/redactd/redactd/internal/ruleimport"
	"github.com/redactd/redactd/internal/tomlpos"
	"github.com/redactd/redactd/redact"
)

// place is where a rule or an allowlist stands that was imported.
type place struct {
	file string
	line int
}

// importSource checks an element of rules.import.
func importSource(s string) string {
	format, _, ok := ruleimport.Cut(s)
	switch {
	case ok:
		return ""
	case s == "":
		return "is empty"
	case slices.Contains(ruleimport.Formats(), format):
		return "names no file"
	}
	return "begins with the name of no format" + suggestOr(format, ruleimport.Formats(),
		" ("+list(ruleimport.Formats())+", or a file's name alone)")
}

// importRules adds the rules of the files that rules.import names to those of the
// configuration, as its own.
func (d *decoder) importRules() {
	for i, text := range d.cfg.Sources.Import {
		key := tomlpos.Element("rules.import", i)
		if d.failed(key) {
			continue
		}
		format, path, _ := ruleimport.Cut(text)
		if !filepath.IsAbs(path) {
			path = filepath.Join(d.dir, path)
		}
		files, err := ruleFiles(path)
		switch {
		case err != nil:
			d.fail(key, "%scannot be read: %s", d.quote(key, text), reason(err))
		case len(files) == 0:
			d.fail(key, "%sis a directory without a file of rules (*.toml, *.yaml, *.yml or *.json)", d.quote(key, text))
		}
		for _, file := range files {
			res, err := ruleimport.File(file, ruleimport.Options{Format: format, Taken: func(id string) bool { return d.cfg.Rules[id] != nil }})
			if err != nil {
				d.importError(key, text, path, err)
				continue
			}
			d.imported(res)
		}
	}
}

// ruleFiles returns path, or where that is a directory the files of rules in it by
// name, without hidden ones.
func ruleFiles(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil // what is wrong with it is told where it is read
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		name := entry.Name()
		if !entry.IsDir() && name[0] != '.' && slices.Contains([]string{".toml", ".yaml", ".yml", ".json"}, filepath.Ext(name)) {
			files = append(files, filepath.Join(path, name))
		}
	}
	return files, nil
}

// shortImport puts rules = ["gitleaks:path.toml"], the short form of a [rules] with
// import alone, into the long one.
func shortImport(tree map[string]any, lines Positions) {
	list, ok := tree["rules"].([]any)
	if !ok {
		return
	}
	tree["rules"] = map[string]any{"import": list}
	if lines == nil {
		return
	}
	lines["rules.import"] = lines["rules"]
	for i := range list {
		lines[tomlpos.Element("rules.import", i)] = lines[tomlpos.Element("rules", i)]
	}
}

// importError reports what is wrong with a file that is imported: at the key where
// it can't be read, else in the file itself.
func (d *decoder) importError(key, text, path string, err error) {
	var ie *ruleimport.Error
	if !errors.As(err, &ie) {
		d.fail(key, "%s", err)
		return
	}
	if ie.File == path && ie.Line == 0 {
		d.fail(key, "%s%s", d.quote(key, text), ie.Msg)
		return
	}
	d.errs = append(d.errs, Error{File: ie.File, Line: ie.Line, Msg: strings.ReplaceAll(ie.Msg, "\n", "; ")})
}

// imported takes over what one file gave.
func (d *decoder) imported(res *ruleimport.Result) {
	c := d.cfg
	if c.Rules == nil {
		c.Rules = map[string]*redact.Rule{}
	}
	if c.Allow == nil {
		c.Allow = map[string]*Allow{}
	}
	if c.places == nil {
		c.places = map[string]place{}
	}
	for i := range res.Rules {
		r := res.Rules[i].Rule
		c.Rules[r.ID] = &r
		c.places[tomlpos.Join("rule", r.ID)] = place{res.Rules[i].File, res.Rules[i].Line}
	}
	for _, a := range res.Allow {
		name := a.Name
		for c.Allow[name] != nil {
			name += "-"
		}
		c.Allow[name] = &Allow{Values: a.Values, Patterns: a.Patterns, Paths: a.Paths, Rules: a.Rules, Comment: "imported"}
		c.places[tomlpos.Join("allow", name)] = place{a.File, a.Line}
	}
	d.warn(res.Notes)
}

// warn takes over the notes on a file as warnings. Rules that are lost are told one by
// one; what was left out of many alike is told once.
func (d *decoder) warn(notes []ruleimport.Note) {
	first := map[string]int{} // by file and message, in Warnings
	times := map[string]int{}
	for _, n := range notes {
		e := Error{File: n.File, Line: n.Line, Key: n.Rule, Msg: n.Msg}
		if n.Lost {
			e.Msg = "not taken over: " + n.Msg
			d.cfg.Warnings = append(d.cfg.Warnings, e)
			continue
		}
		same := n.File + ": " + n.Msg
		if times[same]++; times[same] > 1 {
			d.cfg.Warnings[first[same]].Msg = fmt.Sprintf("%s (of %d rules, of which this is the first)", n.Msg, times[same])
			continue
		}
		first[same] = len(d.cfg.Warnings)
		d.cfg.Warnings = append(d.cfg.Warnings, e)
	}
}

// placeOf returns where an imported rule or allowlist stands that key is of.
func (c *Config) placeOf(key string) (place, bool) {
	table, rest, _ := strings.Cut(key, ".")
	name, _, _ := strings.Cut(rest, ".")
	p, ok := c.places[table+"."+name]
	return p, ok
}

// dropImported takes out of a copy what the files give that it names.
func (c *Config) dropImported(from *Config) {
	for path := range from.places {
		table, name, _ := strings.Cut(path, ".")
		if table == "rule" {
			delete(c.Rules, name)
		} else {
			delete(c.Allow, name)
		}
	}
}
