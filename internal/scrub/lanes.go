package scrub

import (
	"bytes"
	"hash/maphash"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// lanes walks records of which the texts of one may go on in the next ones: what a language
// model says comes as a few letters an event. The strings that stand at one place of
// successive records are a lane, and are searched as one text. A record is held back while
// something has begun at the end of a lane of it, and while it may end within a word where
// records come fast; then it is walked, and what the lanes brought to light is edited
// beside what is found in the record by itself.
//
// It is a codec.Walker. How its records are cut into pieces makes no difference; that they
// may not be held for ever does, see expire.
type lanes struct {
	c     codec.Continuing
	inner codec.Walker
	v     *visitor
	now   func() time.Time
	// timed says that somebody calls expire when until has come, whole that all is there.
	timed, whole bool

	all    map[string]*lane
	held   []record
	size   int // bytes of src that the held records take
	scan   int // where in the record behind them to look for its end
	found  []redact.Finding
	gather gatherer
	editor editor
	texts  []byte // of the splices that were handed out
}

// record is one that is held.
type record struct {
	size   int
	at     time.Time
	pieces []piece
}

// piece is the part of a lane that one string of a record is.
type piece struct {
	lane     *lane
	id       uint64 // of the string, see fieldID
	from, to int
}

// lane is the text of the strings that stand at one place.
type lane struct {
	path []byte
	text []byte
	base int // offset of text in the lane
	// found is what is found in text. What begins from open on could still change, and
	// nothing behind settled is let out; began says that this is for a match that has begun.
	found   []redact.Finding
	open    int
	settled int
	began   bool
	last    int // where the last piece begins
	masked  int // up to where what was written is edited without a gap
	noted   int // where the last finding that was told of ends
	waiting int // pieces that are held
	at      time.Time
	quick   int // how many pieces came fast, one behind the other
}

const (
	// maxHeldBytes bounds the records that are held: a private key comes in hundreds of
	// them. maxLanes bounds the lanes, maxLaneFields the strings of a record that has some.
	maxHeldBytes  = 512 << 10
	maxLanes      = 128
	maxLaneFields = 64
	// quickly is how fast pieces of one text follow one another, patience how long the end
	// of a word is waited for.
	quickly  = time.Second
	patience = 250 * time.Millisecond
	// constant is the length in bytes from which a string that is what it was in the
	// record before says something of the record, and goes on with nothing.
	constant = 8
)

func newLanes(c codec.Continuing, v *visitor) *lanes {
	l := &lanes{c: c, inner: c.NewWalker(), v: v, now: time.Now, all: map[string]*lane{}}
	l.editor.visitor = v
	return l
}

// Reset implements codec.Walker.
func (w *lanes) Reset() {
	w.inner.Reset()
	for _, l := range w.all {
		l.wipe()
	}
	clear(w.all)
	clear(w.held[:cap(w.held)])
	w.held, w.size, w.scan, w.timed, w.whole = w.held[:0], 0, 0, false, false
	w.gather.wipe()
	w.texts = wiped(w.texts)
}

func (l *lane) wipe() { clear(l.text[:cap(l.text)]) }

// Walk implements codec.Walker. Only for the visitor that w was made for there are lanes.
func (w *lanes) Walk(dst []codec.Splice, src []byte, final bool, v codec.Visitor) (out []codec.Splice, n int, err error) {
	if v != codec.Visitor(w.v) {
		return w.inner.Walk(dst, src, final, v)
	}
	w.texts = w.texts[:0]
	w.whole = final && len(w.all) == 0
	for n+w.size < len(src) {
		next, ok := w.c.Record(src[n+w.size:], w.scan, final)
		if w.scan = next; !ok {
			break
		}
		w.scan = 0
		if err = w.take(src[n+w.size : n+w.size+next]); err != nil {
			return dst, n, err
		}
		if w.whole {
			continue
		}
		count := 0
		for count < len(w.held) && w.held[count].decided() {
			count++
		}
		if w.size > maxHeldBytes {
			if err = w.sever(); err != nil {
				return dst, n, err
			}
			count = len(w.held)
		}
		if dst, n, err = w.release(dst, src, n, count); err != nil {
			return dst, n, err
		}
	}
	if final {
		dst, n, err = w.release(dst, src, n, len(w.held))
	}
	return dst, n, err
}

// expire walks all that is held. What has begun at the end of a lane and not ended is taken
// for a finding.
func (w *lanes) expire(dst []codec.Splice, src []byte) (out []codec.Splice, n int, err error) {
	w.texts = w.texts[:0]
	if err := w.sever(); err != nil {
		return dst, 0, err
	}
	return w.release(dst, src, 0, len(w.held))
}

// until returns when what is held has been for long enough: for most where something has
// begun, zero where nothing is held.
func (w *lanes) until(most time.Duration) time.Time {
	if len(w.held) == 0 || most <= 0 {
		return time.Time{}
	}
	first := &w.held[0]
	for _, p := range first.pieces {
		if p.to > p.lane.settled && p.lane.began {
			return first.at.Add(most)
		}
	}
	return first.at.Add(min(most, patience))
}

func (r *record) decided() bool {
	for _, p := range r.pieces {
		if p.to > p.lane.settled {
			return false
		}
	}
	return true
}

// take puts the strings of a record into their lanes.
func (w *lanes) take(src []byte) error {
	w.gather.begin()
	if _, _, err := w.inner.Walk(nil, src, true, &w.gather); err != nil && !codec.IsSyntax(err) {
		return err
	}
	rec := record{size: len(src), at: w.now()}
	for i := range w.gather.fields {
		f := &w.gather.fields[i]
		if f.index || len(w.gather.fields) > maxLaneFields {
			continue
		}
		path, value := w.gather.path(f), w.gather.value(f)
		l := w.lane(w.gather.key(i), path)
		if l == nil || !l.goesOn(value) {
			continue
		}
		p := piece{lane: l, id: fieldID(path, value), from: l.base + len(l.text)}
		if err := w.add(l, value, rec.at); err != nil {
			return err
		}
		p.to = l.base + len(l.text)
		l.waiting++
		rec.pieces = append(rec.pieces, p)
	}
	w.held = append(w.held, rec)
	w.size += len(src)
	return nil
}

// lane returns the lane of that key, nil where there are too many.
func (w *lanes) lane(key, path []byte) *lane {
	if l := w.all[string(key)]; l != nil {
		return l
	}
	if len(w.all) >= maxLanes {
		for k, l := range w.all {
			if l.waiting == 0 {
				l.wipe()
				delete(w.all, k)
			}
		}
		if len(w.all) >= maxLanes {
			return nil
		}
	}
	l := &lane{path: bytes.Clone(path)}
	w.all[string(key)] = l
	return l
}

// goesOn reports whether value may go on with what is in the lane.
func (l *lane) goesOn(value []byte) bool {
	return len(value) < constant || l.last < l.base || !bytes.Equal(l.text[l.last-l.base:], value)
}

// add appends a piece to a lane and searches it.
func (w *lanes) add(l *lane, value []byte, at time.Time) (err error) {
	w.trim(l)
	l.last = l.base + len(l.text)
	l.text = appendWiping(l.text, value)
	if at.Sub(l.at) < quickly {
		l.quick++
	} else {
		l.quick = 0
	}
	l.at = at
	// What was found before the place where a match could still begin stays.
	reach, before := w.v.set.Context()
	anew := max(0, l.open-l.base-reach)
	from := max(0, anew-before)
	kept := 0
	for kept < len(l.found) && l.found[kept].Start < anew {
		kept++
	}
	var open int
	if w.found, open, err = w.v.set.FindOpen(w.v.sc, w.found[:0], l.text[from:]); err != nil {
		return err
	}
	l.found = l.found[:kept]
	for _, fd := range w.found {
		if fd.Start, fd.End = fd.Start+from, fd.End+from; fd.Start >= anew {
			l.found = append(l.found, fd)
		}
	}
	open += from
	l.open, l.began = l.base+open, open < len(l.text)
	switch {
	case w.timed && l.quick > 1:
		open = min(open, redact.LastWord(l.text))
	case l.began && !w.whole:
		// More may be long in coming: what is masked already need not wait for it.
		if l.began, err = w.bare(l, from); err != nil {
			return err
		}
		if !l.began {
			open = len(l.text)
		}
	}
	l.settled = l.base + open
	return nil
}

// bare reports whether the text of a lane, which was searched from there on, ends with a
// part of a secret that is not found as yet.
func (w *lanes) bare(l *lane, from int) (bool, error) {
	severed, err := w.v.set.FindSevered(w.v.sc, nil, l.text[from:])
	if n := len(severed); err != nil || n == 0 || severed[n-1].End+from < len(l.text) {
		return false, err
	}
	n := len(l.found)
	return n == 0 || l.found[n-1].End < len(l.text) || l.found[n-1].Start > severed[len(severed)-1].Start+from, nil
}

// appendWiping appends like append, and wipes the array that was left.
func appendWiping(b, more []byte) []byte {
	if len(b)+len(more) > cap(b) {
		old := b
		b = append(make([]byte, 0, 2*len(b)+len(more)), old...)
		clear(old[:cap(old)])
	}
	return append(b, more...)
}

// trim lets go of text that nothing can go back to.
func (w *lanes) trim(l *lane) {
	if l.waiting > 0 {
		return
	}
	reach, before := w.v.set.Context()
	cut := min(l.open-l.base, len(l.text)) - reach - before
	if cut < 1<<10 {
		return
	}
	l.found = l.found[:0] // nothing of it is waited for
	kept := copy(l.text, l.text[cut:])
	clear(l.text[kept:])
	l.text = l.text[:kept]
	l.base += cut
}

// sever decides on all that is held.
func (w *lanes) sever() (err error) {
	for i := range w.held {
		for _, p := range w.held[i].pieces {
			l := p.lane
			if p.to <= l.settled {
				continue
			}
			if l.found, err = w.v.set.FindSevered(w.v.sc, l.found[:0], l.text); err != nil {
				return err
			}
			l.settled = l.base + len(l.text)
		}
	}
	return nil
}

// release walks the first count held records, which src[n:] begins with.
func (w *lanes) release(dst []codec.Splice, src []byte, n, count int) (out []codec.Splice, to int, err error) {
	for i := 0; i < count; {
		// Those that the lanes have nothing to say about are walked at once.
		j, size := i, 0
		for j < count && !w.held[j].edited() {
			size += w.held[j].size
			j++
		}
		if j > i {
			dst, err = w.walk(dst, src, n, size, w.v)
		} else {
			size = w.held[i].size
			dst, err = w.edit(dst, src, n, &w.held[i])
			j = i + 1
		}
		if err != nil {
			return dst, n, err
		}
		n += size
		w.size -= size
		i = j
	}
	for i := range w.held[:count] {
		for _, p := range w.held[i].pieces {
			p.lane.waiting--
		}
	}
	left := copy(w.held, w.held[count:])
	clear(w.held[left:])
	w.held = w.held[:left]
	return dst, n, nil
}

// walk walks whole records.
func (w *lanes) walk(dst []codec.Splice, src []byte, n, size int, v codec.Visitor) ([]codec.Splice, error) {
	mark := len(dst)
	dst, _, err := w.inner.Walk(dst, src[n:n+size], true, v)
	for i := mark; i < len(dst); i++ { // the texts are the next walk's
		s := &dst[i]
		at := len(w.texts)
		w.texts = append(w.texts, s.Text...)
		s.Start, s.End, s.Text = s.Start+n, s.End+n, w.texts[at:len(w.texts):len(w.texts)]
	}
	return dst, err
}

// edited reports whether something was found in the lanes of a record.
func (r *record) edited() bool {
	for _, p := range r.pieces {
		if p.edited() {
			return true
		}
	}
	return false
}

func (p *piece) edited() bool {
	for _, fd := range p.lane.found {
		if fd.Start+p.lane.base < p.to && fd.End+p.lane.base > p.from {
			return true
		}
	}
	return false
}

// edit walks a record in whose lanes something was found.
func (w *lanes) edit(dst []codec.Splice, src []byte, n int, r *record) ([]codec.Splice, error) {
	mark, hits := len(dst), len(w.v.hits)
	before := make([]lane, len(r.pieces))
	for i, p := range r.pieces {
		before[i] = *p.lane
	}
	w.editor.begin(r.pieces)
	dst, err := w.walk(dst, src, n, r.size, &w.editor)
	if err != nil || !w.editor.missed() {
		return dst, err
	}
	// What is found in a document within a string hid the string from the editor.
	w.v.hits = w.v.hits[:hits]
	for i, p := range r.pieces {
		p.lane.masked, p.lane.noted = before[i].masked, before[i].noted
	}
	w.editor.begin(r.pieces)
	w.editor.whole = true
	return w.walk(dst[:mark], src, n, r.size, &w.editor)
}

var seed = maphash.MakeSeed()

// fieldID tells the strings of a record apart.
func fieldID(path, value []byte) uint64 {
	return maphash.Bytes(seed, path)*31 + maphash.Bytes(seed, value)
}
