package canary

import (
	"bytes"
	"encoding/binary"

	"github.com/redactd/redactd/internal/codec"
)

// writeForward writes a message of the Forward Protocol with a list of events, in
// MessagePack: [tag, [[time, record], ...]].
func writeForward(list []Canary) ([]byte, error) {
	const array16, map1, map2, array2 = 0xdc, 0x81, 0x82, 0x92
	out := codec.AppendPackedString([]byte{array2}, "shop")
	out = binary.BigEndian.AppendUint16(append(out, array16), uint16(len(list)))
	for i := range list {
		out = append(out, array2, 0xce) // and the time, of four bytes
		out = binary.BigEndian.AppendUint32(out, uint32(lokiBase/1e9))
		out = codec.AppendPackedString(append(out, map2), "seq")
		out = codec.AppendPackedString(out, number(i))
		out = codec.AppendPackedString(out, "data")
		out = codec.AppendPackedString(append(out, map1), list[i].key())
		out = codec.AppendPackedString(out, list[i].Text)
	}
	return out, nil
}

// maxForward bounds, in bytes, what events of a message decode to.
const maxForward = 16 << 20

// readForward reads messages, or the records of a store.
func readForward(body []byte, list []Canary) ([]string, error) {
	if bytes.HasPrefix(body, []byte("{")) {
		return readJSON(body, list)
	}
	var records []byte
	for len(body) > 0 {
		var end codec.PackedEnd
		n, err := end.Next(body)
		if n == 0 || err != nil {
			return nil, errShape
		}
		m := codec.ParseForward(body[:n])
		entries, err := codec.ForwardEntries(body[:n], &m, maxForward)
		if err != nil || m.Mode == codec.ForwardOther {
			return nil, errShape
		}
		for _, e := range entries {
			records, _ = codec.AppendPackedJSON(records, e.Record)
			records = append(records, '\n')
		}
		body = body[n:]
	}
	return readJSON(records, list)
}

func init() {
	Register(Format{Name: "forward", Protocol: "forward", Keyed: true, Write: writeForward, Read: readForward})
}
