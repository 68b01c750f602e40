package dialect

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"

	"github.com/redactd/redactd/bench/corpus"
)

// pack is MessagePack that grows by values.
type pack []byte

func (p pack) str(s string) pack {
	switch n := len(s); {
	case n < 32:
		p = append(p, 0xa0|byte(n))
	case n <= math.MaxUint8:
		p = append(p, 0xd9, byte(n))
	default:
		p = binary.BigEndian.AppendUint16(append(p, 0xda), uint16(n))
	}
	return append(p, s...)
}

func (p pack) bin(b []byte) pack {
	return append(binary.BigEndian.AppendUint32(append(p, 0xc6), uint32(len(b))), b...)
}

func (p pack) number(n int) pack { return binary.BigEndian.AppendUint32(append(p, 0xce), uint32(n)) }
func (p pack) array(n int) pack  { return binary.BigEndian.AppendUint16(append(p, 0xdc), uint16(n)) }
func (p pack) pairs(n int) pack  { return append(p, 0x80|byte(n)) }

// time is Fluentd's EventTime.
func (p pack) time(r *Record) pack {
	p = append(p, 0xd7, 0)
	p = binary.BigEndian.AppendUint32(p, uint32(r.Time.Unix()))
	return binary.BigEndian.AppendUint32(p, uint32(r.Time.Nanosecond()))
}

func (p pack) record(r *Record) pack {
	return p.pairs(7).str("log").str(r.Message).str("level").str(r.Level).str("service").str(r.Service).str("host").str(r.Host).
		str("trace_id").str(r.Trace).str("status").number(r.Status).str("duration_ms").number(r.Duration)
}

// events are records as Fluentd and Fluent Bit have them, one behind the other.
func events(records []Record) (out pack) {
	for i := range records {
		out = out.array(2).time(&records[i]).record(&records[i])
	}
	return out
}

var _ = register(Dialect{
	Name: "Fluent Bit msgpack", Path: "/fluentbit", ContentType: "application/msgpack",
	Body: func(records []Record) []byte { return events(records) },
})

var _ = registerListener(Listener{
	Name: "forward", Protocol: "forward",
	Body: func(records []Record) []byte {
		return pack{}.array(3).str("app.shop").bin(events(records)).pairs(1).str("size").number(len(records))
	},
})

var _ = registerListener(Listener{
	Name: "forward, gzip", Protocol: "forward",
	Body: func(records []Record) []byte {
		return pack{}.array(3).str("app.shop").bin(corpus.Gzip(events(records))).pairs(2).str("compressed").str("gzip").str("size").number(len(records))
	},
	Text: func(body []byte) ([]byte, error) {
		i := bytes.Index(body, []byte{0x1f, 0x8b})
		if i < 0 {
			return nil, errors.New("nothing compressed in a message")
		}
		return corpus.Gunzip(body[i:])
	},
})
