package redact

import (
	"regexp/syntax"
	"slices"
	"unicode"
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
	classes []nfaClass
	start   uint32
	slots   int // capture slots, two for each group of the secret
	whole   int // where group 0, the match itself, is noted; -1 for nowhere
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

// newNFA compiles re; groups are the captures to report.
func newNFA(re *syntax.Regexp, groups []int) (*nfa, error) {
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		return nil, err
	}
	n := &nfa{start: uint32(prog.Start), slots: 2 * len(groups), whole: int(slotOf(0, groups))}
	for i := range prog.Inst {
		in := &prog.Inst[i]
		out := nfaInst{op: in.Op, out: in.Out, arg: in.Arg, slot: -1}
		switch in.Op {
		case syntax.InstEmptyWidth:
			out.empty = syntax.EmptyOp(in.Arg)
		case syntax.InstCapture:
			out.slot = slotOf(int(in.Arg), groups)
		case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
			out.op, out.arg = syntax.InstRune, n.class(in)
		}
		n.insts = append(n.insts, out)
	}
	return n, nil
}

// class returns the number of the class of in, which instructions share.
func (n *nfa) class(in *syntax.Inst) uint32 {
	pairs := in.Rune
	switch {
	case in.Op == syntax.InstRuneAny:
		pairs = []rune{0, unicode.MaxRune}
	case in.Op == syntax.InstRuneAnyNotNL:
		pairs = []rune{0, '\n' - 1, '\n' + 1, unicode.MaxRune}
	case len(pairs) == 1:
		pairs = []rune{pairs[0], pairs[0]}
	}
	var c nfaClass
	for i := 0; i < len(pairs); i += 2 {
		for r := pairs[i]; r <= min(pairs[i+1], utf8.RuneSelf-1); r++ {
			c.ascii[r>>6] |= 1 << (r & 63)
		}
		if pairs[i+1] >= utf8.RuneSelf {
			c.wide = append(c.wide, max(pairs[i], utf8.RuneSelf), pairs[i+1])
		}
	}
	for i := range n.classes {
		if n.classes[i].ascii == c.ascii && slices.Equal(n.classes[i].wide, c.wide) {
			return uint32(i)
		}
	}
	n.classes = append(n.classes, c)
	return uint32(len(n.classes) - 1)
}

// slotOf returns where the capture instruction of group arg/2 is noted.
func slotOf(arg int, groups []int) int32 {
	for i, g := range groups {
		if arg/2 == g {
			return int32(2*i + arg%2)
		}
	}
	return -1
}

func (n *nfa) name() string { return "nfa" }

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

// nfaScratch is the memory of one run.
type nfaScratch struct {
	now, next threads
	cap       []int
	found     []int
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

// match implements engine. The offsets are valid until the next run.
func (n *nfa) match(sc *Scratch, text []byte, at, end int) ([]int, error) {
	r := nfaRun{n: n, s: &sc.nfa, text: text, end: end, caps: true}
	if !r.run(at) {
		return nil, nil
	}
	return sc.nfa.found, nil
}

// fits reports whether the pattern matches at all at that place.
func (n *nfa) fits(sc *Scratch, text []byte, at, end int) bool {
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
	for p := at; len(s.now.dense) > 0; {
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
			copy(r.s.cap, now.caps[i*slots:(i+1)*slots])
			r.add(&r.s.next, in.out, p)
		}
	}
	return false
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
