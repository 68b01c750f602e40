//go:build e2e

package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/klauspost/compress/s2"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
)

// view returns a body as text that differs only where a value does: formats with
// lengths in them are decoded, by other means than redactd's own.
func view(t *testing.T, path string, m *message) []byte {
	t.Helper()
	text := m.text(t)
	switch {
	case strings.HasSuffix(path, "/envelope/"):
		return envelopeView(t, text)
	case strings.HasSuffix(path, "/loki/api/v1/push") && m.field("Content-Type") == "application/x-protobuf":
		return lokiView(t, text)
	case m.field("Content-Type") == "application/x-protobuf":
		return protobufView(t, path, text)
	}
	return text
}

// protobufView shows the request of an OTLP exporter as JSON. The messages of the
// services have the same fields as those for files.
func protobufView(t *testing.T, path string, data []byte) []byte {
	t.Helper()
	for suffix, msg := range map[string]proto.Message{
		"/v1/logs":    &logs.LogsData{},
		"/v1/traces":  &traces.TracesData{},
		"/v1/metrics": &metrics.MetricsData{},
	} {
		if !strings.HasSuffix(path, suffix) {
			continue
		}
		if err := proto.Unmarshal(data, msg); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		text, err := protojson.Marshal(msg)
		if err != nil {
			t.Fatal(err)
		}
		return decodedBytes(t, sortedJSON(t, string(text)))
	}
	return data
}

// decodedBytes shows the values of bytes in the JSON of OTLP as text.
func decodedBytes(t *testing.T, text string) []byte {
	t.Helper()
	return []byte(bytesValue.ReplaceAllStringFunc(text, func(member string) string {
		decoded, err := base64.StdEncoding.DecodeString(bytesValue.FindStringSubmatch(member)[1])
		if err != nil {
			t.Fatal(err)
		}
		return `"bytesValue":` + jsonString(string(decoded))
	}))
}

// lokiView shows a push request of Loki, streams with labels and entries, field by field
// (push.proto of grafana/loki), times and hashes as numbers and bytes.
func lokiView(t *testing.T, data []byte) []byte {
	t.Helper()
	data, err := s2.Decode(nil, data)
	if err != nil {
		t.Fatal(err)
	}
	return appendFields(t, nil, data, "")
}

// messages are the fields of Loki's push request that are messages, by their path.
var messages = map[string]bool{".1": true, ".1.2": true, ".1.2.1": true, ".1.2.3": true}

func appendFields(t *testing.T, dst, data []byte, path string) []byte {
	t.Helper()
	for len(data) > 0 {
		number, kind, n := protowire.ConsumeTag(data)
		if n < 0 {
			t.Fatalf("tag in %s: %v", path, protowire.ParseError(n))
		}
		data = data[n:]
		size := protowire.ConsumeFieldValue(number, kind, data)
		if size < 0 {
			t.Fatalf("value in %s: %v", path, protowire.ParseError(size))
		}
		field := fmt.Sprintf("%s.%d", path, number)
		dst = append(dst, field+" "...)
		switch value, _ := protowire.ConsumeBytes(data); {
		case kind == protowire.BytesType && messages[field]:
			dst = appendFields(t, append(dst, '\n'), value, field)
		case kind == protowire.BytesType:
			dst = append(append(dst, value...), '\n')
		default:
			dst = fmt.Appendf(dst, "%x\n", data[:size])
		}
		data = data[size:]
	}
	return dst
}

var bytesValue = regexp.MustCompile(`"bytesValue":"([^"]*)"`)

// envelopeView shows an envelope of Sentry item by item, without the lengths of items
// and what events say of their own changes; see
// https://develop.sentry.dev/sdk/data-model/envelopes/.
func envelopeView(t *testing.T, data []byte) []byte {
	t.Helper()
	head, rest, _ := bytes.Cut(data, []byte("\n"))
	out := append(bytes.Clone(head), '\n')
	for len(rest) > 0 {
		var line []byte
		line, rest, _ = bytes.Cut(rest, []byte("\n"))
		var header map[string]any
		if err := json.Unmarshal(line, &header); err != nil {
			t.Fatalf("item header: %v", err)
		}
		payload := rest
		if size, ok := header["length"].(float64); ok {
			if int(size) > len(rest) {
				t.Fatalf("an item has %d bytes, its header says %v", len(rest), size)
			}
			payload, rest = rest[:int(size)], rest[int(size):]
			if len(rest) > 0 && rest[0] != '\n' {
				t.Fatalf("an item is longer than the %v bytes that its header says", size)
			}
			rest = bytes.TrimPrefix(rest, []byte("\n"))
		} else {
			payload, rest, _ = bytes.Cut(rest, []byte("\n"))
		}
		delete(header, "length")
		out = fmt.Appendf(out, "%v\n%s\n", header, withoutMeta(t, payload))
	}
	return out
}

func withoutMeta(t *testing.T, payload []byte) string {
	t.Helper()
	var event map[string]json.RawMessage
	if json.Unmarshal(payload, &event) != nil {
		return string(payload)
	}
	delete(event, "_meta")
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
