package codec

// sieve asks a visitor about stretches of a payload before the fields in them are
// visited, and remembers the answer, so that in a payload with few findings only
// the fields around them are visited. Its offsets are those of one src given to
// Walk: a new one takes a new sieve.
type sieve struct {
	from, to int // what the last answer was about
	clean    bool
	wide     int // end of the last wide stretch; it was suspect
}

// A stretch is wide where nothing is known, since a visitor has work of its own
// for each question, and narrow within a wide one that is suspect.
const (
	wideStretch   = 8 << 10
	narrowStretch = 512
)

// spares reports whether nothing in src[start:to], which holds whole fields, could
// get an edit. The name that it stands under, if any, is at from; that never goes
// back, but for an answer of false.
func (s *sieve) spares(v Visitor, src []byte, from, start, to int) bool {
	far := start-from > narrowStretch // an element, with many before it
	switch {
	case from < s.from, far && to > s.to && from < s.wide:
		return false
	case to <= s.to:
		return s.clean
	case far:
		// Each question is about all elements again, and twice as many.
		s.ask(v, src, from, max(to, from+wideStretch, start+start-from))
	case from < s.wide:
		s.ask(v, src, from, max(to, from+narrowStretch))
		return s.clean
	default:
		s.ask(v, src, from, max(to, from+wideStretch))
	}
	if s.clean {
		return true
	}
	s.wide = s.to
	if end := max(to, from+narrowStretch); !far && end < s.to {
		s.ask(v, src, from, end)
	}
	return s.clean
}

func (s *sieve) ask(v Visitor, src []byte, from, to int) {
	s.from, s.to = from, min(to, len(src))
	s.clean = !v.Suspect(src[s.from:s.to])
}
