package adversary

import (
	"math/rand/v2"
	"regexp/syntax"
	"unicode/utf8"
)

// members returns the printable ASCII bytes that a class or a single character
// matches, nil for other expressions.
func members(re *syntax.Regexp) (set []byte) {
	switch re.Op {
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return []byte(printable())
	case syntax.OpLiteral:
		if len(re.Rune) == 1 {
			return []byte(string(re.Rune))
		}
	case syntax.OpCapture:
		return members(re.Sub[0])
	case syntax.OpCharClass:
		for i := 0; i < len(re.Rune); i += 2 {
			for c := max(re.Rune[i], ' '); c <= min(re.Rune[i+1], '~'); c++ {
				set = append(set, byte(c))
			}
		}
	}
	return set
}

// derive appends a text that the pattern matches, but for assertions: alternatives
// and bytes are drawn, and times chooses how often something is repeated.
func derive(r *rand.Rand, dst []byte, re *syntax.Regexp, times func(least, most int) int) []byte {
	switch re.Op {
	case syntax.OpLiteral:
		return append(dst, string(re.Rune)...)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL, syntax.OpCharClass:
		if set := members(re); len(set) > 0 {
			return append(dst, set[r.IntN(len(set))])
		}
		if len(re.Rune) > 0 {
			return utf8.AppendRune(dst, re.Rune[0])
		}
		return dst
	case syntax.OpAlternate:
		return derive(r, dst, re.Sub[r.IntN(len(re.Sub))], times)
	case syntax.OpStar, syntax.OpPlus, syntax.OpQuest, syntax.OpRepeat:
		least, most := bounds(re)
		for range times(least, most) {
			if dst = derive(r, dst, re.Sub[0], times); len(dst) > reach {
				break
			}
		}
		return dst
	}
	for _, sub := range re.Sub {
		dst = derive(r, dst, sub, times)
	}
	return dst
}

// bounds returns how often something may be repeated, without a bound up to reach.
func bounds(re *syntax.Regexp) (least, most int) {
	switch re.Op {
	case syntax.OpPlus:
		return 1, reach
	case syntax.OpQuest:
		return 0, 1
	case syntax.OpRepeat:
		if re.Max < 0 {
			return re.Min, reach
		}
		return re.Min, re.Max
	}
	return 0, reach
}

func shortest(least, _ int) int { return least }

func longest(_, most int) int { return most }
