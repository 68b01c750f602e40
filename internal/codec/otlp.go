package codec

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

func init() {
	for _, s := range []struct {
		signal, suffix, items string
		item                  *shape
	}{
		{"logs", "Logs", "logRecords", logRecord},
		{"traces", "Spans", "spans", span},
		{"metrics", "Metrics", "metrics", metric},
	} {
		request := export(s.suffix, s.items, s.item)
		document := &shape{name: request.name, members: slices.Concat(request.members, exportAnswer.members)}
		Register(&otlpCodec{
			name: "otlp-" + s.signal, path: "/v1/" + s.signal,
			request: request, document: document, names: document.textNames(),
		})
	}
}

// otlpCodec is one signal of OTLP/HTTP, requests and answers, in protobuf and in JSON
// (https://opentelemetry.io/docs/specs/otlp/). Ids, times, enumerations, counts, metric
// names, units and schema URLs are never visited.
type otlpCodec struct {
	name, path string
	request    *shape // in protobuf
	document   *shape // whatever comes in JSON, where names tell what it is
	names      []byte // textNames of document
}

func (c *otlpCodec) Name() string       { return c.name }
func (*otlpCodec) MediaTypes() []string { return nil }

// Endpoint takes protobuf and JSON for the path of the signal, under whatever prefix.
func (c *otlpCodec) Endpoint(path, mediaType string, _ []byte) bool {
	return strings.HasSuffix(strings.TrimSuffix(path, "/"), c.path) &&
		(strings.Contains(mediaType, "protobuf") || mediaType == "application/json")
}

func (c *otlpCodec) NewWalker() Walker {
	w := &otlpWalker{codec: c}
	w.proto.codec = c.name
	return w
}

// Opaque knows of base64 in JSON, beside the escapes that values may have in both.
func (*otlpCodec) Opaque(src []byte) bool {
	return hidesASCII(src) || bytes.Contains(src, []byte("bytesValue")) || bytes.Contains(src, []byte("bytes_value"))
}

func (*otlpCodec) Streams() bool { return false }
func (*otlpCodec) sifts()        {}

func (*otlpCodec) framed(src []byte) bool { return !isObject(src) }

type otlpWalker struct {
	codec *otlpCodec
	proto protoWalker
	json  shapeWalker
}

func (w *otlpWalker) Reset() {
	w.proto.wipe()
	w.json.wipe()
}

func (w *otlpWalker) Walk(dst []Splice, src []byte, final bool, v Visitor) (out []Splice, n int, err error) {
	if !final {
		return dst, 0, nil
	}
	w.proto.begin()
	w.json.begin()
	mark := len(dst)
	if isObject(src) {
		dst, err = w.json.walk(dst, src, w.codec.document, w.codec.names, v)
	} else {
		dst, err = w.proto.walk(dst, src, w.root(src), w.codec.names, v)
	}
	if err != nil {
		return dst[:mark], 0, err
	}
	return dst, len(src), nil
}

// isObject reports whether src can only be JSON: as protobuf, it would begin with a
// group, which none of the messages here has.
func isObject(src []byte) bool {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	return len(src) > 0 && (src[0] == '{' || src[0] != '\n' && looksJSON(src))
}

// root returns what the message src is: the answer to a request comes without a word
// of that it is one.
func (w *otlpWalker) root(src []byte) *shape {
	root := rpcStatus // of a code and a message
	for i := 0; i < len(src); {
		f, msg := readField(src, i, len(src))
		switch {
		case msg != "":
			return w.codec.request
		case f.num == 1 && f.wire == wireLength:
			if !isPartialSuccess(src[f.val:f.end]) {
				return w.codec.request
			}
			root = exportAnswer
		}
		i = f.end
	}
	return root
}

// isPartialSuccess reports whether p says how many items were rejected, or why.
func isPartialSuccess(p []byte) bool {
	f, msg := readField(p, 0, len(p))
	return msg == "" && (f.num == 1 && f.wire == wireVarint ||
		f.num == 2 && f.wire == wireLength && f.end == len(p) && isMessage(p[f.val:f.end]))
}

// isMessage reports whether p is text for people. Items of a request begin with a tag,
// which is a control character, and hold more.
func isMessage(p []byte) bool {
	return len(p) > 0 && p[0] >= ' ' && controls(p) == 0 && utf8.Valid(p)
}
