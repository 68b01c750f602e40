// Package scrub joins the kernel to the wire formats: bytes of a payload in,
// bytes without secrets out, with what was found. It is the one place where a
// codec meets a rule; the proxy and the command line both stand on it.
package scrub

import (
	"errors"
	"time"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// Policy is what to look for and how, for one direction of one route. It is
// immutable and safe for concurrent use.
type Policy struct {
	Set *redact.Set
	// Codec forces a codec by name; "" or "auto" chooses by Meta and looks.
	Codec string
	// MaxDecoded bounds, in bytes, a payload after its codings are undone, or
	// in a stream the longest record. 0 means 64 MiB.
	MaxDecoded int64
	// Shadow reports findings and changes nothing.
	Shadow bool
	// Watch is a policy in shadow mode with rules that Set lacks, looked for beside it:
	// their Hits are marked, and nothing of them changes. It may be nil.
	Watch *Policy
	// MaxDelay bounds how long a Stream of a Patient holds back what it has of a record or
	// a text while its sender pauses; 0 is as long as it takes.
	MaxDelay time.Duration
	// Annotate lets formats that have a place for it say which rule changed what,
	// as _meta of Sentry's events.
	Annotate bool
}

const defaultMaxDecoded = 64 << 20

func (p *Policy) maxDecoded() int64 {
	if p.MaxDecoded > 0 {
		return p.MaxDecoded
	}
	return defaultMaxDecoded
}

// codec returns the codec for a payload that begins with head, nil for binary.
func (p *Policy) codec(m Meta, head []byte) codec.Codec {
	if p.Codec != "" && p.Codec != "auto" {
		return codec.Lookup(p.Codec)
	}
	return codec.Detect(m.Path, m.ContentType, head)
}

// CanStream reports whether a payload of that kind can be scrubbed by Stream in
// memory bounded by its longest record.
func (p *Policy) CanStream(m Meta) bool {
	if charset, err := codec.Charset(m.ContentType, nil); err != nil || charset != "" || !codec.Supported(m.ContentEncoding) {
		return false
	}
	c := p.codec(m, nil)
	return c == nil || c.Name() == textCodec || c.Streams()
}

const textCodec = "text"

// Meta describes a payload as it came.
type Meta struct {
	ContentType     string
	ContentEncoding string
	Path            string // path of the request, for formats known by endpoint
}

// Hit is one finding, without its value.
type Hit struct {
	Rule   *redact.Rule
	Action string
	// Path says where: "user.password" in a document, "header:Cookie",
	// "query:token", "" in plain text. What was found in an encoding has its name
	// behind it: "msg|base64".
	Path        string
	Line        int // counted from 1, in streams of plain text; else 0
	Length      int // bytes of the value found
	Fingerprint string
	Secret      string // which of the operator's own it is: "source/name"
	Origin      Origin
	Shadow      bool // of a rule that is only watched: it is still there

	// gone says that it was found again in a truer reading, or is part of an escape.
	gone bool
}

// Result says what became of a payload.
type Result struct {
	// Body is what to forward: the bytes given, where nothing changed.
	Body    []byte
	Changed bool
	// Text is the body without what was found, in shadow mode too, its codings undone and
	// in UTF-8, or as it came where it is in a charset that has ASCII in it. It is nil where
	// the payload was not inspected, and valid as long as Body.
	Text []byte
	Hits []Hit
	// Scanned is the number of decoded bytes that were inspected.
	Scanned int64
	// Skipped says why the payload was not inspected, "" if it was: "binary".
	Skipped string
	// Passed is the number of bytes of parts that are no text, in a payload that was
	// inspected otherwise.
	Passed int64
	// Unwatched says why rules that are only watched could not be looked for, "" if they
	// were.
	Unwatched Kind
	// Codec is the name of the codec that was chosen.
	Codec string
	// Fallback is set when the payload was not of its declared format and was
	// scrubbed by its looks, or as plain text from where it broke.
	Fallback bool
}

// Kind classes an Error for status codes and metric labels.
type Kind string

// The kinds of Error.
const (
	KindCoding Kind = "coding" // content coding or charset unknown or broken
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

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// fail classes an error of decoding, walking or searching.
func fail(err error) error {
	if err == nil {
		return nil
	}
	var se *Error
	var ce *codec.CodingError
	switch {
	case errors.As(err, &se):
		return err
	case errors.As(err, &ce):
		return &Error{KindCoding, err}
	case errors.Is(err, codec.ErrCharset):
		return &Error{KindCoding, err}
	case errors.Is(err, codec.ErrTooLarge):
		return &Error{KindLimit, err}
	case errors.Is(err, redact.ErrGaveUp):
		return &Error{KindBudget, err}
	case codec.IsSyntax(err), errors.Is(err, codec.ErrTooDeep):
		return &Error{KindFormat, err}
	}
	return &Error{KindIO, err}
}
