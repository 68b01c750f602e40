package codec

// Units is how text is written, for encodings that are not those of a
// format here: raw bytes are runs that stand for themselves and, between them, units
// that stand for other bytes or for none. An implementation is immutable.
type Units interface {
	// Plain returns the length of the run at the beginning of raw that stands for
	// itself.
	Plain(raw []byte) int
	// Next appends to dst what the unit at the beginning of raw stands for and
	// returns the length of the unit. It is called only where Plain has returned 0
	// and raw is not empty.
	Next(dst, raw []byte) (out []byte, n int)
	// Escape appends text so written that it decodes to text.
	Escape(dst, text []byte) []byte
}

// Escaping decodes text that is written in Units, and writes edits of it back. It is
// immutable and safe for concurrent use.
type Escaping struct{ e escaping }

// NewEscaping returns the Escaping of u.
func NewEscaping(u Units) Escaping { return Escaping{byUnits{u}} }

// Entities is text with the character references of HTML and XML, Backslash what
// stands inside of quotes in JSON.
var (
	Entities  = Escaping{entities{}}
	Backslash = Escaping{backslash{}}
)

// Decode appends to dst the text that raw stands for.
func (x Escaping) Decode(dst, raw []byte) []byte { return decode(dst, raw, x.e) }

// Plain returns the length of the run at the beginning of raw that stands for itself.
func (x Escaping) Plain(raw []byte) int { return x.e.plain(raw) }

// Next appends to dst what the unit that raw begins with stands for and returns the
// length of the unit.
func (x Escaping) Next(dst, raw []byte) (out []byte, n int) { return x.e.next(dst, raw) }

// Escape appends text so written that it decodes to text.
func (x Escaping) Escape(dst, text []byte) []byte { return x.e.escape(dst, text) }

// Splices appends to dst the splices that edits of text, which raw decodes to, amount
// to in raw at offset base of a payload, and their texts to arena, where they stay. A
// splice takes whole units, and none before it that stands for nothing.
func (x Escaping) Splices(dst []Splice, arena []byte, edits []Splice, text, raw []byte, base int) ([]Splice, []byte) {
	first := len(dst)
	dst, arena = put(dst, arena, edits, text, raw, base, x.e)
	var buf [16]byte
	for i := first; i < len(dst); i++ {
		s := &dst[i]
		for s.Start < s.End && x.e.plain(raw[s.Start-base:s.End-base]) == 0 {
			out, n := x.e.next(buf[:0], raw[s.Start-base:])
			if len(out) > 0 {
				break
			}
			s.Start = min(s.Start+n, s.End)
		}
	}
	return dst, arena
}

type byUnits struct{ Units }

func (u byUnits) plain(raw []byte) int                     { return u.Plain(raw) }
func (u byUnits) next(dst, raw []byte) (out []byte, n int) { return u.Next(dst, raw) }
func (u byUnits) escape(dst, text []byte) []byte           { return u.Escape(dst, text) }
