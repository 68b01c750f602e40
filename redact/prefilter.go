package redact

import (
	"cmp"
	"encoding/binary"
	"math/bits"
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

// gramTable finds triggers by a gram, folded, and perhaps the byte behind it. Grams
// whose hashes are equal share a list.
type gramTable struct {
	lists   [1 << tableLog]uint16 // by hash; the first is empty
	heads   []listHead
	entries []entry
}

// listHead is a list of entries, and which letters may stand before and behind some
// of them.
type listHead struct {
	before, behind uint64
	from, to       int32
}

// check says what stands where a trigger does: it is one line of cache, as asking
// the trigger itself would wait for memory most of the time.
type check struct {
	seq           [maxRun]uint16 // numbers of classes
	before, after uint16
	n, gram       uint8 // the length of seq, and where the gram is in it
	start         bool  // the text can begin with it
}

// stands returns where a trigger begins whose gram or run is at text[i], if it
// stands there. fits is false if it does not, n is its length.
func (p *prefilter) stands(trigger int32, text []byte, i int) (at, n int, fits bool) {
	c := &p.checks[trigger]
	at, n = i-int(c.gram), int(c.n)
	if at < 0 || at+n > len(text) {
		return at, n, false
	}
	if at == 0 {
		if !c.start {
			return at, n, false
		}
	} else if !p.classes[c.before].has(text[at-1]) && !(p.raw && endsEscape(text[:at])) {
		return at, n, false
	}
	// The last are looked at first: what the prefilter knows is at the
	// beginning more often.
	part := text[at : at+n]
	for k := len(part) - 1; k >= 0; k-- {
		if !p.classes[c.seq[k%maxRun]].has(part[k]) {
			return at, n, false
		}
	}
	if at+n < len(text) {
		return at, n, p.classes[c.after].has(text[at+n])
	}
	return at, n, c.after == anything
}

// anything is the number of the class of all bytes.
const anything = 0

// check fills p.checks and p.classes.
func (p *prefilter) check() {
	numbers := map[byteSet]uint16{allBytes: anything}
	p.classes = []byteSet{allBytes}
	number := func(set byteSet) uint16 {
		n, ok := numbers[set]
		if !ok {
			n = uint16(len(p.classes))
			numbers[set] = n
			p.classes = append(p.classes, set)
		}
		return n
	}
	p.checks = make([]check, len(p.triggers))
	for i := range p.triggers {
		t, c := &p.triggers[i], &p.checks[i]
		c.n, c.gram, c.start = uint8(len(t.seq)), uint8(t.gram), t.before.start
		for k, set := range t.seq {
			c.seq[k] = number(set)
		}
		c.before, c.after = number(t.before.set), anything
		if t.after != nil && !p.raw {
			c.after = number(*t.after)
		}
	}
}

// entry is a trigger in the list of one of its grams, and which letters may stand
// before and behind it.
type entry struct {
	before, behind uint64
	gram           uint32
	trigger        int32
}

// bitmap has the bits of the hashes of grams set.
type bitmap [bitmapBits / 64]uint64

const (
	bitmapLog  = 18
	bitmapBits = 1 << bitmapLog // 32 KiB: stays in the first-level cache
	tableLog   = 15
	gramMask   = 0xffffff
	foldMask   = 0x20202020
	hashFactor = 0x9E3779B1
)

func (b *bitmap) add(gram uint32) {
	h := gram << 8 * hashFactor >> (32 - bitmapLog)
	b[h/64] |= 1 << (h % 64)
}

// bit returns 1 for a gram that was added, which stands in the upper three bytes of
// word.
func (b *bitmap) bit(word uint32) uint64 {
	h := word &^ 0xff * hashFactor >> (32 - bitmapLog)
	return b[h/64] >> (h % 64) & 1
}

func (t *gramTable) fill(entries []entry) {
	hash := func(e entry) uint32 { return e.gram * hashFactor >> (32 - tableLog) }
	slices.SortStableFunc(entries, func(a, b entry) int { return cmp.Compare(hash(a), hash(b)) })
	t.entries, t.heads = entries, make([]listHead, 1, len(entries)+1)
	for i, e := range entries {
		if i == 0 || hash(e) != hash(entries[i-1]) {
			t.lists[hash(e)] = uint16(len(t.heads))
			t.heads = append(t.heads, listHead{from: int32(i)})
		}
		h := &t.heads[len(t.heads)-1]
		h.before, h.behind, h.to = h.before|e.before, h.behind|e.behind, int32(i+1)
	}
}

// list returns the number of the list of a gram.
func (t *gramTable) list(gram uint32) uint16 { return t.lists[gram*hashFactor>>(32-tableLog)] }

// holds reports whether some trigger has the gram.
func (t *gramTable) holds(gram uint32) bool {
	h := &t.heads[t.list(gram)]
	return slices.ContainsFunc(t.entries[h.from:h.to], func(e entry) bool { return e.gram == gram })
}

// folded returns the four bytes from text[i] on, folded, with padding behind text.
func folded(text []byte, i int) uint32 {
	if i+4 <= len(text) {
		return binary.LittleEndian.Uint32(text[i:]) | foldMask
	}
	t := text[i : i+gramLen]
	return uint32(t[0]) | uint32(t[1])<<8 | uint32(t[2])<<16 | foldMask
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

// findDigits fills p.digitsAt.
func (p *prefilter) findDigits() {
	list := slices.Concat(p.byRun[byDigit-1], p.byBegin[byDigit-1])
	for at := maxRun - 1; at > 0 && len(list) > 0 && len(p.digitsAt) < maxDigitsAt; at-- {
		all := true
		for _, id := range list {
			seq := p.triggers[id].seq
			all = all && at < len(seq) && seq[at].within(&digits)
		}
		if all {
			p.digitsAt = append(p.digitsAt, at)
		}
	}
}

// maxDigitsAt bounds what is asked at every position; more sorts out little.
const maxDigitsAt = 3

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

// foldedGrams calls yield for every folded gram of t once.
func (t *trigger) foldedGrams(yield func(uint32)) {
	var sets [gramLen]byteSet
	for k := range gramLen {
		sets[k] = foldedSet(&t.seq[t.gram+k])
	}
	sets[0].each(func(a byte) {
		sets[1].each(func(b byte) {
			sets[2].each(func(c byte) { yield(uint32(a) | uint32(b)<<8 | uint32(c)<<16) })
		})
	})
}

// The lengths of runShapes.
const (
	digitRun = 12
	wordRun  = 20
)

// digitRuns returns the positions of a block at which runs of runDigits begin.
func (m *masks) digitRuns(i int) uint64 {
	d, a := m.digits[i]|m.gaps[i], m.digits[i+1]|m.gaps[i+1]
	d2, a2 := both(d, a, 1)
	d4, a4 := both(d2, a2, 2)
	d8, _ := both(d4, a4, 4)
	return d8 & (d4>>8 | a4<<(64-8))
}

// wordRuns returns the positions of a block at which runs of runWords begin.
func (m *masks) wordRuns(i int) uint64 {
	w2, a2 := both(m.words[i], m.words[i+1], 1)
	w4, a4 := both(w2, a2, 2)
	w8, a8 := both(w4, a4, 4)
	w16, _ := both(w8, a8, 8)
	return w16 & (w4>>16 | a4<<(64-16))
}

// both returns which bits of mask and of the one behind it are set together with
// those n behind.
func both(mask, ahead uint64, n int) (m, a uint64) {
	return mask & (mask>>n | ahead<<(64-n)), ahead & (ahead >> n)
}

// marks returns a bit for each of the up to 64 positions of text from at on where
// a gram of the bitmap begins.
func (p *prefilter) marks(text []byte, at int) (set uint64) {
	n := min(blockSize, len(text)-gramLen+1-at)
	i := 0
	// Eight bytes hold the grams of six positions. A gram is hashed from the upper
	// bytes of a word, so that what is behind it need not be taken off.
	for ; i+6 <= n && at+i+8 <= len(text); i += 6 {
		v := binary.LittleEndian.Uint64(text[at+i:]) | foldMask<<32 | foldMask
		b := &p.marked
		set |= (b.bit(uint32(v<<8)) | b.bit(uint32(v))<<1 | b.bit(uint32(v>>8))<<2 |
			b.bit(uint32(v>>16))<<3 | b.bit(uint32(v>>24))<<4 | b.bit(uint32(v>>32))<<5) << i
	}
	for ; i < n; i++ {
		set |= p.marked.bit(folded(text, at+i)<<8) << i
	}
	return set
}

// each calls yield for the triggers that may stand in text from at on, with the
// place of their gram or the begin of their run. It ends when yield returns false.
//
// A chunk of blocks at a time goes through three steps: the kernel marks places,
// a loop without branches keeps those whose gram is in the bitmap, and only for
// these the triggers are looked up. One loop for all would cost a mispredicted
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

// walk is the memory of each: a chunk, and what one chunk leaves for the next.
type walk struct {
	masks  masks
	edge   edge
	places [chunk*blockSize + 4]uint16
	found  [2*chunk*blockSize + 1]candidate
	hits   [256]hit
	// Where runs of a shape begin, and where a number or a word does with them.
	anywhere, begins [chunk + 1]uint64
	// Whether the last byte before is a digit or of a word, 1 or 0, and the
	// positions behind the last escapes.
	digit, word, escapes uint64
	hasEscapes           bool // there are some in this chunk or right before it
}

func (w *walk) begin(text []byte, at int) {
	w.digit, w.word, w.escapes, w.hasEscapes = 0, 0, 0, false
	if at > 0 && at <= len(text) {
		before := uint64(classesOf(text[at-1]))
		w.digit = before / classDigit & 1
		w.word = before / classWord & 1 &^ (before / classGap)
	}
}

// markEscaped marks the positions behind escapes in n blocks, of rest bytes that
// are left: what stands before them is anything.
func (w *walk) markEscaped(n, rest int) {
	m := &w.masks
	some := w.escapes
	for _, mask := range m.escapes[:n] {
		some |= mask
	}
	if w.hasEscapes = some != 0; !w.hasEscapes {
		return
	}
	for i := range n {
		m.grams[i] |= m.escapes[i]<<2 | m.escapes[i]<<6 | w.escapes
		w.escapes = m.escapes[i]>>62 | m.escapes[i]>>58
		if left := rest - i*blockSize - gramLen + 1; left < blockSize {
			m.grams[i] &= 1<<max(left, 0) - 1
		}
	}
}

// fill lets the kernel look at the next blocks of text and returns how many are
// ready. Runs reach into the block behind: the last of a chunk is filled again
// with the next one.
func (w *walk) fill(p *prefilter, text []byte, at int) int {
	m, rest := &w.masks, len(text)-at
	n := min(chunk, (rest+blockSize-1)/blockSize)
	active.fill(p, text, at, n, w)
	if n*blockSize < rest {
		return n - 1
	}
	m.digits[n], m.gaps[n], m.words[n] = 0, 0, 0
	// No gram begins in the last bytes.
	if last := rest - (n-1)*blockSize - gramLen + 1; last < blockSize {
		m.grams[n-1] &= 1<<max(last, 0) - 1
		if last < 0 && n > 1 {
			m.grams[n-2] &= 1<<(blockSize+last) - 1
		}
	}
	return n
}

// collect lists the positions that are set in n masks.
func (w *walk) collect(masks *[chunk + 1]uint64, n int) []uint16 {
	have := 0
	for i, m := range masks[:n] {
		base, count := uint16(i*blockSize), bits.OnesCount64(m)
		// Four at once, whether there are or not, spare guessing how many.
		some := w.places[have : have+4]
		for k := range some {
			some[k] = base + uint16(bits.TrailingZeros64(m))
			m &= m - 1
		}
		for k := have + 4; m != 0; k++ {
			w.places[k] = base + uint16(bits.TrailingZeros64(m))
			m &= m - 1
		}
		have += count
	}
	return w.places[:have]
}

// candidate is a place, counted from the begin of a chunk, where some trigger of a
// list may stand.
type candidate struct {
	place uint16
	list  uint16
	long  bool
}

// candidates returns what may stand at places, counted from text[at].
func (w *walk) candidates(p *prefilter, places []uint16, text []byte, at int) []candidate {
	n := 0
	for _, place := range places {
		i := at + int(place)
		gram := folded(text, i)
		before, behind := letterAt(text, i-1), letterAt(text, i+gramLen)
		escaped := w.escaped(text, i)
		short, long := p.short.list(gram&gramMask), p.long.list(gram)
		s, l := &p.short.heads[short], &p.long.heads[long]
		w.found[n] = candidate{place, short, false}
		n += int(s.behind >> behind & (s.before>>before | escaped) & 1)
		w.found[n] = candidate{place, long, true}
		n += int(l.behind >> behind & (l.before>>before | escaped) & 1)
	}
	return w.found[:n]
}

// yieldGrams calls yield for the triggers of candidates, whose places are counted
// from text[at].
func (p *prefilter) yieldGrams(w *walk, candidates []candidate, text []byte, at int, yield func(trigger int32, i int) bool) bool {
	n := 0
	for _, c := range candidates {
		t, i := &p.short, at+int(c.place)
		gram := folded(text, i)
		if c.long {
			t = &p.long
		} else {
			gram &= gramMask
		}
		before, behind := letterAt(text, i-1), letterAt(text, i+gramLen)
		escaped := w.escaped(text, i)
		h := &t.heads[c.list]
		for entries := t.entries[h.from:h.to]; len(entries) > 0; {
			some := entries[:min(len(entries), len(w.hits)-n)]
			for k := range some {
				e := &some[k]
				w.hits[n] = hit{e.trigger, c.place}
				n += int(e.behind >> behind & (e.before>>before | escaped) & isZero(e.gram^gram))
			}
			entries = entries[len(some):]
			if n == len(w.hits) {
				if !yieldHits(w.hits[:n], at, yield) {
					return false
				}
				n = 0
			}
		}
	}
	return yieldHits(w.hits[:n], at, yield)
}

// hit is a trigger that may stand with its gram at a place, counted from the begin
// of a chunk.
type hit struct {
	trigger int32
	place   uint16
}

func yieldHits(hits []hit, at int, yield func(trigger int32, i int) bool) bool {
	for _, h := range hits {
		if !yield(h.trigger, at+int(h.place)) {
			return false
		}
	}
	return true
}

// isZero returns 1 for 0, else 0.
func isZero(x uint32) uint64 { return (uint64(x) - 1) >> 63 }

// escaped returns 1 if what stands before text[i] may be an escape.
func (w *walk) escaped(text []byte, i int) uint64 {
	if w.hasEscapes && endsEscape(text[:i]) {
		return 1
	}
	return 0
}

// yieldRuns calls yield for the triggers by runs that begin in n blocks, the first
// of which is at text[at].
func (p *prefilter) yieldRuns(w *walk, n, at int, yield func(trigger int32, i int) bool) bool {
	m := &w.masks
	if len(p.byRun[byDigit-1])+len(p.byBegin[byDigit-1]) > 0 {
		for i := range n {
			w.anywhere[i] = m.digitRuns(i)
			for _, at := range p.digitsAt {
				w.anywhere[i] &= m.digits[i]>>at | m.digits[i+1]<<(64-at)
			}
			w.begins[i] = w.anywhere[i] & m.digits[i] &^ (m.digits[i]<<1 | w.digit)
			w.digit = m.digits[i] >> 63
		}
		if !p.yieldShape(byDigit, w, n, at, yield) {
			return false
		}
	}
	if len(p.byRun[byWord-1])+len(p.byBegin[byWord-1]) > 0 {
		for i := range n {
			words := m.words[i] &^ m.gaps[i]
			w.anywhere[i] = m.wordRuns(i)
			w.begins[i] = w.anywhere[i] &^ (words<<1 | w.word)
			w.word = words >> 63
		}
		return p.yieldShape(byWord, w, n, at, yield)
	}
	return true
}

// yieldShape calls yield for the triggers by one shape, where w has found it.
func (p *prefilter) yieldShape(s shape, w *walk, n, at int, yield func(trigger int32, i int) bool) bool {
	return p.yieldAll(p.byRun[s-1], &w.anywhere, w, n, at, yield) && p.yieldAll(p.byBegin[s-1], &w.begins, w, n, at, yield)
}

// yieldAll calls yield for each trigger at each position of masks.
func (p *prefilter) yieldAll(triggers []int32, masks *[chunk + 1]uint64, w *walk, n, at int, yield func(trigger int32, i int) bool) bool {
	if len(triggers) == 0 {
		return true
	}
	for i, m := range masks[:n] {
		for ; m != 0; m &= m - 1 {
			place := at + i*blockSize + bits.TrailingZeros64(m)
			for _, id := range triggers {
				if !yield(id, place) {
					return false
				}
			}
		}
	}
	return true
}
