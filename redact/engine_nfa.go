package redact

import (
	"math/bits"
	"regexp/syntax"
	"sync"
	"sync/atomic"
	"unicode/utf8"
)

// nfa runs a pattern as a nondeterministic automaton, all threads in step (Pike's
// construction), so its time is linear in the bytes it consumes. It tries one
// start only, keeps no more captures than the rule needs, and stops at the byte
// where the last thread dies: most candidates die at once. It gives what the
// standard library's regexp gives, which holds the same instructions but can't
// be handed a pattern that was changed after parsing, nor a scratch.
type nfa struct {
	insts   []nfaInst
	after   [][]target // by instruction, what follows when it has matched
	classes []nfaClass
	start   uint32
	slots   int // capture slots, two for each group of the secret
	whole   int // where group 0, the match itself, is noted; -1 for nowhere
	fast    atomic.Pointer[dfa]
}

type nfaInst struct {
	op    syntax.InstOp
	empty syntax.EmptyOp // InstEmptyWidth: the condition
	slot  int32          // InstCapture: where to note the offset, -1 for nowhere
	out   uint32
	arg   uint32 // InstAlt: the less preferred branch; InstRune: its class
}

// nfaClass is a set of characters: a bit for each in ASCII, pairs of first and
// last for the others.
type nfaClass struct {
	ascii [2]uint64
	wide  []rune
}

func (c *nfaClass) has(r rune) bool {
	if r < utf8.RuneSelf {
		return c.ascii[r>>6]&(1<<(r&63)) != 0
	}
	for i := 0; i < len(c.wide) && c.wide[i] <= r; i += 2 {
		if r <= c.wide[i+1] {
			return true
		}
	}
	return false
}

// automaton is the nfa of a pattern, made when it is first asked, and again when it was
// forgotten: most rules of a set never are. It is an engine, safe for concurrent use.
type automaton struct {
	pattern func() *syntax.Regexp
	groups  []int
	mu      sync.Mutex // for who makes it
	n       atomic.Pointer[nfa]
}

// newAutomaton returns that of re; groups are the captures to report.
func newAutomaton(re *syntax.Regexp, groups []int) *automaton {
	return &automaton{pattern: func() *syntax.Regexp { return re }, groups: groups}
}

func (a *automaton) get() *nfa {
	if n := a.n.Load(); n != nil {
		return n
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.n.Load()
	if n == nil {
		n = newNFA(a.pattern(), a.groups)
		a.n.Store(n)
	}
	return n
}

// name implements engine.
func (a *automaton) name() string { return "dfa" }

// match implements engine. The offsets are valid until the next run.
func (a *automaton) match(sc *Scratch, text []byte, at, end int) ([]int, error) {
	return a.get().match(sc, text, at, end), nil
}

// fits reports whether the pattern matches at all at that place.
func (a *automaton) fits(sc *Scratch, text []byte, at, end int) bool {
	return a.get().fits(sc, text, at, end)
}

// ask lets the dfa look first, which is made when it is first asked.
func (n *nfa) ask(s *nfaScratch, text []byte, at, end int) verdict {
	d := n.fast.Load()
	if d == nil {
		d = newDFA(n)
		if !n.fast.CompareAndSwap(nil, d) {
			d = n.fast.Load()
		}
	}
	v, looked, atEnd := d.run(text, at, end)
	s.spent += looked + 1
	s.looked, s.atEnd = looked+1, atEnd
	return v
}

// threads is an ordered set of instructions, most preferred first, each with its
// captures.
type threads struct {
	sparse []uint32
	dense  []uint32
	caps   []int // slots for each entry of sparse
}

func (t *threads) size(insts, slots int) {
	if cap(t.sparse) < insts {
		t.sparse = make([]uint32, insts)
		t.dense = make([]uint32, 0, insts)
	}
	if cap(t.caps) < insts*slots {
		t.caps = make([]int, insts*slots)
	}
	t.sparse, t.dense, t.caps = t.sparse[:insts], t.dense[:0], t.caps[:insts*slots]
}

func (t *threads) has(pc uint32) bool {
	i := t.sparse[pc]
	return int(i) < len(t.dense) && t.dense[i] == pc
}

// nfaCost is how many times more a thread's step costs than one of the dfa.
const nfaCost = 8

// nfaScratch is the memory of one run.
type nfaScratch struct {
	now, next threads
	cap       []int
	found     []int
	// spent is the work since the search began: a unit for a byte that the dfa
	// looks at, nfaCost for a thread that takes one.
	spent int
	// looked is how many bytes the last run looked at.
	looked int
	// atEnd says that the last run looked at what follows the bytes it was
	// given: with more of them it could have ended otherwise.
	atEnd bool
}

// nfaRun is one run: the automaton, its memory and the text between at and end.
type nfaRun struct {
	n    *nfa
	s    *nfaScratch
	text []byte
	end  int
	caps bool
}

func (n *nfa) match(sc *Scratch, text []byte, at, end int) []int {
	if n.ask(&sc.nfa, text, at, end) == fails {
		return nil
	}
	r := nfaRun{n: n, s: &sc.nfa, text: text, end: end, caps: true}
	if !r.run(at) {
		return nil
	}
	return sc.nfa.found
}

func (n *nfa) fits(sc *Scratch, text []byte, at, end int) bool {
	if v := n.ask(&sc.nfa, text, at, end); v != unknown {
		return v == matches
	}
	r := nfaRun{n: n, s: &sc.nfa, text: text, end: end}
	return r.run(at)
}

func (r *nfaRun) run(at int) (matched bool) {
	n, s := r.n, r.s
	s.now.size(len(n.insts), n.slots)
	s.next.size(len(n.insts), n.slots)
	s.atEnd = false
	for s.cap = s.cap[:0]; len(s.cap) < n.slots; {
		s.cap = append(s.cap, -1)
	}
	r.add(&s.now, n.start, at)
	p := at
	defer func() { s.looked = p - at + 1 }()
	for len(s.now.dense) > 0 {
		s.spent += nfaCost * len(s.now.dense)
		c, width := rune(-1), 0
		if p < r.end {
			c, width = rune(r.text[p]), 1
			if c >= utf8.RuneSelf {
				c, width = utf8.DecodeRune(r.text[p:r.end])
			}
		}
		done := r.step(c, p+width)
		if done && r.caps && n.whole >= 0 {
			s.found[n.whole], s.found[n.whole+1] = at, p
		}
		matched = matched || done
		if done && !r.caps {
			return true
		}
		if width == 0 {
			break
		}
		s.now, s.next = s.next, s.now
		s.next.dense = s.next.dense[:0]
		p += width
	}
	return matched
}

// step moves all threads over the character c, which ends at p. It reports
// whether a thread had matched before it; less preferred ones are dropped then.
func (r *nfaRun) step(c rune, p int) (matched bool) {
	now, slots := &r.s.now, r.n.slots
	for i, pc := range now.dense {
		in := &r.n.insts[pc]
		if in.op == syntax.InstMatch {
			r.s.found = append(r.s.found[:0], now.caps[i*slots:(i+1)*slots]...)
			return true
		}
		if in.op == syntax.InstRune && c >= 0 && r.n.classes[in.arg].has(c) {
			r.s.atEnd = r.s.atEnd || p == r.end
			if list := r.n.after[pc]; list != nil {
				r.enter(list, now.caps[i*slots:(i+1)*slots], p)
				continue
			}
			copy(r.s.cap, now.caps[i*slots:(i+1)*slots])
			r.add(&r.s.next, in.out, p)
		}
	}
	return false
}

// enter is add for what follow has worked out; caps are those of the thread.
func (r *nfaRun) enter(list []target, caps []int, p int) {
	t := &r.s.next
	for _, to := range list {
		if t.has(to.pc) {
			continue
		}
		i := len(t.dense)
		t.sparse[to.pc] = uint32(i)
		t.dense = append(t.dense, to.pc)
		if !r.caps {
			continue
		}
		own := t.caps[i*r.n.slots : (i+1)*r.n.slots]
		copy(own, caps)
		for m := to.slots; m != 0; m &= m - 1 {
			own[bits.TrailingZeros32(m)] = p
		}
	}
}

// add enters pc, and what is reached from it without a character, with the
// captures in s.cap.
func (r *nfaRun) add(t *threads, pc uint32, p int) {
	for {
		if t.has(pc) {
			return
		}
		i := len(t.dense)
		t.sparse[pc] = uint32(i)
		t.dense = append(t.dense, pc)
		in := &r.n.insts[pc]
		switch in.op {
		case syntax.InstAlt, syntax.InstAltMatch:
			r.add(t, in.out, p)
			pc = in.arg
			continue
		case syntax.InstNop:
			pc = in.out
			continue
		case syntax.InstEmptyWidth:
			if in.empty&^r.conditions(p) != 0 {
				return
			}
			pc = in.out
			continue
		case syntax.InstCapture:
			if in.slot < 0 || !r.caps {
				pc = in.out
				continue
			}
			old := r.s.cap[in.slot]
			r.s.cap[in.slot] = p
			r.add(t, in.out, p)
			r.s.cap[in.slot] = old
			return
		case syntax.InstFail:
			return
		}
		copy(t.caps[i*r.n.slots:], r.s.cap)
		return
	}
}

// conditions returns the empty-width conditions that hold at p. The byte before
// counts by itself: a character beyond ASCII is no word character anyway.
func (r *nfaRun) conditions(p int) syntax.EmptyOp {
	before, after := rune(-1), rune(-1)
	if p > 0 {
		before = rune(r.text[p-1])
	}
	if p < r.end {
		after = rune(r.text[p])
	}
	return syntax.EmptyOpContext(before, after)
}
