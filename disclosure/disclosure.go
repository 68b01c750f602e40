// Package disclosure holds what error responses disclose of a service's inside
// (CWE-209): debug pages, stack traces, messages of databases, paths, host names,
// headers with versions. Each kind is a rule, which is data: the packs of this
// package are TOML files, and operators write rules of their own.
//
// A disclosure is no secret. Secrets are found by package redact wherever they stand;
// what is described here is nobody's business but the operator's, and goes from error
// responses only.
package disclosure

import (
	"embed"
	"fmt"
	"slices"
	"sync"

	"github.com/redactd/redactd/internal/tomlpos"
)

// Part says what of an error response a rule recognises.
type Part string

// The parts.
const (
	Page    Part = "page"    // the body as a whole: a framework's debug page
	Trace   Part = "trace"   // a stack trace in a text
	Member  Part = "member"  // a member of a JSON object, or an XML element, by its name
	Message Part = "message" // a message of a database, a library or a runtime in a text
	Name    Part = "name"    // a path, a host, an address, a version in a text
	Header  Part = "header"  // a header field
)

// Parts are all of them.
var Parts = []Part{Page, Trace, Member, Message, Name, Header}

// Rule recognises one kind of disclosure. It is plain data, decoded from a pack or
// from the configuration. Which keys count depends on Part.
type Rule struct {
	// ID names the rule: lower-case letters, digits and dashes, 64 at most.
	ID string `toml:"-"`
	// Pack is the name of the pack that holds the rule, "config" for own rules.
	Pack string `toml:"-"`

	Description string `toml:"description"`
	// Reference is the address of the document that describes the form.
	Reference string `toml:"reference"`
	// Framework is what made it, as metrics and reports name it: "django", "java",
	// "postgresql". Of several rules that fit, the page names it, else the member, else
	// the trace, else the message.
	Framework string `toml:"framework"`
	Part      Part   `toml:"part"`

	// Marks are texts of a Page, all of which stand in it, letter by letter.
	Marks []string `toml:"marks"`
	// Media are the kinds of bodies of a Page: "html", "json", "xml", "text". None is any.
	Media []string `toml:"media"`

	// Pattern is a regular expression as redact.Rule.Pattern is. For a Trace it matches
	// one frame of it: a line or a part of a line. For a Message or Name it matches what
	// goes, or has a group named "secret" that does. For a Member and a Header, where it
	// may be missing, it has to match in the value; of a Header what it matches goes, in
	// place of the field.
	Pattern string `toml:"pattern"`
	// Validators must all accept what Pattern matches, as in redact.Rule. Not for Member
	// and Header.
	Validators []string `toml:"validators"`

	// Before and After are the lines next to the first and last frame of a Trace that are
	// of it in any case; its whole paragraph is anyway. Gap is how many lines between two
	// frames belong to them.
	Before int `toml:"before"`
	After  int `toml:"after"`
	Gap    int `toml:"gap"`

	// Keys are the names of a Member. Case, dashes and underscores do not count.
	Keys []string `toml:"keys"`
	// Beside are names of which one at least stands in the same object, for a Member
	// whose own name says too little. Only such a Member may be a number.
	Beside []string `toml:"beside"`
	// Within, for a Member with Beside, is a regular expression in Go's syntax that has to
	// match in the object, its values one a line as "name: value".
	Within string `toml:"within"`
	// Headers are the names of a Header, in any case; "*" stands for any letters.
	Headers []string `toml:"headers"`

	// Exception reads the type of the exception from what was recognised: a regular
	// expression in Go's syntax with a group named "type". Frame reads a frame: groups
	// "function", "file" and "line", as far as there are. Reverse says that what was raised
	// last, and the innermost frame of it, stand last, as they do in Python.
	Exception string `toml:"exception"`
	Frame     string `toml:"frame"`
	Reverse   bool   `toml:"reverse"`

	// Instead is what stands in the place of a Message, Name or part of a Header, and in
	// the place of the value of a Member, which keeps its name then. Of a Message or Name,
	// a blank says that nothing does.
	Instead string `toml:"instead"`
	// Status are the classes or statuses that the rule counts on: "4xx", "500". None is
	// all of them.
	Status []string `toml:"status"`

	// Examples are texts with what goes between « and »; of a Page, whole bodies; of a
	// Header, fields as "Name: value". CounterExamples disclose nothing to this rule.
	Examples        []string `toml:"examples"`
	CounterExamples []string `toml:"counter_examples"`
}

// OnStatus reports whether the rule counts on a status.
func (r *Rule) OnStatus(status int) bool {
	if len(r.Status) == 0 {
		return true
	}
	for _, s := range r.Status {
		if len(s) == 3 && int(s[0]-'0') == status/100 && (s[1:] == "xx" || int(s[1]-'0') == status/10%10 && int(s[2]-'0') == status%10) {
			return true
		}
	}
	return false
}

// Pack is a named group of rules.
type Pack struct {
	Name        string
	Description string
	// Rules are in the order of the file.
	Rules []Rule
}

//go:generate go test -run TestDisclosuresDocument -update .

//go:embed *.toml
var files embed.FS

var builtin = sync.OnceValues(func() ([]Pack, error) { return tomlpos.ParseAll(files, Parse) })

// Builtin returns the packs of this package, sorted by name. The slice is the caller's;
// the rules in it are shared and must not be changed. It is safe for concurrent use. It
// panics if an embedded pack is not well-formed, which the tests rule out.
func Builtin() []Pack {
	packs, err := builtin()
	if err != nil {
		panic(fmt.Sprintf("disclosure: %v", err))
	}
	return slices.Clone(packs)
}

// Rules returns the rules of packs, in their order. The slice is the caller's.
func Rules(packs []Pack) []Rule {
	var rules []Rule
	for _, p := range packs {
		rules = append(rules, p.Rules...)
	}
	return rules
}
