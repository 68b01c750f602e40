package adversary

import (
	"bytes"
	"slices"
)

// The rule's own examples, as they are and with what almost makes a match.
var (
	_ = register(attack{name: "examples, one after the other", units: func(t *target) [][]byte {
		return [][]byte{bytes.Join(t.examples, nil), append(bytes.Join(t.examples, []byte(" ")), ' ')}
	}})
	_ = register(attack{name: "secrets of examples cut short by a byte", units: func(t *target) [][]byte {
		return t.changed(func(example []byte, start, end int) []byte { return slices.Delete(example, end-1, end) })
	}})
	_ = register(attack{name: "secrets of examples with a wrong last byte", units: func(t *target) [][]byte {
		return t.changed(func(example []byte, start, end int) []byte { example[end-1] = '~'; return example })
	}})
	_ = register(attack{name: "beginnings of examples", units: func(t *target) [][]byte {
		return t.changed(func(example []byte, start, end int) []byte { return example[:start+min(4, end-start)] })
	}})
)

// changed returns the first examples, each with its first secret changed, with
// and without blanks between them.
func (t *target) changed(change func(example []byte, start, end int) []byte) [][]byte {
	var all [][]byte
	for i, example := range t.examples[:min(len(t.examples), most)] {
		if len(t.spans[i]) > 0 {
			all = append(all, change(bytes.Clone(example), t.spans[i][0].Start, t.spans[i][0].End))
		}
	}
	return [][]byte{bytes.Join(all, nil), append(bytes.Join(all, []byte(" ")), ' ')}
}
