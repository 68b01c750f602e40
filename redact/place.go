package redact

// Place is what stands around a value that a rule's pattern captured. Its slices
// belong to the text that is searched and are valid during the call only.
type Place struct {
	// Key is the name of the field that the value stands in, nil in free text.
	Key []byte
	// Before ends where the value begins, After begins where it ends: at most
	// surroundings bytes each.
	Before, After []byte
}

// surroundings bounds what a validator sees beside a value, so that a stream can
// be searched in pieces: a Writer keeps as much behind, and waits for as much.
const surroundings = 64

// A PlaceValidator is a Validator that also judges by what stands around the
// value. Compile asks it through ValidIn only.
type PlaceValidator interface {
	Validator
	ValidIn(value []byte, p Place) bool
}

// placeFunc is a function as a PlaceValidator. Valid judges by the value alone.
type placeFunc func(value []byte, p Place) bool

func (f placeFunc) Valid(value []byte) bool            { return f(value, Place{}) }
func (f placeFunc) ValidIn(value []byte, p Place) bool { return f(value, p) }

// registerPlaced registers a validator of values in their place, without argument.
func registerPlaced(name string, f func([]byte, Place) bool) {
	RegisterValidator(name, func(arg string) (Validator, error) {
		if arg != "" {
			return nil, errNoArgument(name)
		}
		return placeFunc(f), nil
	})
}

// placeOf returns the place of text[start:end] in a field.
func placeOf(key, text []byte, start, end int) Place {
	return Place{
		Key:    key,
		Before: text[max(0, start-surroundings):start],
		After:  text[end:min(len(text), end+surroundings)],
	}
}

// accepts reports whether v takes value in its place.
func accepts(v Validator, value []byte, p Place) bool {
	if placed, ok := v.(PlaceValidator); ok {
		return placed.ValidIn(value, p)
	}
	return v.Valid(value)
}

// valid reports whether all validators take text[start:end].
func (p *program) valid(key, text []byte, start, end int) bool {
	value, place := text[start:end], placeOf(key, text, start, end)
	for _, v := range p.validators {
		if !accepts(v, value, place) {
			return false
		}
	}
	return true
}

// name returns the name that the value stands under: what is left of the sign
// and quotation marks before it, else the field's. It is empty where there is
// none.
func (p Place) name() []byte {
	b := p.Before
	end := len(b)
	signs := 0
	for end > 0 && !isNameByte(b[end-1]) {
		switch b[end-1] {
		case '=', ':', '>':
			signs++
		case ' ', '\t', '+', '"', '\'', '`', '\\', '(', '[':
		default:
			return nil
		}
		end--
	}
	if end == 0 && signs == 0 {
		return p.Key
	}
	if signs == 0 {
		return nil
	}
	start := end
	for start > 0 && isNameByte(b[start-1]) {
		start--
	}
	return b[start:end]
}

func isNameByte(b byte) bool {
	return isDigit(b) || isLower(b|0x20) && b < 0x80 || b == '_' || b == '-' || b == '.'
}
