// Package peer holds what redactd is measured beside.
package peer

// DFA is a plain table-driven automaton of 8 states: what one table look-up per
// byte costs, whatever is looked for.
type DFA struct{ next [8 * 256]uint8 }

// NewDFA returns an automaton that goes through its states as "password" is
// spelt.
func NewDFA() *DFA {
	const word = "password"
	d := &DFA{}
	for state := range len(word) {
		for b := range 256 {
			to := 0
			switch byte(b) | 0x20 {
			case word[state]:
				to = (state + 1) % len(word)
			case word[0]:
				to = 1
			}
			d.next[state<<8|b] = uint8(to)
		}
	}
	return d
}

// Walk returns the state after text.
func (d *DFA) Walk(text []byte) int {
	state := 0
	for _, b := range text {
		state = int(d.next[(state<<8|int(b))&(len(d.next)-1)])
	}
	return state
}
