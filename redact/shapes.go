package redact

import "regexp/syntax"

// shape says by what the prefilter finds a trigger.
type shape uint8

const (
	byGram  shape = iota // three classes of it, at gram
	byDigit              // digitRun digits, blanks and dashes
	byWord               // wordRun letters, digits, "_" and "-"
)

// runShape is a run of one class that the prefilter knows.
type runShape struct {
	shape  shape
	set    byteSet
	within byteSet // what stands nowhere but inside of a number or a word
	length int
	// cost counts the places in runs of ordinary logs. Where a number or a word
	// begins it is beginsCheaper times less.
	cost float64
}

// The lengths of runShapes.
const (
	digitRun = 12
	wordRun  = 20
)

var (
	runDigits = setOf("0123456789 -")
	runWords  = setOf("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
)

const beginsCheaper = 10

var runShapes = [...]runShape{
	{byDigit, runDigits, digits, digitRun, 0.03},
	{byWord, runWords, setOf("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"), wordRun, 0.03},
}

// begins reports whether t, found by a run, stands only where a number or a word
// begins.
func (r *runShape) begins(t *trigger) bool {
	for i := range r.within {
		if t.before.set[i]&r.within[i] != 0 {
			return false
		}
	}
	return r.shape != byDigit || t.seq[0].within(&digits)
}

// leadingRun returns how many bytes of set every match of nodes begins with at
// least.
func leadingRun(nodes []*syntax.Regexp, set *byteSet) int {
	n := 0
	for _, node := range nodes {
		more, whole := runOf(node, set)
		if n += more; !whole {
			break
		}
	}
	return n
}

// runOf returns with how many bytes of set every match of re begins at least;
// whole says that it has no others.
func runOf(re *syntax.Regexp, set *byteSet) (n int, whole bool) {
	switch re.Op {
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			if r >= 0x80 || !set.has(byte(r)) {
				return n, false
			}
			n++
		}
		return n, true
	case syntax.OpCharClass:
		edge := edgeBytes(re.Rune)
		if whole = edge.within(set); whole {
			n = 1
		}
		return n, whole
	case syntax.OpCapture:
		return runOf(re.Sub[0], set)
	case syntax.OpStar, syntax.OpQuest:
		_, whole = runOf(re.Sub[0], set)
		return 0, whole
	case syntax.OpPlus:
		return runOf(re.Sub[0], set)
	case syntax.OpRepeat:
		if n, whole = runOf(re.Sub[0], set); whole || re.Min == 0 {
			n *= re.Min
		}
		return n, whole
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			more, all := runOf(sub, set)
			if n += more; !all {
				return n, false
			}
		}
		return n, true
	case syntax.OpAlternate:
		n, whole = unbounded, true
		for _, sub := range re.Sub {
			m, all := runOf(sub, set)
			n, whole = min(n, m), whole && all
		}
		return n, whole
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return 0, true
	}
	return 0, false
}
