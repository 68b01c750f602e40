package ruleimport

import (
	"fmt"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// exampleSeeds is how many fillings of an example are tried.
const exampleSeeds = 3

// examples gives a rule the examples of its source as far as they hold, and one
// made of its pattern where none does.
func (im *importer) examples(d *draft, r *redact.Rule, set *redact.Set) {
	f := finder{set: set, scratch: set.NewScratch(), rule: r}
	for i, text := range d.texts {
		marked, ok := f.mark(text)
		if !ok {
			im.note(d.line, d.name, "left out: its example %d, in which nothing is found", i+1)
			continue
		}
		r.Examples = append(r.Examples, marked)
	}
	for i, text := range d.clean {
		if !f.holds(text, false) {
			im.note(d.line, d.name, "left out: its counter-example %d, in which something is found", i+1)
			continue
		}
		r.CounterExamples = append(r.CounterExamples, text)
	}
	r.Examples = slices.DeleteFunc(r.Examples, func(ex string) bool { return !f.holds(ex, true) })
	if len(r.Examples) > 0 {
		return
	}
	for variant := range exampleVariants {
		if ex, ok := madeOf(r, variant); ok && f.holds(ex, true) {
			r.Examples = []string{ex}
			return
		}
	}
	im.note(d.line, d.name, "it has no example, and none could be made of its pattern (write one into the pack)")
}

// finder asks a rule alone.
type finder struct {
	set     *redact.Set
	scratch *redact.Scratch
	rule    *redact.Rule
}

func (f *finder) find(text string) ([]patterns.Span, error) {
	field := redact.Field{Value: []byte(text)}
	if len(f.rule.Keys) > 0 {
		field.Key = []byte(f.rule.Keys[0])
	}
	found, err := f.set.Find(f.scratch, nil, field)
	var spans []patterns.Span
	for _, fd := range found {
		spans = append(spans, patterns.Span{Start: fd.Start, End: fd.End})
	}
	return spans, err
}

// mark puts marks around what is found in text.
func (f *finder) mark(text string) (string, bool) {
	spans, err := f.find(text)
	if err != nil || len(spans) == 0 || strings.ContainsAny(text, "«»") {
		return "", false
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		b.WriteString(text[at:s.Start] + "«" + text[s.Start:s.End] + "»")
		at = s.End
	}
	return b.String() + text[at:], true
}

// holds reports whether exactly what is marked is found; without secret, whether
// nothing is.
func (f *finder) holds(example string, secret bool) bool {
	for seed := range uint64(exampleSeeds) {
		text, want, err := patterns.Expand(example, seed)
		if err != nil || (len(want) > 0) != secret {
			return false
		}
		if got, err := f.find(text); err != nil || !slices.Equal(got, want) {
			return false
		}
	}
	return true
}

// exampleVariants is how many ways of making an example are tried: they differ in
// lengths and in which alternative they take.
const exampleVariants = 16

// madeOf makes an example of a rule's pattern.
func madeOf(r *redact.Rule, variant int) (string, bool) {
	if r.Pattern == "" {
		return "«{alnum:16}»", true
	}
	t := &translator{src: r.Pattern, from: goSyntax, bare: true}
	if t.run() != nil {
		return "", false
	}
	re, err := syntax.Parse(t.out.String(), syntax.Perl)
	if err != nil {
		return "", false
	}
	m := maker{variant: variant, marked: map[int]bool{}}
	for i, name := range re.CapNames() {
		if strings.HasPrefix(name, "secret") {
			m.marked[i] = true
		}
	}
	switch {
	case len(m.marked) > 0:
		m.write(re)
	case re.MaxCap() > 0:
		m.marked[1] = true
		m.write(re)
	default:
		m.out.WriteString("«")
		m.inside = true
		m.write(re)
		m.out.WriteString("»")
	}
	return m.out.String(), !m.failed
}

// maxExample bounds examples, in bytes: what is longer is no help to a reader.
const maxExample = 2000

// maker writes an example that a pattern matches.
type maker struct {
	variant int
	marked  map[int]bool // groups that are secrets
	inside  bool         // one of them
	out     strings.Builder
	failed  bool
}

func (m *maker) write(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		if re.Flags&syntax.FoldCase != 0 {
			text = strings.ToLower(text)
		}
		m.out.WriteString(text)
	case syntax.OpCharClass:
		m.class(re.Rune, 1)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		m.class([]rune{'0', 'z'}, 1)
	case syntax.OpCapture:
		m.capture(re)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			m.write(sub)
		}
	case syntax.OpAlternate:
		m.write(re.Sub[m.variant/4%2%len(re.Sub)])
	case syntax.OpStar:
		m.repeat(re.Sub[0], 0, -1)
	case syntax.OpPlus:
		m.repeat(re.Sub[0], 1, -1)
	case syntax.OpQuest:
		m.repeat(re.Sub[0], 0, 1)
	case syntax.OpRepeat:
		m.repeat(re.Sub[0], re.Min, re.Max)
	case syntax.OpNoMatch:
		m.failed = true
	}
}

func (m *maker) capture(re *syntax.Regexp) {
	if !m.marked[re.Cap] || m.inside {
		m.write(re.Sub[0])
		return
	}
	m.out.WriteString("«")
	m.inside = true
	m.write(re.Sub[0])
	m.inside = false
	m.out.WriteString("»")
}

// Lengths of the runs of a secret that leave a choice, by variant.
var runLengths = [4]int{12, 24, 0, 48}

// repeat writes re at least least and at most most times; -1 is no limit.
func (m *maker) repeat(re *syntax.Regexp, least, most int) {
	n := least
	if m.inside {
		n = max(n, runLengths[m.variant%4])
		if most >= 0 {
			n = min(n, most)
		}
	} else if m.variant >= exampleVariants/2 {
		n = max(n, 1) // what parts a name from its value may be optional
	}
	switch re.Op {
	case syntax.OpCharClass:
		m.class(re.Rune, n)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		any := []rune{'0', '9', 'A', 'Z', 'a', 'z'}
		if !m.inside && n == 1 {
			any = []rune{' ', '~'} // a sign, so that what follows can begin a word
		}
		m.class(any, n)
	default:
		for range max(least, min(n, 8)) {
			m.write(re)
			m.failed = m.failed || m.out.Len() > maxExample
			if m.failed {
				return
			}
		}
	}
}

// generators are those of package patterns that a class may hold whole, the
// richest first.
var generators = []struct {
	name string
	set  []rune
}{
	{"alnum", []rune{'0', '9', 'A', 'Z', 'a', 'z'}}, {"anl", []rune{'0', '9', 'a', 'z'}}, {"anu", []rune{'0', '9', 'A', 'Z'}},
	{"base32", []rune{'2', '7', 'A', 'Z'}}, {"alpha", []rune{'A', 'Z', 'a', 'z'}}, {"lower", []rune{'a', 'z'}}, {"upper", []rune{'A', 'Z'}},
	{"hex", []rune{'0', '9', 'a', 'f'}}, {"HEX", []rune{'0', '9', 'A', 'F'}}, {"digit", []rune{'0', '9'}},
}

// class writes n characters of a class.
func (m *maker) class(pairs []rune, n int) {
	if n == 0 {
		return
	}
	if n > 1 || m.inside {
		for _, g := range generators {
			if holdsAll(pairs, g.set) {
				fmt.Fprintf(&m.out, "{%s:%d}", g.name, n)
				return
			}
		}
	}
	const preferred = "=: \"_-.a0A/+,;"
	for _, c := range preferred {
		if holdsAll(pairs, []rune{c, c}) {
			m.out.WriteString(strings.Repeat(string(c), n))
			return
		}
	}
	if len(pairs) == 0 || pairs[0] < ' ' || pairs[0] > '~' {
		m.failed = true
		return
	}
	m.out.WriteString(strings.Repeat(string(pairs[0]), n))
}

// holdsAll reports whether the ranges of one class hold those of another.
func holdsAll(pairs, part []rune) bool {
	for i := 0; i < len(part); i += 2 {
		found := false
		for k := 0; k < len(pairs); k += 2 {
			found = found || pairs[k] <= part[i] && part[i+1] <= pairs[k+1]
		}
		if !found {
			return false
		}
	}
	return true
}
