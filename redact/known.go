package redact

import (
	"crypto/rand"
	"encoding/binary"
	"math"
	"sync/atomic"
)

// KnownID is the id of the rule that findings of known values go by.
const KnownID = "own-secret"

// MinKnown is the least length, in bytes, of a known value; MaxKnown the greatest.
const (
	MinKnown = 6
	MaxKnown = 32 << 10
)

// KnownRule returns the rule of known values. A Set that has it, and a Known, finds
// each of them wherever it stands, see Set.WithKnown. No allowlist holds for it but
// those that name it.
func KnownRule() Rule {
	return Rule{
		ID: KnownID, Pack: "config", Description: "a value of the operator's own secrets",
		Severity: Critical, Confidence: High, Tags: []string{"own"},
	}
}

// isKnownRule reports whether r is KnownRule, whatever else was set of it.
func isKnownRule(r *Rule) bool { return r.ID == KnownID && r.Pattern == "" && len(r.Keys) == 0 }

// Secret says which of the operator's secrets a value is.
type Secret struct {
	Source string // the name of the source in the configuration
	Name   string // what the source calls the value: a variable, a file, a key
}

// Known is a set of values that are secret whatever they look like, as fingerprints
// under a key of its own that was made at random: it holds no value. It can be
// replaced as a whole while searches go on, each of which sees one state of it. It
// is safe for concurrent use.
type Known struct {
	key   knownKey
	index atomic.Pointer[knownIndex]
}

// knownKey is what values are hashed with.
type knownKey struct {
	print   sipKey
	windows [2]uint64
}

// NewKnown returns an empty Known.
func NewKnown() *Known {
	var random [32]byte
	_, _ = rand.Read(random[:]) // never fails
	k := &Known{}
	for i := range 2 {
		k.key.print[i] = binary.LittleEndian.Uint64(random[8*i:])
		k.key.windows[i] = binary.LittleEndian.Uint64(random[16+8*i:]) | 1
	}
	k.Replace()
	return k
}

// Replace makes k consist of the values given, which NewValues of k made. It takes
// time, and does not keep searches waiting. They must not be added to any more.
func (k *Known) Replace(values ...*KnownValues) {
	k.index.Store(newKnownIndex(&k.key, values))
}

// Len returns the number of values.
func (k *Known) Len() int { return k.index.Load().values }

// WithKnown returns a Set that also finds the values of k, now and when k is
// replaced. Without the rule KnownRule in s it is s.
func (s *Set) WithKnown(k *Known) *Set {
	if s.knownRule < 0 || k == nil {
		return s
	}
	with := *s
	with.known = k
	return &with
}

// knownIndex returns what there is of known values, nil if there is nothing.
func (s *Set) knownIndex() *knownIndex {
	if s.known == nil {
		return nil
	}
	if x := s.known.index.Load(); x.values > 0 {
		return x
	}
	return nil
}

// hold returns how far from its start a known value is announced at most, in bytes.
func (x *knownIndex) hold() int {
	if x == nil {
		return 0
	}
	return x.most
}

// knownRank names a finding before any other rule does.
const knownRank = math.MaxInt

// knownHit says which known value a finding is.
type knownHit struct {
	secret Secret
	how    knownKind
	length int // in bytes of the text, of the finding alone
	value  int // in bytes, of the value
}

// Secret returns which of the known values f is; ok is false for what a rule found.
func (f Finding) Secret() (s Secret, ok bool) {
	if f.known == nil {
		return s, false
	}
	return f.known.secret, true
}
