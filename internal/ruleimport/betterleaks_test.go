package ruleimport

import (
	"slices"
	"testing"
)

func TestParseFilter(t *testing.T) {
	for _, c := range []struct {
		text    string
		entropy float64
		allow   []string
		tokens  bool
		rest    int
	}{
		{text: ``},
		{text: `entropy(finding["secret"]) <= 3.5`, entropy: 3.5},
		{text: `filter.entropy(finding["secret"]) < 3`, entropy: 3},
		{text: `(entropy(finding["secret"]) <= 2) || (filter.failsTokenEfficiency(finding["secret"]))`, entropy: 2, tokens: true},
		{text: `((entropy(finding["secret"]) <= 2 || entropy(finding["secret"]) <= 3))`, entropy: 3},
		// Only where both hold is it dropped: neither may drop it alone.
		{text: `entropy(finding["secret"]) <= 2 && failsTokenEfficiency(finding["secret"])`, rest: 1},
		{text: `(a) || (b)`, rest: 2},
		{text: `filter.containsAny(finding["secret"], ["a||b", "c(d"])`, allow: []string{`(?:a\|\|b|c\(d)`}},
		{text: `matchesAny(finding["secret"], [r"""^x"y""", ` + "`^z`" + `, r'^w', "\\d"])`, allow: []string{`^x"y`, `^z`, `^w`, `\d`}},
		{text: `matchesAny(finding["line"], ["x"])`, rest: 1},
		{text: `matchesAny(finding["secret"], ["x"`, rest: 1},
	} {
		f := parseFilter(c.text)
		var allow []string
		for _, a := range f.allow {
			allow = append(allow, a.Patterns...)
		}
		if f.entropy != c.entropy || f.tokens != c.tokens || f.rest != c.rest || !slices.Equal(allow, c.allow) {
			t.Errorf("%s: %+v", c.text, f)
		}
	}
}

func TestParseSelector(t *testing.T) {
	for _, c := range []struct {
		text       string
		keys       []string
		everywhere bool
		left       bool
	}{
		{text: "$string", everywhere: true},
		{text: "**", everywhere: true},
		{text: "extra.badge", keys: []string{"badge"}},
		{text: "**.badge", keys: []string{"badge"}},
		{text: "$http.headers.'X-Acme Seat'", keys: []string{"X-Acme Seat"}},
		{text: "$string && badge", keys: []string{"badge"}},
		{text: "badge && !$number", keys: []string{"badge"}, left: true},
		{text: "badge || $message", keys: []string{"badge"}, everywhere: true},
		{text: "(badge || desk)", keys: []string{"badge", "desk"}},
		{text: "extra.*", everywhere: true, left: true},
		{text: "extra.list.0", everywhere: true, left: true},
		{text: "a..b", everywhere: true, left: true},
		{text: "", everywhere: true, left: true},
	} {
		s, left := parseSelector(c.text)
		if !slices.Equal(s.keys, c.keys) || s.everywhere != c.everywhere || (left != "") != c.left {
			t.Errorf("%q: %+v, left out %q", c.text, s, left)
		}
	}
}
