package redact

import (
	"fmt"
	"sort"
	"strings"
)

// Action says what is written in place of a finding. It is immutable and safe
// for concurrent use.
type Action interface {
	// Name is the name it is registered under.
	Name() string
	// Append appends to dst what stands for value. It keeps neither slice. What
	// it appends is a placeholder or one of the texts of Fixed.
	Append(dst []byte, r *Rule, value []byte) []byte
}

// fixedText is implemented by an action that writes texts other than
// placeholders; a field that holds just such a text is never a finding.
type fixedText interface{ Fixed() string }

// remover is implemented by an action that wants the whole field gone.
type remover interface{ RemovesField() bool }

var actions = map[string]func(arg string, keys *Keyring) (Action, error){}

// RegisterAction makes an action known under a name. The argument is what follows
// the colon in its written form. A duplicate name panics.
func RegisterAction(name string, parse func(arg string, keys *Keyring) (Action, error)) {
	if _, ok := actions[name]; ok {
		panic("redact: action " + name + " registered twice")
	}
	actions[name] = parse
}

// ActionNames returns the names of all actions, sorted.
func ActionNames() []string {
	names := make([]string, 0, len(actions))
	for name := range actions {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// ParseAction builds an action from its written form: "mask", "remove", "token",
// "partial:4,4" or "replace:text". Only token needs keys.
func ParseAction(text string, keys *Keyring) (Action, error) {
	name, arg, _ := strings.Cut(text, ":")
	parse := actions[name]
	if parse == nil {
		return nil, fmt.Errorf("no action %q (there are %s)", name, strings.Join(ActionNames(), ", "))
	}
	return parse(arg, keys)
}
