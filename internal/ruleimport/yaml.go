package ruleimport

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

var yamlLine = regexp.MustCompile(`line ([0-9]+): (.*)`)

// yamlError makes an Error of what the YAML library says.
func yamlError(file, what string, err error) *Error {
	e := &Error{File: file, Msg: "not YAML of " + what + ": " + unquoted(strings.TrimPrefix(err.Error(), "yaml: "))}
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		e.Line, _ = strconv.Atoi(m[1])
		e.Msg = "not YAML of " + what + ": " + unquoted(m[2])
	}
	return e
}

// otherKeys returns the keys of a mapping that are none of the known ones.
func otherKeys(n *yaml.Node, known ...string) (keys []string) {
next:
	for i := 0; i+1 < len(n.Content) && n.Kind == yaml.MappingNode; i += 2 {
		for _, k := range known {
			if n.Content[i].Value == k {
				continue next
			}
		}
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}

// texts is a list of strings that may also be written as one string.
type texts []string

// UnmarshalYAML reads a scalar or a list of scalars.
func (t *texts) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		if n.Value != "" && n.Tag != "!!null" {
			*t = texts{n.Value}
		}
		return nil
	}
	return n.Decode((*[]string)(t))
}
