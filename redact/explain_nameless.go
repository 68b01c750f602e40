package redact

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// nameless is a rule whose secret has a form of its own but is one only beside a
// name. The form alone is asked of single words.
type nameless struct {
	rule       int32
	form       *regexp.Regexp
	least      int // bytes of what has the form
	most       int
	validators []Validator
	names      string // what announces it, in words
}

// leastNameless is the least length, in bytes, of a word that is worth telling of.
const leastNameless = 16

// ordinary are words of no special form: what fits them says nothing.
var ordinary = []string{"connection_timeout", "internationalization", "io.example.service.Handler", "2026-01-31T12:00:00Z"}

// newNameless returns the rules of s of which the secret is a group with a form.
func newNameless(s *Set) []nameless {
	list := []nameless{}
	for i := range s.programs {
		p := &s.programs[i]
		if p.generic || p.keyed || p.rule.Pattern == "" {
			continue
		}
		re, err := parsePattern(p.rule.Pattern)
		if err != nil {
			continue // regexp2: lookaround has no part that stands alone
		}
		group := secretGroups(re.CapNames())[0]
		if group == 0 || announcedInside(re, group) {
			continue
		}
		inner := findGroup(re, group)
		form, err := regexp.Compile(`\A(?:` + inner.String() + `)\z`)
		if err != nil || slices.ContainsFunc(ordinary, form.MatchString) {
			continue
		}
		least, most := byteLength(inner)
		list = append(list, nameless{p.index, form, least, most, p.validators, announcedWords(s, int(p.index))})
	}
	return list
}

// findGroup returns what the group of that number captures.
func findGroup(re *syntax.Regexp, group int) *syntax.Regexp {
	if re.Op == syntax.OpCapture && re.Cap == group {
		return re.Sub[0]
	}
	for _, sub := range re.Sub {
		if found := findGroup(sub, group); found != nil {
			return found
		}
	}
	return nil
}

// announcedInside reports whether the secret itself holds a literal of three bytes,
// so that it is known without a name.
func announcedInside(re *syntax.Regexp, group int) bool {
	var run int
	var literal func(re *syntax.Regexp) bool
	literal = func(re *syntax.Regexp) bool {
		switch {
		case re.Op == syntax.OpLiteral:
			run += len(re.Rune)
		case re.Op == syntax.OpConcat, re.Op == syntax.OpCapture:
			return slices.ContainsFunc(re.Sub, literal)
		case re.Op == syntax.OpCharClass && len(re.Rune) <= 4 && classSize(re.Rune) <= 2:
			run++
		default:
			run = 0
		}
		return run >= gramLen
	}
	inner := findGroup(re, group)
	return inner == nil || literal(inner)
}

func classSize(pairs []rune) (n int) {
	for i := 0; i < len(pairs); i += 2 {
		n += int(pairs[i+1]-pairs[i]) + 1
	}
	return n
}

// announcedWords returns what announces a rule where that is plain text, three at
// most: "datadog, dd_api".
func announcedWords(s *Set, rule int) string {
	var words []string
	for i := range s.values.triggers {
		t := &s.values.triggers[i]
		if int(t.rule) != rule {
			continue
		}
		word := make([]byte, 0, len(t.seq))
		for k := range t.seq {
			set := &t.seq[k]
			b := lower(set.first())
			if set.size() > 2 || set.size() == 2 && !set.has(b) {
				b = '.'
			}
			word = append(word, b)
		}
		if text := strings.Trim(string(word), ". "); len(text) >= gramLen && !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return strings.Join(words[:min(len(words), 3)], ", ")
}

// withoutName notes the words of text that have the form of a rule's secret, and no
// name beside them. Where one is found or nearly found, that was told.
func (e *Explainer) withoutName(text []byte) {
	before := e.verdicts
	for _, w := range splitTokens(text) {
		told := slices.ContainsFunc(before, func(v Verdict) bool {
			return v.Start < w.end && w.start < v.End && v.Outcome != OutcomeUnfit
		})
		if told {
			continue
		}
		if e.nameless == nil {
			e.nameless = newNameless(e.set)
		}
		value := text[w.start:w.end]
		for i := range e.nameless {
			n := &e.nameless[i]
			if len(value) < n.least || len(value) > n.most || !n.form.Match(value) || slices.ContainsFunc(n.validators, func(v Validator) bool { return !v.Valid(value) }) {
				continue
			}
			why := "is one only beside its name"
			if n.names != "" {
				why += " (" + n.names + ")"
			}
			e.add(Verdict{Rule: &e.set.rules[n.rule], Start: w.start, End: w.end, Outcome: OutcomeNameless, Why: why})
		}
	}
}

// splitTokens returns the words of text that are long enough: what stands between
// white space, quotation marks and separators.
func splitTokens(text []byte) (words []span) {
	const separators = "\"'`=:,;()<>[]{}|&?\\"
	start := 0
	for i := 0; i <= len(text); i++ {
		if i < len(text) && text[i] > ' ' && strings.IndexByte(separators, text[i]) < 0 {
			continue
		}
		if i-start >= leastNameless {
			words = append(words, span{start: start, end: i})
		}
		start = i + 1
	}
	return words
}
