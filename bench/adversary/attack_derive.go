package adversary

// Texts that follow the pattern from its beginning, as short and as long as it
// allows, up to its last byte.
var (
	_ = register(attack{name: "shortest matches cut short by a byte", units: func(t *target) [][]byte { return t.derived(shortest, 1, 16) }})
	_ = register(attack{name: "longest matches cut short by a byte", units: func(t *target) [][]byte { return t.derived(longest, 1, 4) }})
	_ = register(attack{name: "longest matches cut in half", units: func(t *target) [][]byte { return t.derived(longest, 2, 4) }})
	_ = register(attack{name: "matches of any length cut short by a byte", units: func(t *target) [][]byte {
		return t.derived(func(least, most int) int { return least + t.IntN(min(most-least, 64)+1) }, 1, 16)
	}})
)

// derived returns some derivations one after the other, each without its last byte
// or the second of parts.
func (t *target) derived(times func(least, most int) int, parts, n int) [][]byte {
	if t.tree == nil {
		return nil
	}
	var plain, blanks []byte
	for range n {
		text := derive(t.Rand, nil, t.tree, times)
		if len(text) < 2 {
			continue
		}
		text = text[:(len(text)-1)/parts]
		plain, blanks = append(plain, text...), append(append(blanks, text...), ' ')
	}
	return [][]byte{plain, blanks}
}
