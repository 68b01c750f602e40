package scrub

import (
	"bytes"
	"errors"
	"sync"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/internal/disguise"
	"github.com/redactd/redactd/redact"
)

// Scrubber holds the working memory for one payload at a time. Get one with
// Acquire, give it back with Release, which wipes it. It is not safe for
// concurrent use.
type Scrubber struct {
	policy  *Policy
	v       visitor
	watch   *Scrubber // for Policy.Watch, else nil
	onHits  func([]Hit) error
	onRead  func(n int64, skipped string)
	walkers map[string]codec.Walker
	busy    []codec.Walker

	charset                     string // of the body at hand, see codec.Charset
	source                      []byte // that body as it came, until rest; see Encode
	meta                        Meta   // of it, with the codings that it has and does not declare
	decoded, utf8, out, encoded []byte
	piece                       []byte // see stream.buf
	splices                     []codec.Splice
}

var pool = sync.Pool{New: func() any { return &Scrubber{walkers: map[string]codec.Walker{}} }}

// Acquire returns a Scrubber for p. keys may be nil: then Hits carry no
// fingerprint.
func Acquire(p *Policy, keys *redact.Keyring) *Scrubber {
	s := pool.Get().(*Scrubber)
	s.policy = p
	s.v.set, s.v.keys, s.v.annotate, s.v.most = p.Set, keys, p.Annotate, p.maxDecoded()
	if s.v.sc == nil {
		s.v.sc = p.Set.NewScratch()
	}
	if p.Watch != nil {
		s.watch = Acquire(p.Watch, keys)
	}
	return s
}

// maxPooled is the size, in bytes, from which a buffer is not kept.
const maxPooled = 1 << 20

// minPooled is the size, in bytes, up to which it always is.
const minPooled = 64 << 10

// Release wipes s and gives it back. Results of s are invalid from then on.
func (s *Scrubber) Release() {
	if s.watch != nil {
		s.watch.Release()
		s.watch = nil
	}
	s.rest()
	for _, b := range []*[]byte{&s.decoded, &s.utf8, &s.out, &s.encoded, &s.piece, &s.v.texts, &s.v.named} {
		*b = wiped(*b)
	}
	for i := range s.v.layers {
		s.v.layers[i].wipe()
	}
	s.v.sc.Wipe()
	s.v.origins.wipe()
	s.v.last.wipe()
	s.v.seen.wipe()
	s.v.around = nil
	clear(s.v.hits)
	clear(s.v.edits[:cap(s.v.edits)])
	clear(s.splices[:cap(s.splices)])
	s.v.hits, s.v.edits, s.splices = s.v.hits[:0], s.v.edits[:0], s.splices[:0]
	s.v.field = codec.Field{}
	s.v.set, s.v.keys, s.v.codec, s.v.prefix = nil, nil, nil, ""
	s.policy, s.onHits, s.onRead, s.meta = nil, nil, nil, Meta{}
	pool.Put(s)
}

// wiped clears b and returns it empty, or nil where it is too large to keep, or to
// clear for the little that was in it.
func wiped(b []byte) []byte {
	clear(b[:cap(b)])
	if cap(b) > maxPooled || cap(b) > minPooled && cap(b)/8 > len(b) {
		return nil
	}
	return b[:0]
}

// OnHits makes Stream tell its findings as it makes them, each time before the
// bytes that held them are written, and not gather them in its Result. An error
// ends the stream. The slice is valid during the call.
func (s *Scrubber) OnHits(tell func([]Hit) error) { s.onHits = tell }

// OnRead makes Stream tell, while it goes on, how many bytes it has read since it told
// last, as received, and why they are not inspected, "" if they are. What it never tells
// of is counted by the Result: the end of a stream, one that is gathered, and what comes
// behind a part that is no text.
func (s *Scrubber) OnRead(tell func(n int64, skipped string)) { s.onRead = tell }

// takeHits returns the hits since the last call as a slice of its own.
func (s *Scrubber) takeHits() []Hit {
	if len(s.v.hits) == 0 {
		return nil
	}
	hits := append([]Hit(nil), s.v.hits...)
	clear(s.v.hits)
	s.v.hits = s.v.hits[:0]
	return hits
}

// walker returns a Walker of c that is ready for a payload, and makes the visitor
// one for it. The splices that it gives are valid until rest.
func (s *Scrubber) walker(c codec.Codec) codec.Walker {
	w := s.walkers[c.Name()]
	if w == nil {
		if cont, ok := c.(codec.Continuing); ok {
			w = newLanes(cont, &s.v)
		} else {
			w = c.NewWalker()
		}
		s.walkers[c.Name()] = w
	}
	s.busy = append(s.busy, w)
	s.v.codec = c
	return w
}

// rest makes the walkers and the visitor ready for another payload.
func (s *Scrubber) rest() {
	for _, w := range s.busy {
		w.Reset()
	}
	clear(s.busy)
	s.busy = s.busy[:0]
	s.splices, s.source = s.splices[:0], nil
	s.v.clear()
	s.v.skipped, s.v.coded, s.v.inflated = 0, 0, 0
}

// Body scrubs a whole body. Result.Body is valid until Release. On error
// nothing of the body may be forwarded, unless the operator chose so; the error
// is an *Error.
func (s *Scrubber) Body(body []byte, m Meta) (Result, error) {
	res, err := s.body(body, m)
	if err == nil && res.Skipped == "" {
		s.watchBody(body, m, &res)
	}
	return res, err
}

func (s *Scrubber) body(body []byte, m Meta) (Result, error) {
	s.rest()
	res := Result{Body: body}
	if len(body) == 0 {
		return res, nil
	}
	text, err := s.decode(body, &m)
	if err != nil {
		return res, fail(err)
	}
	s.source, s.meta = body, m
	c := s.policy.codec(m, text[:min(len(text), sniff)])
	if c == nil {
		res.Skipped = "binary"
		return res, nil
	}
	res.Codec, res.Scanned = c.Name(), int64(len(text))
	if err := s.walkSuspect(c, text, &res); err != nil {
		return res, fail(err)
	}
	res.Hits, res.Passed, res.Text = s.takeHits(), s.v.skipped, text
	if len(s.splices) == 0 {
		return res, nil
	}
	s.out = codec.Apply(s.out[:0], text, s.splices)
	if res.Text = s.out; s.policy.Shadow {
		return res, nil
	}
	res.Body, err = s.encode(s.out, text, body, m)
	res.Changed = err == nil
	return res, fail(err)
}

// Encode writes text, which takes the place of Result.Text of the last Body, in the charset
// and the content codings that the body came in. What it returns is valid until the next
// call of any method; Result.Body is not any more. It is an *Error where the charset lacks a character of text.
func (s *Scrubber) Encode(text []byte) ([]byte, error) {
	out, err := text, error(nil)
	if s.charset != "" {
		if s.utf8, err = codec.EncodeCharset(s.utf8[:0], text, s.charset); err != nil {
			return nil, fail(err)
		}
		out = s.utf8
	}
	if s.meta.ContentEncoding != "" {
		s.encoded, err = codec.Encode(s.encoded[:0], out, codec.Resolve(s.meta.ContentEncoding, s.source))
		out = s.encoded
	}
	return out, fail(err)
}

// minBomb is the size in bytes up to which a body may decode at whatever ratio: a
// few small bombs at a time would take all memory else.
const minBomb = 16 << 20

// sniff is how many bytes of a payload are looked at to choose its codec.
const sniff = 4096

// decode undoes the content codings and the charset of body. Codings that it has
// but does not declare are added to those of m; where only the looks say that
// there is text at all, it may stay as it is.
func (s *Scrubber) decode(body []byte, m *Meta) (text []byte, err error) {
	if text, err = s.decodeDeclared(body, *m); err != nil {
		return nil, err
	}
	for range maxHidden {
		hidden := codec.HiddenCoding(text)
		if hidden == "" {
			return text, nil
		}
		declared := s.policy.codec(*m, text[:min(len(text), sniff)]) != nil
		inner := *m
		inner.ContentEncoding = hidden + ", " + m.ContentEncoding
		if text, err = s.decodeDeclared(body, inner); err == nil {
			*m = inner
		} else if declared {
			return nil, err
		} else {
			return s.decodeDeclared(body, *m)
		}
	}
	return text, nil
}

// maxHidden is how many undeclared codings are undone.
const maxHidden = 2

// decodeDeclared undoes the content codings that m names, and the charset.
func (s *Scrubber) decodeDeclared(body []byte, m Meta) (text []byte, err error) {
	limit := s.policy.maxDecoded()
	if m.ContentEncoding != "" {
		limit = min(limit, max(maxRatio*int64(len(body)), minBomb))
	}
	text = body
	if m.ContentEncoding != "" {
		if s.decoded, err = codec.Decode(s.decoded[:0], body, m.ContentEncoding, limit); err != nil {
			return nil, err
		}
		text = s.decoded
	}
	if int64(len(text)) > limit {
		return nil, codec.ErrTooLarge
	}
	if s.charset, err = codec.Charset(m.ContentType, text[:min(len(text), sniff)]); err != nil || s.charset == "" {
		return text, err
	}
	if codec.Wide(s.charset) {
		if bytes.IndexByte(text, 0) < 0 {
			s.charset = "" // a letter of ASCII has a zero in it there: that label is wrong
			return text, nil
		}
		found, err := s.v.set.Find(s.v.sc, nil, redact.Field{Value: text})
		if err == nil && len(found) > 0 {
			err = &Error{KindFormat, errNarrow}
		}
		if err != nil {
			return nil, err
		}
	}
	s.utf8, err = codec.DecodeCharset(s.utf8[:0], text, s.charset, limit)
	return s.utf8, err
}

var errNarrow = errors.New("text of one byte a character, in a charset of more")

// encode writes what text, as body decodes to, became in the charset and the
// content codings of body.
func (s *Scrubber) encode(amended, text, body []byte, m Meta) (out []byte, err error) {
	out = amended
	if s.charset != "" {
		if s.utf8, err = codec.EncodeCharset(s.utf8[:0], out, s.charset); err != nil {
			return nil, err
		}
		out = s.utf8
	}
	switch {
	case m.ContentEncoding == "":
		return out, nil
	case s.charset != "":
		s.encoded, err = codec.Encode(s.encoded[:0], out, codec.Resolve(m.ContentEncoding, body))
	default:
		s.encoded, err = codec.Amend(s.encoded[:0], body, m.ContentEncoding, text, amended, s.splices)
	}
	return s.encoded, err
}

// walkSuspect walks text if something could be found in it. Zeros in text are a
// charset that nobody told of: if they hide something, it is withheld. What is not all
// text has zeros of its own.
func (s *Scrubber) walkSuspect(c codec.Codec, text []byte, res *Result) error {
	// For plain text, searching costs what asking whether to search does. What goes on in
	// another record is not seen by asking.
	_, goesOn := c.(codec.Continuing)
	if goesOn || s.v.tell != nil || c.Name() == textCodec || codec.Sifts(c) || c.Opaque(text) || disguise.Hides(text) || s.v.set.Suspect(s.v.sc, text) {
		if err := s.walk(c, text, res); err != nil {
			return err
		}
	}
	if len(s.v.hits) > 0 || codec.Mixed(c, text) || bytes.IndexByte(text, 0) < 0 {
		return nil
	}
	bare := bytes.ReplaceAll(text, []byte{0}, nil)
	defer clear(bare)
	found, err := s.v.set.Find(s.v.sc, nil, redact.Field{Value: bare})
	if err == nil && len(found) > 0 {
		err = &Error{KindFormat, errZeros}
	}
	return err
}

var errZeros = errors.New("text behind zeros, in a charset that is not declared")

// walk gathers the splices of a whole text. Where the text is not of the format
// of c, it goes on as what it looks like, or as plain text.
func (s *Scrubber) walk(c codec.Codec, text []byte, res *Result) error {
	s.v.origins.begin(text)
	var n int
	var err error
	s.splices, n, err = s.walker(c).Walk(s.splices[:0], text, true, &s.v)
	if !codec.IsSyntax(err) {
		return err
	}
	res.Fallback = true
	rest := text[n:]
	if n == 0 {
		if other := codec.Detect("", "", rest[:min(len(rest), sniff)]); other != nil && other.Name() != c.Name() && other.Name() != textCodec {
			var otherErr error
			if s.splices, _, otherErr = s.walker(other).Walk(s.splices[:0], text, true, &s.v); !codec.IsSyntax(otherErr) {
				res.Codec = other.Name()
				return otherErr
			}
			s.splices, s.v.hits = s.splices[:0], s.v.hits[:0]
		}
	}
	if hides(c, rest) || codec.Framed(c, rest) {
		return err
	}
	edits, _, err := s.v.Visit(s.v.one(codec.Field{Value: rest, Kind: codec.Text}))
	for _, e := range edits {
		s.splices = append(s.splices, codec.Splice{Start: n + e.Start, End: n + e.End, Text: e.Text, Note: e.Note})
	}
	return err
}

// hides reports whether escapes in text, which is not of the format of c, could hide
// something from a search of it as it is. Unlike the question whether it is suspect,
// a search knows no escapes at all.
func hides(c codec.Codec, text []byte) bool {
	return c.Opaque(text) || bytes.IndexByte(text, '\\') >= 0
}

// Value scrubs a single value that stands under a name, such as a header.
// place is the prefix of Hit.Path, "header:" say. The returned slice is valid
// until Release; it is value itself when nothing changed.
func (s *Scrubber) Value(place string, name, value []byte) (out []byte, hits []Hit, err error) {
	out, hits, err = s.value(place, name, value)
	if s.watch != nil && err == nil {
		_, seen, _ := s.watch.value(place, name, value)
		hits = append(hits, watched(seen)...)
	}
	return out, hits, err
}

func (s *Scrubber) value(place string, name, value []byte) (out []byte, hits []Hit, err error) {
	s.rest()
	s.v.prefix = place
	defer func() { s.v.prefix = "" }()
	edits, _, err := s.v.Visit(s.v.one(codec.Field{Key: name, Path: name, Value: value, Kind: codec.String}))
	hits = s.takeHits()
	if err != nil || len(edits) == 0 || s.policy.Shadow {
		return value, hits, fail(err)
	}
	return codec.Apply(nil, value, edits), hits, nil
}

// Query scrubs a raw query string (without "?"). The returned slice is raw
// itself when nothing changed, else one of its own.
func (s *Scrubber) Query(raw []byte) (out []byte, hits []Hit, err error) {
	out, hits, err = s.query(raw)
	if s.watch != nil && err == nil {
		_, seen, _ := s.watch.query(raw)
		hits = append(hits, watched(seen)...)
	}
	return out, hits, err
}

func (s *Scrubber) query(raw []byte) (out []byte, hits []Hit, err error) {
	form := codec.Lookup("form")
	if form == nil {
		return raw, nil, &Error{KindFormat, errors.New("no codec named form")}
	}
	s.rest()
	s.v.prefix = "query:"
	defer func() { s.v.prefix = "" }()
	s.splices, _, err = s.walker(form).Walk(s.splices[:0], raw, true, &s.v)
	hits = s.takeHits()
	if err != nil || len(s.splices) == 0 || s.policy.Shadow {
		return raw, hits, fail(err)
	}
	return codec.Apply(nil, raw, s.splices), hits, nil
}
