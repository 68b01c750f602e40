package ruleimport

import (
	"bytes"
	"encoding/json"

	"github.com/BurntSushi/toml"
	"go.yaml.in/yaml/v3"
)

// document is a source of unknown format: its outermost table as each of the
// notations gives it, nil where it is not of that notation.
type document struct{ toml, json, yaml map[string]any }

func newDocument(data []byte) *document {
	d := &document{}
	if json.Unmarshal(data, &d.json) == nil && d.json != nil {
		return d // YAML would read it too
	}
	d.json = nil
	if _, err := toml.Decode(string(data), &d.toml); err == nil {
		return d
	}
	d.toml = nil
	if yaml.Unmarshal(data, &d.yaml) != nil {
		d.yaml = nil
	}
	return d
}

// guess returns the format of data, nil if none or more than one knows it.
func guess(data []byte) *format {
	d := newDocument(data)
	var found *format
	for _, f := range formats {
		if f.knows(d) {
			if found != nil {
				return nil
			}
			found = f
		}
	}
	return found
}

// tables returns the tables in a list, whichever way a decoder holds it.
func tables(list any) []map[string]any {
	switch list := list.(type) {
	case []map[string]any:
		return list
	case []any:
		var out []map[string]any
		for _, v := range list {
			if m, ok := v.(map[string]any); ok {
				out = append(out, m)
			}
		}
		return out
	}
	return nil
}

// anyHas reports whether one of the tables has one of the keys.
func anyHas(tables []map[string]any, keys ...string) bool {
	for _, t := range tables {
		for _, k := range keys {
			if _, ok := t[k]; ok {
				return true
			}
		}
	}
	return false
}

// jsonLines returns the line, from 1, of each member of the objects in data, by
// path: "rules.device_id". Elements of arrays have none.
func jsonLines(data []byte) map[string]int {
	lines := map[string]int{}
	dec := json.NewDecoder(bytes.NewReader(data))
	var value func(path string) bool
	value = func(path string) bool {
		tok, err := dec.Token()
		if err != nil {
			return false
		}
		switch tok {
		case json.Delim('{'):
			for dec.More() {
				name, err := dec.Token()
				key, ok := name.(string)
				if err != nil || !ok {
					return false
				}
				if path != "" {
					key = path + "." + key
				}
				lines[key] = 1 + bytes.Count(data[:dec.InputOffset()], []byte("\n"))
				if !value(key) {
					return false
				}
			}
		case json.Delim('['):
			for dec.More() {
				if !value(path + "[]") {
					return false
				}
			}
		default:
			return true
		}
		_, err = dec.Token()
		return err == nil
	}
	value("")
	return lines
}
