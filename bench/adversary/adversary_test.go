package adversary_test

import (
	"bytes"
	"regexp"
	"slices"
	"testing"

	"github.com/redactd/redactd/bench/adversary"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

const size = 1 << 10

// Every built-in rule is attacked, whatever its engine.
func TestEveryRuleHasTexts(t *testing.T) {
	for _, r := range patterns.Rules(patterns.Builtin()) {
		texts := adversary.Texts(&r, size)
		if len(texts) < 6 {
			t.Errorf("%s: only %d texts", r.ID, len(texts))
		}
		for _, text := range texts {
			if len(text.Value) != size {
				t.Errorf("%s: %s has %d bytes", r.ID, text.Attack, len(text.Value))
			}
		}
	}
}

func TestSameTextsEachTime(t *testing.T) {
	r := patterns.Rules(patterns.Builtin())[0]
	same := func(a, b adversary.Text) bool { return a.Attack == b.Attack && bytes.Equal(a.Value, b.Value) }
	if !slices.EqualFunc(adversary.Texts(&r, size), adversary.Texts(&r, size), same) {
		t.Error("two calls gave different texts")
	}
}

func attacksOn(r redact.Rule) map[string][][]byte {
	by := map[string][][]byte{}
	for _, text := range adversary.Texts(&r, size) {
		by[text.Attack] = append(by[text.Attack], text.Value)
	}
	return by
}

// A near-match is one byte short of a match, and no match.
func TestNearMatches(t *testing.T) {
	r := redact.Rule{ID: "token", Pattern: `\btok_[a-f0-9]{8}\b`, Examples: []string{"key «tok_{hex:8}»"}}
	by := attacksOn(r)
	whole, short := regexp.MustCompile(r.Pattern), regexp.MustCompile(`\btok_[a-f0-9]{7}\b`)
	for _, attack := range []string{"secrets of examples cut short by a byte", "shortest matches cut short by a byte", "longest matches cut short by a byte"} {
		blanks := by[attack][1]
		if n := len(short.FindAll(blanks, -1)); n < size/20 || whole.Match(blanks) {
			t.Errorf("%s: %d near-matches in %.60q", attack, n, blanks)
		}
	}
	if n := len(whole.FindAll(by["examples, one after the other"][1], -1)); n < size/20 {
		t.Errorf("%d examples", n)
	}
}

func TestLiteralsAndClasses(t *testing.T) {
	by := attacksOn(redact.Rule{ID: "x", Pattern: `(?i:secret)\s*=\s*([0-9]+(?:[xy]+z)*)`})
	if text := by["a literal again and again"][0]; !bytes.HasPrefix(bytes.ToLower(text), []byte("secretsecretsecret")) {
		t.Errorf("literals: %.40q", text)
	}
	digits := regexp.MustCompile(`^[0-9]+$`)
	if !slices.ContainsFunc(by["run of a class"], digits.Match) {
		t.Error("no run of digits")
	}
	// A run as long as a window goes before the text begins again.
	after := regexp.MustCompile(`(?i)^secret[0-9]{1000,}`)
	if !slices.ContainsFunc(by["run of a class after a literal"], after.Match) {
		t.Error("no run of digits after the literal")
	}
}

// A rule of keys alone is attacked as the value of a field and by its names, one
// whose pattern only regexp2 can read by its examples.
func TestRulesWithoutATree(t *testing.T) {
	keyed := redact.Rule{ID: "pin", Keys: []string{"pin"}, Pattern: `[0-9]{4,}`}
	found := false
	for _, text := range adversary.Texts(&keyed, size) {
		found = found || string(text.Key) == "pin"
	}
	if !found {
		t.Error("no text stands under the rule's key")
	}
	ahead := redact.Rule{ID: "ahead", Pattern: `a(?!b)[0-9]+`, Examples: []string{"«a{digit:4}»"}}
	if len(attacksOn(ahead)["examples, one after the other"]) == 0 {
		t.Error("the examples are not used")
	}
}

func TestGeneric(t *testing.T) {
	for _, text := range adversary.Generic(size) {
		if len(text.Value) != size || bytes.ContainsRune(text.Value, '\n') {
			t.Errorf("%s: %d bytes", text.Attack, len(text.Value))
		}
	}
}
