package dialect

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// proto is a message in the wire format of protobuf, which grows by fields.
type proto []byte

func (p proto) number(num protowire.Number, v uint64) proto {
	return protowire.AppendVarint(protowire.AppendTag(p, num, protowire.VarintType), v)
}

func (p proto) fixed(num protowire.Number, v uint64) proto {
	return protowire.AppendFixed64(protowire.AppendTag(p, num, protowire.Fixed64Type), v)
}

func (p proto) double(num protowire.Number, v float64) proto {
	return p.fixed(num, math.Float64bits(v))
}

func (p proto) text(num protowire.Number, s string) proto {
	return protowire.AppendString(protowire.AppendTag(p, num, protowire.BytesType), s)
}

func (p proto) message(num protowire.Number, m []byte) proto {
	return protowire.AppendBytes(protowire.AppendTag(p, num, protowire.BytesType), m)
}
