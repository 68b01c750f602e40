package scrub

import (
	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/redact"
)

// visitor answers a codec's fields with the edits that the findings in them
// amount to, and notes the findings.
type visitor struct {
	set  *redact.Set
	keys *redact.Keyring
	// codec is that of the payload at hand.
	codec codec.Codec
	sc    *redact.Scratch
	// prefix is put before each field's path: "query:" say.
	prefix string
	hits   []Hit
	field  codec.Field // see one

	// What was returned to the codec stays valid until clear.
	edits []codec.Splice
	texts []byte
	found []redact.Finding
}

// one returns f where it stays until the next call: a field of no codec's.
func (v *visitor) one(f codec.Field) *codec.Field {
	v.field = f
	return &v.field
}

// clear makes room; edits returned before are invalid then.
func (v *visitor) clear() { v.edits, v.texts = v.edits[:0], v.texts[:0] }

// Visit implements codec.Visitor.
func (v *visitor) Visit(f *codec.Field) (edits []codec.Splice, remove bool, err error) {
	if f.Kind == codec.Number && string(f.Value) == "0" {
		return nil, false, nil // what a number becomes
	}
	field := redact.Field{Key: f.Key, Path: f.Path, Value: f.Value}
	v.found, err = v.set.Find(v.sc, v.found[:0], field)
	if err != nil || len(v.found) == 0 {
		return nil, false, err
	}
	from := len(v.edits)
	for _, fd := range v.found {
		value := f.Value[fd.Start:fd.End]
		start := len(v.texts)
		var gone bool
		v.texts, gone = v.set.AppendReplacement(v.texts, fd, value)
		remove = remove || gone && f.Kind != codec.Name
		v.edits = append(v.edits, codec.Splice{Start: fd.Start, End: fd.End, Text: v.texts[start:len(v.texts):len(v.texts)]})
		v.note(fd, f.Path, value, 0)
	}
	return v.edits[from:len(v.edits):len(v.edits)], remove && f.Kind != codec.Text, nil
}

// Suspect implements codec.Visitor.
func (v *visitor) Suspect(raw []byte) bool {
	return v.codec.Opaque(raw) || v.set.Suspect(v.sc, raw)
}

func (v *visitor) note(fd redact.Finding, path, value []byte, line int) {
	hit := Hit{Rule: fd.Rule, Action: v.set.ActionName(fd), Path: v.prefix + string(path), Line: line, Length: len(value)}
	if v.keys != nil {
		hit.Fingerprint = v.keys.Fingerprint(value)
	}
	v.hits = append(v.hits, hit)
}
