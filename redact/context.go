package redact

import "regexp/syntax"

// context is what can stand right before a trigger in a match of its rule: it
// sorts out most triggers in the middle of longer words and numbers.
type context struct {
	set   byteSet
	start bool // nothing: the text can begin with the trigger
}

// inPayload makes of c what can stand there in a raw payload: where a field begins,
// a delimiter of its format does, which is no letter, digit or underscore in any.
func (c *context) inPayload() {
	if !c.start {
		return
	}
	for b := range 256 {
		if !isWordByte(byte(b)) {
			c.set.add(byte(b))
		}
	}
}

// precede returns what can stand before a byte of next that follows nodes.
func precede(nodes []*syntax.Regexp, next *byteSet) (c context) {
	for i := len(nodes) - 1; i >= 0; i-- {
		last, empty := lastOf(nodes[i], next)
		c.add(last)
		if !empty {
			return c
		}
	}
	c.add(context{set: allBytes, start: true})
	return c
}

var allBytes = byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

func (c *context) add(other context) {
	for i := range c.set {
		c.set[i] |= other.set[i]
	}
	c.start = c.start || other.start
}

// lastOf returns the last bytes that re can match before a byte of next, and
// whether it can match the empty text, so that what stands before it counts.
func lastOf(re *syntax.Regexp, next *byteSet) (c context, empty bool) {
	switch re.Op {
	case syntax.OpLiteral:
		text := string(re.Rune)
		c.set.add(text[len(text)-1])
		return c, false
	case syntax.OpCharClass:
		return context{set: edgeBytes(re.Rune)}, false
	case syntax.OpCapture, syntax.OpPlus:
		return lastOf(re.Sub[0], next)
	case syntax.OpRepeat:
		c, empty = lastOf(re.Sub[0], next)
		return c, empty || re.Min == 0
	case syntax.OpStar, syntax.OpQuest:
		c, _ = lastOf(re.Sub[0], next)
		return c, true
	case syntax.OpConcat:
		for i := len(re.Sub) - 1; i >= 0; i-- {
			last, empty := lastOf(re.Sub[i], next)
			c.add(last)
			if !empty {
				return c, false
			}
		}
		return c, true
	case syntax.OpAlternate:
		for _, sub := range re.Sub {
			last, e := lastOf(sub, next)
			c.add(last)
			empty = empty || e
		}
		return c, empty
	case syntax.OpBeginText:
		return context{start: true}, false
	case syntax.OpBeginLine:
		c.set.add('\n')
		return context{set: c.set, start: true}, false
	case syntax.OpWordBoundary:
		return besideBoundary(next)
	case syntax.OpNoMatch, syntax.OpEmptyMatch, syntax.OpEndLine, syntax.OpEndText, syntax.OpNoWordBoundary:
		return c, true
	}
	return context{set: allBytes}, false // any character
}

// besideBoundary returns what a word boundary has before it when next follows.
func besideBoundary(next *byteSet) (c context, empty bool) {
	words, others := 0, 0
	for b := range 256 {
		word := isWordByte(byte(b))
		if next.has(byte(b)) {
			if word {
				words++
			} else {
				others++
			}
		}
	}
	for b := range 256 {
		if isWordByte(byte(b)) != (words > 0) {
			c.set.add(byte(b))
		}
	}
	c.start = words > 0
	return c, words > 0 && others > 0 // both: the boundary says nothing
}

func isWordByte(b byte) bool { return wordBytes[b] }

var wordBytes = func() (is [256]bool) {
	for i := range is {
		b := byte(i)
		is[i] = isDigit(b) || isLower(b|0x20) && b < 0x80 || b == '_'
	}
	return is
}()

// insideWord reports whether text[i] goes on with a word, and is no "_".
func insideWord(text []byte, i int) bool {
	return i > 0 && text[i] != '_' && isWordByte(text[i]) && isWordByte(text[i-1])
}

// edgeBytes returns the first and last bytes of the characters of a class; beyond
// ASCII any byte that is not.
func edgeBytes(pairs []rune) (set byteSet) {
	for i := 0; i < len(pairs); i += 2 {
		for r := pairs[i]; r <= min(pairs[i+1], 0x7f); r++ {
			set.add(byte(r))
		}
		if pairs[i+1] > 0x7f {
			set[2], set[3] = ^uint64(0), ^uint64(0)
		}
	}
	return set
}
