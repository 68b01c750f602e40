package canary

import (
	"bytes"
	"encoding/json"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// lokiBase is the time of the first record, in nanoseconds; those after it tell by theirs
// which they are.
const lokiBase = 1790000000000000000

func lokiNumber(nanoseconds string) string {
	n, err := strconv.ParseInt(nanoseconds, 10, 64)
	if err != nil || n < lokiBase {
		return ""
	}
	return number(int(n - lokiBase))
}

// writeLoki puts texts that stand under a name into structured metadata.
func writeLoki(list []Canary) ([]byte, error) {
	values := make([]any, len(list))
	for i := range list {
		at := strconv.FormatInt(lokiBase+int64(i), 10)
		if c := &list[i]; c.Key != "" {
			values[i] = []any{at, "failed", map[string]string{c.Key: c.Text}}
		} else {
			values[i] = []any{at, c.Text}
		}
	}
	return marshal(map[string]any{"streams": []any{map[string]any{"stream": map[string]string{"app": "shop"}, "values": values}}})
}

func readLoki(body []byte, list []Canary) ([]string, error) {
	var doc struct {
		Streams []struct {
			Values [][]any `json:"values"`
		} `json:"streams"`
	}
	if json.Unmarshal(body, &doc) != nil {
		return nil, errShape
	}
	t := newTexts(list)
	for _, s := range doc.Streams {
		for _, v := range s.Values {
			if len(v) == 0 {
				return nil, errShape
			}
			at, _ := v[0].(string)
			t.set(lokiNumber(at), flat(v[1:]))
		}
	}
	return t.found, nil
}

// writeLokiProto writes logproto.PushRequest: streams (1) of labels (1) and entries (2)
// of timestamp (1), line (2) and structured metadata (3).
func writeLokiProto(list []Canary) ([]byte, error) {
	stream := appendField(nil, 1, []byte(`{app="shop"}`))
	for i := range list {
		at := lokiBase + int64(i)
		stamp := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(at/1e9))
		stamp = protowire.AppendVarint(protowire.AppendTag(stamp, 2, protowire.VarintType), uint64(at%1e9))
		entry := appendField(nil, 1, stamp)
		if c := &list[i]; c.Key != "" {
			pair := appendField(appendField(nil, 1, []byte(c.Key)), 2, []byte(c.Text))
			entry = appendField(appendField(entry, 2, []byte("failed")), 3, pair)
		} else {
			entry = appendField(entry, 2, []byte(c.Text))
		}
		stream = appendField(stream, 2, entry)
	}
	return appendField(nil, 1, stream), nil
}

func appendField(dst []byte, n protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(dst, n, protowire.BytesType), value)
}

func readLokiProto(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	streams, err := fields(body, 1)
	for _, stream := range streams {
		entries, e := fields(stream, 2)
		if e != nil {
			err = e
		}
		for _, entry := range entries {
			stamps, e := fields(entry, 1)
			if e != nil || len(stamps) != 1 {
				return nil, errShape
			}
			t.set(lokiNumber(protoTime(stamps[0])), string(bytes.TrimPrefix(entry, appendField(nil, 1, stamps[0]))))
		}
	}
	if err != nil {
		return nil, err
	}
	return t.found, nil
}

// fields returns the values of the fields of that number in a message, which are bytes.
func fields(message []byte, want protowire.Number) (values [][]byte, err error) {
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 {
			return nil, errShape
		}
		message = message[size:]
		if size = protowire.ConsumeFieldValue(n, kind, message); size < 0 {
			return nil, errShape
		}
		if n == want && kind == protowire.BytesType {
			v, _ := protowire.ConsumeBytes(message)
			values = append(values, v)
		}
		message = message[size:]
	}
	return values, nil
}

// protoTime returns a google.protobuf.Timestamp in nanoseconds.
func protoTime(message []byte) string {
	var parts [3]uint64
	for len(message) > 0 {
		n, kind, size := protowire.ConsumeTag(message)
		if size < 0 || kind != protowire.VarintType || n > 2 {
			return ""
		}
		v, used := protowire.ConsumeVarint(message[size:])
		if used < 0 {
			return ""
		}
		parts[n], message = v, message[size+used:]
	}
	return strconv.FormatUint(parts[1]*1e9+parts[2], 10)
}

func init() {
	Register(Format{Name: "loki-json", Path: "/loki/api/v1/push", ContentType: "application/json", Keyed: true, Write: writeLoki, Read: readLoki})
	Register(Format{Name: "loki-protobuf", Path: "/loki/api/v1/push", ContentType: "application/x-protobuf", Keyed: true,
		Write: writeLokiProto, Read: readLokiProto})
}
