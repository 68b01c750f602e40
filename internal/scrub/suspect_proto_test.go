package scrub

import (
	"encoding/binary"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/codec"
	"github.com/redactd/redactd/patterns"
)

// protoField appends field num of a message, which has a length.
func protoField(dst []byte, num int, content string) []byte {
	dst = binary.AppendUvarint(dst, uint64(num)<<3|2)
	dst = binary.AppendUvarint(dst, uint64(len(content)))
	return append(dst, content...)
}

func protoString(num int, content string) string { return string(protoField(nil, num, content)) }

func protoPair(name, value string) string {
	return protoString(1, name) + protoString(2, protoString(1, value))
}

// protoLogs is a request of OTLP with that log record.
func protoLogs(record string) []byte {
	return protoField(nil, 1, protoString(2, protoString(2, record)))
}

// TestSuspectBesideLengths puts the examples of all rules where in protobuf a length
// stands before them, and a tag behind, that is a letter or a digit: no assertion of a
// rule may count on what stands beside a text in the payload.
func TestSuspectBesideLengths(t *testing.T) {
	if codec.Lookup("otlp-logs") == nil {
		t.Fatal("no codec otlp-logs")
	}
	for _, p := range patterns.Builtin() {
		for _, r := range p.Rules {
			for _, example := range r.Examples {
				text, _, err := patterns.Expand(example, 7)
				if err != nil {
					t.Fatal(err)
				}
				key := "message"
				if len(r.Keys) > 0 {
					key = r.Keys[len(text)%len(r.Keys)]
				}
				checkSuspect(t, "otlp-logs", protoLogs(protoString(6, protoPair(key, text))))
				// Behind the body comes the tag of the attributes, which is a 2.
				checkSuspect(t, "otlp-logs", protoLogs(protoString(5, protoString(1, text))+protoString(6, protoPair("a", "b"))))
				// And here that of an id, which is a J.
				checkSuspect(t, "otlp-logs", protoLogs(protoString(5, protoString(1, text))+protoString(9, "0123456789abcdef")))
				for _, length := range []int{'-', '=', '9', 'Z', 'a', '_', 200, 300} {
					if n := length - len(text); n > 0 {
						// The length of the body is a letter or digit.
						body := text + strings.Repeat(" ", n)
						checkSuspect(t, "otlp-logs", protoLogs(protoString(5, protoString(1, body))))
						checkSuspect(t, "otlp-logs", protoLogs(protoString(6, protoPair(key, body))))
						checkSuspect(t, "otlp-logs", protoLogs(protoString(6, protoString(2, protoString(1, body))+protoString(1, key))))
					}
				}
			}
		}
	}
}

// TestBrokenMessages asks that what counts its bytes is withheld where it is broken,
// and that JSON goes on as text.
func TestBrokenMessages(t *testing.T) {
	for _, tt := range []struct {
		path, contentType, body string
		withheld                bool
	}{
		{"/v1/logs", "application/x-protobuf", string(protoLogs(protoString(5, protoString(1, "x"))))[1:], true},
		{"/v1/logs", "application/x-protobuf", "redis://:hunter2@h/0", true},
		{"/v1/logs", "application/x-protobuf", `{"a":"redis://:hunter2@h/0"}`, false},
		{"/v1/logs", "application/json", `{"a":"redis://:hunter2@h/0",`, false},
		{"/loki/api/v1/push", "application/x-protobuf", "redis://:hunter2@h/0", true},
		{"/loki/api/v1/push", "application/json", `{"streams":"redis://:hunter2@h/0",`, false},
	} {
		s := Acquire(builtin(), nil)
		res, err := s.Body([]byte(tt.body), Meta{Path: tt.path, ContentType: tt.contentType})
		if tt.withheld != (err != nil) || strings.Contains(string(res.Body), "hunter2") && err == nil {
			t.Errorf("%s %s %q: %q, %v", tt.path, tt.contentType, tt.body, res.Body, err)
		}
		s.Release()
	}
}
