// Package adversary makes text that is crafted against a rule: text in which the
// rule seems to begin everywhere, almost matches thousands of times, or has to be
// followed far, so that a search of it costs as much as can be had.
//
// An attack is a file attack_*.go of this package that registers itself.
package adversary

import (
	"bytes"
	"hash/fnv"
	"math/rand/v2"
	"regexp/syntax"

	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// Text is one crafted text. Key is the name of the field that it is the value of,
// nil for free text.
type Text struct {
	Attack string
	Key    []byte
	Value  []byte
}

// target is a rule as the attacks see it.
type target struct {
	*rand.Rand
	rule *redact.Rule
	// tree is the pattern, nil where there is none or it is not of the syntax of
	// regexp/syntax.
	tree *syntax.Regexp
	// examples are the rule's own, filled in; spans are where their secrets stand.
	examples [][]byte
	spans    [][]patterns.Span
	// literals are the texts that stand in the pattern, classes the classes of
	// bytes that it repeats.
	literals, classes [][]byte
}

// attack makes units: texts that are repeated until the text is long enough.
type attack struct {
	name  string
	units func(t *target) [][]byte
	// keyed says that the text is the value of a field that the rule names.
	keyed bool
}

var attacks []attack

func register(a attack) bool {
	for _, other := range attacks {
		if other.name == a.name {
			panic("adversary: two attacks named " + a.name)
		}
	}
	attacks = append(attacks, a)
	return true
}

// reach is how far a text goes on where the pattern sets no bound, in bytes: the
// window of a rule without one.
const reach = 4096

// Texts returns texts of size bytes that are crafted against a rule, the same ones
// each time. None holds a newline unless the rule's examples or its pattern do.
func Texts(rule *redact.Rule, size int) (out []Text) {
	t := newTarget(rule)
	for _, a := range attacks {
		if a.keyed && len(rule.Keys) == 0 {
			continue
		}
		for _, unit := range a.units(t) {
			if len(unit) == 0 {
				continue
			}
			text := Text{Attack: a.name, Value: repeat(unit, size)}
			if a.keyed {
				text.Key = []byte(rule.Keys[0])
			}
			out = append(out, text)
		}
	}
	return out
}

// Generic returns texts of size bytes that are crafted against no rule: runs of
// what many rules look for.
func Generic(size int) (out []Text) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, class := range genericClasses {
		out = append(out, Text{Attack: "run of " + class.name, Value: run(r, []byte(class.bytes), size)})
	}
	return out
}

const (
	digits = "0123456789"
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

var genericClasses = []struct{ name, bytes string }{
	{"one letter", "a"}, {"one digit", "0"}, {"one blank", " "}, {"dashes", "-"}, {"dots", "."}, {"at signs", "@"},
	{"equals signs", "="}, {"colons", ":"}, {"quotes", `"`}, {"digits", digits}, {"hex digits", digits + "abcdef"},
	{"letters", lower}, {"letters and digits", lower + upper + digits}, {"base64", lower + upper + digits + "+/="},
	{"digits and dashes", digits + "-"}, {"digits and dots", digits + "."}, {"printable ASCII", printable()},
}

func printable() string {
	var b []byte
	for c := byte(' '); c <= '~'; c++ {
		b = append(b, c)
	}
	return string(b)
}

func newTarget(rule *redact.Rule) *target {
	h := fnv.New64a()
	h.Write([]byte(rule.ID))
	t := &target{Rand: rand.New(rand.NewPCG(h.Sum64(), 1)), rule: rule}
	for i, example := range rule.Examples {
		if text, spans, err := patterns.Expand(example, uint64(i)); err == nil {
			t.examples, t.spans = append(t.examples, []byte(text)), append(t.spans, spans)
		}
	}
	if rule.Pattern == "" {
		return t
	}
	if tree, err := syntax.Parse(rule.Pattern, syntax.Perl); err == nil {
		t.tree = tree
		t.collect(tree)
	}
	return t
}

// most is how many literals and classes of a pattern are used, the longest first.
const most = 4

// collect notes the literals and the repeated classes of a pattern.
func (t *target) collect(re *syntax.Regexp) {
	switch re.Op {
	case syntax.OpLiteral:
		t.literals = note(t.literals, []byte(string(re.Rune)))
	case syntax.OpStar, syntax.OpPlus, syntax.OpRepeat:
		for _, sub := range re.Sub {
			if set := members(sub); len(set) > 0 {
				t.classes = note(t.classes, set)
			}
		}
	}
	for _, sub := range re.Sub {
		t.collect(sub)
	}
}

// note adds text to a list of the longest texts, once.
func note(list [][]byte, text []byte) [][]byte {
	at := len(list)
	for i, other := range list {
		if bytes.Equal(other, text) {
			return list
		}
		if len(text) > len(other) && i < at {
			at = i
		}
	}
	list = append(list[:at], append([][]byte{text}, list[at:]...)...)
	return list[:min(len(list), most)]
}

// repeat repeats unit until there are size bytes.
func repeat(unit []byte, size int) []byte {
	out := make([]byte, 0, size+len(unit))
	for len(out) < size {
		out = append(out, unit...)
	}
	return out[:size:size]
}

// run returns n bytes drawn from set.
func run(r *rand.Rand, set []byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = set[r.IntN(len(set))]
	}
	return out
}

// join puts texts together in a new slice.
func join(texts ...[]byte) []byte { return bytes.Join(texts, nil) }
