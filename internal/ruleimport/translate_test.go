package ruleimport

import (
	"regexp/syntax"
	"testing"
)

func TestTranslate(t *testing.T) {
	for _, c := range []struct {
		in     string
		from   dialect
		flags  string
		secret groups
		want   string
	}{
		{in: `abc`, want: `abc`},
		{in: `a(b)(c)`, secret: groups{numbers: []int{2}}, want: `a(b)(?<secret>c)`},
		{in: `a(?P<x>b)(?<secret>c)`, secret: groups{numbers: []int{1}}, want: `a(?<secret>b)(?<no_secret>c)`},
		{in: `a(b)`, secret: groups{whole: true}, want: `(?<secret>a(b))`},
		{in: `ab`, secret: groups{whole: true}, want: `ab`},
		{in: `(a)(b)(?:c)`, secret: groups{all: true}, want: `(?<secret>a)(?<secret2>b)(?:c)`},
		{in: `(x)(?P<TOKEN>y)`, secret: groups{name: "TOKEN"}, want: `(x)(?<secret>y)`},
		{in: `(x)(y)`, secret: groups{name: "TOKEN"}, want: `(x)(y)`},
		{in: `(x)(?P<n>y)`, secret: groups{none: true}, want: `(?:x)(?:y)`},
		{in: `[\w.-]{0,50}?acme(x)`, want: `acme(x)`},
		{in: `(?i)[\w.-]{0,50}?acme(x)`, want: `(?i)acme(x)`},
		{in: `.*acme`, want: `.*acme`}, // the secret is all of it
		{in: `[a-z]{0,5}a|b(x)`, want: `[a-z]{0,5}a|b(x)`},
		{in: `x{,5}`, want: `x\{,5}`},
		{in: `x{,5}`, from: pythonSyntax, want: `x{0,5}`},
		{in: `x{2,5000}y{2000}z{3}`, want: `x{2,}y{1000,}z{3}`},
		{in: "(?x) a b # c\n c", from: rustSyntax, want: `abc`},
		{in: "(?xi: a b )  c", from: rustSyntax, want: `(?i:ab)  c`},
		{in: `a\ b`, from: rustSyntax, flags: "x", want: `a\ b`},
		{in: "(?x)[a b]", from: rustSyntax, want: `[ab]`},
		{in: "(?x)[a b]", from: pythonSyntax, want: `[a b]`},
		{in: `(?u-i)a`, from: rustSyntax, want: `(?-i)a`},
		{in: `(?u)a`, from: rustSyntax, want: `a`},
		{in: `a++b*+`, from: pythonSyntax, want: `a+b*`},
		{in: `a+?b`, from: pythonSyntax, want: `a+?b`},
		{in: `\u00e9\x41\U0001F600`, from: pythonSyntax, want: "\u00e9" + `\x41` + "\U0001F600"},
		{in: `\u{1F600}`, from: rustSyntax, want: "\U0001F600"},
		{in: `a\Z`, from: pythonSyntax, want: `a\z`},
		{in: `\b{start}a\>`, from: rustSyntax, want: `\ba\b`},
		{in: `(?#no)a`, from: pythonSyntax, want: `a`},
		{in: `(?P<q>['"])x(?P=q)`, from: pythonSyntax, want: `(?<q>['"])x\k<q>`},
		{in: `[]a[]`, from: pythonSyntax, want: `[\]a\[]`},
		{in: `[[:alnum:]_]`, from: rustSyntax, want: `[[:alnum:]_]`},
		{in: `[\b]`, from: pythonSyntax, want: `[\x08]`},
		{in: `x`, flags: "ims", want: `(?ims)x`},
		{in: `a(b)+(c)`, secret: groups{all: true}, want: `(?<secret>a(b)+(c))`},
		{in: `a(b){3}`, want: `(?<secret>a(b){3})`},
		{in: `a(?:b(x)|c(y))`, want: `a(?:b(?<secret>x)|c(?<secret2>y))`},
		{in: `a(b)(?:x(c))?`, want: `a(b)(?:x(c))?`},
		{in: "x\n", want: `x`},
	} {
		got, err := translate(c.in, c.from, c.flags, c.secret)
		if err != nil || got != c.want {
			t.Errorf("translate(%q) = %q, %v, want %q", c.in, got, err, c.want)
		}
	}
}

func TestTranslateRefuses(t *testing.T) {
	for _, c := range []struct {
		in     string
		from   dialect
		secret groups
	}{
		{`(a)`, goSyntax, groups{numbers: []int{2}}},
		{`(a)\1`, pythonSyntax, groups{whole: true}},
		{`(a)\1`, rustSyntax, groups{none: true}},
		{`[a-z&&[^b]]`, rustSyntax, groups{}},
		{`a\Kb`, pythonSyntax, groups{}},
		{`(?R)`, pythonSyntax, groups{}},
		{`(?(1)a|b)`, pythonSyntax, groups{}},
		{`\u12`, pythonSyntax, groups{}},
		{`[a`, goSyntax, groups{}},
		{`a\`, goSyntax, groups{}},
	} {
		if got, err := translate(c.in, c.from, "", c.secret); err == nil {
			t.Errorf("translate(%q) = %q", c.in, got)
		}
	}
}

// FuzzTranslate holds the translation of Go's own syntax to it: what parses,
// parses afterwards.
func FuzzTranslate(f *testing.F) {
	for _, seed := range []string{`a(b)+c{2,3}?`, `[^]a\]]|(?i:x)`, `\x{41}\x41\pL\p{Greek}`, `(?P<a>b)`, `\Qa+b\E`, `[[:alpha:]-z]`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		if _, err := syntax.Parse(pattern, syntax.Perl); err != nil {
			return
		}
		out, err := translate(pattern, goSyntax, "", groups{})
		if err != nil {
			return
		}
		if _, err := syntax.Parse(out, syntax.Perl); err != nil {
			t.Errorf("%q became %q: %v", pattern, out, err)
		}
	})
}

func TestWordsOf(t *testing.T) {
	for _, c := range []struct {
		in   string
		want int // names; 0 if they can't be listed
	}{
		{`(?:gate|door)[-_]?(?:pin|code)`, 12}, {`(?i)password`, 1}, {`^.*secret$`, 1}, {`key\d+`, 0}, {`a.b`, 0}, {`[a-z]{4}`, 0}, {`id`, 0},
	} {
		names, ok := wordsOf(c.in)
		if ok != (c.want > 0) || len(names) != c.want {
			t.Errorf("wordsOf(%q) = %q, %v", c.in, names, ok)
		}
	}
}

// Counts that are too large together are opened, outermost first, and no others.
func TestOpenCounts(t *testing.T) {
	for in, want := range map[string]string{
		`a{0,200}`:                            `a{0,200}`,
		`(?:a{0,63}b{0,200}){0,16}c{0,16}`:    `(?:a{0,63}b{0,200}){0,}c{0,16}`,
		`c{0,16}(?:a{0,63}b{0,200}){0,16}`:    `c{0,16}(?:a{0,63}b{0,200}){0,}`,
		`(?:(?:a{2,30}){2,30}){2,30}x`:        `(?:(?:a{2,30}){2,30}){2,30}x`, // nor here
		`(?:a{100}){200}`:                     `(?:a{100}){200}`,              // opening makes it no smaller
		`(?:a{0,99}){0,99}?(?:b{0,99}){0,99}`: `(?:a{0,99}){0,}?(?:b{0,99}){0,}`,
		`(unclosed`:                           `(unclosed`,
	} {
		if got := openCounts(in); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}
