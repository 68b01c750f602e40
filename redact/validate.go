package redact

import (
	"fmt"
	"sort"
	"strings"
)

// Validator decides whether what a rule's pattern captured is a secret. It is
// immutable and safe for concurrent use; it keeps no part of value.
type Validator interface {
	Valid(value []byte) bool
}

// ValidatorFunc is a function as a Validator.
type ValidatorFunc func(value []byte) bool

// Valid calls f.
func (f ValidatorFunc) Valid(value []byte) bool { return f(value) }

var validators = map[string]func(arg string) (Validator, error){}

// RegisterValidator makes a validator known under a name. The argument is what
// follows the colon where a rule names it, "" if there is none. A duplicate name
// panics.
func RegisterValidator(name string, parse func(arg string) (Validator, error)) {
	if _, ok := validators[name]; ok {
		panic("redact: validator " + name + " registered twice")
	}
	validators[name] = parse
}

// registerPlain registers a validator that takes no argument.
func registerPlain(name string, f func([]byte) bool) {
	RegisterValidator(name, func(arg string) (Validator, error) {
		if arg != "" {
			return nil, errNoArgument(name)
		}
		return ValidatorFunc(f), nil
	})
}

func errNoArgument(name string) error { return fmt.Errorf("%s takes no argument", name) }

// ValidatorNames returns the names of all validators, sorted.
func ValidatorNames() []string {
	names := make([]string, 0, len(validators))
	for name := range validators {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

func parseValidator(text string) (Validator, error) {
	name, arg, _ := strings.Cut(text, ":")
	parse := validators[name]
	if parse == nil {
		return nil, fmt.Errorf("no validator %q (there are %s)", name, strings.Join(ValidatorNames(), ", "))
	}
	return parse(arg)
}
