package codec

// pairVisitor visits pairs of a name and a value in text that a format writes on one
// line: a query, cookies, a list of tags. It is for visitors that stand between a
// walker and another visitor.
type pairVisitor struct {
	leaf
	edits []Splice
	name  []byte
	path  []byte
	field Field
}

// pairSyntax is how pairs are written.
type pairSyntax struct {
	between, within byte     // what stands between pairs, and between name and value
	e               escaping // of names and values
}

var (
	queryPairs  = pairSyntax{'&', '=', percent{}}
	cookiePairs = pairSyntax{';', '=', verbatim{}}
	tagPairs    = pairSyntax{',', ':', verbatim{}}
)

func (p *pairVisitor) reset() {
	p.wipe()
	clear(p.edits[:cap(p.edits)])
	p.edits, p.name, p.path, p.field = p.edits[:0], wiped(p.name), wiped(p.path), Field{}
}

// visit asks v about the values of the pairs in f.Value[from:], each under its name,
// and returns own, which are the edits of f.Value that are known, with those of the
// pairs that own leaves alone. They are valid until the next call.
func (p *pairVisitor) visit(own []Splice, f *Field, from int, syntax pairSyntax, v Visitor) ([]Splice, error) {
	p.begin()
	p.edits = p.edits[:0]
	for start := from; start < len(f.Value); {
		end := start + indexByte(f.Value[start:], syntax.between)
		for len(own) > 0 && own[0].End <= start {
			p.edits = append(p.edits, own[0])
			own = own[1:]
		}
		if len(own) == 0 || own[0].Start >= end {
			if err := p.pair(f, start, end, syntax, v); err != nil {
				return nil, err
			}
		}
		start = end + 1
	}
	p.edits = append(p.edits, own...)
	return p.edits, nil
}

// pair visits the value of the pair f.Value[start:end]. A value that is to be removed
// becomes empty.
func (p *pairVisitor) pair(f *Field, start, end int, syntax pairSyntax, v Visitor) error {
	for start < end && f.Value[start] == ' ' {
		start++
	}
	eq := start + indexByte(f.Value[start:end], syntax.within)
	if eq == start || eq >= end {
		return nil
	}
	p.name = decode(room(p.name, eq-start), f.Value[start:eq], syntax.e)
	p.path = appendSegment(append(p.path[:0], f.Path...), p.name)
	p.field = Field{Key: p.name, Path: p.path, Kind: String}
	raw := f.Value[eq+1 : end]
	mark := len(p.edits)
	var remove bool
	var err error
	if p.edits, remove, err = p.leaf.visit(p.edits, v, &p.field, raw, eq+1, syntax.e); err != nil || !remove {
		return err
	}
	if p.edits = erase(p.edits[:mark], eq+1, end); len(p.edits) > mark {
		p.edits[mark].Note = p.note
	}
	return nil
}
