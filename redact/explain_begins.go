package redact

import (
	"bytes"
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"
)

// opening is fixed text that each match of a rule begins with, one of a few.
type opening struct {
	rule  int32
	text  string
	least int // bytes of the shortest match
}

// The least length, in bytes, of an opening that is worth telling where the pattern does
// not fit, and of what follows it; and the most openings that are kept of a rule.
const (
	leastOpening = 4
	leastBehind  = 4
	maxOpenings  = 32
)

// newOpenings returns those of the rules of s that say something: "ghp_", and no words of
// prose as "token" or the begin of any address.
func newOpenings(s *Set) []opening {
	list := []opening{}
	for i := range s.programs {
		p := &s.programs[i]
		if _, ok := p.engine.(*automaton); !ok || p.generic || p.rule.Pattern == "" {
			continue
		}
		re, err := parsePattern(p.rule.Pattern)
		if err != nil {
			continue
		}
		texts, _ := openings(re)
		least, _ := byteLength(re)
		for _, text := range texts {
			own := text
			if _, rest, ok := strings.Cut(text, "://"); ok {
				own = rest
			}
			prose := strings.Trim(own, "abcdefghijklmnopqrstuvwxyz -.:=\"'") == ""
			if len(own) >= leastOpening && !prose {
				list = append(list, opening{p.index, text, least})
			}
		}
	}
	return list
}

// openings returns texts of which each match of re begins with one; whole is set where
// they are all of it.
func openings(re *syntax.Regexp) (texts []string, whole bool) {
	switch re.Op {
	case syntax.OpLiteral:
		return []string{string(re.Rune)}, true
	case syntax.OpCapture:
		return openings(re.Sub[0])
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpCharClass:
		if n := classSize(re.Rune); n > maxOpenings/4 || n == 2 && re.Rune[0]|0x20 == re.Rune[len(re.Rune)-1] {
			return []string{""}, false // in any case, words are prose
		}
		for i := 0; i < len(re.Rune); i += 2 {
			for r := re.Rune[i]; r <= re.Rune[i+1]; r++ {
				texts = append(texts, string(r))
			}
		}
		return texts, true
	case syntax.OpAlternate:
		if slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return sub.Op == syntax.OpWordBoundary }) {
			return []string{""}, true // what else may stand before the word is of no interest
		}
		whole = true
		for _, sub := range re.Sub {
			t, w := openings(sub)
			texts, whole = append(texts, t...), whole && w
		}
		return texts, whole
	case syntax.OpConcat:
		return openingsInRow(re.Sub)
	}
	return []string{""}, false
}

func openingsInRow(nodes []*syntax.Regexp) (texts []string, whole bool) {
	texts = []string{""}
	for _, node := range nodes {
		next, whole := openings(node)
		if len(next)*len(texts) > maxOpenings {
			return texts, false
		}
		var joined []string
		for _, a := range texts {
			for _, b := range next {
				joined = append(joined, a+b)
			}
		}
		if texts = joined; !whole {
			return texts, false
		}
	}
	return texts, true
}

// misfits notes where the text begins as matches of a rule do and its pattern does not
// fit, unless more is told of that text: what is cut short, or has a sign too many.
func (e *Explainer) misfits(sr *search) {
	if e.openings == nil {
		e.openings = newOpenings(e.set)
	}
	for i := range e.openings {
		o := &e.openings[i]
		for at, end := 0, 0; ; at++ {
			n := bytes.Index(sr.text[at:], []byte(o.text))
			if n < 0 {
				break
			}
			if at += n; at >= end { // looked for once for each word, which may be all of the text
				end = tokenEnd(sr.text, at)
			}
			if end-at >= len(o.text)+leastBehind && !insideWord(sr.text, at) && !e.toldOf(at, end) {
				e.misfit(sr, o, at, end)
				at = end - 1 // what follows in the word is part of what was told
			}
		}
	}
}

// toldOf reports whether something but misfits is told of text[start:end].
func (e *Explainer) toldOf(start, end int) bool {
	return slices.ContainsFunc(e.verdicts, func(v Verdict) bool {
		return v.Outcome != OutcomeUnfit && v.Start < end && start < v.End
	})
}

// misfit notes why what begins at text[at] and ends with a word is not found by a rule.
func (e *Explainer) misfit(sr *search, o *opening, at, end int) {
	p := &sr.set.programs[o.rule]
	n := p.engine.(*automaton).get() // see newOpenings
	sr.sc.begin()
	if n.fits(sr.sc, sr.text, at, min(len(sr.text), at+p.window)) {
		return
	}
	v := Verdict{Rule: p.rule, Start: at, End: end, Outcome: OutcomeUnfit}
	_, alive := n.begun(sr.sc, sr.text[:end], at)
	switch {
	case alive && end-at < o.least:
		v.Why = fmt.Sprintf("begins like one and is cut short: %d bytes, where the pattern asks for %d", end-at, o.least)
	case alive:
		v.Why = "begins like one and ends where its pattern goes on"
	default:
		v.Why = fmt.Sprintf("begins like one, and does not fit the pattern from its byte %d on", sr.sc.nfa.looked-1)
	}
	e.add(v)
}

// tokenEnd returns where the word ends that text[at] is a part of.
func tokenEnd(text []byte, at int) int {
	for at < len(text) && text[at] > ' ' && strings.IndexByte("\"'`<>,;()[]{}|&\\", text[at]) < 0 {
		at++
	}
	return at
}
