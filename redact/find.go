package redact

import (
	"cmp"
	"slices"
)

// Field is what a search looks at.
type Field struct {
	// Key is the name under which Value stands, nil for free text.
	Key []byte
	// Path leads to the field, for allowlists; may be nil.
	Path []byte
	// Value is searched. It is never changed or kept.
	Value []byte
}

// Finding is a span of a value that holds a secret.
type Finding struct {
	Rule       *Rule // the most specific of the rules that found it
	Start, End int   // bytes of the value
	index      int32
	known      *knownHit
}

// budget is how much work the automata may do in a search of text, see nfaScratch. A
// rule is tried at few places of ordinary text, and most tries end after a few
// bytes: a text with a secret in every line takes a tenth of it. Text made to be
// tried everywhere, each time up to the rule's window, is given up.
func budget(text []byte) int { return 1<<21 + 192*len(text) }

// begin starts the budgets of a search.
func (sc *Scratch) begin() { sc.regexp2Spent, sc.nfa.spent = 0, 0 }

// span is one rule's finding before overlaps are joined.
type span struct {
	start, end int
	at         int // where the match began
	index      int32
	// allowed spans are let through, and with them what their rule finds inside of
	// them: a match is tried at each place, and so at parts of a value too.
	allowed bool
	known   *knownHit // of a known value
}

// Find appends the findings of f to dst: in order, without overlaps, settled.
// The error is ErrGaveUp or nil; after an error dst is what it was.
//
// What a rule finds is defined place by place: a match begins at byte s of the
// value if the rule's pattern, anchored there, matches the bytes from s up to
// its window's end, given the byte before s. Where the rule has a pattern and
// the field's key fits one of its keys, or it has keys only, see Rule.
func (s *Set) Find(sc *Scratch, dst []Finding, f Field) ([]Finding, error) {
	sc.raw = sc.raw[:0]
	sc.begin()
	sr := search{set: s, sc: sc, text: f.Value, key: f.Key, path: f.Path, to: len(f.Value)}
	if err := sr.byKey(f.Key); err != nil {
		return dst, err
	}
	if err := sr.byPattern(); err != nil {
		return dst, err
	}
	if err := sr.byKnown(s.knownIndex()); err != nil {
		return dst, err
	}
	return s.join(f.Value, sc.raw, dst), nil
}

// Append appends f.Value to dst with its findings replaced, and the findings,
// as spans of f.Value, to found. With remove, an action wants the field gone.
func (s *Set) Append(sc *Scratch, dst []byte, found []Finding, f Field) (out []byte, _ []Finding, remove bool, err error) {
	first := len(found)
	found, err = s.Find(sc, found, f)
	if err != nil {
		return dst, found, false, err
	}
	at := 0
	for _, fd := range found[first:] {
		dst = append(dst, f.Value[at:fd.Start]...)
		var gone bool
		dst, gone = s.AppendReplacement(dst, fd, f.Value[fd.Start:fd.End])
		remove = remove || gone
		at = fd.End
	}
	return append(dst, f.Value[at:]...), found, remove, nil
}

// search is one search over one text.
type search struct {
	set  *Set
	sc   *Scratch
	text []byte
	key  []byte
	path []byte
	// Only matches that begin in [from, to) count.
	from, to int
	// undecided, when a Writer searches a part of its text, is the least
	// possible start of a match that could still change with more text.
	undecided int
	partial   bool
	// tight says that undecided is to be as far to the right as can be told; severed, that
	// what has begun and not ended counts as found. See FindOpen and FindSevered.
	tight, severed bool
	// explain, where it is not nil, is told what is captured, see Explainer.
	explain *Explainer
}

// byKey tries the rules that fit the field's name. Rules of keys alone yield to
// those that also have a pattern and match, which know better where the secret
// stands.
func (sr *search) byKey(key []byte) error {
	sc := sr.sc
	sc.keyed = sr.set.keys.lookup(sc, sc.keyed[:0], key)
	matched := false
	for _, index := range sc.keyed {
		p := &sr.set.programs[index]
		if p.engine == nil {
			continue
		}
		hit, err := sr.everywhere(p)
		if err != nil {
			return err
		}
		matched = matched || hit
	}
	if matched {
		return nil
	}
	for _, index := range sc.keyed {
		if p := &sr.set.programs[index]; p.engine == nil {
			start, end := trimSpace(sr.text)
			sr.accept(p, 0, start, end)
		}
	}
	return nil
}

func trimSpace(text []byte) (start, end int) {
	end = len(text)
	for start < end && text[start] <= ' ' {
		start++
	}
	for end > start && text[end-1] <= ' ' {
		end--
	}
	return start, end
}

// everywhere tries a rule at every byte and reports whether it matched.
func (sr *search) everywhere(p *program) (matched bool, err error) {
	for at := sr.from; at < sr.to; at++ {
		hit, err := sr.try(p, at)
		if err != nil {
			return matched, err
		}
		matched = matched || hit
	}
	return matched, nil
}

// byPattern runs the prefilter over the text and confirms what it reports.
func (sr *search) byPattern() (err error) {
	for _, index := range sr.set.every {
		p := &sr.set.programs[index]
		if _, err := sr.everywhere(p); err != nil {
			return err
		}
	}
	sr.set.values.each(sr.sc, sr.text, sr.from, func(trigger int32, i int) bool {
		err = sr.candidate(trigger, i)
		return err == nil
	})
	return err
}

// candidate confirms a trigger whose gram or run is at i.
func (sr *search) candidate(trigger int32, i int) error {
	f := sr.set.values
	at, n, fits := f.stands(trigger, sr.text, i)
	if fits {
		return sr.confirm(&f.triggers[trigger], at)
	}
	if sr.partial && at >= 0 && at+n >= len(sr.text) {
		t := &f.triggers[trigger]
		if sr.tight {
			return sr.cutTrigger(t, at)
		}
		sr.noteOpen(at - t.most)
	}
	return nil
}

// confirm tries the rule of a trigger at every start that the trigger at text[at]
// allows.
func (sr *search) confirm(t *trigger, at int) error {
	p := &sr.set.programs[t.rule]
	lo, hi := max(sr.from, at-t.most), min(at-t.least, sr.to-1)
	if lo > hi {
		return nil
	}
	// Words of Begins turn down most places by a run sooner than its confirm does.
	if t.confirm != nil && (p.begins == nil || t.shape == byGram) {
		end := min(len(sr.text), at+p.window)
		fits := t.confirm.fits(sr.sc, sr.text, at, end)
		open := end == len(sr.text) && sr.sc.nfa.atEnd
		if open && !sr.tight {
			sr.noteOpen(lo)
		}
		if sr.sc.nfa.spent > budget(sr.text) {
			return ErrGaveUp
		}
		if !fits && open && sr.tight {
			return sr.cutTrigger(t, at)
		}
		if !fits {
			return nil
		}
	}
	for s := nextStart(sr.text, lo, hi, p.wordStart); s <= hi; s = nextStart(sr.text, s+1, hi, p.wordStart) {
		if p.begins != nil && !p.begins.may(sr.text, s) {
			continue
		}
		if _, err := sr.try(p, s); err != nil {
			return err
		}
	}
	return nil
}

// nextStart returns the first place from i up to hi, else one behind hi; with wordStart
// the first where text does not go on with a word, or has a "_".
func nextStart(text []byte, i, hi int, wordStart bool) int {
	if !wordStart || i > hi {
		return i
	}
	inWord := i > 0 && isWordByte(text[i-1])
	for ; i <= hi; i++ {
		b := text[i]
		word := isWordByte(b)
		if !inWord || !word || b == '_' {
			return i
		}
		inWord = word
	}
	return i
}

// noteOpen remembers that matches which begin at or after text[at] could change
// with more text.
func (sr *search) noteOpen(at int) {
	if sr.partial {
		sr.undecided = min(sr.undecided, max(at, sr.from))
	}
}

// try runs a rule's engine at one place and takes what it captures.
func (sr *search) try(p *program, at int) (matched bool, err error) {
	b := sr.text[at]
	if !p.first.has(b) || b >= 0x80 && b < 0xC0 {
		return false, nil // a match never begins inside a character
	}
	end := min(len(sr.text), at+p.window)
	if p.begins != nil && !p.begins.fits(sr.text[at:end]) {
		if len(sr.text)-at < maxBeginning {
			sr.noteOpen(at) // the word may be cut
		}
		return false, nil
	}
	loc, err := p.engine.match(sr.sc, sr.text, at, end)
	open := end == len(sr.text) && sr.sc.nfa.atEnd
	if open && !sr.tight {
		sr.noteOpen(at)
	}
	if sr.sc.nfa.spent > budget(sr.text) {
		return false, ErrGaveUp
	}
	if open && sr.tight {
		loc = slices.Clone(loc) // of the scratch
		sr.noteBegun(p, at)
	}
	if err != nil || loc == nil {
		return false, err
	}
	for i := 0; i < len(loc); i += 2 {
		if loc[i] >= 0 {
			end := p.finish(sr.text, at, loc[i+1])
			if sr.unsettled(p, loc[i], end) {
				sr.noteOpen(at) // how it is enclosed is not certain yet
			}
			start, end := p.enclosed(sr.text, loc[i], end)
			sr.accept(p, at, start, end)
		}
	}
	return true, nil
}

// accept takes a secret unless a validator, an allowlist or a placeholder speaks
// against it.
func (sr *search) accept(p *program, at, start, end int) {
	if start >= end {
		return
	}
	if sr.unsettled(p, start, end) {
		sr.noteOpen(at) // more of the secret may follow, or a placeholder, see settle
	}
	if sr.explain != nil {
		sr.explain.captured(sr, p, at, start, end)
	}
	if !p.valid(sr.key, sr.text, start, end) {
		return
	}
	if sr.set.allow.allows(p.index, sr.text[start:end], sr.path) {
		sr.sc.raw = append(sr.sc.raw, span{start: start, end: end, at: at, index: p.index, allowed: true})
		return
	}
	start, end, ok := sr.set.settle(sr.text, at, start, end)
	if ok {
		sr.sc.raw = append(sr.sc.raw, span{start: start, end: end, at: at, index: p.index})
	}
}

// trim cuts what a generic rule takes for the value of a name where a rule that
// knows the kind sees it end before "@" or "#": token:ghp_...@github.com/a/b is a
// token in an address, and its host is no secret. spans are sorted.
func (s *Set) trim(text []byte, spans []span) {
	for i := range spans {
		known := &s.programs[spans[i].index]
		end := spans[i].end
		if spans[i].allowed || known.generic || known.rule.Confidence < High || end >= len(text) || text[end] != '@' && text[end] != '#' {
			continue
		}
		for k := i - 1; k >= 0 && spans[k].start == spans[i].start; k-- {
			if s.programs[spans[k].index].generic {
				spans[k].end = min(spans[k].end, end)
			}
		}
	}
}

// maxChain bounds, in bytes, what overlapping findings are joined to, so that a
// stream of them needs bounded memory.
const maxChain = 64 << 10

// join sorts the spans of text and appends them to dst, overlapping ones joined
// and named by the rule of highest rank, without those that are let through.
func (s *Set) join(text []byte, spans []span, dst []Finding) []Finding {
	slices.SortFunc(spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end), cmp.Compare(a.index, b.index))
	})
	s.trim(text, spans)
	first := len(dst)
	var through map[int32]int // by rule, where what it lets through ends
	for _, sp := range spans {
		if sp.allowed {
			if through == nil {
				through = map[int32]int{}
			}
			through[sp.index] = max(through[sp.index], sp.end)
			continue
		}
		if sp.end <= through[sp.index] {
			continue
		}
		if n := len(dst); n > first && sp.start < dst[n-1].End {
			last := &dst[n-1]
			if sp.end <= last.End || last.End-last.Start < maxChain {
				last.End = max(last.End, sp.end)
				if s.programs[sp.index].rank > s.programs[last.index].rank {
					last.index, last.known = sp.index, sp.known
				} else if sp.known != nil && last.known != nil && sp.known.length > last.known.length {
					last.known = sp.known
				}
				continue
			}
			sp.start = last.End
		}
		dst = append(dst, Finding{Start: sp.start, End: sp.end, index: sp.index, known: sp.known})
	}
	for i := first; i < len(dst); i++ {
		dst[i].Rule = &s.rules[dst[i].index]
	}
	return dst
}
