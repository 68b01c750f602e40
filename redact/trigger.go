package redact

import (
	"cmp"
	"errors"
	"math/bits"
	"regexp/syntax"
	"slices"
	"sync"
)

// gramLen is the number of bytes that the prefilter looks at in one place.
const gramLen = 3

// maxGrams bounds how many grams one rule may put into the prefilter.
const maxGrams = 12288

// maxDistance bounds, in bytes, how far a trigger may stand from the start of
// the match it announces.
const maxDistance = 256

// byteSet is a set of byte values.
type byteSet [4]uint64

func (s *byteSet) add(b byte)      { s[b>>6] |= 1 << (b & 63) }
func (s *byteSet) has(b byte) bool { return s[b>>6]&(1<<(b&63)) != 0 }

func (s *byteSet) size() int {
	n := 0
	for _, word := range s {
		n += bits.OnesCount64(word)
	}
	return n
}

// within reports whether all of s is in other.
func (s *byteSet) within(other *byteSet) bool {
	for i := range s {
		if s[i]&^other[i] != 0 {
			return false
		}
	}
	return true
}

// first returns the least byte of s, which is not empty.
func (s *byteSet) first() byte {
	for i, word := range s {
		if word != 0 {
			return byte(64*i + bits.TrailingZeros64(word))
		}
	}
	return 0
}

// each calls yield for every byte of s.
func (s *byteSet) each(yield func(b byte)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			yield(byte(64*i + bits.TrailingZeros64(word)))
		}
	}
}

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
	// probe gives the pattern from where seq begins, without its assertions:
	// it matches in a raw payload, where other bytes stand around a field,
	// wherever the pattern matches in the field.
	probe func() *automaton
	// whole gives the same for the pattern from where the match begins, if that
	// is at no certain place before seq.
	whole  func() *automaton
	window int // that of the rule
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
func probeOf(nodes []*syntax.Regexp) func() *automaton {
	return sync.OnceValue(func() *automaton { return newAutomaton(withoutAssertions(concat(nodes)), nil) })
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

// united returns the classes that the sequences have together, place by place, as
// far as all of them go.
func united(seqs []sequence) (union []byteSet) {
	for k := 0; ; k++ {
		var set byteSet
		for _, seq := range seqs {
			if k >= len(seq.classes) {
				return union
			}
			for i := range set {
				set[i] |= seq.classes[k].set[i]
			}
		}
		union = append(union, set)
	}
}

const (
	// maxRun bounds the classes of a trigger that are compared before a rule's
	// engine is asked.
	maxRun = 24
	// maxBranches bounds the alternatives that one place is split into.
	maxBranches = 128
)

// expansion lists the sequences of single-byte classes that a pattern can begin
// with, alternatives written out.
type expansion struct {
	a    *analyzer
	seqs []sequence
}

// sequence is one of them, and what can follow it; nil if anything can.
type sequence struct {
	classes []*byteClass
	after   *byteSet
}

// byteClass is a class with what bestGram asks about it.
type byteClass struct {
	set    byteSet
	folded byteSet // as the prefilter sees it
	size   int     // of folded
	often  float64 // share of the bytes of ordinary logs
}

func newByteClass(set byteSet) *byteClass {
	f := foldedSet(&set)
	return &byteClass{set: set, folded: f, size: f.size(), often: frequency(&f)}
}

func (e *expansion) expand(seq []*byteClass, nodes []*syntax.Regexp) {
	seq = append(make([]*byteClass, 0, maxRun), seq...)
	var after *byteSet
	for i, node := range nodes {
		if len(seq) >= maxRun {
			break
		}
		if len(e.seqs) < maxBranches && (node.Op == syntax.OpAlternate || node.Op == syntax.OpQuest) {
			for _, branch := range node.Sub {
				e.expand(seq, append(flatten(branch, nil), nodes[i+1:]...))
			}
			if node.Op == syntax.OpQuest {
				e.expand(seq, nodes[i+1:])
			}
			return
		}
		set, times, open, ok := singleByte(node)
		if !ok {
			if first, certain := leading(concat(nodes[i:])); certain {
				after = &first
			}
			break
		}
		class := e.a.class(set)
		for ; times > 0 && len(seq) < maxRun; times-- {
			seq = append(seq, class)
		}
		if open {
			break
		}
	}
	e.seqs = append(e.seqs, sequence{seq, after})
}

// singleByte returns the bytes that node matches, how often at least, and whether
// it may match more often. Assertions match zero times. Only classes of printable
// ASCII qualify, without the quote and the backslash: these are never escaped in
// a format that does not also say so (see codec.Codec's Opaque), so a trigger
// that is in the decoded text is in the raw payload too.
func singleByte(node *syntax.Regexp) (set byteSet, times int, open, ok bool) {
	switch node.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText,
		syntax.OpWordBoundary, syntax.OpNoWordBoundary, syntax.OpEmptyMatch:
		return set, 0, false, true
	case syntax.OpLiteral:
		if len(node.Rune) != 1 || !plain(node.Rune[0]) {
			return set, 0, false, false
		}
		set.add(byte(node.Rune[0]))
		return set, 1, false, true
	case syntax.OpCharClass:
		for i := 0; i < len(node.Rune); i += 2 {
			if node.Rune[i+1] >= 0x7f {
				return set, 0, false, false
			}
			for r := node.Rune[i]; r <= node.Rune[i+1]; r++ {
				if !plain(r) {
					return set, 0, false, false
				}
				set.add(byte(r))
			}
		}
		return set, 1, false, true
	case syntax.OpPlus:
		set, times, _, ok = singleByte(node.Sub[0])
		return set, times, true, ok && times == 1
	case syntax.OpRepeat:
		set, times, _, ok = singleByte(node.Sub[0])
		return set, node.Min, node.Max != node.Min, ok && times == 1 && node.Min > 0
	}
	return set, 0, false, false
}

func plain(r rune) bool { return r >= 0x20 && r < 0x7f && r != '"' && r != '\\' }

// chooseGram chooses the three classes of seq by which the prefilter looks for it,
// those that cost least, and some others that will do. What costs is how often logs hold them, alone and with
// the classes on both sides, how often all of seq then fits and an engine is
// asked, and how much of the prefilter's table the grams fill. The weights are
// times in one unit.
func (t *trigger) chooseGram(a *analyzer, seq []*byteClass) (cost float64, ok bool) {
	type option struct {
		offset int
		cost   float64
	}
	var options []option
	engine := 20.0
	often := make([]float64, len(seq)-gramLen+1)
	for i := range often {
		often[i] = 1
		if size := seq[i].size * seq[i+1].size * seq[i+2].size; size <= maxGrams {
			often[i] = a.gramOften(seq[i:])
		}
	}
	for i := range seq {
		engine *= seq[i].often
		t.seq = append(t.seq, seq[i].set)
	}
	for i := range often {
		size := seq[i].size * seq[i+1].size * seq[i+2].size
		if size > maxGrams {
			continue
		}
		window := often[i]
		if i == 0 {
			before := foldedSet(&t.before.set)
			window *= frequency(&before)
		} else {
			window = min(window, often[i-1])
		}
		if i+1 < len(often) {
			window = min(window, often[i+1])
		}
		options = append(options, option{i, window + 0.2*often[i] + float64(size)*2e-6})
	}
	if len(options) == 0 {
		return 0, false
	}
	slices.SortStableFunc(options, func(a, b option) int { return cmp.Compare(a.cost, b.cost) })
	best := options[0]
	for _, o := range options[:min(len(options), maxOptions)] {
		if o.cost <= 20*best.cost+0.0005 {
			t.options = append(t.options, o.offset)
		}
	}
	t.gram = best.offset
	return best.cost + engine, true
}

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

const beginsCheaper = 10

var (
	runDigits = setOf("0123456789 -")
	runWords  = setOf("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-")
)

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

func setOf(bytes string) (s byteSet) {
	for _, b := range []byte(bytes) {
		s.add(b)
	}
	return s
}

// reach returns how many bytes from its beginning the prefilter has to see of a
// trigger.
func (t *trigger) reach() int {
	if t.shape != byGram {
		return runShapes[t.shape-1].length
	}
	return t.gram + gramLen + 1
}

// grams returns how many folded grams t stands for.
func (t *trigger) grams() int {
	if t.shape != byGram {
		return 0
	}
	n := 1
	for k := range gramLen {
		n *= foldedSize(&t.seq[t.gram+k])
	}
	return n
}

// foldedSet returns the bytes of s as the prefilter sees them, which is with bit 5
// set: letters in lower case, and a few other pairs of bytes as one, which only
// makes it report more. In each word of 64 the lower half falls onto the upper.
func foldedSet(s *byteSet) (out byteSet) {
	for i, word := range s {
		out[i] = (word | word<<32) &^ (1<<32 - 1)
	}
	return out
}

func foldedSize(s *byteSet) int {
	f := foldedSet(s)
	return f.size()
}

// frequency is the share of bytes of ordinary logs that are in a folded set.
func frequency(f *byteSet) float64 {
	sum := 1
	f.each(func(b byte) { sum += logBytes[b] })
	return float64(sum) / 10000
}
