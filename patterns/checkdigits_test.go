package patterns

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/redactd/redactd/redact"
)

// checksDigits reports whether a rule's validator computes check digits.
func checksDigits(validator string) bool {
	name, _, _ := strings.Cut(validator, ":")
	return slices.Contains([]string{"luhn", "mod97", "national"}, name)
}

// Of a rule with check digits, each valid number is found where its examples have one,
// and none that differs from it in a digit and fails the check.
func TestCheckDigits(t *testing.T) {
	const numbers = 20 // of each example
	rules, tried := 0, map[string]bool{}
	for _, rule := range Rules(Builtin()) {
		if !slices.ContainsFunc(rule.Validators, checksDigits) {
			continue
		}
		rules++
		t.Run(rule.ID, func(t *testing.T) {
			r := rand.New(rand.NewPCG(3, uint64(len(rule.ID))))
			alone, valid := newFinder(t, []redact.Rule{rule}), validity(t, rule.Validators)
			for _, example := range rule.Examples {
				text, spans, err := Expand(example, 1)
				if err != nil {
					t.Fatal(err)
				}
				for range numbers {
					good, bad := numberLike(r, valid, text[spans[0].Start:spans[0].End])
					if good == "" {
						continue
					}
					tried[rule.ID] = true
					checkNumber(t, alone, rule, text, spans[0], good, true)
					if bad != "" {
						checkNumber(t, alone, rule, text, spans[0], bad, false)
					}
				}
			}
		})
	}
	if rules < 150 || len(tried) < rules*9/10 {
		t.Errorf("%d rules with check digits, %d of them tried, want 150 and nearly all", rules, len(tried))
	}
}

// checkNumber asks whether the rule finds number in place of what stands at span.
func checkNumber(t *testing.T, f finder, rule redact.Rule, text string, span Span, number string, want bool) {
	t.Helper()
	field := redact.Field{Value: []byte(text[:span.Start] + number + text[span.End:])}
	if len(rule.Keys) > 0 {
		field.Key = []byte(rule.Keys[0])
	}
	found := slices.ContainsFunc(find(t, f, field), func(fd redact.Finding) bool {
		return fd.Start == span.Start && fd.End == span.Start+len(number)
	})
	if found != want {
		t.Errorf("%q: found %v, want %v", field.Value, found, want)
	}
}

// validity returns what tells whether all validators accept a number.
func validity(t *testing.T, validators []string) func(string) bool {
	t.Helper()
	f := newFinder(t, []redact.Rule{{ID: "any", Pattern: `(?s)number=(.+)`, Validators: validators}})
	return func(number string) bool {
		return len(find(t, f, redact.Field{Value: []byte("number=" + number)})) > 0
	}
}

// numberLike returns a valid number of the form of sample and, where there is one, an
// invalid one that differs from it in one digit. Only the last digits change: the first
// ones are of a date, a region or an issuer.
func numberLike(r *rand.Rand, valid func(string) bool, sample string) (good, bad string) {
	const tries = 3000
	var places []int
	for i := range sample {
		if sample[i] >= '0' && sample[i] <= '9' {
			places = append(places, i)
		}
	}
	if len(places) < 7 {
		return "", ""
	}
	places = places[len(places)*5/9:]
	for range tries {
		b := []byte(sample)
		for _, at := range places {
			b[at] = byte('0' + r.IntN(10))
		}
		if !valid(string(b)) {
			continue
		}
		good = string(b)
		at := places[r.IntN(len(places))]
		b[at] = '0' + (b[at]-'0'+byte(1+r.IntN(9)))%10
		if !valid(string(b)) {
			bad = string(b)
		}
		return good, bad
	}
	return "", ""
}
