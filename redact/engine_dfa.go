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
	asserts bool // the pattern asks what stands around a place
	// classes gives one number to what the pattern can't tell apart, 0 to bytes
	// beyond ASCII, which begin or go on in characters that only the nfa reads.
	classes [256]uint8
	stride  uint32 // the number of classes, or a few more
	table   atomic.Pointer[dfaTable]

	mu     sync.Mutex
	states []dfaState // by number, which is where its row begins divided by stride
	known  map[string]uint32
	memory closure
}

// dfaTable has a row of stride entries for each state: the row that follows with a
// byte of a class, or an outcome. It is replaced by a longer copy when states come
// to be; who has the old one finds entries missing there and asks for them.
type dfaTable struct {
	next  []uint32      // set once each, by who holds dfa.mu
	ends  []uint32      // by state: the outcome where no more bytes follow
	start [kinds]uint32 // rows, by what stands before
}

// Entries that are no rows, and outcomes.
const (
	missing = iota // not worked out yet
	fails
	matches
	unknown // for the nfa
	outcomes
)

type verdict uint32

// maxStates bounds the states of a rule. What goes beyond them is for the nfa.
const maxStates = 256

// dfaState is a set of instructions that wait for the next character, and what
// stands before it.
type dfaState struct {
	kind kind
	pcs  []uint32
}

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

func newDFA(n *nfa) *dfa {
	d := &dfa{n: n, known: map[string]uint32{}}
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
	d.stride = max(outcomes, uint32(len(seen)+1)) // the first row is no outcome
	d.memory.size(len(n.insts))
	d.states = make([]dfaState, 1) // none has number 0
	d.table.Store(&dfaTable{next: make([]uint32, d.stride), ends: make([]uint32, 1)})
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
	t := d.table.Load()
	row := atomic.LoadUint32(&t.start[before])
	if row == missing {
		row = d.begin(before)
		t = d.table.Load()
	}
	for i, b := range text[at:end] {
		if row < outcomes {
			return verdict(row), i, false
		}
		next := atomic.LoadUint32(&t.next[row+uint32(d.classes[b])])
		if next == missing {
			next = d.extend(row, b)
			t = d.table.Load()
		}
		row = next
	}
	if row < outcomes {
		return verdict(row), end - at, false
	}
	if v = verdict(atomic.LoadUint32(&t.ends[row/d.stride])); v == missing {
		v = d.finish(row)
	}
	return v, end - at, true
}

func (d *dfa) begin(before kind) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	row := d.state([]uint32{d.n.start}, before)
	atomic.StoreUint32(&d.table.Load().start[before], row)
	return row
}

// finish works out the outcome of a state where no bytes follow.
func (d *dfa) finish(row uint32) verdict {
	d.mu.Lock()
	defer d.mu.Unlock()
	v := uint32(fails)
	if d.close(row, -1) {
		v = matches
	}
	atomic.StoreUint32(&d.table.Load().ends[row/d.stride], v)
	return verdict(v)
}

// extend works out what follows a state with the byte b.
func (d *dfa) extend(row uint32, b byte) uint32 {
	d.mu.Lock()
	defer d.mu.Unlock()
	next := uint32(unknown)
	switch {
	case d.close(row, rune(b)):
		next = matches
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
	atomic.StoreUint32(&d.table.Load().next[row+uint32(d.classes[b])], next)
	return next
}

// state returns the row of the state of a set of instructions, which it copies.
func (d *dfa) state(pcs []uint32, before kind) uint32 {
	if len(pcs) == 0 {
		return fails
	}
	key := make([]byte, 0, 64)
	key = append(key, byte(before))
	for _, pc := range pcs {
		key = append(key, byte(pc), byte(pc>>8), byte(pc>>16))
	}
	if row, ok := d.known[string(key)]; ok {
		return row
	}
	number := uint32(len(d.states))
	if number > maxStates {
		return unknown
	}
	d.states = append(d.states, dfaState{kind: before, pcs: slices.Clone(pcs)})
	d.known[string(key)] = number * d.stride
	if t := d.table.Load(); int(number) >= len(t.ends) {
		more := &dfaTable{start: t.start, next: make([]uint32, 2*len(t.next)), ends: make([]uint32, 2*len(t.ends))}
		copy(more.next, t.next)
		copy(more.ends, t.ends)
		d.table.Store(more)
	}
	return number * d.stride
}

// closure is the memory of close.
type closure struct {
	seen []bool
	list []uint32 // instructions that wait for a character
	out  []uint32
}

func (c *closure) size(insts int) { c.seen = make([]bool, insts) }

// close lists the instructions of a state that wait for a character, when after
// follows, and reports whether the pattern has matched before it.
func (d *dfa) close(row uint32, after rune) (matched bool) {
	c, s := &d.memory, &d.states[row/d.stride]
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
