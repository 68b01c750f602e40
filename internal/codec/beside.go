package codec

// Some values have a name that says nothing, and stand beside what says what they are:
// where lists have names and values apart, a member with the name
// ({"name": "DB_PASSWORD", "value": "..."}); where each value is an object, the name of
// that ({"password": {"value": "..."}}). What is said so is Field.Beside.

// role is what a member has to do with others of its object, by its name.
type role uint8

const (
	roleNone  role = iota
	roleName       // says what the member with roleValue is
	roleValue      // says nothing by itself
	roleTyped      // is the value of what its object is called: a string in DynamoDB
	roleType       // "kty": makes the object a JSON Web Key (RFC 7517, section 4.1)
	rolePart       // may be a private part of such a key (RFC 7518, section 6)
)

// roles are names in lower case, without what stands between words.
var roles = map[string]role{
	"name": roleName, "key": roleName, "variable": roleName, "var": roleName, "header": roleName,
	"field": roleName, "fieldname": roleName, "param": roleName, "parameter": roleName, "property": roleName,
	"parametername": roleName, "parameterkey": roleName, "attribute": roleName, "setting": roleName, "option": roleName,

	"value": roleValue, "val": roleValue, "rejectedvalue": roleValue, "attemptedvalue": roleValue, "stringvalue": roleValue,
	"currentvalue": roleValue, "oldvalue": roleValue, "newvalue": roleValue, "previousvalue": roleValue,
	"parametervalue": roleValue, "defaultvalue": roleValue, "plaintext": roleValue, "old": roleValue, "new": roleValue,

	"kty": roleType, "d": rolePart, "p": rolePart, "q": rolePart, "dp": rolePart, "dq": rolePart, "qi": rolePart, "k": rolePart,
}

// nameOfString is the member of roleTyped, in capitals only.
const nameOfString = "S"

// roleEnds has, for the first letter of a name with a role, the last ones: what most names
// are told by that have none.
var roleEnds = func() (ends [32]uint32) {
	for name := range roles {
		ends[name[0]&0x1f] |= 1 << (name[len(name)-1] & 0x1f)
	}
	return ends
}()

const (
	// maxRole is the length in bytes of the longest name that has a role.
	maxRole = 16
	// maxBeside bounds, in bytes, a name that says something, and what is kept of the name
	// that elements of an array or members of an object stand under.
	maxBeside = 128
	// besideAhead is how far behind a value, in bytes, the member that says what it is may
	// end. Before the value it may be anywhere in the object.
	besideAhead = 128
)

// nameOfType is Beside of the parts of a JSON Web Key.
var nameOfType = []byte("kty")

// roleOf returns the role of a member by its name as it is written.
func roleOf(raw []byte) role {
	n := len(raw)
	if n == 0 || n > 6*maxRole {
		return roleNone
	}
	escaped := raw[0] == '\\' || n > 6 && raw[n-6] == '\\' // its first or last letter
	if !escaped && roleEnds[raw[0]&0x1f]>>(raw[n-1]&0x1f)&1 == 0 {
		if string(raw) == nameOfString {
			return roleTyped
		}
		return roleNone
	}
	if indexByte(raw, '\\') < n {
		raw = decode(nil, raw, backslash{})
	}
	var folded [maxRole]byte
	n = 0
	for _, c := range raw {
		switch {
		case c == '_' || c == '-' || c == ' ':
			continue
		case 'A' <= c && c <= 'Z':
			c |= 0x20
		}
		if n == len(folded) {
			return roleNone
		}
		folded[n] = c
		n++
	}
	return roles[string(folded[:n])]
}

// besideOf finds out the role of the step at hand, and what is said of a string beside its
// own name, and leaves them in w, where there are none yet. With more, src does not tell.
func (w *jsonWalker) besideOf(src []byte, v Visitor) (more bool) {
	s := &w.step
	if s.sep >= 0 {
		w.role = roleOf(src[s.name:s.sep])
	}
	if w.role == roleNone || s.kind != '"' {
		return false
	}
	r := w.role
	f := &w.stack[len(w.stack)-1]
	switch {
	case r == rolePart && f.jwk:
		w.beside = nameOfType
	case r == rolePart, r == roleValue && !f.told:
		named, more := w.besideBehind(src, r, v)
		if more || w.beside != nil || named && f.element {
			return more
		}
	}
	if r == roleValue || r == roleTyped && !f.told {
		w.beside = w.saidIn(f)
	}
	return false
}

// saidIn returns what is said of the values in f, nil if nothing is.
func (w *jsonWalker) saidIn(f *frame) []byte {
	if len(w.keys) == f.key {
		return nil
	}
	return w.keys[f.key:]
}

// besideBehind looks for what is said of the string at hand, which has role r, in the
// members behind it, and leaves it in w.beside. named says that it has a name there,
// whatever that is.
func (w *jsonWalker) besideBehind(src []byte, r role, v Visitor) (named, more bool) {
	limit := w.step.end + besideAhead
	cut := len(src) < limit && !w.final // what is cut here may not be cut at all
	src = src[:min(len(src), limit)]
	for i := w.step.end; ; {
		if i = skipSpace(src, i); i == len(src) {
			return named, cut
		}
		if src[i] != ',' {
			return named, false
		}
		m, t := readMember(src, i+1)
		if t != tokenWhole {
			return named, cut && t == tokenCut
		}
		if i = m.end; src[m.val] != '"' {
			continue
		}
		switch other := roleOf(src[m.name:m.nameEnd]); {
		case r == roleValue && other == roleName:
			named = true
			if w.says(src, m, v) {
				w.beside = w.said
				return named, false
			}
		case r == rolePart && other == roleType && w.isKey(src, m, v):
			w.beside = nameOfType
			return named, false
		}
	}
}

// says reports whether a rule knows the name which m, with a string for value, gives to
// other members. It is in w.said then.
func (w *jsonWalker) says(src []byte, m memberAt, v Visitor) bool {
	raw := src[m.val+1 : m.end-1]
	if len(raw) > maxBeside {
		return false
	}
	w.said = decode(room(w.said, maxBeside), raw, backslash{})
	return v.Tells(w.said, src[m.name-1:m.end])
}

// isKey reports whether a rule knows the parts of a JSON Web Key, which m makes of its
// object.
func (w *jsonWalker) isKey(src []byte, m memberAt, v Visitor) bool {
	return v.Tells(nameOfType, src[m.name-1:m.end])
}

// takeBeside notes what the string at hand, which was visited, says of other members of its
// object. Of several names the first that a rule knows counts.
func (w *jsonWalker) takeBeside(src []byte, v Visitor) {
	s := &w.step
	if s.kind != '"' || w.role == roleNone {
		return
	}
	f, m := &w.stack[len(w.stack)-1], memberAt{s.name, s.sep, s.val, s.end}
	switch {
	case w.role == roleType && !f.jwk && w.isKey(src, m, v):
		f.jwk, f.wanted = true, true
	case w.role != roleName || f.told:
	case w.says(src, m, v):
		w.keys = append(w.keys[:f.key], w.said...)
		f.told, f.wanted = true, true
	case f.element:
		w.keys = w.keys[:f.key] // it has a name of its own, and not that of the array
	}
}

// besideOpen returns the name that the container at hand has beside its own, nil if none.
func (w *jsonWalker) besideOpen() []byte {
	if w.role != roleValue {
		return nil
	}
	return w.saidIn(&w.stack[len(w.stack)-1])
}

// pushKey makes key what elements or members of the container at hand stand under. Of what
// is longer the end tells, as rules have it.
func (w *jsonWalker) pushKey(key []byte) {
	w.keys = append(w.keys, key[max(0, len(key)-maxBeside):]...)
}
