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
	"input": roleValue, "s": roleValue, // the latter for strings in DynamoDB

	"kty": roleType, "d": rolePart, "p": rolePart, "q": rolePart, "dp": rolePart, "dq": rolePart, "qi": rolePart, "k": rolePart,
}

// roleEnds has, for the first letter of a name with a role, the last ones: what most names
// are told by that have none.
var roleEnds = func() (ends [32]uint32) {
	for name := range roles {
		ends[name[0]&0x1f] |= 1 << (name[len(name)-1] & 0x1f)
	}
	return ends
}()

// nameOfType is Beside of the parts of a JSON Web Key.
const nameOfType = "kty"

// appendSaid appends what a member with role r and a value written as raw says.
func (r role) appendSaid(dst, raw []byte) []byte {
	if r == roleType {
		return append(dst, nameOfType...)
	}
	return decode(dst, raw, backslash{})
}

// about reports whether a member with role r says something of one with role other.
func (r role) about(other role) bool {
	return r == roleName && other == roleValue || r == roleType && other == rolePart
}

const (
	// maxRole is the length in bytes of the longest name that has a role.
	maxRole = 16
	// maxBeside bounds, in bytes, a name that says something.
	maxBeside = 128
	// besideAhead is how far behind a value, in bytes, the member that says what it is may
	// end. Before the value it may be anywhere in the object.
	besideAhead = 256
)

// roleOf returns the role of a member by its name as it is written.
func roleOf(raw []byte) role {
	n := len(raw)
	if n == 0 || n > 6*maxRole {
		return roleNone
	}
	escaped := raw[0] == '\\' || n > 6 && raw[n-6] == '\\' // its first or last letter
	if !escaped && roleEnds[raw[0]&0x1f]>>(raw[n-1]&0x1f)&1 == 0 {
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

// besideOf finds out what is said of the scalar at hand beside its own name, and leaves it
// in w.beside. With more, src does not tell yet.
func (w *jsonWalker) besideOf(src []byte, v Visitor) (more bool) {
	w.beside = nil
	s := &w.step
	if s.sep < 0 || s.kind != '"' && s.kind != '0' {
		return false
	}
	r := roleOf(src[s.name:s.sep])
	if r != roleValue && r != rolePart {
		return false
	}
	f := &w.stack[len(w.stack)-1]
	if f.told.about(r) {
		w.beside = w.keys[f.key:]
		return false
	}
	if more = w.besideBehind(src, r, v); more || w.beside != nil {
		return more
	}
	if r == roleValue && f.told == roleNone && len(w.keys) > f.key {
		w.beside = w.keys[f.key:]
	}
	return false
}

// besideBehind looks for what is said of the scalar at hand, which has role r, in the
// members behind it.
func (w *jsonWalker) besideBehind(src []byte, r role, v Visitor) (more bool) {
	limit := w.step.end + besideAhead
	cut := len(src) < limit && !w.final // what is cut here may not be cut at all
	src = src[:min(len(src), limit)]
	for i := w.step.end; ; {
		if i = skipSpace(src, i); i == len(src) {
			return cut
		}
		if src[i] != ',' {
			return false
		}
		if i = skipSpace(src, i+1); i == len(src) {
			return cut
		}
		if src[i] != '"' {
			return false
		}
		name := i + 1
		nameEnd, _, t := scanString(src, name)
		if t != tokenWhole {
			return cut && t == tokenCut
		}
		if i = skipSpace(src, nameEnd); i == len(src) {
			return cut
		}
		if src[i] != ':' {
			return false
		}
		if i = skipSpace(src, i+1); i == len(src) {
			return cut
		}
		val := i
		if i = passValue(src, i); i < 0 {
			return cut
		}
		if src[val] != '"' {
			continue
		}
		other, raw := roleOf(src[name:nameEnd-1]), src[val+1:i-1]
		if other.about(r) && len(raw) <= maxBeside && w.tells(src, name, i, v) {
			w.said = other.appendSaid(room(w.said, maxBeside), raw)
			w.beside = w.said
			return false
		}
	}
}

// tells asks v about the member whose name begins at name and which ends at end. It is
// asked of one member from the values before it, and again when that is taken.
func (w *jsonWalker) tells(src []byte, name, end int, v Visitor) bool {
	if w.asked != name {
		w.asked, w.telling = name, v.Tells(src[name-1:end])
	}
	return w.telling
}

// takeBeside notes what the member at hand, which was visited, says of others of its
// object. The first that says something counts.
func (w *jsonWalker) takeBeside(src []byte, v Visitor) {
	s := &w.step
	if s.sep < 0 || s.kind != '"' {
		return
	}
	f := &w.stack[len(w.stack)-1]
	r := roleOf(src[s.name:s.sep])
	if f.told != roleNone || r != roleName && r != roleType {
		return
	}
	switch raw := src[s.val+1 : s.end-1]; {
	case len(raw) <= maxBeside && w.tells(src, s.name, s.end, v):
		w.keys = r.appendSaid(w.keys[:f.key], raw)
		f.told, f.wanted = r, true
	case r == roleName:
		w.keys = w.keys[:f.key] // what it is, is said, and not by the object's name
	}
}
