package main

import (
	"strings"
	"testing"
	"unicode"
)

// Nothing that an upstream wrote controls a terminal.
func FuzzPrintableLines(f *testing.F) {
	for _, s := range []string{"a\tb\r\nc", "\x1b]0;x\x07", "\u202eabc", "\x9b31m", "\xff\u009b", "é 漢\n\u2028", "\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := printableLines(s)
		for _, r := range got {
			if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
				t.Fatalf("%q leaves %U", s, r)
			}
		}
		if strings.Count(got, "\n") != strings.Count(s, "\n") {
			t.Errorf("%q has other lines: %q", s, got)
		}
		if printableLines(got) != got {
			t.Errorf("%q is changed again", got)
		}
	})
}
