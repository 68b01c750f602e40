package codec

import "strings"

// shape is what a message of a protocol is made of, for its protobuf and its JSON
// form alike: one table, two walkers. A field that no table names is never edited in
// protobuf, where it could be anything, and walked as plain JSON in JSON.
type shape struct {
	// name is what messages of it are called in errors and tests.
	name    string
	members []member
	// pair says that the first member is the name which the others stand under.
	pair bool
	// tells says that it says who wrote what is in it, in this form.
	tells bool
	form  Form
}

// member is one field of a message.
type member struct {
	num  int    // field number of the protobuf form, 0 if it has none
	name []byte // in the JSON form, and in paths; visitors do not change it
	kind memberKind
	of   *shape // for message and tuple
	// flat says that neither path nor key tell of the member: what holds it is
	// only there to say of which type a value is.
	flat bool
	// many says that the field is repeated.
	many bool
}

// memberKind says what of a member is visited.
type memberKind uint8

const (
	kept    memberKind = iota // never visited: ids, times, enums
	text                      // a string
	line                      // a string that a backend refuses if it is too long
	labels                    // a label set in the syntax of Prometheus
	octets                    // bytes, base64 in JSON
	integer                   // a varint; a number or a string of digits in JSON
	message                   // of
	tuple                     // an array that holds the members of of, in JSON only
	loose                     // any JSON
)

func (s *shape) byNumber(num uint64) *member {
	for i := range s.members {
		if m := &s.members[i]; m.num != 0 && uint64(m.num) == num {
			return m
		}
	}
	return nil
}

// byName finds a member by its name in JSON, in camel case or with underscores:
// parsers of protobuf's JSON take both.
func (s *shape) byName(name []byte) *member {
	for i := range s.members {
		if sameName(s.members[i].name, name) {
			return &s.members[i]
		}
	}
	return nil
}

// sameName reports whether name is camel, which is in camel case, or the same with
// underscores.
func sameName(camel, name []byte) bool {
	i := 0
	for j := 0; j < len(name); j++ {
		c := name[j]
		if c == '_' && j+1 < len(name) && name[j+1] >= 'a' && name[j+1] <= 'z' {
			j++
			c = name[j] - 'a' + 'A'
		}
		if i == len(camel) || camel[i] != c {
			return false
		}
		i++
	}
	return i == len(camel)
}

// textNames returns the names of all members of s, and of what they are made of, that
// values stand under, as they stand in JSON. Protobuf does not spell them: a rule for
// values under such a name could not be suspected else.
func (s *shape) textNames() []byte {
	var b strings.Builder
	seen := map[*shape]bool{}
	var add func(s *shape)
	add = func(s *shape) {
		if seen[s] {
			return
		}
		seen[s] = true
		for i := range s.members {
			m := &s.members[i]
			if m.kind != kept && !m.flat && (!s.pair || i > 0) {
				b.WriteString(`"` + string(m.name) + `":`)
			}
			if m.of != nil {
				add(m.of)
			}
		}
	}
	add(s)
	return []byte(b.String())
}

// sifting says which texts of a message are visited.
type sifting uint8

const (
	askFirst sifting = iota // those that the sieve does not spare
	visitAll
	// hiddenOnly leaves texts out, as none is suspect, but for those that do not
	// stand there as they are: numbers in protobuf, base64 in JSON.
	hiddenOnly
)

// maxShapes is how deep messages may nest.
const maxShapes = 100
