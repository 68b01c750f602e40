package peer

import (
	"regexp"

	"github.com/redactd/redactd/redact"
)

// Regexps are rules tried one after the other with the standard library, without
// validators.
type Regexps struct {
	all []*regexp.Regexp
	// Left is the number of rules left out: those of keys alone, and patterns
	// that the standard library has no syntax for.
	Left int
}

// NewRegexps compiles the patterns of rules.
func NewRegexps(rules []redact.Rule) *Regexps {
	r := &Regexps{}
	for i := range rules {
		re, err := regexp.Compile(rules[i].Pattern)
		if err != nil || rules[i].Pattern == "" || len(rules[i].Keys) > 0 {
			r.Left++
			continue
		}
		r.all = append(r.all, re)
	}
	return r
}

// Len returns the number of rules that are tried.
func (r *Regexps) Len() int { return len(r.all) }

// Find returns the number of matches in text.
func (r *Regexps) Find(text []byte) int {
	n := 0
	for _, re := range r.all {
		n += len(re.FindAllIndex(text, -1))
	}
	return n
}
