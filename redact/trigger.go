package redact

import (
	"errors"
	"regexp/syntax"
)

// gramLen is the number of bytes that the prefilter looks at in one place.
const gramLen = 3

// maxGrams bounds how many grams one rule may put into the prefilter.
const maxGrams = 12288

// maxDistance bounds, in bytes, how far a trigger may stand from the start of
// the match it announces.
const maxDistance = 256

// trigger announces matches: every match of its rule contains, for at least one
// of the rule's triggers, bytes that lie in seq one by one, beginning least to
// most bytes after the start of the match.
type trigger struct {
	rule        int32
	seq         []byteSet
	shape       shape
	begins      bool // by shape: only where a number or a word begins
	gram        int  // offset in seq of the three classes that the prefilter knows
	bucket      int  // see buckets
	least, most int  // distance of seq from the start of the match
	before      context
	after       *byteSet // what follows seq in a value, if not nil
	// suffix is the pattern from where seq begins, while rules are compiled.
	suffix *syntax.Regexp
	// confirm, if not nil, is suffix compiled: where it does not match, no match
	// of the rule contains seq here. It spares the search for the start.
	confirm *automaton
	// probe is the pattern from where seq begins, without its assertions:
	// it matches in a raw payload, where other bytes stand around a field,
	// wherever the pattern matches in the field.
	probe *automaton
	// whole is the same for the pattern from where the match begins, if that
	// is at no certain place before seq.
	whole  *automaton
	window int // that of the rule
	// words are those that a match of the rule begins with, nil for any.
	words *beginnings
	// wordStart says that a match of the rule begins where a word does, or with "_".
	wordStart bool
	// key, for triggers of names of fields, is the name; rule is -1 then.
	key *keyName
	// options are, until buckets are filled, where in seq the gram could be.
	options []int
}

// errNoTrigger is the advice for a pattern that the prefilter can't announce.
var errNoTrigger = errors.New("no literal or rare run of three characters within 256 bytes of the match's start; " +
	"write one into the pattern, bound what stands before it ({0,40} for *), or set force = true to try the rule at every byte")

// analyzer finds the triggers of patterns. It keeps what it worked out about
// classes, and is not safe for concurrent use.
type analyzer struct {
	classes map[byteSet]*byteClass
	grams   map[[gramLen]*byteClass]float64 // see gramOften
}

func newAnalyzer() *analyzer {
	return &analyzer{classes: map[byteSet]*byteClass{}, grams: map[[gramLen]*byteClass]float64{}}
}

// class returns what there is to know about a set.
func (a *analyzer) class(set byteSet) *byteClass {
	c := a.classes[set]
	if c == nil {
		c = newByteClass(set)
		a.classes[set] = c
	}
	return c
}

func (a *analyzer) gramOften(seq []*byteClass) float64 {
	key := [gramLen]*byteClass(seq[:gramLen])
	often, ok := a.grams[key]
	if !ok {
		often = gramOften(seq)
		a.grams[key] = often
	}
	return often
}

// findTriggers returns the triggers of a pattern, one per alternative.
func (a *analyzer) findTriggers(re *syntax.Regexp) ([]trigger, error) {
	best, _, ok := a.triggersOf(withoutCaptures(re))
	if !ok {
		return nil, errNoTrigger
	}
	grams := 0
	for i := range best {
		grams += best[i].grams()
	}
	if grams > maxGrams {
		return nil, errNoTrigger
	}
	return best, nil
}

// triggersOf chooses, for an alternation, the triggers of all branches together;
// for anything else the cheapest of the places that every match must contain, or
// of what the alternatives at the beginning make of it each.
func (a *analyzer) triggersOf(re *syntax.Regexp) (best []trigger, cost float64, ok bool) {
	nodes := flatten(re, nil)
	if len(nodes) == 1 && nodes[0].Op == syntax.OpAlternate {
		return a.triggersOfBranches(nodes[0].Sub, nil)
	}
	whole := probeOf(nodes)
	least, most := 0, 0
	for i, node := range nodes {
		l, m := byteLength(node)
		if m > 0 && most <= maxDistance {
			ts, c, good := a.nodeTriggers(nodes, i)
			if least != most {
				c *= 1.5 // the start has to be searched for
			}
			if good && (!ok || c < cost) {
				suffix := concat(nodes[i:])
				probe := probeOf(nodes[i:])
				for k := range ts {
					ts[k].least, ts[k].most = least, most
					ts[k].suffix, ts[k].probe = suffix, probe
					if least != most {
						ts[k].whole = whole
					}
				}
				best, cost, ok = ts, c, true
			}
		}
		if ok && cost < cheap {
			break // not worth the time to look on
		}
		least, most = least+l, min(most+m, unbounded)
	}
	if (!ok || cost > costly) && len(nodes) > 0 && nodes[0].Op == syntax.OpAlternate && len(nodes[0].Sub) <= maxSplit {
		if ts, c, good := a.triggersOfBranches(nodes[0].Sub, nodes[1:]); good && (!ok || c < cost) {
			return ts, c, true
		}
	}
	return best, cost, ok
}

const (
	// cheap is the cost up to which the first triggers found for a rule will do.
	cheap = 0.00003
	// costly is the cost from which other triggers for a rule are looked for.
	costly = 0.001
	// maxSplit bounds the branches at its beginning that get their own then.
	maxSplit = 8
)

// triggersOfBranches returns the triggers of an alternation that rest follows.
func (a *analyzer) triggersOfBranches(branches, rest []*syntax.Regexp) (all []trigger, cost float64, ok bool) {
	for _, branch := range branches {
		ts, c, ok := a.triggersOf(concat(append([]*syntax.Regexp{branch}, rest...)))
		if !ok {
			return nil, 0, false
		}
		all, cost = append(all, ts...), cost+c
	}
	return all, cost, true
}

// probeOf returns what gives the automaton of nodes without assertions.
func probeOf(nodes []*syntax.Regexp) *automaton {
	return &automaton{pattern: func() *syntax.Regexp { return withoutAssertions(concat(nodes)) }}
}

func concat(nodes []*syntax.Regexp) *syntax.Regexp {
	return &syntax.Regexp{Op: syntax.OpConcat, Sub: nodes}
}

// withoutAssertions returns a deep copy of re in which every assertion holds.
func withoutAssertions(re *syntax.Regexp) *syntax.Regexp {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return &syntax.Regexp{Op: syntax.OpEmptyMatch}
	}
	out := *re
	out.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		out.Sub[i] = withoutAssertions(sub)
	}
	return &out
}

// withoutCaptures returns a deep copy of re whose captures are plain groups.
func withoutCaptures(re *syntax.Regexp) *syntax.Regexp {
	if re.Op == syntax.OpCapture {
		return withoutCaptures(re.Sub[0])
	}
	out := *re
	out.Sub = make([]*syntax.Regexp, len(re.Sub))
	for i, sub := range re.Sub {
		out.Sub[i] = withoutCaptures(sub)
	}
	return &out
}

// flatten lists the parts of a concatenation, with inner concatenations opened,
// literals cut into single characters, and the first round of a repetition
// taken out of it where it is needed at least once.
func flatten(re *syntax.Regexp, nodes []*syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpPlus, syntax.OpRepeat:
		if _, _, _, single := singleByte(re); single || re.Op == syntax.OpRepeat && re.Min == 0 {
			return append(nodes, re)
		}
		nodes = flatten(re.Sub[0], nodes)
		return append(nodes, remainingRounds(re))
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			nodes = flatten(sub, nodes)
		}
		return nodes
	case syntax.OpLiteral:
		for _, r := range re.Rune {
			nodes = append(nodes, &syntax.Regexp{Op: syntax.OpLiteral, Rune: []rune{r}})
		}
		return nodes
	}
	return append(nodes, re)
}

func remainingRounds(re *syntax.Regexp) *syntax.Regexp {
	rest := *re
	if re.Op == syntax.OpPlus {
		rest.Op = syntax.OpStar
		return &rest
	}
	rest.Min--
	if rest.Max > 0 {
		rest.Max--
	}
	return &rest
}

// nodeTriggers returns the triggers that begin at node i: one by a run, or one for
// each way that the alternatives from there on can go.
func (a *analyzer) nodeTriggers(nodes []*syntax.Regexp, i int) (ts []trigger, cost float64, ok bool) {
	e := expansion{a: a}
	e.expand(nil, nodes[i:])
	for _, seq := range e.seqs {
		if ok = len(seq.classes) >= gramLen; !ok {
			break
		}
		t := trigger{before: precede(nodes[:i], &seq.classes[0].set), after: seq.after}
		var c float64
		if c, ok = t.chooseGram(a, seq.classes); !ok {
			break
		}
		ts, cost = append(ts, t), cost+c
	}
	for k := range runShapes {
		r := &runShapes[k]
		if leadingRun(nodes[i:], &r.set) < r.length {
			continue
		}
		t := trigger{shape: r.shape, seq: united(e.seqs)}
		if len(t.seq) == 0 {
			t.seq = []byteSet{firstBytes(concat(nodes[i:]))}
		}
		for len(t.seq) > 1 && r.set.within(&t.seq[len(t.seq)-1]) {
			t.seq = t.seq[:len(t.seq)-1] // the run says that already
		}
		t.before = precede(nodes[:i], &t.seq[0])
		c := r.cost
		if t.begins = r.begins(&t); t.begins {
			c /= beginsCheaper
		}
		if !ok || c < cost {
			ts, cost, ok = []trigger{t}, c, true
		}
	}
	return ts, cost, ok
}

// isRare reports whether a trigger is text of some length, so that it stands in few
// payloads, fewer than the name of a field.
func (t *trigger) isRare() bool {
	const length = 6
	narrow := 0
	for i := range t.seq {
		if t.seq[i].size() <= 2 {
			narrow++
		}
	}
	return t.shape == byGram && narrow >= length
}
