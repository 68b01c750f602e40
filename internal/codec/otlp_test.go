package codec

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resources "go.opentelemetry.io/proto/otlp/resource/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// requests are the messages of the signals, which have the fields of those that are
// exported.
var requests = map[string]func() proto.Message{
	"otlp-logs":    func() proto.Message { return &logs.LogsData{} },
	"otlp-traces":  func() proto.Message { return &traces.TracesData{} },
	"otlp-metrics": func() proto.Message { return &metrics.MetricsData{} },
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func str(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

func pairs(kv ...*common.AnyValue) []*common.KeyValue {
	var list []*common.KeyValue
	for i := 0; i < len(kv); i += 2 {
		list = append(list, &common.KeyValue{Key: kv[i].GetStringValue(), Value: kv[i+1]})
	}
	return list
}

func logRequest(records ...*logs.LogRecord) *logs.LogsData {
	return &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resources.Resource{Attributes: pairs(str("service.name"), str("s"))},
		ScopeLogs: []*logs.ScopeLogs{{LogRecords: records, SchemaUrl: "s"}},
	}}}
}

// TestOTLPEdits compares with what another library makes of the edited message.
func TestOTLPEdits(t *testing.T) {
	number := &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: 12}}
	record := func(body *common.AnyValue, kv ...*common.AnyValue) *logs.LogRecord {
		return &logs.LogRecord{TimeUnixNano: 7, TraceId: []byte("secretsecretsecr"), Body: body, Attributes: pairs(kv...)}
	}
	s, x := str("secret"), str("x")
	for _, tt := range []struct {
		name      string
		src, want *logs.LogRecord
		r         *recorder
	}{
		{"body", record(s), record(x), editor(all("secret", "x"))},
		{"longer than one byte of length tells", record(s), record(str(strings.Repeat("y", 300))), editor(all("secret", strings.Repeat("y", 300)))},
		{"by key", record(nil, str("password"), str("a"), str("b"), str("a")), record(nil, str("password"), x, str("b"), str("a")), keyed("password", "x")},
		{"key", record(nil, s, str("a")), record(nil, x, str("a")), editor(all("secret", "x"))},
		{"number", record(nil, str("pin"), number), record(nil, str("pin"), &common.AnyValue{Value: &common.AnyValue_IntValue{}}), keyed("pin", "[x]")},
		{"remove", record(nil, str("a"), s, str("b"), str("c"), str("d"), number), record(nil, str("b"), str("c")), editor(nil, "secret", "12")},
		{"remove body", record(s), record(str("")), editor(nil, "secret")},
		{"remove all", record(nil, str("a"), s), record(nil), editor(nil, "secret")},
	} {
		src, want := logRequest(tt.src), logRequest(tt.want)
		got := rewrite(t, "otlp-logs", string(marshal(t, src)), tt.r)
		back := &logs.LogsData{}
		if err := proto.Unmarshal([]byte(got), back); err != nil || !proto.Equal(back, want) {
			t.Errorf("%s: %v\n got %v\nwant %v", tt.name, err, back, want)
		}
	}
}

func TestOTLPJSONEdits(t *testing.T) {
	wrap := func(attribute string) string {
		return `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"traceId":"s","attributes":[` + attribute + `]}]}]}]}`
	}
	b64 := base64.StdEncoding.EncodeToString
	for _, tt := range []struct {
		name, src, want string
		r               *recorder
	}{
		{"key first", `{"key":"password","value":{"stringValue":"hunter2"}}`, `{"key":"password","value":{"stringValue":"x"}}`, keyed("password", "x")},
		{"key last", `{"value":{"stringValue":"hunter2"},"key":"pass\u0077ord"}`, `{"value":{"stringValue":"x"},"key":"pass\u0077ord"}`, keyed("password", "x")},
		{"deep", `{"key":"password","value":{"arrayValue":{"values":[{"stringValue":"a"},{"intValue":"12"}]}}}`,
			`{"key":"password","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":"0"}]}}}`, keyed("password", "x")},
		{"number", `{"key":"pin","value":{"intValue":1234}}`, `{"key":"pin","value":{"intValue":0}}`, keyed("pin", "x")},
		{"bytes", `{"key":"k","value":{"bytesValue":"` + b64([]byte("a secret")) + `"}}`, `{"key":"k","value":{"bytesValue":"` + b64([]byte("a x")) + `"}}`,
			editor(map[string][]Splice{"a secret": {{Start: 2, End: 8, Text: []byte("x")}}})},
		{"no bytes", `{"key":"k","value":{"bytesValue":"se cret"}}`, `{"key":"k","value":{"bytesValue":"x"}}`, editor(all("se cret", "x"))},
		{"names", `{"key":"secret","value":{"stringValue":"s"}}`, `{"key":"x","value":{"stringValue":"s"}}`, editor(all("secret", "x"))},
		{"name last", `{"value":{"stringValue":"secret"}, "key":"secret"}`, `{"value":{"stringValue":"x"}, "key":"x"}`, editor(all("secret", "x"))},
		{"remove", `{"key":"a","value":{"stringValue":"s"}} , {"key":"b"},{"key":"c","value":{"intValue":7}}`, `{"key":"b"}`, editor(nil, "s", "7")},
		{"unknown", `{"key":"a","other":{"secret":["s"]}}`, `{"key":"a","other":{"secret":["x"]}}`, editor(all("s", "x"))},
		{"details", `{}]}]}],"code":7,"details":[{"a":"s"}],"x":[{"y":[{"z":[{}`, `{}]}]}],"code":7,"details":[{"a":"x"}],"x":[{"y":[{"z":[{}`, editor(all("s", "x"))},
		{"not of the protocol", `"s",{"key":7,"value":"s"},7`, `"x",{"key":7,"value":"x"},7`, editor(all("s", "x"))},
	} {
		if got := rewrite(t, "otlp-logs", wrap(tt.src), tt.r); got != wrap(tt.want) {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, wrap(tt.want))
		}
	}
}

// TestOTLPFormsAgree asks that both forms of one request show the same fields.
func TestOTLPFormsAgree(t *testing.T) {
	for name, files := range map[string][2]string{
		"otlp-logs": {"sdk.pb", "collector.json"}, "otlp-traces": {"sdk.pb", "collector.json"}, "otlp-metrics": {"summary.pb", "collector.json"},
	} {
		var fields [2][]seen
		for i, file := range files {
			r := &recorder{}
			if _, _, err := walkWhole(Lookup(name), samples(t, name)[file], r); err != nil {
				t.Fatal(err)
			}
			slices.SortFunc(r.fields, func(a, b seen) int { return strings.Compare(a.String(), b.String()) })
			fields[i] = r.fields
		}
		if diff := sameFields(fields[0], fields[1]); diff != "" || len(fields[0]) < 20 {
			t.Errorf("%s: %d fields, %s", name, len(fields[0]), diff)
		}
	}
}

// visited names, by message, the fields that hold text.
var visited = map[protoreflect.MessageDescriptor][]protoreflect.Name{
	(&common.KeyValue{}).ProtoReflect().Descriptor():             {"key"},
	(&common.AnyValue{}).ProtoReflect().Descriptor():             {"string_value", "bytes_value", "int_value"},
	(&common.InstrumentationScope{}).ProtoReflect().Descriptor(): {"name", "version"},
	(&logs.LogRecord{}).ProtoReflect().Descriptor():              {"severity_text", "event_name"},
	(&traces.Span{}).ProtoReflect().Descriptor():                 {"name"},
	(&traces.Span_Event{}).ProtoReflect().Descriptor():           {"name"},
	(&traces.Status{}).ProtoReflect().Descriptor():               {"message"},
	(&metrics.Metric{}).ProtoReflect().Descriptor():              {"description"},
}

// markMessage does to a decoded message what markAll does to the payload.
func markMessage(m protoreflect.Message) {
	m.Range(func(fd protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		if slices.Contains(visited[m.Descriptor()], fd.Name()) {
			switch fd.Kind() {
			case protoreflect.StringKind:
				m.Set(fd, protoreflect.ValueOfString(mark))
			case protoreflect.BytesKind:
				m.Set(fd, protoreflect.ValueOfBytes([]byte(mark)))
			default:
				m.Set(fd, protoreflect.ValueOfInt64(0))
			}
		}
		if fd.Message() == nil {
			return true
		}
		if fd.IsList() {
			for i := range v.List().Len() {
				markMessage(v.List().Get(i).Message())
			}
		} else {
			markMessage(v.Message())
		}
		return true
	})
}

// TestOTLPAgainstLibrary edits captured traffic and compares all of it, decoded by
// another library, with the same edits made there.
func TestOTLPAgainstLibrary(t *testing.T) {
	for name, message := range requests {
		for file, src := range samples(t, name) {
			want, got := message(), message()
			src = bytes.ReplaceAll(src, []byte(`{"msg"`), []byte(`("msg"`)) // no document in a string
			if !strings.HasSuffix(file, ".pb") || Lookup(name).NewWalker().(*otlpWalker).root(src) != Lookup(name).(*otlpCodec).request {
				continue
			}
			if err := proto.Unmarshal(src, want); err != nil {
				t.Fatal(file, err)
			}
			markMessage(want.ProtoReflect())
			splices, _, err := walkWhole(Lookup(name), src, &recorder{edit: markAll})
			if err != nil {
				t.Fatal(file, err)
			}
			if err := proto.Unmarshal(Apply(nil, src, splices), got); err != nil || !proto.Equal(got, want) {
				t.Errorf("%s/%s: %v\n got %v\nwant %v", name, file, err, got, want)
			}
		}
	}
}

// TestOTLPSpares asks that of a request with one finding few fields are visited.
func TestOTLPSpares(t *testing.T) {
	var records []*logs.LogRecord
	for i := range 1000 {
		records = append(records, &logs.LogRecord{Body: str("a line of text"), Attributes: pairs(str("a"), str("b"), str("c"), str("d"))})
		if i == 500 {
			records[i].Body = str("a SECRET")
		}
	}
	v := &picky{word: "SECRET"}
	splices, _, err := walkWhole(Lookup("otlp-logs"), marshal(t, logRequest(records...)), v)
	if err != nil || len(splices) != 6 { // the text, and the lengths from its own to that of ResourceLogs
		t.Errorf("%d splices, %v", len(splices), err)
	}
	if v.fields == 0 || v.fields > 100 {
		t.Errorf("%d fields visited", v.fields)
	}
}

func TestOTLPAnswers(t *testing.T) {
	w := Lookup("otlp-logs").NewWalker().(*otlpWalker)
	for name, tt := range map[string]struct {
		src  []byte
		want *shape
	}{
		"request":          {marshal(t, logRequest(&logs.LogRecord{Body: str("x")})), w.codec.request},
		"without resource": {marshal(t, &logs.LogsData{ResourceLogs: []*logs.ResourceLogs{{ScopeLogs: []*logs.ScopeLogs{{LogRecords: []*logs.LogRecord{{Body: str("x")}}}}}}}), w.codec.request},
		"rejected":         {[]byte("\x0a\x06\x08\x03\x12\x02no"), exportAnswer},
		"warning":          {[]byte("\x0a\x04\x12\x02no"), exportAnswer},
		"refused":          {[]byte("\x08\x03\x12\x02no"), rpcStatus},
		"unknown first":    {append([]byte("\x38\x01"), marshal(t, logRequest(&logs.LogRecord{Body: str("x")}))...), w.codec.request},
	} {
		if got := w.root(tt.src); got != tt.want {
			t.Errorf("%s is taken for %s", name, got.name)
		}
	}
	deep := str("x")
	for range maxShapes {
		deep = &common.AnyValue{Value: &common.AnyValue_ArrayValue{ArrayValue: &common.ArrayValue{Values: []*common.AnyValue{deep}}}}
	}
	if _, _, err := walkWhole(Lookup("otlp-logs"), marshal(t, logRequest(&logs.LogRecord{Body: deep})), &recorder{}); !IsSyntax(err) {
		t.Error(err)
	}
}

// fuzzOTLP asks, beside what holds for any bytes, that what another library reads is
// still read after edits, with nothing else changed.
func fuzzOTLP(f *testing.F, name string) {
	for _, src := range samples(f, name) {
		f.Add(src)
	}
	c := Lookup(name)
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 8<<10 {
			return
		}
		checkWalk(t, c, src)
		before, after := requests[name](), requests[name]()
		if isObject(src) || c.NewWalker().(*otlpWalker).root(src) != c.(*otlpCodec).request || proto.Unmarshal(src, before) != nil {
			return
		}
		splices, _, err := walkWhole(c, src, &recorder{edit: markSome})
		if err != nil {
			return // nested deeper than is walked, or a group that is not ended
		}
		if err := proto.Unmarshal(Apply(nil, src, splices), after); err != nil {
			t.Fatal("edited: ", err)
		}
	})
}

func FuzzOTLPLogs(f *testing.F)    { fuzzOTLP(f, "otlp-logs") }
func FuzzOTLPTraces(f *testing.F)  { fuzzOTLP(f, "otlp-traces") }
func FuzzOTLPMetrics(f *testing.F) { fuzzOTLP(f, "otlp-metrics") }
