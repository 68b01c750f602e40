package redact

import (
	"regexp/syntax"
	"slices"
	"unicode"
	"unicode/utf8"
)

// newNFA compiles re; groups are the captures to report.
func newNFA(re *syntax.Regexp, groups []int) *nfa {
	prog, err := syntax.Compile(re.Simplify())
	if err != nil {
		panic("redact: " + err.Error()) // there is no way to that for what is parsed
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
	n.follow()
	return n
}

// target is an instruction that is reached from another without a character, and
// the capture slots that are passed on the way, a bit each.
type target struct {
	pc    uint32
	slots uint32
}

// follow works out what follows each instruction, where no assertion has to be
// asked on the way: the others are followed when it comes to them.
func (n *nfa) follow() {
	n.after = make([][]target, len(n.insts))
	if n.slots > 32 {
		return
	}
	f := follower{n: n, seen: make([]int, len(n.insts)), lists: make([][]target, len(n.insts))}
	for pc := range n.insts {
		if n.insts[pc].op == syntax.InstRune {
			n.after[pc] = f.from(n.insts[pc].out)
		}
	}
}

// follower is the memory of follow.
type follower struct {
	n     *nfa
	run   int
	seen  []int      // the run that came by an instruction last
	lists [][]target // what was found for each
	list  []target
}

// from returns the targets of pc, nil if an assertion is on the way.
func (f *follower) from(pc uint32) []target {
	if f.lists[pc] != nil {
		return f.lists[pc]
	}
	f.run++
	f.list = f.list[:0]
	if !f.reach(pc, 0) {
		return nil
	}
	f.lists[pc] = slices.Clone(f.list)
	return f.lists[pc]
}

// reach lists, most preferred first, the instructions reached from pc that match
// a character or end the match.
func (f *follower) reach(pc, slots uint32) bool {
	if f.seen[pc] == f.run {
		return true
	}
	f.seen[pc] = f.run
	in := &f.n.insts[pc]
	switch in.op {
	case syntax.InstAlt, syntax.InstAltMatch:
		return f.reach(in.out, slots) && f.reach(in.arg, slots)
	case syntax.InstNop:
		return f.reach(in.out, slots)
	case syntax.InstCapture:
		if in.slot >= 0 {
			slots |= 1 << in.slot
		}
		return f.reach(in.out, slots)
	case syntax.InstEmptyWidth:
		return false
	case syntax.InstFail:
		return true
	}
	f.list = append(f.list, target{pc, slots})
	return true
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
