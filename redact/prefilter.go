package redact

import (
	"encoding/binary"
	"regexp/syntax"
	"slices"
)

// prefilter finds, in one pass over the bytes, the places where a trigger of any
// rule could stand: a kernel marks the positions where a gram may begin, and tables
// of grams tell the triggers that stand there. Triggers by runs have no gram.
type prefilter struct {
	buckets  buckets // first, see there
	marked   bitmap  // the grams, for the kernel that has no buckets
	triggers []trigger
	// checks are what is asked about each trigger at once, in little memory;
	// classes are what they speak of.
	checks  []check
	classes []byteSet
	// long is for triggers that go on behind their gram with one of few bytes,
	// short for the others.
	short, long gramTable
	// byRun are the triggers found by each of runShapes, byBegin those found
	// only where a number or a word begins.
	byRun, byBegin [len(runShapes)][]int32
	runs           bool // there are some
	// digitsAt are some distances from the begin of a run of digits at which all
	// triggers by it have digits: most dates and times have none there.
	digitsAt []int
	// most is how far from the start of a match the bytes go that announce it.
	most int
	// raw says that texts are payloads, with escapes in them.
	raw bool
}

// newPrefilter returns the prefilter of triggers for values of fields.
func newPrefilter(triggers []trigger) *prefilter {
	p := &prefilter{}
	p.buckets.add(triggers)
	p.triggers = merge(triggers)
	p.tabulate()
	return p
}

// newRawPrefilter returns the prefilter for raw payloads: of the triggers of values,
// and those of names.
func newRawPrefilter(values *prefilter, names []trigger) *prefilter {
	p := &prefilter{raw: true, triggers: slices.Concat(values.triggers, names)}
	known := len(values.triggers)
	for i := range p.triggers {
		p.triggers[i].before.inPayload()
	}
	p.buckets.of = values.buckets.of
	p.buckets.widen(p.triggers[:known])
	p.buckets.add(p.triggers[known:])
	p.tabulate()
	return p
}

// tabulate fills the tables for p.triggers.
func (p *prefilter) tabulate() {
	var short, long []entry
	for i := range p.triggers {
		t := &p.triggers[i]
		p.most = max(p.most, t.most+t.reach())
		if t.shape != byGram {
			p.runs = true
			list := &p.byRun[t.shape-1]
			if t.begins {
				list = &p.byBegin[t.shape-1]
			}
			*list = append(*list, int32(i))
			continue
		}
		w := t.around(t.gram)
		e := entry{before: w[0], behind: w[windowLen-1], trigger: int32(i)}
		add := func(list *[]entry, gram uint32) {
			e.gram = gram
			*list = append(*list, e)
		}
		var behind byteSet
		if k := t.gram + gramLen; k < len(t.seq) {
			behind = foldedSet(&t.seq[k])
		}
		t.foldedGrams(func(gram uint32) {
			p.marked.add(gram)
			if n := behind.size(); n == 0 || n > maxBehind {
				add(&short, gram)
				return
			}
			behind.each(func(b byte) { add(&long, gram|uint32(b)<<24) })
		})
	}
	p.findDigits()
	p.short.fill(short)
	p.long.fill(long)
	p.check()
}

// maxBehind bounds, in bytes, the class behind a gram that is looked up with it.
const maxBehind = 4

// merge makes one of the triggers that the same window announces for the same rule
// at the same place: with the classes that they begin with together.
func merge(triggers []trigger) (out []trigger) {
	type place struct {
		rule              int32
		gram, least, most int
		before            context
		around            window
		suffix            *syntax.Regexp
	}
	seen := map[place]int{}
	for i := range triggers {
		t := &triggers[i]
		if t.shape != byGram {
			out = append(out, *t)
			continue
		}
		p := place{t.rule, t.gram, t.least, t.most, t.before, t.around(t.gram), t.suffix}
		k, ok := seen[p]
		if !ok {
			seen[p] = len(out)
			out = append(out, *t)
			continue
		}
		same := 0
		for same < min(len(t.seq), len(out[k].seq)) && t.seq[same] == out[k].seq[same] {
			same++
		}
		if same < t.gram+gramLen {
			out = append(out, *t)
			continue
		}
		if same < len(t.seq) || same < len(out[k].seq) || t.after == nil || out[k].after == nil || *t.after != *out[k].after {
			out[k].after = nil
		}
		out[k].seq = out[k].seq[:same]
	}
	return out
}

// marks returns a bit for each of the up to 64 positions of text from at on where
// a gram of the bitmap begins.
func (p *prefilter) marks(text []byte, at int) (set uint64) {
	n := min(blockSize, len(text)-gramLen+1-at)
	i := 0
	// Eight bytes hold the grams of six positions.
	for ; i+6 <= n && at+i+8 <= len(text); i += 6 {
		v := binary.LittleEndian.Uint64(text[at+i:]) | foldMask<<32 | foldMask
		b := &p.marked
		set |= (b.bit(uint32(v)) | b.bit(uint32(v>>8))<<1 | b.bit(uint32(v>>16))<<2 |
			b.bit(uint32(v>>24))<<3 | b.bit(uint32(v>>32))<<4 | b.bit(uint32(v>>40))<<5) << i
	}
	for ; i < n; i++ {
		set |= p.marked.bit(folded(text, at+i)) << i
	}
	return set
}

// each calls yield for the triggers that may stand in text from at on, with the
// place of their gram or the begin of their run. It ends when yield returns false.
//
// A chunk of blocks at a time goes through three steps: the kernel marks places,
// a loop without branches keeps those where some trigger of a list may stand, and
// only there lists are looked through. One loop for all would cost a mispredicted
// branch for most places.
func (p *prefilter) each(sc *Scratch, text []byte, at int, yield func(trigger int32, i int) bool) {
	w := &sc.walk
	w.begin(text, at)
	for at < len(text) {
		n := w.fill(p, text, at)
		if p.raw {
			w.markEscaped(n, len(text)-at)
		}
		if !p.yieldGrams(w, w.candidates(p, w.collect(&w.masks.grams, n), text, at), text, at, yield) {
			return
		}
		if p.runs && !p.yieldRuns(w, n, at, yield) {
			return
		}
		at += n * blockSize
	}
}
