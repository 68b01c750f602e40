package redact

import (
	"bytes"
	"regexp/syntax"
)

// FindOpen finds like Find what stands in text under no name, where more text may
// follow. open is the least place at which a match has begun that this could complete or
// change, len(text) if there is none. A match has begun where some of what announces it
// stands there, three bytes at least, and all before that fits.
//
// What a Writer holds back is more: it also has to wait for matches that nothing has
// announced yet.
func (s *Set) FindOpen(sc *Scratch, dst []Finding, text []byte) (found []Finding, open int, err error) {
	return s.findCut(sc, dst, text, false)
}

// FindSevered is FindOpen for text that goes on and can't wait for that. What stands at its
// end of the secret of a match that has begun counts as found.
func (s *Set) FindSevered(sc *Scratch, dst []Finding, text []byte) (found []Finding, err error) {
	found, _, err = s.findCut(sc, dst, text, true)
	return found, err
}

func (s *Set) findCut(sc *Scratch, dst []Finding, text []byte, severed bool) ([]Finding, int, error) {
	sc.raw = sc.raw[:0]
	sc.begin()
	sr := search{set: s, sc: sc, text: text, to: len(text), undecided: len(text), partial: true, tight: true, severed: severed}
	if err := sr.byPattern(); err != nil {
		return dst, 0, err
	}
	if err := sr.byKnown(s.knownIndex()); err != nil {
		return dst, 0, err
	}
	return s.join(text, sc.raw, dst), sr.undecided, nil
}

// Context returns how many bytes before the open place of a text a match can begin that is
// announced only by what follows, and how many bytes before that are looked at.
func (s *Set) Context() (reach, before int) {
	return max(s.values.most, s.knownIndex().hold()), keepBehind
}

// cutTrigger looks at each place where a match could have begun that the trigger at
// text[at], which the end of the text cuts, or what follows it, belongs to.
func (sr *search) cutTrigger(t *trigger, at int) error {
	p := &sr.set.programs[t.rule]
	hi := min(at-t.least, sr.to-1)
	for s := nextStart(sr.text, max(sr.from, at-t.most), hi, p.wordStart); s <= hi; s = nextStart(sr.text, s+1, hi, p.wordStart) {
		if !p.first.has(sr.text[s]) {
			continue
		}
		if end := min(len(sr.text), s+p.window); p.begins != nil && !p.begins.fits(sr.text[s:end]) && len(sr.text)-s >= maxBeginning {
			continue
		}
		sr.noteBegun(p, s)
		if sr.sc.nfa.spent > budget(sr.text) {
			return ErrGaveUp
		}
	}
	return nil
}

// noteBegun notes the match of p at text[at] as open if it goes on to the end of the
// text and could go on behind it.
func (sr *search) noteBegun(p *program, at int) {
	if len(sr.text)-at >= p.window || at >= sr.undecided && !sr.severed {
		return
	}
	start, alive := at, true
	if a, ok := p.engine.(*automaton); ok {
		start, alive = a.get().begun(sr.sc, sr.text, at)
	}
	if !alive {
		return
	}
	sr.noteOpen(at)
	if sr.severed && start < len(sr.text) {
		if start, end, ok := sr.set.settle(sr.text, at, start, len(sr.text)); ok {
			sr.sc.raw = append(sr.sc.raw, span{start: start, end: end, at: at, index: p.index})
		}
	}
}

// begun reports whether a match that begins at text[at] is under way at the end of the
// text, and where what it captures begins: at the end where that is still to come.
func (n *nfa) begun(sc *Scratch, text []byte, at int) (start int, alive bool) {
	r := nfaRun{n: n, s: &sc.nfa, text: text, end: len(text), caps: true}
	r.run(at)
	start = len(text)
	for i, pc := range sc.nfa.now.dense {
		if n.insts[pc].op != syntax.InstRune {
			continue
		}
		alive = true
		caps := sc.nfa.now.caps[i*n.slots : (i+1)*n.slots]
		for g := 0; g < len(caps); g += 2 {
			if caps[g] >= 0 {
				start = min(start, caps[g])
			}
		}
	}
	if n.whole >= 0 {
		start = at // the secret is the match
	}
	return start, alive
}

// unsettled reports whether what follows the text could change where the finding
// text[start:end] ends, or whether it is one.
func (sr *search) unsettled(p *program, start, end int) bool {
	if !sr.tight {
		return end+maxPlaceholder > len(sr.text)
	}
	switch rest := sr.text[end:]; {
	case len(rest) == 0:
		return true
	case len(rest) >= maxPlaceholder:
		return false
	case p.unquoted && bytes.IndexByte(sr.text[start:end], '"') >= 0:
		return true // see enclosed
	default:
		return rest[0] == placeholderStart[0]
	}
}

// maxWord bounds, in bytes, what LastWord takes for one.
const maxWord = 256

// LastWord returns where in text the word begins that it ends within, len(text) if it ends
// between words: a secret that only what follows it announces, as the name of a host does,
// may have begun there. Groups of digits with a blank between them are one word.
func LastWord(text []byte) int {
	least, at := max(0, len(text)-maxWord), len(text)
	if partsDigits(text, at-1) {
		at--
	}
	for at = wordEnding(text, at, least); at-1 > least && at < len(text) && isDigit(text[at]) && partsDigits(text, at-1); {
		at = wordEnding(text, at-1, least)
	}
	return at
}

// partsDigits reports whether text[i] could stand between two groups of digits.
func partsDigits(text []byte, i int) bool {
	return i > 0 && text[i] == ' ' && isDigit(text[i-1])
}

// wordEnding returns where the word begins that ends at text[end].
func wordEnding(text []byte, end, least int) int {
	for end > least && text[end-1] > ' ' && text[end-1] < 0x7f {
		end--
	}
	return end
}
