package redact

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// The budgets of regexp2, which backtracks: for an attempt and, since one text may
// hold many candidates, for a search, where each byte adds to it. They are a hundred
// times what sane patterns take.
//
// A search counts the time of its thread, where that can be asked for. An attempt is
// bounded by the clock on the wall, as regexp2 knows no other, and on a busy machine
// this runs faster than work is done: what takes too long is tried once more, with
// more time, and given up if it fails again or if it worked all the while.
const (
	regexp2Attempt = 100 * time.Millisecond
	regexp2Patient = time.Second
	regexp2Search  = time.Second
	regexp2Byte    = 100 * time.Nanosecond
	regexp2Stack   = 1 << 20 // integer slots
)

// privateUse is the first of Unicode's characters of private use.
const privateUse = 0xE000

// lookbehind is how many bytes before a match lookbehind can see.
const lookbehind = 64

// regexp2Engine serves patterns with lookaround or back-references. It sees bytes,
// each as one character, so that every offset is a byte's and text that is no
// valid UTF-8 stays what it is. Bytes beyond ASCII are characters of private use:
// no class but a negated one has them, as in regexp/syntax, by which triggers are
// found.
type regexp2Engine struct {
	re      *regexp2.Regexp
	patient *regexp2.Regexp // the same, with more time
	groups  []int           // that capture the secret
}

func (e *regexp2Engine) name() string { return "regexp2" }

func newRegexp2Engine(pattern string) (*regexp2Engine, error) {
	compile := func(timeout time.Duration) (*regexp2.Regexp, error) {
		re, err := regexp2.Compile(`\G(?:`+pattern+`)`,
			regexp2.OptionMaxBacktrackingStackSize(regexp2Stack), regexp2.OptionMaintainCaptureOrder())
		if err != nil {
			return nil, fmt.Errorf("not a regular expression of regexp/syntax nor of regexp2: %w", err)
		}
		re.MatchTimeout = timeout
		return re, nil
	}
	re, err := compile(regexp2Attempt)
	if err != nil {
		return nil, err
	}
	patient, err := compile(regexp2Patient)
	if err != nil {
		return nil, err
	}
	return &regexp2Engine{re: re, patient: patient, groups: secretGroups(re.GetGroupNames())}, nil
}

func (e *regexp2Engine) match(sc *Scratch, text []byte, at, end int) ([]int, error) {
	from := max(0, at-lookbehind)
	sc.runes = sc.runes[:0]
	sc.nfa.atEnd = true // for all that it tells
	for _, b := range text[from:end] {
		r := rune(b)
		if b >= 0x80 {
			r += privateUse
		}
		sc.runes = append(sc.runes, r)
	}
	start := startStopwatch()
	loc, err := e.find(e.re, sc.runes, from, at)
	spent := start.elapsed()
	if err != nil && spent < regexp2Attempt {
		loc, err = e.find(e.patient, sc.runes, from, at)
		spent = start.elapsed()
	}
	start.stop()
	sc.regexp2Spent += int64(spent)
	clear(sc.runes)
	if err != nil || sc.regexp2Spent > int64(regexp2Search)+int64(len(text))*int64(regexp2Byte) {
		return nil, ErrGaveUp
	}
	return loc, nil
}

// find tries re, which is one of e, at text[at]; runes are the bytes from text[from] on.
// Its error quotes the text.
func (e *regexp2Engine) find(re *regexp2.Regexp, runes []rune, from, at int) (loc []int, err error) {
	err = re.FindRunesMatches(runes, at-from, func(m regexp2.MatchView) bool {
		for _, g := range e.groups {
			if index, length, ok := m.GroupRange(g); ok {
				loc = append(loc, from+index, from+index+length)
			} else {
				loc = append(loc, -1, -1)
			}
		}
		return false
	})
	return loc, err
}

// relax turns a pattern of regexp2 into one of regexp/syntax that matches at
// least the same texts: lookaround goes, back-references become anything. It
// serves to derive triggers and lengths only.
func relax(pattern string) (*syntax.Regexp, error) {
	var out strings.Builder
	for i := 0; i < len(pattern); {
		rest := pattern[i:]
		switch {
		case rest[0] == '\\' && len(rest) > 1:
			n := escapeLength(rest)
			if rest[1] >= '1' && rest[1] <= '9' || rest[1] == 'k' {
				out.WriteString(`(?s:.*)`)
			} else {
				out.WriteString(rest[:n])
			}
			i += n
		case rest[0] == '[':
			n := classEnd(rest)
			out.WriteString(rest[:n])
			i += n
		case hasAnyPrefix(rest, "(?=", "(?!", "(?<=", "(?<!"):
			i += groupEnd(rest)
		case strings.HasPrefix(rest, "(?>"):
			out.WriteString("(?:")
			i += 3
		default:
			out.WriteByte(rest[0])
			i++
		}
	}
	re, err := parsePattern(out.String())
	if err != nil {
		return nil, errors.Join(errors.New("the pattern without its lookaround is not one of regexp/syntax"), err)
	}
	return re, nil
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

func escapeLength(s string) int {
	if strings.HasPrefix(s, `\k<`) || strings.HasPrefix(s, `\k'`) {
		if end := strings.IndexAny(s[3:], `>'`); end >= 0 {
			return 3 + end + 1
		}
	}
	return 2
}

// classEnd returns the length of the bracket expression that s begins with.
func classEnd(s string) int {
	i := 1
	if i < len(s) && s[i] == '^' {
		i++
	}
	if i < len(s) && s[i] == ']' {
		i++
	}
	for ; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "[:"):
			if end := strings.Index(s[i:], ":]"); end > 0 {
				i += end + 1
			}
		case s[i] == ']':
			return i + 1
		}
	}
	return len(s)
}

// groupEnd returns the length of the group that s begins with.
func groupEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); {
		switch s[i] {
		case '\\':
			i += 2
			continue
		case '[':
			i += classEnd(s[i:])
			continue
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(s)
}
