package redact

import (
	"errors"
	"io"
)

// The stubs of this file mark the surface that others build on while the
// kernel is written; each is replaced by its real file.

// Field is what a search looks at.
type Field struct {
	// Key is the name under which Value stands, nil for free text.
	Key []byte
	// Path leads to the field, for allowlists; may be nil.
	Path []byte
	// Value is searched. It is never changed or kept.
	Value []byte
}

// Finding is a span of a value that holds a secret.
type Finding struct {
	Rule       *Rule // the most specific of the rules that found it
	Start, End int   // bytes of the value
	index      int
}

// ErrGaveUp says that a rule's engine ran out of its budget: what was searched
// may hold more than was found, and must be withheld.
var ErrGaveUp = errors.New("gave up: a rule exceeded its budget")

// Action says what is written in place of a finding. It is immutable and safe
// for concurrent use.
type Action interface {
	// Name is the registered name.
	Name() string
	// Append appends to dst what stands for value. It keeps neither slice.
	Append(dst []byte, r *Rule, value []byte) []byte
}

// ParseAction builds an action from its written form: "mask", "remove",
// "token", "partial:4,4" or "replace:text". Only token needs keys.
func ParseAction(text string, keys *Keyring) (Action, error) { return nil, errors.New("stub") }

// Keyring holds the keys of tokens and fingerprints by epoch. It prints as
// redacted.
type Keyring struct{ epochs []epoch }

type epoch struct {
	n   int
	key []byte
}

// NewKeyring returns a keyring whose last key is the current one; epochs count
// from 1 in the order given. A key has at least 16 bytes.
func NewKeyring(keys ...[]byte) (*Keyring, error) { return nil, errors.New("stub") }

// Fingerprint returns the keyed fingerprint of a value as "e1-" and 26
// characters: HMAC-SHA-256 under the current key, cut to 128 bits.
func (k *Keyring) Fingerprint(value []byte) string { return "" }

// Allow names findings that are let through. Of the criteria given, each kind
// must hold: the value is one of Values or matches one of Patterns; the path
// matches one of Paths; the rule is selected by one of Rules.
type Allow struct {
	Name     string
	Values   []string
	Patterns []string
	Paths    []string // "user.email", "*" for one segment, "**" for any number
	Rules    []string // ids, packs or tags; none means all
}

// Options configure Compile.
type Options struct {
	// Action returns the action of a rule; nil, or a nil result, means mask.
	Action func(r *Rule) Action
	Allow  []Allow
}

// Set is a compiled set of rules. It is immutable and safe for concurrent use.
type Set struct{}

// Compile compiles rules. Its error joins one *RuleError for each bad rule.
func Compile(rules []Rule, o Options) (*Set, error) { return nil, errors.New("stub") }

// With returns a Set with the same compiled rules and other options.
func (s *Set) With(o Options) (*Set, error) { return nil, errors.New("stub") }

// RuleError says what is wrong with a rule. Key is the key of the rule's table
// that is at fault ("pattern", "validators", ...).
type RuleError struct {
	ID, Key string
	Err     error
}

func (e *RuleError) Error() string { return e.ID + ": " + e.Key + ": " + e.Err.Error() }
func (e *RuleError) Unwrap() error { return e.Err }

// Rules returns the compiled rules. The caller must not change them.
func (s *Set) Rules() []Rule { return nil }

// Scratch is the working memory of one search at a time.
type Scratch struct{}

// NewScratch returns a Scratch for s.
func (s *Set) NewScratch() *Scratch { return nil }

// Suspect reports whether raw could hold a finding, by one prefilter pass. It
// says yes too often and never wrongly no, for text that is not encoded.
func (s *Set) Suspect(raw []byte) bool { return false }

// Find appends the findings of f to dst, in order, without overlaps.
func (s *Set) Find(sc *Scratch, dst []Finding, f Field) ([]Finding, error) { return nil, nil }

// AppendReplacement appends what the finding's action writes for value, the
// bytes of the finding. With remove, the action wants the whole field gone.
func (s *Set) AppendReplacement(dst []byte, fd Finding, value []byte) (out []byte, remove bool) {
	return nil, false
}

// ActionName returns the name of the action bound to the finding's rule.
func (s *Set) ActionName(fd Finding) string { return "" }

// Writer redacts a stream of text.
type Writer struct{}

// NewWriter returns a Writer that writes redacted bytes to w. It calls found,
// if not nil, for each finding; value is valid during the call.
func NewWriter(w io.Writer, s *Set, found func(fd Finding, value []byte)) *Writer { return nil }

func (w *Writer) Write(p []byte) (int, error) { return 0, nil }

// Flush writes everything that later input can't change any more, and with
// it, if force is set, the held-back tail with what is found in it so far.
func (w *Writer) Flush(force bool) error { return nil }

// Close writes what is held back. It does not close the underlying writer.
func (w *Writer) Close() error { return nil }
