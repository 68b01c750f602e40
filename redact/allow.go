package redact

import (
	"bytes"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Allow names findings that are let through. Of the criteria given, each kind
// must hold: the value is one of Values or matches one of Patterns; the path
// matches one of Paths; the rule is selected by one of Rules, which may name
// rules that the Set does not have.
type Allow struct {
	Name     string
	Values   []string
	Patterns []string
	Paths    []string // "user.email", "*" for one segment, "**" for any number
	Rules    []string // ids, packs or tags; none means all
	// Until is when the entry ends to hold, also in a Set that was compiled
	// before; the zero Time means never.
	Until time.Time
}

// now is the clock that entries expire by.
var now = time.Now

type allowlist struct {
	entries []allowEntry
	byRule  [][]int32 // entries by rule
}

type allowEntry struct {
	name     string
	until    time.Time
	values   map[string]bool
	patterns []*regexp.Regexp
	paths    [][]string
}

// AllowError says what is wrong with an entry of an allowlist.
type AllowError struct {
	Name, Key string
	Err       error
}

func (e *AllowError) Error() string { return e.Name + ": " + e.Key + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *AllowError) Unwrap() error { return e.Err }

func newAllowlist(rules []Rule, allows []Allow) (*allowlist, error) {
	if len(allows) == 0 {
		return nil, nil
	}
	l := &allowlist{byRule: make([][]int32, len(rules))}
	var errs []error
	for _, a := range allows {
		e := allowEntry{name: a.Name, until: a.Until, values: map[string]bool{}}
		for _, v := range a.Values {
			e.values[v] = true
		}
		for _, src := range a.Patterns {
			re, err := regexp.Compile(src)
			if err != nil {
				errs = append(errs, &AllowError{a.Name, "patterns", cleanSyntaxError(err)})
				continue
			}
			if re.MatchString("") {
				errs = append(errs, &AllowError{a.Name, "patterns",
					errors.New("matches the empty text, and so every value (leave patterns out to allow all values of some paths)")})
			}
			e.patterns = append(e.patterns, re)
		}
		for _, path := range a.Paths {
			e.paths = append(e.paths, strings.Split(path, "."))
		}
		if len(a.Values)+len(a.Patterns)+len(a.Paths) == 0 {
			errs = append(errs, &AllowError{a.Name, "values", errors.New("an allowlist entry needs values, patterns or paths")})
		}
		l.entries = append(l.entries, e)
		l.bind(rules, a.Rules)
	}
	return l, errors.Join(errs...)
}

// bind enters the newest entry for the rules that the names select.
func (l *allowlist) bind(rules []Rule, names []string) {
	for i := range rules {
		if isKnownRule(&rules[i]) {
			if slices.Contains(names, KnownID) {
				l.byRule[i] = append(l.byRule[i], int32(len(l.entries)-1))
			}
			continue
		}
		if len(names) == 0 || slices.ContainsFunc(names, rules[i].Selected) {
			l.byRule[i] = append(l.byRule[i], int32(len(l.entries)-1))
		}
	}
}

// allows reports whether a finding is let through.
func (l *allowlist) allows(rule int32, value, path []byte) bool {
	if l == nil {
		return false
	}
	for _, i := range l.byRule[rule] {
		if e := &l.entries[i]; e.fits(value, path) && !e.expired() {
			return true
		}
	}
	return false
}

func (e *allowEntry) expired() bool { return !e.until.IsZero() && !now().Before(e.until) }

func (e *allowEntry) fits(value, path []byte) bool {
	if len(e.paths) > 0 && !slices.ContainsFunc(e.paths, func(glob []string) bool { return matchPath(glob, path) }) {
		return false
	}
	if len(e.values) == 0 && len(e.patterns) == 0 {
		return true
	}
	return e.values[string(value)] ||
		slices.ContainsFunc(e.patterns, func(re *regexp.Regexp) bool { return re.Match(value) })
}

// matchPath reports whether a path fits a glob of segments. Array marks ("[]")
// at the end of a segment need not be written.
func matchPath(glob []string, path []byte) bool {
	if len(glob) == 0 {
		return len(path) == 0
	}
	if glob[0] == "**" {
		for {
			if matchPath(glob[1:], path) {
				return true
			}
			_, rest, more := bytes.Cut(path, []byte("."))
			if !more {
				return len(glob) == 1 || len(path) > 0 && matchPath(glob[1:], nil)
			}
			path = rest
		}
	}
	if len(path) == 0 {
		return false
	}
	segment, rest, _ := bytes.Cut(path, []byte("."))
	plain := bytes.TrimRight(segment, "[]")
	if glob[0] != "*" && glob[0] != string(segment) && glob[0] != string(plain) {
		return false
	}
	return matchPath(glob[1:], rest)
}
