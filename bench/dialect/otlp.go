package dialect

import (
	"encoding/hex"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// OTLP (opentelemetry-proto 1.x), one signal after the other, in both forms. The
// message is the body of a log, an event of a span, and an attribute of a data point.

const protobufType = "application/x-protobuf"

func init() {
	for _, s := range []struct {
		name, path    string
		suffix, items string
		proto         func(r *Record) proto
		json          func(r *Record) any
	}{
		{name: "logs", path: "/v1/logs", suffix: "Logs", items: "logRecords", proto: logProto, json: logJSON},
		{name: "traces", path: "/v1/traces", suffix: "Spans", items: "spans", proto: spanProto, json: spanJSON},
		{name: "metrics", path: "/v1/metrics", suffix: "Metrics", items: "metrics", proto: metricProto, json: metricJSON},
	} {
		register(Dialect{Name: "OTLP " + s.name + " protobuf", Path: s.path, ContentType: protobufType,
			Body: func(records []Record) []byte { return exportProto(records, s.proto) }})
		register(Dialect{Name: "OTLP " + s.name + " JSON", Path: s.path, ContentType: jsonType,
			Body: func(records []Record) []byte { return exportJSON(records, s.suffix, s.items, s.json) }})
	}
}

// OTLPLogs writes a request of the logs service in protobuf.
func OTLPLogs(records []Record) []byte { return exportProto(records, logProto) }

func exportProto(records []Record, item func(r *Record) proto) (out proto) {
	names, groups := byService(records)
	for _, name := range names {
		resource := proto{}
		for _, a := range resourceAttributes(name) {
			resource = resource.message(1, attribute(a.key, a.value))
		}
		scope := proto{}.message(1, proto{}.text(1, "com.example.shop").text(2, "1.4.2"))
		for i := range groups[name] {
			scope = scope.message(2, item(&groups[name][i]))
		}
		out = out.message(1, proto{}.message(1, resource).message(2, scope))
	}
	return out
}

func exportJSON(records []Record, suffix, items string, item func(r *Record) any) []byte {
	var resources array
	names, groups := byService(records)
	for _, name := range names {
		scope := object{"scope": object{"name": "com.example.shop", "version": "1.4.2"}, items: list(groups[name], item)}
		resources = append(resources, object{"resource": object{"attributes": attributesJSON(resourceAttributes(name))},
			"scope" + suffix: array{scope}})
	}
	return appendJSON(nil, object{"resource" + suffix: resources})
}

type keyValue struct {
	key   string
	value any // string or int
}

func resourceAttributes(service string) []keyValue {
	return []keyValue{{"service.name", service}, {"service.version", "2.14.1"}, {"deployment.environment", "prod"},
		{"k8s.namespace.name", "shop"}, {"telemetry.sdk.language", "go"}}
}

func (r *Record) attributes() []keyValue {
	return []keyValue{{"host.name", r.Host}, {"http.response.status_code", r.Status}, {"http.route", "/api/v1/orders"},
		{"duration_ms", r.Duration}, {"thread.name", "worker-" + strconv.Itoa(r.Status%16)}}
}

func attribute(key string, value any) proto {
	v := proto{}
	switch value := value.(type) {
	case string:
		v = v.text(1, value)
	case int:
		v = v.number(3, uint64(value))
	}
	return proto{}.text(1, key).message(2, v)
}

func attributesJSON(all []keyValue) (out array) {
	for _, a := range all {
		switch value := a.value.(type) {
		case string:
			out = append(out, object{"key": a.key, "value": object{"stringValue": value}})
		case int:
			out = append(out, object{"key": a.key, "value": object{"intValue": strconv.Itoa(value)}})
		}
	}
	return out
}

func (p proto) attributes(num protowire.Number, all []keyValue) proto {
	for _, a := range all {
		p = p.message(num, attribute(a.key, a.value))
	}
	return p
}

func unhex(digits string) []byte {
	id, err := hex.DecodeString(digits)
	if err != nil {
		panic(err)
	}
	return id
}

func logProto(r *Record) proto {
	at := uint64(r.Time.UnixNano())
	return proto{}.fixed(1, at).number(2, 9).text(3, r.Level).message(5, proto{}.text(1, r.Message)).
		attributes(6, r.attributes()).message(9, unhex(r.Trace)).message(10, unhex(r.Span)).fixed(11, at)
}

func (r *Record) nanos(later int) string {
	return strconv.FormatInt(r.Time.UnixNano()+int64(later), 10)
}

func logJSON(r *Record) any {
	return object{"timeUnixNano": r.nanos(0), "observedTimeUnixNano": r.nanos(0), "severityNumber": 9, "severityText": r.Level,
		"body": object{"stringValue": r.Message}, "attributes": attributesJSON(r.attributes()), "traceId": r.Trace, "spanId": r.Span}
}

func spanProto(r *Record) proto {
	at := uint64(r.Time.UnixNano())
	event := proto{}.fixed(1, at).text(2, "log").message(3, attribute("message", r.Message))
	return proto{}.message(1, unhex(r.Trace)).message(2, unhex(r.Span)).text(5, "GET /api/v1/orders").number(6, 2).
		fixed(7, at).fixed(8, at+uint64(r.Duration)).attributes(9, r.attributes()).message(11, event)
}

func spanJSON(r *Record) any {
	event := object{"timeUnixNano": r.nanos(0), "name": "log", "attributes": attributesJSON([]keyValue{{"message", r.Message}})}
	return object{"traceId": r.Trace, "spanId": r.Span, "name": "GET /api/v1/orders", "kind": 2, "startTimeUnixNano": r.nanos(0),
		"endTimeUnixNano": r.nanos(r.Duration), "attributes": attributesJSON(r.attributes()), "events": array{event}}
}

// pointAttributes are those of a data point. A message among them stands for the
// labels that grow out of hand in practice.
func (r *Record) pointAttributes() []keyValue {
	return append(r.attributes(), keyValue{"operation", r.Message})
}

func metricProto(r *Record) proto {
	at := uint64(r.Time.UnixNano())
	point := proto{}.attributes(7, r.pointAttributes()).fixed(2, at).fixed(3, at).double(4, float64(r.Duration))
	return proto{}.text(1, "http.server.request.duration").text(3, "ms").message(5, proto{}.message(1, point))
}

func metricJSON(r *Record) any {
	point := object{"attributes": attributesJSON(r.pointAttributes()), "startTimeUnixNano": r.nanos(0), "timeUnixNano": r.nanos(0), "asDouble": r.Duration}
	return object{"name": "http.server.request.duration", "unit": "ms", "gauge": object{"dataPoints": array{point}}}
}
