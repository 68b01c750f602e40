package redact

// check says what stands where a trigger does: it is one line of cache, as asking
// the trigger itself would wait for memory most of the time.
type check struct {
	seq           [maxRun]uint16 // numbers of classes
	before, after uint16
	n, gram       uint8 // the length of seq, and where the gram is in it
	start         bool  // the text can begin with it
}

// stands returns where a trigger begins whose gram or run is at text[i], if it
// stands there. fits is false if it does not, n is its length.
func (p *prefilter) stands(trigger int32, text []byte, i int) (at, n int, fits bool) {
	c := &p.checks[trigger]
	at, n = i-int(c.gram), int(c.n)
	if at < 0 || at+n > len(text) {
		return at, n, false
	}
	if at == 0 {
		if !c.start {
			return at, n, false
		}
	} else if !p.classes[c.before].has(text[at-1]) && !(p.raw && endsEscape(text[:at])) {
		return at, n, false
	}
	// The last are looked at first: what the prefilter knows is at the
	// beginning more often.
	part := text[at : at+n]
	for k := len(part) - 1; k >= 0; k-- {
		if !p.classes[c.seq[k%maxRun]].has(part[k]) {
			return at, n, false
		}
	}
	if at+n < len(text) {
		return at, n, p.classes[c.after].has(text[at+n])
	}
	return at, n, c.after == anything
}

// anything is the number of the class of all bytes.
const anything = 0

// check fills p.checks and p.classes.
func (p *prefilter) check() {
	numbers := map[byteSet]uint16{allBytes: anything}
	p.classes = []byteSet{allBytes}
	number := func(set byteSet) uint16 {
		n, ok := numbers[set]
		if !ok {
			n = uint16(len(p.classes))
			numbers[set] = n
			p.classes = append(p.classes, set)
		}
		return n
	}
	p.checks = make([]check, len(p.triggers))
	for i := range p.triggers {
		t, c := &p.triggers[i], &p.checks[i]
		c.n, c.gram, c.start = uint8(len(t.seq)), uint8(t.gram), t.before.start
		for k, set := range t.seq {
			c.seq[k] = number(set)
		}
		c.before, c.after = number(t.before.set), anything
		if t.after != nil && !p.raw {
			c.after = number(*t.after)
		}
	}
}
