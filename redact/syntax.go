package redact

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
)

// defaultWindow is the longest match, in bytes, of a pattern without a bound of
// its own. It holds the longest tokens in use (signed URLs, long JWTs).
const defaultWindow = 8192

// maxWindow bounds Rule.Window, and so what a Writer holds back.
const maxWindow = 32 << 10

// parsePattern parses an expression in the syntax of regexp/syntax and makes its
// case folding ASCII: "(?i)k" does not match the Kelvin sign. The prefilter can
// then fold by clearing one bit and still never miss.
func parsePattern(pattern string) (*syntax.Regexp, error) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil, cleanSyntaxError(err)
	}
	return asciiFold(re), nil
}

func cleanSyntaxError(err error) error {
	var se *syntax.Error
	if errors.As(err, &se) {
		return fmt.Errorf("%s: `%s`", se.Code, se.Expr)
	}
	return err
}

// The two runes beyond ASCII that fold to ASCII letters (Unicode CaseFolding).
const (
	longS  = '\u017f'
	kelvin = '\u212a'
)

func asciiFold(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpLiteral:
		if re.Flags&syntax.FoldCase != 0 {
			return foldLiteral(re)
		}
	case syntax.OpCharClass:
		re.Rune = dropFoldArtifacts(re.Rune)
	}
	for i, sub := range re.Sub {
		re.Sub[i] = asciiFold(sub)
	}
	return re
}

// foldLiteral writes a case-folded literal as a sequence of classes of one or
// two letters.
func foldLiteral(re *syntax.Regexp) *syntax.Regexp {
	seq := &syntax.Regexp{Op: syntax.OpConcat, Flags: re.Flags &^ syntax.FoldCase}
	for _, r := range re.Rune {
		lower, upper := r|0x20, r&^0x20
		if lower < 'a' || lower > 'z' {
			seq.Sub = append(seq.Sub, &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{r}})
			continue
		}
		seq.Sub = append(seq.Sub, &syntax.Regexp{Op: syntax.OpCharClass, Rune: []rune{upper, upper, lower, lower}})
	}
	if len(seq.Sub) == 1 {
		return seq.Sub[0]
	}
	return seq
}

func dropFoldArtifacts(pairs []rune) []rune {
	out := pairs[:0:0]
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == pairs[i+1] && (pairs[i] == longS || pairs[i] == kelvin) {
			continue
		}
		out = append(out, pairs[i], pairs[i+1])
	}
	return out
}

// secretGroups returns the numbers of the groups that capture the secret.
func secretGroups(names []string) []int {
	var groups []int
	for i, name := range names {
		if strings.HasPrefix(name, "secret") {
			groups = append(groups, i)
		}
	}
	if groups == nil && len(names) > 1 {
		return []int{1}
	}
	if groups == nil {
		return []int{0}
	}
	return groups
}

const unbounded = 1 << 30

// byteLength returns the least and greatest number of bytes that re matches;
// the greatest is unbounded where there is no limit.
func byteLength(re *syntax.Regexp) (least, most int) {
	switch re.Op {
	case syntax.OpLiteral:
		n := len(string(re.Rune))
		return n, n
	case syntax.OpCharClass:
		return classLength(re.Rune)
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return 1, 4
	case syntax.OpCapture:
		return byteLength(re.Sub[0])
	case syntax.OpStar:
		return 0, timesMost(re.Sub[0], -1)
	case syntax.OpPlus:
		least, _ := byteLength(re.Sub[0])
		return least, timesMost(re.Sub[0], -1)
	case syntax.OpQuest:
		return 0, timesMost(re.Sub[0], 1)
	case syntax.OpRepeat:
		least, _ := byteLength(re.Sub[0])
		return least * re.Min, timesMost(re.Sub[0], re.Max)
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			l, m := byteLength(sub)
			least, most = least+l, min(most+m, unbounded)
		}
		return least, most
	case syntax.OpAlternate:
		least = unbounded
		for _, sub := range re.Sub {
			l, m := byteLength(sub)
			least, most = min(least, l), max(most, m)
		}
		return least, most
	}
	return 0, 0 // assertions and the empty match
}

func timesMost(re *syntax.Regexp, times int) int {
	_, most := byteLength(re)
	if most == 0 {
		return 0
	}
	if times < 0 {
		return unbounded
	}
	return min(most*times, unbounded)
}

// classLength counts a byte that is no valid UTF-8 as one byte: the engine reads
// it as U+FFFD, so a class that holds U+FFFD may match a single byte.
func classLength(pairs []rune) (least, most int) {
	least = 4
	for i := 0; i < len(pairs); i += 2 {
		lo, hi := pairs[i], pairs[i+1]
		least, most = min(least, runeBytes(lo)), max(most, runeBytes(hi))
		if lo <= 0xFFFD && 0xFFFD <= hi {
			least = 1
		}
	}
	return min(least, max(most, 1)), max(most, 1)
}

func runeBytes(r rune) int { return len(string(r)) }
