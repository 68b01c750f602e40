package dialect

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/klauspost/compress/s2"
)

// maxSnappy bounds, in bytes, what a block of snappy may decode to.
const maxSnappy = 64 << 20

// lokiJSON returns a push in protobuf (pkg/push/push.proto), in snappy or where that was
// a content coding without, as the JSON that says the same.
func lokiJSON(body []byte) ([]byte, error) {
	if doc, err := lokiStreams(body); err == nil && len(body) > 0 {
		return doc, nil
	}
	if n, err := s2.DecodedLen(body); err != nil || n > maxSnappy || n > 64*len(body) {
		return nil, errProto
	}
	body, err := s2.Decode(nil, body)
	if err != nil {
		return nil, errProto // its own message could quote
	}
	return lokiStreams(body)
}

func lokiStreams(body []byte) ([]byte, error) {
	doc := []byte(`{"streams":[`)
	err := eachProto(body, func(v protoValue) (err error) {
		if v.num != 1 || v.wire != wireBytes {
			return errProto
		}
		doc, err = appendStream(doc, v.b)
		doc = append(doc, ',')
		return err
	})
	return append(bytes.TrimSuffix(doc, []byte(",")), "]}"...), err
}

func appendStream(doc, p []byte) ([]byte, error) {
	labels := "{}"
	entries := []byte{}
	err := eachProto(p, func(v protoValue) (err error) {
		switch {
		case v.num == 1 && v.wire == wireBytes:
			labels = string(v.b)
		case v.num == 2 && v.wire == wireBytes:
			entries, err = appendEntry(entries, v.b)
			entries = append(entries, ',')
		}
		return err
	})
	doc = append(doc, `{"stream":`...)
	doc = append(doc, labelsJSON(labels)...)
	doc = append(doc, `,"values":[`...)
	doc = append(doc, bytes.TrimSuffix(entries, []byte(","))...)
	return append(doc, "]}"...), err
}

func appendEntry(doc, p []byte) ([]byte, error) {
	var line, metadata []byte
	var seconds, nanos int64
	err := eachProto(p, func(v protoValue) error {
		if v.wire != wireBytes {
			return nil
		}
		switch v.num {
		case 1:
			return eachProto(v.b, func(v protoValue) error {
				switch v.num {
				case 1:
					seconds = int64(v.n)
				case 2:
					nanos = int64(int32(v.n))
				}
				return nil
			})
		case 2:
			line = v.b
		case 3:
			var name, value []byte
			err := eachProto(v.b, func(v protoValue) error {
				switch v.num {
				case 1:
					name = v.b
				case 2:
					value = v.b
				}
				return nil
			})
			metadata = append(append(append(append(metadata, ','), marshal(string(name))...), ':'), marshal(string(value))...)
			return err
		}
		return nil
	})
	doc = append(doc, `["`...)
	doc = strconv.AppendInt(doc, seconds*1e9+nanos, 10)
	doc = append(append(doc, `",`...), marshal(string(line))...)
	if len(metadata) > 0 {
		metadata[0] = '{'
		doc = append(append(append(doc, ','), metadata...), '}')
	}
	return append(doc, ']'), err
}

// labelsJSON returns a label set, {a="b"}, as an object; what is none, as a string.
func labelsJSON(text string) []byte {
	doc := []byte{'{'}
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), "{")
	for rest = strings.TrimSpace(rest); ok && rest != "}"; rest = strings.TrimSpace(rest) {
		var name, value string
		if name, rest, ok = labelPart(rest); !ok {
			break
		}
		if rest, ok = strings.CutPrefix(strings.TrimSpace(rest), "="); !ok {
			break
		}
		quoted, err := strconv.QuotedPrefix(strings.TrimSpace(rest))
		if ok = err == nil; !ok {
			break
		}
		rest = strings.TrimSpace(rest)[len(quoted):]
		value, _ = strconv.Unquote(quoted)
		if len(doc) > 1 {
			doc = append(doc, ',')
		}
		doc = append(append(append(doc, marshal(name)...), ':'), marshal(value)...)
		rest = strings.TrimPrefix(strings.TrimSpace(rest), ",")
	}
	if !ok {
		return marshal(text)
	}
	return append(doc, '}')
}

// labelPart cuts the name of a label off text.
func labelPart(text string) (name, rest string, ok bool) {
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		name, err = strconv.Unquote(quoted)
		return name, text[len(quoted):], err == nil
	}
	i := strings.IndexByte(text, '=')
	if i <= 0 {
		return "", "", false
	}
	return strings.TrimSpace(text[:i]), text[i:], true
}
