package codec

import (
	"bytes"
	"strings"

	"github.com/klauspost/compress/s2"
)

func init() { Register(lokiCodec{}) }

// lokiCodec is what Loki's push API takes (pkg/push/push.proto, and
// https://grafana.com/docs/loki/latest/reference/loki-http-api/): protobuf in a block
// of snappy, or bare where snappy was declared as a content coding; and JSON, of
// version 1 and of before. Lines, values of labels and structured metadata are
// visited; times never are, nor is the hash of a stream, which distributors compute
// anew. A line that is long is not made longer.
type lokiCodec struct{}

var (
	lokiPair = &shape{name: "LabelPair", pair: true, members: []member{one(1, "name", text, nil), flat(one(2, "value", text, nil))}}
	lokiPush = &shape{name: "PushRequest", members: []member{list(1, "streams", message, &shape{name: "Stream", tells: true, form: FormLokiStream, members: []member{
		one(1, "labels", labels, nil), one(3, "hash", kept, nil),
		list(2, "entries", message, &shape{name: "Entry", members: []member{
			one(1, "timestamp", kept, nil), one(0, "ts", kept, nil), one(2, "line", line, nil),
			list(3, "structuredMetadata", message, lokiPair), list(4, "parsed", message, lokiPair),
		}}),
		one(0, "stream", loose, nil),
		list(0, "values", tuple, &shape{members: []member{one(0, "", kept, nil), one(0, "", line, nil), one(0, "", loose, nil)}}),
	}})}}
	lokiNames = lokiPush.textNames()
)

func (lokiCodec) Name() string         { return "loki" }
func (lokiCodec) MediaTypes() []string { return nil }

// Endpoint takes what Loki takes for a push: JSON, protobuf, and whatever says
// nothing. What answers it is text, which may say nothing too.
func (lokiCodec) Endpoint(path, mediaType string, head []byte) bool {
	path = strings.TrimSuffix(path, "/")
	if mediaType == "" && len(head) > 0 && !looksJSON(head) && isAnswer(head) {
		return false
	}
	return (strings.HasSuffix(path, "/loki/api/v1/push") || strings.HasSuffix(path, "/api/prom/push")) &&
		(mediaType == "" || mediaType == "application/json" || mediaType == "application/octet-stream" || strings.Contains(mediaType, "protobuf"))
}

// isAnswer reports whether head is a word for people: tags of protobuf are control
// characters, and the message of a push begins with one.
func isAnswer(head []byte) bool { return isMessage(bytes.TrimRight(head, "\r\n")) }

func (lokiCodec) NewWalker() Walker {
	w := &lokiWalker{}
	w.proto.codec = "loki"
	return w
}

// Opaque reports snappy and the escapes of JSON and of label sets.
func (lokiCodec) Opaque(src []byte) bool {
	return !beginsObject(src) && snappySize(src) >= 0 || hidesGo(src)
}

func (lokiCodec) Streams() bool { return false }
func (lokiCodec) sifts()        {}

func (lokiCodec) framed(src []byte) bool { return !beginsObject(src) }

// beginsObject reports whether src begins as an object of JSON does, which no block of
// snappy can: behind its size, the quote would be a copy of what is not there yet.
func beginsObject(src []byte) bool {
	if len(src) == 0 || src[0] != '{' {
		return false
	}
	i := skipSpace(src, 1)
	return i < len(src) && (src[i] == '"' || src[i] == '}')
}

type lokiWalker struct {
	proto protoWalker
	json  shapeWalker
	inner []Splice // of what snappy holds
	plain []byte   // what it holds
}

func (w *lokiWalker) Reset() {
	w.proto.wipe()
	w.json.wipe()
	clear(w.inner[:cap(w.inner)])
	w.inner = w.inner[:0]
	w.plain = wiped(w.plain)
}

func (w *lokiWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	if !final {
		return dst, 0, nil
	}
	w.proto.begin()
	w.json.begin()
	mark := len(dst)
	switch {
	case looksJSON(src) && validJSON(src):
		dst, err = w.json.walk(dst, src, lokiPush, lokiNames, v)
	case isPush(src):
		dst, err = w.proto.walk(dst, src, lokiPush, lokiNames, v)
	default:
		dst, err = w.snappy(dst, src, v)
	}
	if err != nil {
		return dst[:mark], 0, err
	}
	return dst, len(src), nil
}

// isPush reports whether src is a message of streams and nothing else, as no block of
// snappy is.
func isPush(src []byte) bool {
	for i := 0; i < len(src); {
		f, msg := readField(src, i, len(src))
		if msg != "" || f.num != 1 || f.wire != wireLength {
			return false
		}
		i = f.end
	}
	return true
}

// snappy walks what src is compressed from. With an edit, all of src is written anew.
func (w *lokiWalker) snappy(dst []Splice, src []byte, v Visitor) ([]Splice, error) {
	size := snappySize(src)
	if size < 0 {
		return dst, w.proto.fail(0, "neither snappy nor protobuf nor JSON")
	}
	if size > maxSnappy {
		return dst, ErrTooLarge
	}
	plain, err := s2.Decode(room(w.plain, size)[:size], src)
	if err != nil {
		return dst, w.proto.fail(0, "broken snappy") // its own message could quote
	}
	w.plain = plain
	if w.inner, err = w.proto.walk(w.inner[:0], plain, lokiPush, lokiNames, v); err != nil || len(w.inner) == 0 {
		return dst, err
	}
	amended := Apply(nil, plain, w.inner)
	out := s2.EncodeSnappy(nil, amended)
	clear(amended)
	return append(dst, Splice{Start: 0, End: len(src), Text: out}), nil
}

// maxSnappy is the size in bytes above which a block of snappy is not decoded.
const maxSnappy = 64 << 20

// snappySize returns the size that src would have once decoded if it is a block of
// snappy, -1 if it can't be one: a copy of at most 64 bytes takes 2 (and a header at
// the start), and what is not compressed grows by a sixth at most.
func snappySize(src []byte) int {
	size, err := s2.DecodedLen(src)
	if err != nil || size > 64*len(src) || len(src) > 32+size+size/6 {
		return -1
	}
	return size
}
