package redact

import (
	"bytes"
	"cmp"
	"slices"
)

// Outcome is what became of a candidate, see Verdict.
type Outcome string

// The outcomes.
const (
	// OutcomeFound: it is a finding, as Find gives it.
	OutcomeFound Outcome = "found"
	// OutcomeJoined: it is found, and is a part of a finding that another rule, By,
	// names, or as captured by that rule where the finding is longer.
	OutcomeJoined Outcome = "joined"
	// OutcomeRefused: the pattern fits, and a validator, By, is against it.
	OutcomeRefused Outcome = "refused"
	// OutcomeAllowed: an entry of an allowlist, By, lets it through.
	OutcomeAllowed Outcome = "allowed"
	// OutcomeReplaced: it is what an action wrote, or stands inside of that.
	OutcomeReplaced Outcome = "replaced"
	// OutcomeUnfit: what announces the rule stands there, or what its matches begin with,
	// and the pattern does not fit.
	OutcomeUnfit Outcome = "unfit"
	// OutcomeNameless: it has the form of the rule's secret, which is one only beside
	// what announces the rule, a name mostly.
	OutcomeNameless Outcome = "nameless"
)

// Verdict is what became of a candidate: a text that a rule finds or nearly finds.
type Verdict struct {
	Rule       *Rule
	Start, End int // bytes of the value; of OutcomeUnfit, what announces the rule or the word that begins so
	Outcome    Outcome
	By         string // see the outcomes
	// Why says more, in words that hold no byte of the text: "entropy 3.10,
	// below 3.5".
	Why string
	// Finding is of what is OutcomeFound: for AppendReplacement and ActionName.
	Finding Finding
}

// Explainer tells what a Set finds in a text and what it nearly finds, and why
// not. It is slow and allocates; it is not safe for concurrent use.
type Explainer struct {
	set      *Set
	sc       *Scratch
	nameless []nameless // see newNameless; made when they are first asked for
	openings []opening  // see newOpenings; the same
	verdicts []Verdict
	added    map[verdictKey]bool
}

// verdictKey tells verdicts apart.
type verdictKey struct {
	rule       *Rule
	start, end int
	outcome    Outcome
	by         string
}

// Explainer returns an Explainer of s.
func (s *Set) Explainer() *Explainer {
	return &Explainer{set: s, sc: s.NewScratch()}
}

// Explain returns the verdicts on f, sorted by where they begin. Those that are
// OutcomeFound are what Find finds. The error is ErrGaveUp or nil.
func (e *Explainer) Explain(f Field) ([]Verdict, error) {
	e.verdicts, e.added = nil, map[verdictKey]bool{}
	sc := e.sc
	sc.raw = sc.raw[:0]
	sc.begin()
	sr := search{set: e.set, sc: sc, text: f.Value, key: f.Key, path: f.Path, to: len(f.Value), explain: e}
	if err := sr.byKey(f.Key); err != nil {
		return nil, err
	}
	if err := sr.byPattern(); err != nil {
		return nil, err
	}
	if err := sr.byKnown(e.set.knownIndex()); err != nil {
		return nil, err
	}
	e.joined(f.Value)
	sr.explain = nil
	e.misfits(&sr)
	e.unfit(&sr)
	e.withoutName(f.Value)
	slices.SortStableFunc(e.verdicts, func(a, b Verdict) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(b.End, a.End))
	})
	return e.verdicts, nil
}

// add notes a verdict, once.
func (e *Explainer) add(v Verdict) {
	key := verdictKey{v.Rule, v.Start, v.End, v.Outcome, v.By}
	if !e.added[key] {
		e.added[key] = true
		e.verdicts = append(e.verdicts, v)
	}
}

// captured is told what a rule captures, before it is known what becomes of it, and
// asks all that accept asks.
func (e *Explainer) captured(sr *search, p *program, at, start, end int) {
	value, place := sr.text[start:end], placeOf(sr.key, sr.text, start, end)
	v := Verdict{Rule: p.rule, Start: start, End: end}
	for i, validator := range p.validators {
		if !accepts(validator, value, place) {
			v.Outcome, v.By = OutcomeRefused, p.rule.Validators[i]
			v.Why = refusal(v.By, value)
			e.add(v)
		}
	}
	if v.Outcome == OutcomeRefused {
		return
	}
	if allowed := e.allowed(sr, p, v); allowed {
		return
	}
	if _, _, ok := sr.set.settle(sr.text, at, start, end); !ok {
		v.Outcome, v.Why = OutcomeReplaced, "is what an action wrote"
		e.add(v)
	}
}

// allowed notes the entries of the allowlist that fit, and whether one holds.
func (e *Explainer) allowed(sr *search, p *program, v Verdict) (allowed bool) {
	l := sr.set.allow
	if l == nil {
		return false
	}
	for _, i := range l.byRule[p.index] {
		entry := &l.entries[i]
		if !entry.fits(sr.text[v.Start:v.End], sr.path) {
			continue
		}
		v.Outcome, v.By, v.Why = OutcomeAllowed, entry.name, "is let through"
		if entry.expired() {
			v.Why = Expired
		} else {
			allowed = true
		}
		e.add(v)
	}
	return allowed
}

// Expired is why an entry of an allowlist that fits lets nothing through: it is a
// finding all the same.
const Expired = "has expired"

// joined notes the findings, and whose findings are part of them.
func (e *Explainer) joined(text []byte) {
	raw := slices.DeleteFunc(slices.Clone(e.sc.raw), func(sp span) bool { return sp.allowed })
	for _, fd := range e.set.join(text, e.sc.raw, nil) {
		e.add(Verdict{Rule: fd.Rule, Start: fd.Start, End: fd.End, Outcome: OutcomeFound, Finding: fd})
		for _, sp := range raw {
			own := sp.index == fd.index && sp.start == fd.Start && sp.end == fd.End
			if sp.start >= fd.Start && sp.start < fd.End && !own {
				e.add(Verdict{
					Rule: &e.set.rules[sp.index], Start: sp.start, End: sp.end, Outcome: OutcomeJoined, By: fd.Rule.ID,
					Why: "is part of what " + fd.Rule.ID + " names, which is the more specific",
				})
			}
		}
	}
}

// isWord reports whether t is plain text, small or capital or with one of some signs in
// it, and no class of digits or letters.
func (t *trigger) isWord() bool {
	return t.shape == byGram && !slices.ContainsFunc(t.seq, func(set byteSet) bool { return set.size() > 4 })
}

// The least length, in bytes, of what announces a rule that is worth telling where its
// pattern does not fit: where the match begins with it, and elsewhere.
const (
	leastPrefix    = 4
	leastAnnounced = 6
)

// unfit notes where a rule is announced and its pattern fits at none of the places
// that this allows, unless more is told of that text. Rules of the tag generic are
// announced by words of prose.
func (e *Explainer) unfit(sr *search) {
	f := sr.set.values
	f.each(sr.sc, sr.text, 0, func(number int32, i int) bool {
		at, n, fits := f.stands(number, sr.text, i)
		t := &f.triggers[number]
		p := &sr.set.programs[t.rule]
		if !fits || n < leastPrefix || n < leastAnnounced && t.most > 0 || p.generic || !t.isWord() {
			return true
		}
		if bytes.HasSuffix(sr.text[at:at+n], []byte("://")) {
			return true // any address begins so
		}
		same := func(v Verdict) bool { return v.Rule == p.rule && v.Start < at+n && at < v.End }
		if e.toldOf(at, at+n) || slices.ContainsFunc(e.verdicts, same) {
			return true
		}
		sr.sc.begin()
		for s := max(0, at-t.most); s <= min(at-t.least, len(sr.text)-1); s++ {
			loc, err := p.engine.match(sr.sc, sr.text, s, min(len(sr.text), s+p.window))
			if err != nil || loc != nil {
				return true
			}
		}
		e.add(Verdict{
			Rule: p.rule, Start: at, End: at + n, Outcome: OutcomeUnfit,
			Why: "begins like one, and what stands there does not fit the pattern",
		})
		return true
	})
}
