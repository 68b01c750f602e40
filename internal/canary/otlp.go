package canary

import (
	"google.golang.org/protobuf/encoding/protowire"
)

// The numbers of fields are those of opentelemetry/proto/logs/v1/logs.proto.
const (
	otlpResourceLogs = 1
	otlpScopeLogs    = 2
	otlpLogRecords   = 2
	otlpTime         = 1
	otlpSeverity     = 3
	otlpBody         = 5
	otlpAttributes   = 6
)

// writeOTLPProto writes an ExportLogsServiceRequest. The time of a record tells which it is.
func writeOTLPProto(list []Canary) ([]byte, error) {
	var scope []byte
	for i := range list {
		r := protowire.AppendFixed64(protowire.AppendTag(nil, otlpTime, protowire.Fixed64Type), lokiBase+uint64(i))
		r = appendField(r, otlpSeverity, []byte("ERROR"))
		if c := &list[i]; c.Key != "" {
			r = appendField(r, otlpBody, otlpString("failed"))
			r = appendField(r, otlpAttributes, appendField(appendField(nil, 1, []byte(c.Key)), 2, otlpString(c.Text)))
		} else {
			r = appendField(r, otlpBody, otlpString(c.Text))
		}
		scope = appendField(scope, otlpLogRecords, r)
	}
	return appendField(nil, otlpResourceLogs, appendField(nil, otlpScopeLogs, scope)), nil
}

// otlpString is an AnyValue.
func otlpString(text string) []byte { return appendField(nil, 1, []byte(text)) }

func readOTLPProto(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	level := [][]byte{body}
	for _, n := range []protowire.Number{otlpResourceLogs, otlpScopeLogs, otlpLogRecords} {
		var next [][]byte
		for _, m := range level {
			found, err := fields(m, n)
			if err != nil {
				return nil, err
			}
			next = append(next, found...)
		}
		level = next
	}
	for _, record := range level {
		if _, err := fields(record, 0); err != nil {
			return nil, err
		}
		at, size := protowire.ConsumeFixed64(record[1:])
		if size < 0 || at < lokiBase {
			return nil, errShape
		}
		t.set(number(int(at-lokiBase)), string(record[1+size:]))
	}
	return t.found, nil
}

func init() {
	f := Format{Name: "otlp-logs-protobuf", Path: "/v1/logs", ContentType: "application/x-protobuf", Keyed: true,
		Write: writeOTLPProto, Read: readOTLPProto}
	Register(f)
	f.Name, f.Protocol = "otlp-grpc", "otlp-grpc"
	Register(f)
}
