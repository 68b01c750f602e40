package ruleimport

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// parseSelector reads a selector as far as it can be said by names of fields. left
// tells what of it was left out, "" if nothing.
func parseSelector(text string) (s scope, left string) {
	for _, part := range strings.Split(text, "||") {
		name, everywhere := "", true
		for _, term := range strings.Split(part, "&&") {
			term = strings.Trim(strings.TrimSpace(term), "()")
			term = strings.TrimSpace(term)
			switch {
			case strings.HasPrefix(term, "!"):
				left = "the exception " + term
			case term == "" || !selectorSteps.MatchString(term):
				left = "a part that redactd doesn't understand"
			default:
				n, beneath := fieldOf(term)
				if n != "" {
					name, everywhere = n, false
				} else if beneath {
					left = "what it says of the fields around"
				}
			}
		}
		if everywhere {
			s.everywhere = true
		} else if !slices.Contains(s.keys, name) {
			s.keys = append(s.keys, name)
		}
	}
	return s, left
}

var (
	selectorSteps = regexp.MustCompile(`^(?:\$?[A-Za-z0-9_-]+|\*\*?|'(?:[^']|'')*')(?:\.(?:\$?[A-Za-z0-9_-]+|\*\*?|'(?:[^']|'')*'))*$`)
	selectorStep  = regexp.MustCompile(`\$?[A-Za-z0-9_-]+|\*\*?|'(?:[^']|'')*'`)
	// An array's index, and names that keys of rules can't have.
	noKey = regexp.MustCompile(`^[0-9]+$`)
)

// fieldOf returns the name of the field that a path leads to, "" where it leads to
// any field; beneath says that the path names one further up.
func fieldOf(path string) (name string, beneath bool) {
	steps := selectorStep.FindAllString(path, -1)
	last := steps[len(steps)-1]
	beneath = len(steps) > 1 || !strings.HasPrefix(last, "$") && !strings.HasPrefix(last, "*")
	switch {
	case strings.HasPrefix(last, "$") || strings.HasPrefix(last, "*") || noKey.MatchString(last):
		return "", beneath
	case strings.HasPrefix(last, "'"):
		last = strings.ReplaceAll(last[1:len(last)-1], "''", "'")
	}
	return last, beneath
}

// maxWords bounds how many names a pattern is written out to.
const maxWords = 64

// wordsOf returns the texts that a pattern matches, in lower case, if they are few
// and each can be the name of a field.
func wordsOf(pattern string) ([]string, bool) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, false
	}
	words, ok := expand(re)
	if !ok {
		return nil, false
	}
	var names []string
	for _, w := range words {
		w = strings.ToLower(strings.Trim(w, "_-. "))
		if len(w) < 3 {
			return nil, false
		}
		if !slices.Contains(names, w) {
			names = append(names, w)
		}
	}
	slices.Sort(names)
	return names, len(names) > 0
}

// expand returns all texts that re matches, if they are few. What matches any
// text at either end of a name is nothing, since names fit by their last words.
func expand(re *syntax.Regexp) ([]string, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch, syntax.OpBeginText, syntax.OpEndText, syntax.OpBeginLine, syntax.OpEndLine, syntax.OpWordBoundary:
		return []string{""}, true
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, true
	case syntax.OpCharClass:
		var out []string
		for i := 0; i < len(re.Rune); i += 2 {
			for c := re.Rune[i]; c <= re.Rune[i+1]; c++ {
				if len(out) == 8 {
					return nil, false
				}
				out = append(out, string(c))
			}
		}
		return out, true
	case syntax.OpCapture:
		return expand(re.Sub[0])
	case syntax.OpQuest:
		out, ok := expand(re.Sub[0])
		return append([]string{""}, out...), ok
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			out, ok := expand(sub)
			if !ok {
				return nil, false
			}
			all = append(all, out...)
		}
		return all, len(all) <= maxWords
	case syntax.OpConcat:
		return expandConcat(trimAny(re.Sub))
	}
	return nil, false
}

// trimAny cuts ".*" off the begin, where names may have further words.
func trimAny(subs []*syntax.Regexp) []*syntax.Regexp {
	for len(subs) > 0 && (subs[0].Op == syntax.OpBeginText || subs[0].Op == syntax.OpStar && isAny(subs[0].Sub[0])) {
		subs = subs[1:]
	}
	return subs
}

func isAny(re *syntax.Regexp) bool {
	return re.Op == syntax.OpAnyChar || re.Op == syntax.OpAnyCharNotNL
}

func expandConcat(subs []*syntax.Regexp) ([]string, bool) {
	all := []string{""}
	for _, sub := range subs {
		out, ok := expand(sub)
		if !ok || len(all)*len(out) > maxWords {
			return nil, false
		}
		var next []string
		for _, head := range all {
			for _, tail := range out {
				next = append(next, head+tail)
			}
		}
		all = next
	}
	return all, true
}
