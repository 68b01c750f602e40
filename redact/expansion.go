package redact

import "regexp/syntax"

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
	t.seq = make([]byteSet, len(seq))
	engine := 20.0
	for i, c := range seq {
		engine *= c.often
		t.seq[i] = c.set
	}
	var often [maxRun]float64
	n := len(seq) - gramLen + 1
	for i := range n {
		often[i] = 1
		if seq[i].size*seq[i+1].size*seq[i+2].size <= maxGrams {
			often[i] = a.gramOften(seq[i:])
		}
	}
	before := foldedSet(&t.before.set)
	var options gramOptions
	for i := range n {
		size := seq[i].size * seq[i+1].size * seq[i+2].size
		if size > maxGrams {
			continue
		}
		window := often[i]
		if i == 0 {
			window *= frequency(&before)
		} else {
			window = min(window, often[i-1])
		}
		if i+1 < n {
			window = min(window, often[i+1])
		}
		options.add(gramOption{i, window + 0.2*often[i] + float64(size)*2e-6})
	}
	if options.n == 0 {
		return 0, false
	}
	best := options.list[0]
	t.gram = best.offset
	t.options = make([]int, 0, options.n)
	for _, o := range options.list[:options.n] {
		if o.cost <= 20*best.cost+0.0005 {
			t.options = append(t.options, o.offset)
		}
	}
	return best.cost + engine, true
}

// gramOption is a place of the gram in a sequence, and what it would cost.
type gramOption struct {
	offset int
	cost   float64
}

// gramOptions are the cheapest few, the cheapest first.
type gramOptions struct {
	list [maxOptions]gramOption
	n    int
}

func (g *gramOptions) add(o gramOption) {
	i := g.n
	if i == maxOptions {
		if i--; o.cost >= g.list[i].cost {
			return
		}
	} else {
		g.n++
	}
	for ; i > 0 && g.list[i-1].cost > o.cost; i-- {
		g.list[i] = g.list[i-1]
	}
	g.list[i] = o
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

// frequency is the share of bytes of ordinary logs that are in a folded set.
func frequency(f *byteSet) float64 {
	sum := 1
	f.each(func(b byte) { sum += logBytes[b] })
	return float64(sum) / 10000
}
