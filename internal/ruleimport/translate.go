package ruleimport

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// dialect is what a pattern is written in.
type dialect uint8

const (
	goSyntax     dialect = iota // regexp/syntax, RE2
	rustSyntax                  // docs.rs/regex, also what is compiled to Hyperscan
	pythonSyntax                // re and regex
)

// groups tells which of a pattern's capturing groups are the secret.
type groups struct {
	numbers []int  // those; none leaves it to redactd, which takes the first
	name    string // the one of this name, if there is one, before numbers
	whole   bool   // the whole match
	all     bool   // every group
	none    bool   // groups only hold together: the pattern becomes part of another
}

// maxRepeat is the largest count that regexp/syntax takes.
const maxRepeat = 1000

// translate writes a pattern in the syntax that redactd takes: regexp/syntax, with
// the lookaround and back-references of regexp2 left in. Groups that are the
// secret are named so. What the result matches is what the pattern does, or more
// where counts beyond 1000 become open.
func translate(pattern string, from dialect, flags string, secret groups) (string, error) {
	pattern = strings.TrimRight(pattern, "\r\n")
	if flags != "" {
		pattern = "(?" + flags + ")" + pattern
	}
	if secret.name != "" {
		if regexp.MustCompile(`\(\?P?<` + regexp.QuoteMeta(secret.name) + `>`).MatchString(pattern) {
			secret.numbers = nil
		} else {
			secret.name = ""
		}
	}
	t := &translator{src: pattern, from: from, secret: secret}
	if err := t.run(); err != nil {
		return "", err
	}
	if len(secret.numbers) == 0 && secret.name == "" && !secret.whole && !secret.none && t.groups > 0 {
		// A group that is repeated captures its last time only, and the first
		// group may take no part: then more is the secret.
		switch {
		case t.repeated:
			return translate(pattern, from, "", groups{whole: true})
		case !secret.all && t.groups > 1 && optionalFirst(t.out.String()):
			return translate(pattern, from, "", groups{all: true})
		}
	}
	out := t.out.String()
	switch {
	case secret.none && t.refers:
		return "", errors.New("it has back-references")
	case secret.none:
	case len(secret.numbers) > 0 && t.secrets == 0:
		return "", fmt.Errorf("the secret is group %d, and the pattern has %d", secret.numbers[0], t.groups)
	case secret.whole && t.groups > 0:
		if t.refers {
			return "", errors.New("it has back-references by number, and no group for the secret")
		}
		out = "(?<secret>" + out + ")"
	case t.groups > 0:
		out = dropLead(out)
	}
	return openCounts(out), nil
}

// maxOpened bounds how many counts of a pattern are opened.
const maxOpened = 16

// openCounts opens counts, {0,16} to {0,}, of repetitions whose counts come to more
// than maxRepeat times together, which regexp/syntax refuses.
func openCounts(pattern string) string {
	refused := func(p string) string {
		_, err := syntax.Parse(p, syntax.Perl)
		var se *syntax.Error
		if errors.As(err, &se) && se.Code == syntax.ErrInvalidRepeatSize {
			return se.Expr
		}
		return ""
	}
	out := pattern
	for range maxOpened {
		count := refused(out)
		m := countForm.FindStringSubmatch(count)
		if count == "" {
			return out
		}
		if m == nil || m[3] == "" {
			return pattern // it is open, or can't be
		}
		// The error names the count and not its place, which is where the parser
		// stopped reading.
		end := 0
		for refused(out[:end]) != count {
			i := strings.Index(out[end:], count)
			if i < 0 {
				return pattern
			}
			end += i + len(count)
		}
		out = out[:end-len(count)] + "{" + m[1] + ",}" + count[len(m[0]):] + out[end:]
	}
	return pattern
}

// optionalFirst reports whether a match can leave the first group out.
func optionalFirst(pattern string) bool {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return strings.Contains(pattern, "|")
	}
	return !alwaysCaptures(re, 1)
}

// alwaysCaptures reports whether every match of re has the group in it.
func alwaysCaptures(re *syntax.Regexp, group int) bool {
	switch re.Op {
	case syntax.OpCapture:
		return re.Cap == group || alwaysCaptures(re.Sub[0], group)
	case syntax.OpConcat:
		return slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return alwaysCaptures(sub, group) })
	case syntax.OpPlus:
		return alwaysCaptures(re.Sub[0], group)
	case syntax.OpRepeat:
		return re.Min > 0 && alwaysCaptures(re.Sub[0], group)
	}
	return false
}

// lead is what a pattern begins with where it may begin with anything or nothing.
var lead = regexp.MustCompile(`^(\(\?[a-zA-Z]+\))?(?:\[(?:[^\]\\]|\\.)+\]|\\[wWsSdD]|\.)(?:\*|\{0,[0-9]+\})\??([^?*+{].*)$`)

// dropLead cuts an optional run off the begin of a pattern whose secret is a
// group further on: the same secrets are found, and at one place in place of many.
func dropLead(pattern string) string {
	m := lead.FindStringSubmatch(pattern)
	if m == nil || strings.Contains(pattern, "(?<=") || strings.Contains(pattern, "(?<!") || m[2][0] == '|' || alternatives(m[2]) {
		return pattern
	}
	return m[1] + m[2]
}

// alternatives reports whether a pattern is an alternation outside of groups.
func alternatives(pattern string) bool {
	depth, class := 0, false
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '|' && depth == 0:
			return true
		}
	}
	return false
}
