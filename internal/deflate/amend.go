package deflate

import (
	"math"
	"slices"
	"sync"
)

// Edit says that Text replaces bytes Start to End (exclusive) of a text. Edits of
// one list are in order and do not overlap.
type Edit struct {
	Start, End int
	Text       []byte
}

// Amend appends to dst data that decodes to text with the edits done. src begins
// with data that decodes to text; size is the number of its bytes, as Decode
// returned it. There must be an edit.
//
// It does not search for matches: symbols stay as they are, in the codes of their
// block, but for those that stand for an edited part or copy from one. Distances
// over an edit are corrected. So it takes little more than the decoding, and the
// compression stays that of the sender.
//
// ok is false where the data is not of the format or the result grows too large for
// that to be of use; dst is then what it was, though not beyond its length.
func Amend(dst, src, text []byte, edits []Edit) (out []byte, ok bool) {
	a := amenders.Get().(*amender)
	defer amenders.Put(a)
	return a.amend(dst, src, text, edits)
}

func (a *amender) amend(dst, src, text []byte, edits []Edit) (out []byte, ok bool) {
	defer a.release()
	a.reader = reader{src: src}
	a.text, a.edits = text, edits
	a.most = len(src) + len(src)/8 + 1024
	a.writer = writer{out: slices.Grow(dst, a.most), start: len(dst)}
	a.k, a.inside, a.p, a.shift, a.copied = 0, false, 0, 0, 0
	if !a.run() {
		clear(a.out[len(dst):])
		return dst, false
	}
	return a.out, true
}

// amender is the working memory of one run.
type amender struct {
	reader
	writer
	text   []byte
	edits  []Edit
	k      int  // the edit at hand
	inside bool // its text was written, and its end is not reached
	p      int  // offset in text of the symbol at hand
	shift  int  // by how much what is written is longer than text[:p]
	done   []doneEdit
	lits   []byte
	most   int // bytes to write at most

	// Bits of src from copied on are to be written as they are; -1 while symbols
	// are written one by one.
	copied int
	block  block
	flag   int // offset in what is written of the bit that says that a block is the last
	own    codes
}

// doneEdit is an edit that was written.
type doneEdit struct{ start, end, before, after int } // shift before and after it

// block is the block that is being read.
type block struct {
	codes      *codes
	head, data int // offsets of its header and of what follows, in bits of src
	assigned   bool
	lit        [288]code
	dist       [32]code
}

var amenders = sync.Pool{New: func() any { return new(amender) }}

func (a *amender) release() {
	clear(a.lits[:cap(a.lits)])
	a.lits, a.done = a.lits[:0], a.done[:0]
	a.src, a.text, a.edits, a.out = nil, nil, nil, nil
}

func (a *amender) run() bool {
	for {
		a.block.head, a.block.assigned, a.block.codes = a.reader.bit(), false, nil
		head, ok := a.take(3)
		if !ok {
			return false
		}
		last := head&1 != 0
		switch head >> 1 {
		case 0:
			ok = a.storedBlock(last)
		case 1:
			a.block.codes = fixed()
			ok = a.symbols(last)
		case 2:
			a.block.codes = &a.own
			ok = a.reader.codes(&a.own) == nil && a.symbols(last)
		default:
			ok = false
		}
		if !ok || len(a.out)-a.start > a.most {
			return false
		}
		if last {
			break
		}
	}
	if a.p != len(a.text) || a.k != len(a.edits) {
		return false
	}
	if a.copied >= 0 {
		a.endCopy(a.reader.bit())
	}
	a.set(a.flag, true)
	a.flush()
	return true
}

// endCopy writes what was to be copied, up to a bit of src.
func (a *amender) endCopy(end int) {
	if a.block.head >= a.copied {
		a.flag = a.writer.bit() + a.block.head - a.copied
	}
	a.copyBits(a.src, a.copied, end)
	a.copied = -1
	a.set(a.flag, false)
}

// header writes the header of the block at hand, as of one that is not the last.
func (a *amender) header() {
	a.flag = a.writer.bit()
	a.put(0, 1)
	a.copyBits(a.src, a.block.head+1, a.block.data)
}

// quiet reports whether text[a.p:end] is not edited.
func (a *amender) quiet(end int) bool { return a.k == len(a.edits) || end <= a.edits[a.k].Start }

// rewritten appends to a.lits what text[a.p:end] becomes.
func (a *amender) rewritten(end int) {
	for from := a.p; from < end || a.k < len(a.edits) && a.edits[a.k].Start <= from; {
		if a.k == len(a.edits) || from < a.edits[a.k].Start {
			to := end
			if a.k < len(a.edits) {
				to = min(to, a.edits[a.k].Start)
			}
			a.lits = append(a.lits, a.text[from:to]...)
			from = to
			continue
		}
		e := &a.edits[a.k]
		if !a.inside {
			a.lits = append(a.lits, e.Text...)
			a.inside = true
		}
		if from = min(end, e.End); from < e.End {
			return
		}
		before := a.shift
		a.shift += len(e.Text) - (e.End - e.Start)
		a.done = append(a.done, doneEdit{e.Start, e.End, before, a.shift})
		a.k++
		a.inside = false
	}
}

// storedBlock passes on a block without codes.
func (a *amender) storedBlock(last bool) bool {
	b, err := a.stored()
	if err != nil || a.p+len(b) > len(a.text) {
		return false
	}
	end := a.p + len(b)
	if a.copied >= 0 {
		// A copy has to be at the same place of a byte.
		aligned := (a.writer.bit()-a.copied)%8 == 0
		if aligned && a.quiet(end) && (!last || a.k == len(a.edits)) {
			a.p = end
			return true
		}
		a.copyBits(a.src, a.copied, a.block.head)
		a.copied = -1
	}
	a.rewritten(end)
	a.storedBlocks(a.lits)
	a.lits = a.lits[:0]
	a.p = end
	if last {
		a.empty()
	}
	return true
}

// empty writes a block of nothing, to be the last.
func (a *amender) empty() {
	a.flag = a.writer.bit()
	a.put(1<<1, 3)
	a.put(0, 7)
}

// symbols passes on the symbols of a block.
func (a *amender) symbols(last bool) bool {
	b := &a.block
	b.data = a.reader.bit()
	if a.copied < 0 {
		a.header()
	}
	for {
		a.skim(b.codes)
		at := a.reader.bit()
		a.fill()
		raw := a.reader.buf
		s, err := a.symbol(b.codes)
		if err != nil || a.p+s.length > len(a.text) {
			return false
		}
		n := uint(a.reader.bit() - at)
		switch end := a.p + s.length; {
		case s.end:
			if last && a.k < len(a.edits) {
				if !a.stopCopy(at) || !a.rewrite(a.p) {
					return false
				}
			}
			a.raw(raw, n)
			return true
		case !a.quiet(end):
			if !a.stopCopy(at) || !a.rewrite(end) {
				return false
			}
			a.p = end
		default:
			if a.copied < 0 && !a.keep(&s, raw, n) {
				return false
			}
			a.p = end
			a.startCopy()
		}
	}
}

// raw writes a symbol as it came, unless bits are being copied.
func (a *amender) raw(bits uint64, n uint) {
	if a.copied >= 0 {
		return
	}
	if n > 32 {
		a.put(bits&math.MaxUint32, 32)
		bits >>= 32
		n -= 32
	}
	a.put(bits&(1<<n-1), n)
}

// stopCopy goes over to writing symbols one by one, from bit at on.
func (a *amender) stopCopy(at int) bool {
	if a.copied >= 0 {
		a.endCopy(at)
	}
	return len(a.out)-a.start <= a.most
}

// startCopy goes over to copying where no symbol to come can be another.
func (a *amender) startCopy() {
	if a.copied < 0 && a.k == len(a.edits) && a.p-a.edits[a.k-1].End >= maxWindow {
		a.copied = a.reader.bit()
	}
}

// keep writes a symbol that stands for what it stood for, its distance corrected.
func (a *amender) keep(s *symbol, raw uint64, n uint) bool {
	if s.dist == 0 || len(a.done) == 0 || a.p-s.dist >= a.done[len(a.done)-1].end {
		a.raw(raw, n)
		return true
	}
	dist, ok := a.distance(s)
	if ok && dist == s.dist {
		a.raw(raw, n)
		return true
	}
	if ok {
		a.assign()
		symbol, extra, bits := distSymbol(dist)
		if c := a.block.dist[symbol]; c.n > 0 {
			a.raw(raw, s.lenBits)
			a.put(uint64(c.bits)|extra<<c.n, uint(c.n)+bits)
			return true
		}
	}
	return a.rewrite(a.p + s.length)
}

// distance returns the distance of a match once its source and itself have moved;
// ok is false where an edit is in its source.
func (a *amender) distance(s *symbol) (dist int, ok bool) {
	from := a.p - s.dist
	end, shift := from+s.length, 0
	i := len(a.done) - 1
	for ; i >= 0; i-- {
		e := &a.done[i]
		if from >= e.end {
			shift = e.after
			break
		}
		if end > e.start {
			return 0, false
		}
		shift = e.before
	}
	dist = s.dist + a.shift - shift
	return dist, dist > 0 && dist <= maxWindow
}

// assign makes the codes of the block, to write with.
func (a *amender) assign() {
	b := &a.block
	if b.assigned {
		return
	}
	b.assigned = true
	c := b.codes
	assign(b.lit[:], c.lens[:c.nlit])
	assign(b.dist[:], c.lens[c.nlit:min(c.nlit+len(b.dist), len(c.lens))])
}

// rewrite writes as literals what text[a.p:end] becomes: in the codes of the block,
// or in a block of its own where those do not have all of them.
func (a *amender) rewrite(end int) bool {
	a.rewritten(end)
	a.assign()
	b := &a.block
	known := true
	for _, c := range a.lits {
		known = known && b.lit[c].n > 0
	}
	if known {
		a.literals(&b.lit)
		return true
	}
	stop := b.lit[endSymbol]
	if stop.n == 0 {
		return false
	}
	a.put(uint64(stop.bits), uint(stop.n))
	a.put(1<<1, 3)
	a.literals(fixedLiterals())
	a.put(0, 7)
	a.header()
	return len(a.out)-a.start <= a.most
}

func (a *amender) literals(table *[288]code) {
	for _, c := range a.lits {
		a.put(uint64(table[c].bits), uint(table[c].n))
	}
	a.lits = a.lits[:0]
}

var fixedLiterals = sync.OnceValue(func() *[288]code {
	t := new([288]code)
	assign(t[:], fixed().lens[:288])
	return t
})
