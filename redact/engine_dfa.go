package redact

import (
	"regexp/syntax"
	"slices"
	"sync"
	"sync/atomic"
)

// dfa says fast whether a pattern matches at one place: it runs the automaton of
// an nfa with its sets of threads as states, each worked out when it is first
// reached and kept for all that use the rule. Most candidates are turned down here
// after a few bytes; where in a match the secret stands is for the nfa. It is safe
// for concurrent use.
type dfa struct {
	n       *nfa
	asserts bool       // the pattern asks what stands around a place
	classes [256]uint8 // what the pattern can't tell apart has one number
	count   int        // of classes
	start   [kinds]atomic.Pointer[dfaState]

	mu     sync.Mutex
	states map[string]*dfaState
	memory closure
}

// maxStates bounds the states of a rule. What goes beyond them is for the nfa.
const maxStates = 256

// dfaState is a set of instructions that wait for the next character, and what
// stands before it. States without next tell the outcome.
type dfaState struct {
	next []atomic.Pointer[dfaState] // by class of byte
	end  atomic.Int32               // outcome where no more bytes follow, 0 if not worked out
	kind kind
	pcs  []uint32
}

var (
	stateFails   = &dfaState{}
	stateMatches = &dfaState{}
	stateUnknown = &dfaState{}
)

type verdict int32

const (
	fails verdict = iota + 1
	matches
	unknown
)

// kind is what an assertion can ask about the character before it.
type kind uint8

const (
	kindNone kind = iota // the text begins
	kindLine             // a newline
	kindWord
	kindOther
	kinds
)

var kindRune = [kinds]rune{kindNone: -1, kindLine: '\n', kindWord: 'a', kindOther: ' '}

func (d *dfa) kindOf(b byte) kind {
	switch {
	case !d.asserts:
		return kindOther
	case b == '\n':
		return kindLine
	case isWordByte(b):
		return kindWord
	}
	return kindOther
}

// wide is the class of bytes beyond ASCII, which begin or go on in characters that
// only the nfa reads.
const wide = 0

func newDFA(n *nfa) *dfa {
	d := &dfa{n: n, states: map[string]*dfaState{}, count: 1}
	d.asserts = slices.ContainsFunc(n.insts, func(in nfaInst) bool { return in.op == syntax.InstEmptyWidth })
	type class struct {
		of   byte
		kind kind
	}
	var seen []class
	for b := range byte(0x80) {
		kind := d.kindOf(b)
		i := slices.IndexFunc(seen, func(c class) bool { return c.kind == kind && n.alike(c.of, b) })
		if i < 0 {
			i = len(seen)
			seen = append(seen, class{b, kind})
		}
		d.classes[b] = uint8(i + 1)
	}
	d.count += len(seen)
	d.memory.size(len(n.insts))
	return d
}

// alike reports whether no class of n tells two characters of ASCII apart.
func (n *nfa) alike(a, b byte) bool {
	for i := range n.classes {
		if n.classes[i].has(rune(a)) != n.classes[i].has(rune(b)) {
			return false
		}
	}
	return true
}

// run says whether the pattern matches from text[at] on, with no byte from end on,
// and after how many bytes it knew. atEnd is set if it would ask for more.
func (d *dfa) run(text []byte, at, end int) (v verdict, looked int, atEnd bool) {
	before := kindNone
	if at > 0 {
		before = d.kindOf(text[at-1])
	}
	s := d.start[before].Load()
	if s == nil {
		s = d.begin(before)
	}
	for i, b := range text[at:end] {
		if s.next == nil {
			return s.verdict(), i, false
		}
		next := s.next[d.classes[b]].Load()
		if next == nil {
			next = d.extend(s, b)
		}
		s = next
	}
	if s.next == nil {
		return s.verdict(), end - at, false
	}
	if v = verdict(s.end.Load()); v == 0 {
		v = d.finish(s)
	}
	return v, end - at, true
}

func (s *dfaState) verdict() verdict {
	switch s {
	case stateFails:
		return fails
	case stateMatches:
		return matches
	}
	return unknown
}

func (d *dfa) begin(before kind) *dfaState {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := d.state([]uint32{d.n.start}, before)
	d.start[before].Store(s)
	return s
}

// finish works out the outcome of s where no bytes follow.
func (d *dfa) finish(s *dfaState) verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := fails
	if d.close(s, -1) {
		v = matches
	}
	s.end.Store(int32(v))
	return v
}

// extend works out what follows s with the byte b.
func (d *dfa) extend(s *dfaState, b byte) *dfaState {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := stateUnknown
	switch {
	case d.close(s, rune(b)):
		next = stateMatches
	case b < 0x80:
		c := &d.memory
		c.out = c.out[:0]
		for _, pc := range c.list {
			in := &d.n.insts[pc]
			if in.op == syntax.InstRune && d.n.classes[in.arg].has(rune(b)) {
				c.out = append(c.out, in.out)
			}
		}
		slices.Sort(c.out)
		next = d.state(slices.Compact(c.out), d.kindOf(b))
	}
	s.next[d.classes[b]].Store(next)
	return next
}

// state returns the state of a set of instructions, which it copies.
func (d *dfa) state(pcs []uint32, before kind) *dfaState {
	if len(pcs) == 0 {
		return stateFails
	}
	key := make([]byte, 0, 64)
	key = append(key, byte(before))
	for _, pc := range pcs {
		key = append(key, byte(pc), byte(pc>>8), byte(pc>>16))
	}
	if s := d.states[string(key)]; s != nil {
		return s
	}
	if len(d.states) >= maxStates {
		return stateUnknown
	}
	s := &dfaState{next: make([]atomic.Pointer[dfaState], d.count), kind: before, pcs: slices.Clone(pcs)}
	d.states[string(key)] = s
	return s
}

// closure is the memory of close.
type closure struct {
	seen []bool
	list []uint32 // instructions that wait for a character
	out  []uint32
}

func (c *closure) size(insts int) { c.seen = make([]bool, insts) }

// close lists the instructions of s that wait for a character, when after follows,
// and reports whether the pattern has matched before it.
func (d *dfa) close(s *dfaState, after rune) (matched bool) {
	c := &d.memory
	c.list = c.list[:0]
	clear(c.seen)
	holds := syntax.EmptyOpContext(kindRune[s.kind], after)
	for _, pc := range s.pcs {
		matched = d.reach(pc, holds) || matched
	}
	return matched
}

func (d *dfa) reach(pc uint32, holds syntax.EmptyOp) (matched bool) {
	c := &d.memory
	for !c.seen[pc] {
		c.seen[pc] = true
		in := &d.n.insts[pc]
		switch in.op {
		case syntax.InstAlt, syntax.InstAltMatch:
			matched = d.reach(in.out, holds) || matched
			pc = in.arg
			continue
		case syntax.InstEmptyWidth:
			if in.empty&^holds != 0 {
				return matched
			}
			pc = in.out
			continue
		case syntax.InstNop, syntax.InstCapture:
			pc = in.out
			continue
		case syntax.InstMatch:
			return true
		case syntax.InstFail:
			return matched
		}
		c.list = append(c.list, pc)
	}
	return matched
}
