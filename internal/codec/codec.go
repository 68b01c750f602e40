// Package codec walks wire formats. A codec finds the text fields of a payload,
// hands each one decoded to a visitor, and turns the visitor's edits into edits
// of the payload's own bytes: it owns framing, escapes and enclosing lengths. It
// does not know what a secret is.
package codec

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Kind says what a field is, and so what may stand in its place.
type Kind uint8

const (
	// Text is free text without structure of its own.
	Text Kind = iota
	// String is a scalar string of a document.
	String
	// Number is a numeric scalar: what replaces it must be a number.
	Number
	// Name is the name of a member. Splices in it rename the member.
	Name
	// Address is a string that is an IP address or network as a whole, in a format whose
	// backends read some strings as such: what replaces it is an address.
	Address
	// Date is the same for dates.
	Date
)

// Field is one text field of a payload. It and its slices are valid only until
// Visit returns, and the visitor changes none of them.
type Field struct {
	// Key is the decoded name that the value stands under; for an element of
	// an array, the name of the array; nil where there is none, and for a Name.
	Key []byte
	// Path leads to the field from the root of the document, such as
	// "user.tokens[]" (array positions are not told apart); for a Name, to the
	// object that has it. A name with a finding appears in it as edited, and no
	// name with more than 64 bytes.
	Path []byte
	// Value is the decoded text.
	Value []byte
	Kind  Kind
	// Beside is the decoded name that what stands around a String gives it, nil where
	// nothing does; "kty" for what may be a private part of a JSON Web Key.
	Beside []byte
	// Apart says that a line break stands between the name and the value, which have
	// nothing to do with each other in text.
	Apart bool
	// Around tells what the field stands in, nil where that is not known.
	Around Around
}

// Splice says that Text replaces bytes Start to End (exclusive) of a value or
// payload. Splices of one list are in order and do not overlap.
type Splice struct {
	Start, End int
	Text       []byte
	// Note is what the visitor says about the edit: a rule's id, or "". A codec
	// hands it on with the edit, for formats that have a place for it.
	Note string
}

// Visitor is asked about each text field in document order.
type Visitor interface {
	// Visit returns the edits of f.Value, nil for none. The list and the texts
	// must stay valid until Walk has returned; the codec does not change them.
	// With remove, the whole field goes where the format allows (a member of
	// an object, with its separator); elsewhere its value becomes empty. Of the
	// edits only the first one's note counts then.
	//
	// A String that is a document itself is walked as one, and is visited as a
	// whole only after that brought no edit. A visitor that merely counts must
	// therefore return the edits that it would make, and its caller drop them.
	Visit(f *Field) (edits []Splice, remove bool, err error)

	// Suspect reports whether a field in raw could get an edit. raw is a part of
	// the payload as it is written, from the beginning of a field or record on.
	// It may end anywhere, and fields that it cuts do not count. A name and what
	// stands under it may come in calls of their own: where neither is suspect,
	// the field is not. Suspect may say yes too often and never wrongly no:
	// fields in what is not suspect may go without a visit.
	Suspect(raw []byte) bool

	// Tells reports whether a field could get an edit for name alone, where that is what
	// Beside says. raw is what the name is decoded from, with what is around it. Where
	// Tells says yes, Suspect does, of all that raw is part of; and it always says the
	// same.
	Tells(name, raw []byte) bool
}

// Skipper is a Visitor that wants to know how many bytes of content a Walker went
// over because they are no text, in a payload that it walks otherwise.
type Skipper interface{ Skipped(n int) }

// skip tells v of n bytes that are no text.
func skip(v Visitor, n int) {
	if s, ok := v.(Skipper); ok && n > 0 {
		s.Skipped(n)
	}
}

// Walker walks one payload, which may come in pieces. It is not safe for
// concurrent use.
type Walker interface {
	// Walk appends to dst the splices of src that the visitor's edits amount
	// to, and returns how many bytes of src it has dealt with. Those are never
	// shown to it again; the rest must be at the beginning of the next src,
	// with more bytes behind it. All splices lie within src[:n]; their texts
	// stay valid until the next Walk or Reset.
	//
	// With final, src ends the payload. Walk then returns n == len(src) or an
	// error. Without final, n == 0 means that more bytes are needed. How a
	// payload is cut into pieces has no influence on what becomes of it.
	//
	// An error from the visitor is returned as it is. A payload that is not of
	// the format gives a *SyntaxError; dst and n are then still valid for what
	// came before, so that the caller can go on with src[n:] as plain text.
	Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error)
	// Reset makes the Walker ready for another payload, which it must be after
	// an error and after the final piece, and wipes what it holds of the last.
	Reset()
}

// Codec is one wire format. It is immutable and safe for concurrent use.
type Codec interface {
	// Name is what configuration calls it.
	Name() string
	// MediaTypes are the types it is chosen for by "auto": full ones such as
	// "application/json", or suffixes such as "+json".
	MediaTypes() []string
	NewWalker() Walker
	// Opaque reports whether src holds escapes or encodings that could hide
	// text from a scan of its raw bytes. It may say yes too often.
	Opaque(src []byte) bool
	// Streams reports whether Walk makes progress on a part of the payload, in
	// memory bounded by the longest field or record.
	Streams() bool
}

// SyntaxError says that a payload is not of its format. It quotes no payload.
type SyntaxError struct {
	Codec  string
	Offset int64 // in bytes from the start of the src given to Walk
	Msg    string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("%s: %s at byte %d", e.Codec, e.Msg, e.Offset)
}

// IsSyntax reports whether err is or wraps a *SyntaxError.
func IsSyntax(err error) bool {
	if err == nil {
		return false
	}
	var se *SyntaxError
	return errors.As(err, &se)
}

var (
	registry    = map[string]Codec{}
	mediaTypes  = map[string]Codec{}
	endpointers []Endpointer // by name
)

// Register adds a codec. It is called from init only. A name or a media type
// that another codec has already panics.
func Register(c Codec) {
	if registry[c.Name()] != nil {
		panic("codec: " + c.Name() + " registered twice")
	}
	registry[c.Name()] = c
	for _, mediaType := range c.MediaTypes() {
		if mediaTypes[mediaType] != nil {
			panic("codec: " + mediaType + " claimed twice")
		}
		mediaTypes[mediaType] = c
	}
	if e, ok := c.(Endpointer); ok {
		endpointers = append(endpointers, e)
		slices.SortFunc(endpointers, func(a, b Endpointer) int { return strings.Compare(a.Name(), b.Name()) })
	}
}

// Lookup returns the codec of that name, nil if there is none.
func Lookup(name string) Codec { return registry[name] }

// Names returns the names of all codecs, sorted.
func Names() []string {
	names := make([]string, 0, len(registry))
	for name := range registry {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Apply appends src to dst with the splices done.
func Apply(dst, src []byte, splices []Splice) []byte {
	at := 0
	for _, s := range splices {
		dst = append(dst, src[at:s.Start]...)
		dst = append(dst, s.Text...)
		at = s.End
	}
	return append(dst, src[at:]...)
}

// Framed reports whether src, a payload of c or what follows where one broke, counts
// its bytes, so that it can't be edited as plain text.
func Framed(c Codec, src []byte) bool {
	f, ok := c.(framer)
	return ok && f.framed(src)
}

// framer is a Codec whose payloads may count their bytes, see Framed.
type framer interface{ framed(src []byte) bool }

// Mixed reports whether src, a payload of c, may hold what is no text beside what is,
// which its Walker tells apart: zeros in it are no charset that nobody told of.
func Mixed(c Codec, src []byte) bool {
	_, ok := c.(mixer)
	return ok || Framed(c, src)
}

// mixer is a Codec whose payloads have parts of any kind, see Mixed.
type mixer interface{ mixed() }
