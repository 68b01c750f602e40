package redact

import "bytes"

// byKnown finds the values of x, which may be nil, in the text.
//
// A long value that repeats itself begins in many places of itself: what is hashed
// counts against the budget.
func (sr *search) byKnown(x *knownIndex) error {
	if x == nil {
		return nil
	}
	for i := range x.classes {
		fits := x.classes[i].each(x.key, sr.text, sr.from, func(f *knownForm, start int) bool {
			if start >= sr.from && start < sr.to {
				sr.known(x, f, start)
			}
			return sr.sc.nfa.spent <= budget(sr.text)
		})
		if !fits {
			return ErrGaveUp
		}
	}
	return nil
}

// hashedPerUnit is about how many bytes are hashed in the time of a unit of the budget.
const hashedPerUnit = 4

// known takes the form f of a known value if it stands at text[start].
func (sr *search) known(x *knownIndex, f *knownForm, start int) {
	end := start + int(f.length)
	if end > len(sr.text) {
		if to := start + int(f.to); to <= len(sr.text) && x.key.print.sum(sr.text[start+int(f.from):to]) != f.run {
			return // whatever follows
		}
		sr.noteOpen(start)
		if sr.severed {
			hit := &knownHit{secret: x.secrets[f.secret], length: len(sr.text) - start}
			sr.sc.raw = append(sr.sc.raw, span{start: start, end: len(sr.text), at: start, index: sr.set.knownRule, known: hit})
		}
		return
	}
	if x.key.print.sum(sr.text[start+int(f.from):start+int(f.to)]) != f.run {
		return
	}
	sr.sc.nfa.spent += int(f.length) / hashedPerUnit
	if f.to-f.from != f.length && x.key.print.sum(sr.text[start:end]) != f.whole {
		return
	}
	hit := &knownHit{secret: x.secrets[f.secret], how: f.how, value: int(f.value)}
	from, to := start, end
	if hit.how != asIs && hit.how != inHex {
		var ok bool
		if from, to, ok = widenBase64(sr.text, f.how, start, end, hit.value); !ok {
			// What is left of the first and the last byte goes too.
			hit.how = asIs
			if from > 0 && isBase64(sr.text[from-1]) {
				from--
			}
			if to < len(sr.text) && isBase64(sr.text[to]) {
				to++
			}
		}
	}
	hit.length = to - from
	n := len(sr.sc.raw)
	sr.accept(&sr.set.programs[sr.set.knownRule], start, from, to)
	if len(sr.sc.raw) > n {
		sr.sc.raw[n].known = hit
	}
}

// suspect reports whether a known value could stand in some field of raw, see
// Suspect.
func (x *knownIndex) suspect(sc *Scratch, raw []byte) bool {
	for i := range x.classes {
		if c := &x.classes[i]; c.raw && x.holds(c, raw) {
			return true
		}
	}
	c := &x.classes[len(x.classes)-1]
	if len(c.forms) == 0 {
		return false
	}
	// These may have bytes that an escape changes anywhere.
	for range maxNesting {
		if x.holds(c, raw) {
			return true
		}
		if bytes.IndexByte(raw, '\\') < 0 {
			return false
		}
		sc.unescaped = unescape(sc.unescaped[:0], raw)
		raw = sc.unescaped
	}
	return x.holds(c, raw) || bytes.IndexByte(raw, '\\') >= 0
}

// holds reports whether the part of a form that holds its windows stands in text.
func (x *knownIndex) holds(c *knownClass, text []byte) (yes bool) {
	c.each(x.key, text, 0, func(f *knownForm, start int) bool {
		from, to := start+int(f.from), start+int(f.to)
		yes = from >= 0 && to <= len(text) && x.key.print.sum(text[from:to]) == f.run
		return !yes
	})
	return yes
}
