package adversary

import "bytes"

// The texts that stand in the pattern: places where it seems to begin.
var (
	_ = register(attack{name: "a literal again and again", units: func(t *target) [][]byte { return t.literals }})
	_ = register(attack{name: "the literals, with blanks between", units: func(t *target) [][]byte {
		return [][]byte{bytes.Join(t.literals, []byte(" ")), bytes.Join(t.literals, []byte("=")), bytes.Join(t.literals, []byte(`":"`))}
	}})
)
