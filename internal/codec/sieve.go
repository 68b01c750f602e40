package codec

// sieve asks a visitor about stretches of a payload before the fields in them are
// visited, and remembers the answer, so that in a payload with few findings only
// the fields around them are visited. Its offsets are those of one src given to
// Walk: a new one takes a new sieve.
type sieve struct {
	to    int // where what the last answer was about ends
	clean bool
	wide  int // end of the last wide stretch; it was suspect
	// ahead is how many bytes behind a field can have a word on it, and final says that src
	// ends the payload: else nothing is known of fields that so many bytes do not follow.
	ahead int
	final bool
}

// Sifts reports whether a walk of a payload in which nothing is suspect costs next
// to nothing but the questions whether it is, so that asking about the whole of it
// before would be to ask twice.
func Sifts(c Codec) bool {
	_, ok := c.(interface{ sifts() })
	return ok
}

// A stretch is wide where nothing is known, since a visitor has work of its own
// for each question, and narrow within a wide one that is suspect.
const (
	wideStretch   = 8 << 10
	narrowStretch = 512
)

// spares reports whether nothing in src[from:to], which holds whole fields but for
// names before them that were asked about, could get an edit. from never goes back.
func (s *sieve) spares(v Visitor, src []byte, from, to int) bool {
	if to <= s.to {
		return s.clean
	}
	if !s.final && to > len(src)-s.ahead {
		return false
	}
	if from < s.wide {
		s.ask(v, src, from, max(to, from+narrowStretch))
		return s.clean
	}
	s.ask(v, src, from, max(to, from+wideStretch))
	if end := max(to, from+narrowStretch); !s.clean && end < s.to {
		s.wide = s.to
		s.ask(v, src, from, end)
	}
	return s.clean
}

func (s *sieve) ask(v Visitor, src []byte, from, to int) {
	end := min(to+s.ahead, len(src))
	s.clean = !v.Suspect(src[from:end])
	if s.to = min(to, len(src)); !s.final {
		s.to = min(to, len(src)-s.ahead)
	}
}
