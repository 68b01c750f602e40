package patterns

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"regexp"
	"strconv"
	"strings"
)

// Span is a half-open range of byte offsets.
type Span struct{ Start, End int }

const (
	lower  = "abcdefghijklmnopqrstuvwxyz"
	upper  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digits = "0123456789"
)

// alphabets are the generators by name.
var alphabets = map[string]string{
	"alnum":  lower + upper + digits,
	"alpha":  lower + upper,
	"lower":  lower,
	"upper":  upper,
	"digit":  digits,
	"hex":    digits + "abcdef",
	"HEX":    digits + "ABCDEF",
	"b64":    lower + upper + digits + "+/",
	"b64u":   lower + upper + digits + "-_",
	"base32": upper + "234567",
	"anl":    lower + digits,
	"anu":    upper + digits,
	"base58": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",
}

var generator = regexp.MustCompile(`\{(?:(uuid)|([a-zA-Z0-9]+):([0-9]{1,4})(?:-([0-9]{1,4}))?)\}`)

// Expand fills in an example of a rule: each generator, such as {alnum:36},
// {hex:20-40} or {uuid}, becomes text of that alphabet and length (in bytes),
// and the marks « and » go, leaving the spans that stood between them. Other
// braces stay as they are. The same example and seed always give the same text.
func Expand(example string, seed uint64) (text string, spans []Span, err error) {
	h := fnv.New64a()
	h.Write([]byte(example))
	rnd := rand.New(rand.NewPCG(seed, h.Sum64()))
	filled := generator.ReplaceAllStringFunc(example, func(g string) string {
		return generate(rnd, generator.FindStringSubmatch(g))
	})
	var b strings.Builder
	open := -1
	for _, r := range filled {
		switch {
		case r == '«' && open < 0:
			open = b.Len()
		case r == '»' && open >= 0:
			spans = append(spans, Span{open, b.Len()})
			open = -1
		case r == '«' || r == '»':
			return "", nil, fmt.Errorf("example %q: marks do not pair", example)
		default:
			b.WriteRune(r)
		}
	}
	if open >= 0 {
		return "", nil, fmt.Errorf("example %q: « is not closed", example)
	}
	return b.String(), spans, nil
}

// generate returns the text for one generator, or the generator itself where
// its name is unknown. m is what generator matched.
func generate(rnd *rand.Rand, m []string) string {
	pick := func(alphabet string, n int) string {
		b := make([]byte, n)
		for i := range b {
			b[i] = alphabet[rnd.IntN(len(alphabet))]
		}
		return string(b)
	}
	if m[1] != "" {
		hex := alphabets["hex"]
		return pick(hex, 8) + "-" + pick(hex, 4) + "-4" + pick(hex, 3) + "-" + pick("89ab", 1) + pick(hex, 3) + "-" + pick(hex, 12)
	}
	alphabet, ok := alphabets[m[2]]
	if !ok {
		return m[0]
	}
	n, _ := strconv.Atoi(m[3]) // digits, by the expression
	if most, err := strconv.Atoi(m[4]); err == nil && most > n {
		n += rnd.IntN(most - n + 1)
	}
	return pick(alphabet, n)
}
