package scrub

import (
	"bytes"
	"hash/maphash"

	"github.com/redactd/redactd/internal/codec"
)

// seen remembers fields of a payload in which nothing was found. Records of logs repeat
// their names and half of their values, and where each record has a finding, all of its
// fields are searched. What is remembered is a copy, compared byte by byte, and wiped when
// the payload is done: own secrets may be others in the next. The zero value is ready.
type seen struct {
	asked int // fields of the payload
	slots []seenField
	texts []byte
}

type seenField struct {
	hash       uint64
	start, end uint32 // in texts; a slot is free where end is 0
}

const (
	// seenAfter is how many fields a payload has before any is remembered: for one record
	// it is not worth it.
	seenAfter = 48
	seenSlots = 1 << 9
	// maxSeen bounds, in bytes, path, name and value of a field, and maxSeenTexts those of
	// all fields.
	maxSeen      = 128
	maxSeenTexts = 32 << 10
)

var seenSeed = maphash.MakeSeed()

// place returns where f is remembered, and what of it; ok is false where f is not.
func (s *seen) place(f *codec.Field, buf *[maxSeen]byte) (text []byte, hash uint64, ok bool) {
	if s.asked++; s.asked <= seenAfter || len(f.Path)+len(f.Key)+len(f.Value)+5 > maxSeen {
		return nil, 0, false
	}
	// With the lengths in front, no two fields have the same text.
	text = append(buf[:0], byte(f.Kind), byte(len(f.Path)), byte(len(f.Key)))
	if f.Key == nil {
		text[2] = 0xff
	}
	text = append(append(append(text, f.Path...), f.Key...), f.Value...)
	return text, maphash.Bytes(seenSeed, text), true
}

func (s *seen) has(text []byte, hash uint64) bool {
	if len(s.slots) == 0 {
		return false
	}
	e := &s.slots[hash%seenSlots]
	return e.end > 0 && e.hash == hash && bytes.Equal(s.texts[e.start:e.end], text)
}

func (s *seen) add(text []byte, hash uint64) {
	if len(s.slots) == 0 {
		s.slots = append(s.slots[:0], make([]seenField, seenSlots)...)
	}
	if len(s.texts)+len(text) > maxSeenTexts {
		s.forget()
		return
	}
	start := len(s.texts)
	s.texts = append(s.texts, text...)
	s.slots[hash%seenSlots] = seenField{hash: hash, start: uint32(start), end: uint32(len(s.texts))}
}

// forget makes room. What was remembered is still in memory.
func (s *seen) forget() {
	clear(s.slots)
	s.texts = s.texts[:0]
}

// begin makes s ready for a payload.
func (s *seen) begin() {
	if s.asked = 0; len(s.texts) > 0 {
		s.forget()
	}
}

// wipe clears everything that came from a payload.
func (s *seen) wipe() {
	s.begin()
	clear(s.texts[:cap(s.texts)])
}
