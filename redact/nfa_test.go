package redact

import (
	"regexp"
	"slices"
	"testing"
)

// FuzzNFAEqualsRegexp holds the automaton to the standard library on any pattern
// and text, at every place.
func FuzzNFAEqualsRegexp(f *testing.F) {
	texts := []string{"abcabc", "foo-1234 bar", "a\nb\nc", "aaaaab", "é日本 x", "\xff\xfea", "", "key=\"v\" x", "aXbXc"}
	for i, p := range []string{
		`(a|ab)(c|bcd)*`, `a*?b`, `(a*)(a*)`, `\bfoo\b-(\d+)`, `(?m)^(.)$`, `(?s).+`, `(?:(a)|b)*`, `[^a-c]+`, `(a{2,3}?)(a*)`,
		`x*`, `(|a)*`, `(a|)+`, `\Ba`, `(?i)KEY="([^"]*)"`, `a\z`, `(?:a?){4}a{4}`, `[é-日]+`, `(.)(.)?(.)??`, `(?U)a+(b*)`,
	} {
		f.Add(p, []byte(texts[i%len(texts)]))
	}
	f.Fuzz(func(t *testing.T, pattern string, text []byte) {
		if len(pattern) > 60 || len(text) > 60 {
			return
		}
		re, err := parsePattern(pattern)
		if err != nil {
			return
		}
		first, err1 := regexp.Compile(`\A(?:` + re.String() + `)`)
		mid, err2 := regexp.Compile(`\A(?s:.)(?:` + re.String() + `)`)
		if err1 != nil || err2 != nil {
			return
		}
		groups := make([]int, min(first.NumSubexp()+1, 6))
		for i := range groups {
			groups[i] = i
		}
		n := newNFA(re, groups)
		sc := &Scratch{}
		for at := range text {
			if text[at] >= 0x80 && text[at] < 0xC0 {
				continue // never tried, see search.try
			}
			std, from := first, 0
			if at > 0 {
				std, from = mid, at-1
			}
			want := std.FindSubmatchIndex(text[from:])
			if want != nil {
				want = want[:2*len(groups)]
				want[0] = at - from
				for i := range want {
					if want[i] >= 0 {
						want[i] += from
					}
				}
			}
			got := n.match(sc, text, at, len(text))
			if !slices.Equal(got, want) {
				t.Fatalf("%q on %q at %d: got %v, want %v", pattern, text, at, got, want)
			}
			if fits := n.fits(sc, text, at, len(text)); fits != (want != nil) {
				t.Fatalf("%q on %q at %d: fits is %v", pattern, text, at, fits)
			}
		}
	})
}
