package dialect

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"math"
	"strconv"
	"strings"
)

// protoSchema is what messages are made of, by their names.
type protoSchema map[string]*protoMessage

type protoMessage struct {
	fields []protoField
}

type protoField struct {
	num  uint64
	name string // in JSON
	kind string // of protoKinds, or the name of a message
	many bool
	of   *protoMessage
}

// protoKinds gives the wire type of each kind. The kinds are those of protobuf, and
// enum; hex is bytes that JSON has in hexadecimal digits.
var protoKinds = map[string]int{
	"bool": wireVarint, "enum": wireVarint, "uint32": wireVarint, "sint32": wireVarint, "int64": wireVarint, "uint64": wireVarint,
	"fixed64": wireFixed64, "sfixed64": wireFixed64, "double": wireFixed64, "fixed32": wireFixed32,
	"string": wireBytes, "bytes": wireBytes, "hex": wireBytes,
}

// Wire types (https://protobuf.dev/programming-guides/encoding/).
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// newProtoSchema reads a schema: a line for each message, its name and a colon, then
// fields with a semicolon between them, each a number, a name and a kind, which has []
// in front where the field is repeated. It panics if the schema makes no sense.
func newProtoSchema(text string) protoSchema {
	s := protoSchema{}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		name, fields, _ := strings.Cut(strings.TrimSpace(line), ":")
		m := &protoMessage{}
		for field := range strings.SplitSeq(fields, ";") {
			parts := strings.Fields(field)
			num, err := strconv.ParseUint(parts[0], 10, 29)
			if err != nil || len(parts) != 3 {
				panic("dialect: schema of " + name)
			}
			kind, many := strings.CutPrefix(parts[2], "[]")
			m.fields = append(m.fields, protoField{num: num, name: parts[1], kind: kind, many: many})
		}
		s[name] = m
	}
	for name, m := range s {
		for i := range m.fields {
			f := &m.fields[i]
			if _, ok := protoKinds[f.kind]; !ok {
				if f.of = s[f.kind]; f.of == nil {
					panic("dialect: schema of " + name + ": no " + f.kind)
				}
			}
		}
	}
	return s
}

var errProto = errors.New("not the message it should be")

// maxProtoDepth is how deep messages may nest.
const maxProtoDepth = 100

// protoValue is one field as it came: a number or bytes.
type protoValue struct {
	num  uint64
	wire int
	n    uint64
	b    []byte
	raw  []byte // all of the field
}

// nextProto cuts the first field off p.
func nextProto(p []byte) (v protoValue, rest []byte, err error) {
	tag, n := binary.Uvarint(p)
	if n <= 0 || tag>>3 == 0 {
		return v, nil, errProto
	}
	v.num, v.wire = tag>>3, int(tag&7)
	rest = p[n:]
	switch v.wire {
	case wireVarint:
		if v.n, n = binary.Uvarint(rest); n <= 0 {
			return v, nil, errProto
		}
		rest = rest[n:]
	case wireFixed64:
		if len(rest) < 8 {
			return v, nil, errProto
		}
		v.n, rest = binary.LittleEndian.Uint64(rest), rest[8:]
	case wireFixed32:
		if len(rest) < 4 {
			return v, nil, errProto
		}
		v.n, rest = uint64(binary.LittleEndian.Uint32(rest)), rest[4:]
	case wireBytes:
		size, n := binary.Uvarint(rest)
		if n <= 0 || size > uint64(len(rest)-n) {
			return v, nil, errProto
		}
		v.b, rest = rest[n:n+int(size)], rest[n+int(size):]
	default:
		return v, nil, errProto
	}
	v.raw = p[:len(p)-len(rest)]
	return v, rest, nil
}

// eachProto calls fn for each field of p until that fails.
func eachProto(p []byte, fn func(v protoValue) error) error {
	for len(p) > 0 {
		v, rest, err := nextProto(p)
		if err != nil {
			return err
		}
		if err = fn(v); err != nil {
			return err
		}
		p = rest
	}
	return nil
}

// appendJSON appends the message p as JSON, the way OTLP has it: integers of 64 bits
// are strings, enumerations numbers, ids hexadecimal digits. What the schema does not
// know is kept in base64 as unknownFields.
func (m *protoMessage) appendJSON(dst, p []byte, depth int) ([]byte, error) {
	if depth == maxProtoDepth {
		return dst, errProto
	}
	byField := make([][]protoValue, len(m.fields))
	var unknown []byte
	err := eachProto(p, func(v protoValue) error {
		for i := range m.fields {
			if f := &m.fields[i]; f.num == v.num && f.takes(&v) {
				byField[i] = append(byField[i], v)
				return nil
			}
		}
		unknown = append(unknown, v.raw...)
		return nil
	})
	if err != nil {
		return dst, err
	}
	dst = append(dst, '{')
	first := len(dst)
	for i := range m.fields {
		if len(byField[i]) == 0 {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(append(append(dst, '"'), m.fields[i].name...), `":`...)
		if dst, err = m.fields[i].appendValues(dst, byField[i], depth); err != nil {
			return dst, err
		}
	}
	if len(unknown) > 0 {
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(dst, `"unknownFields":"`...)
		dst = append(base64.StdEncoding.AppendEncode(dst, unknown), '"')
	}
	return append(dst, '}'), nil
}

// wireType is the one that a value of f has by itself.
func (f *protoField) wireType() int {
	if f.of != nil {
		return wireBytes
	}
	return protoKinds[f.kind]
}

// takes reports whether v can be a value of f, or several of them packed.
func (f *protoField) takes(v *protoValue) bool {
	return v.wire == f.wireType() || f.many && v.wire == wireBytes
}

func (f *protoField) appendValues(dst []byte, values []protoValue, depth int) (_ []byte, err error) {
	if !f.many {
		last := values[len(values)-1]
		if f.of != nil && len(values) > 1 { // messages are joined
			last.b = nil
			for _, v := range values {
				last.b = append(last.b, v.b...)
			}
		}
		return f.appendValue(dst, &last, depth)
	}
	dst = append(dst, '[')
	first := len(dst)
	for i := range values {
		for _, v := range f.unpack(&values[i]) {
			if len(dst) > first {
				dst = append(dst, ',')
			}
			if dst, err = f.appendValue(dst, &v, depth); err != nil {
				return dst, err
			}
		}
	}
	return append(dst, ']'), nil
}

// unpack returns the values that stand packed in v, up to the first that is not whole.
func (f *protoField) unpack(v *protoValue) (list []protoValue) {
	wire := f.wireType()
	if v.wire == wire {
		return []protoValue{*v}
	}
	for p := v.b; len(p) > 0; {
		one := protoValue{wire: wire}
		n := 0
		switch {
		case wire == wireVarint:
			one.n, n = binary.Uvarint(p)
		case wire == wireFixed64 && len(p) >= 8:
			one.n, n = binary.LittleEndian.Uint64(p), 8
		case wire == wireFixed32 && len(p) >= 4:
			one.n, n = uint64(binary.LittleEndian.Uint32(p)), 4
		}
		if n <= 0 {
			break
		}
		list = append(list, one)
		p = p[n:]
	}
	return list
}

func (f *protoField) appendValue(dst []byte, v *protoValue, depth int) ([]byte, error) {
	if f.of != nil {
		return f.of.appendJSON(dst, v.b, depth+1)
	}
	switch f.kind {
	case "bool":
		return strconv.AppendBool(dst, v.n != 0), nil
	case "enum":
		return strconv.AppendInt(dst, int64(int32(v.n)), 10), nil
	case "sint32":
		return strconv.AppendInt(dst, int64(int32(uint32(v.n)>>1)^-int32(v.n&1)), 10), nil
	case "uint32", "fixed32":
		return strconv.AppendUint(dst, uint64(uint32(v.n)), 10), nil
	case "int64", "sfixed64":
		return append(strconv.AppendInt(append(dst, '"'), int64(v.n), 10), '"'), nil
	case "uint64", "fixed64":
		return append(strconv.AppendUint(append(dst, '"'), v.n, 10), '"'), nil
	case "double":
		x := math.Float64frombits(v.n)
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return append(append(append(dst, '"'), strings.Replace(strconv.FormatFloat(x, 'g', -1, 64), "Inf", "Infinity", 1)...), '"'), nil
		}
		return strconv.AppendFloat(dst, x, 'g', -1, 64), nil
	case "hex":
		return append(hex.AppendEncode(append(dst, '"'), v.b), '"'), nil
	case "bytes":
		return append(base64.StdEncoding.AppendEncode(append(dst, '"'), v.b), '"'), nil
	}
	return append(dst, marshal(string(v.b))...), nil
}
