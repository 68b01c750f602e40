package redact

import "regexp/syntax"

// program is one compiled rule.
type program struct {
	index      int32
	rule       *Rule
	window     int // longest match in bytes, and one character of right context
	reach      int // how far from its start a finding can go
	engine     engine
	first      byteSet     // bytes that a match can begin with
	begins     *beginnings // words with which a match begins, nil for any
	wordStart  bool        // a match begins where a word does, or with "_"
	validators []Validator
	rank       int  // the higher names a joined finding
	generic    bool // by its tag: knows names of secrets, not kinds
	keyed      bool
	unquoted   bool // a secret has no quotation mark by intent, see enclosed
}

// engine tries a pattern at one place. It is immutable and safe for concurrent
// use.
type engine interface {
	// name is what `redactd rules test` shows.
	name() string
	// match returns what the rule's secret groups capture in the match that
	// begins at text[at], as pairs of offsets into text, -1 for a group without
	// part in it; nil if there is no match. It looks at one byte before at (more
	// for engines with lookbehind) and at no byte from end on.
	match(sc *Scratch, text []byte, at, end int) ([]int, error)
}

// maxTail bounds what a secret may have beyond the window that cut it.
const maxTail = 32 << 10

// finish returns where a secret that the window cut at text[end] ends: it goes
// on to the next white space, quote or angle bracket.
func (p *program) finish(text []byte, at, end int) int {
	if end < at+p.window || p.reach == p.window {
		return end
	}
	limit := min(len(text), at+p.reach)
	for end < limit && text[end] > ' ' && text[end] != '"' && text[end] != '\'' && text[end] != '<' && text[end] != '>' {
		end++
	}
	return end
}

// firstBytes returns the bytes with which a match of re can begin; all of them
// where that is not plain to see.
func firstBytes(re *syntax.Regexp) byteSet {
	if set, certain := leading(re); certain {
		return set
	}
	return allBytes
}

// leading returns the first bytes of re; certain is false where re can match the
// empty text.
func leading(re *syntax.Regexp) (set byteSet, certain bool) {
	switch re.Op {
	case syntax.OpLiteral:
		set.add(string(re.Rune[:1])[0])
		return set, true
	case syntax.OpCharClass:
		return edgeBytes(re.Rune), true
	case syntax.OpCapture, syntax.OpPlus:
		return leading(re.Sub[0])
	case syntax.OpRepeat:
		set, certain = leading(re.Sub[0])
		return set, certain && re.Min > 0
	case syntax.OpStar, syntax.OpQuest:
		set, _ = leading(re.Sub[0])
		return set, false
	case syntax.OpConcat, syntax.OpAlternate:
		return leadingOfMany(re)
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return set, false
	}
	return allBytes, true // any character
}

func leadingOfMany(re *syntax.Regexp) (set byteSet, certain bool) {
	certain = re.Op == syntax.OpAlternate
	for _, sub := range re.Sub {
		s, c := leading(sub)
		for i := range set {
			set[i] |= s[i]
		}
		if re.Op == syntax.OpConcat && c {
			return set, true
		}
		if re.Op == syntax.OpAlternate {
			certain = certain && c
		}
	}
	return set, certain
}

// startsWithWord reports whether a match of re begins with a word boundary or "_", so
// that it cannot begin inside of a word.
func startsWithWord(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpWordBoundary:
		return true
	case syntax.OpLiteral:
		return re.Rune[0] == '_'
	case syntax.OpCapture, syntax.OpConcat:
		return startsWithWord(re.Sub[0])
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			if !startsWithWord(sub) {
				return false
			}
		}
		return true
	}
	return false
}
