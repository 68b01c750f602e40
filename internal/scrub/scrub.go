// Package scrub joins the kernel to the wire formats: bytes of a payload in,
// bytes without secrets out, with what was found. It is the one place where a
// codec meets a rule; the proxy and the command line both stand on it.
package scrub

import (
	"errors"
	"io"

	"github.com/redactd/redactd/redact"
)

// Policy is what to look for and how, for one direction of one route. It is
// immutable and safe for concurrent use.
type Policy struct {
	Set *redact.Set
	// Codec forces a codec by name; "" or "auto" chooses by Meta.
	Codec string
	// MaxDecoded bounds, in bytes, a payload after its codings are undone.
	MaxDecoded int64
	// Shadow counts and reports findings and changes nothing.
	Shadow bool
}

// Meta describes a payload as it came.
type Meta struct {
	ContentType     string
	ContentEncoding string
	Path            string // path of the request, for formats known by endpoint
}

// Hit is one finding, without its value.
type Hit struct {
	Rule        *redact.Rule
	Action      string
	Path        string // where in the payload: "user.password", "header:Cookie", "query:token", "" for plain text
	Length      int    // bytes of the value found
	Fingerprint string
}

// Result says what became of a payload.
type Result struct {
	// Body is what to forward: the bytes given, where nothing changed.
	Body    []byte
	Changed bool
	Hits    []Hit
	// Scanned is the number of decoded bytes that were inspected.
	Scanned int64
	// Skipped says why the payload was not inspected, "" if it was: "binary".
	Skipped string
	// Codec is the name of the codec that walked it; "" if none had to.
	Codec string
	// Fallback is set when the payload was not of its declared format and was
	// scrubbed as plain text.
	Fallback bool
}

// Kind classes an Error for status codes and metric labels.
type Kind string

// The kinds of Error.
const (
	KindCoding Kind = "coding" // content coding unknown or broken
	KindFormat Kind = "format" // not of its format, and not safe as plain text
	KindLimit  Kind = "limit"  // larger than allowed once decoded
	KindBudget Kind = "budget" // a rule gave up
	KindIO     Kind = "io"     // reading or writing failed
)

// Error says why a payload could not be scrubbed. It quotes no payload.
type Error struct {
	Kind Kind
	Err  error
}

func (e *Error) Error() string { return "scrub: " + string(e.Kind) + ": " + e.Err.Error() }
func (e *Error) Unwrap() error { return e.Err }

// Scrubber holds the working memory for one payload at a time. Get one with
// Acquire, give it back with Release, which wipes it.
type Scrubber struct{}

// Acquire returns a Scrubber for p. keys may be nil: then Hits carry no
// fingerprint.
func Acquire(p *Policy, keys *redact.Keyring) *Scrubber { return &Scrubber{} }

// Release wipes s and gives it back. Results of s are invalid from then on.
func (s *Scrubber) Release() {}

// Body scrubs a whole body. Result.Body is valid until Release. On error
// nothing of the body may be forwarded, unless the operator chose so.
func (s *Scrubber) Body(body []byte, m Meta) (Result, error) { return Result{}, errors.New("stub") }

// Stream scrubs r to w in bounded memory and returns what it found; Body of
// the result is nil. The output carries the content codings of the input.
// Bytes written before an error were scrubbed.
func (s *Scrubber) Stream(w io.Writer, r io.Reader, m Meta) (Result, error) {
	return Result{}, errors.New("stub")
}

// CanStream reports whether a payload of that kind can be scrubbed by Stream.
func (p *Policy) CanStream(m Meta) bool { return false }

// Value scrubs a single value that stands under a name, such as a header.
// place is the prefix of Hit.Path, "header:" say. The returned slice is valid
// until Release; it is value itself when nothing changed.
func (s *Scrubber) Value(place, name string, value []byte) (out []byte, hits []Hit, err error) {
	return value, nil, errors.New("stub")
}

// Query scrubs a raw query string (without "?").
func (s *Scrubber) Query(raw []byte) (out []byte, hits []Hit, err error) {
	return raw, nil, errors.New("stub")
}
