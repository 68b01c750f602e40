package dialect

import (
	"encoding/json"
	"net/http"
	"strings"
)

func init() { Register(otlp{}) }

// otlp is OTLP/HTTP in protobuf and in JSON: logs, traces and metrics. A record is a
// log record, a span or a metric, in JSON; resource and scope are its attributes.
// Source: https://opentelemetry.io/docs/specs/otlp/
type otlp struct{}

// otlpSignal names the levels of a request, outermost first, each in the
// spelling of JSON and in that of the protocol's definition.
type otlpSignal struct {
	path, name               string
	resources, scopes, items [2]string
}

var otlpSignals = []otlpSignal{
	{"/v1/logs", "logs", [2]string{"resourceLogs", "resource_logs"}, [2]string{"scopeLogs", "scope_logs"}, [2]string{"logRecords", "log_records"}},
	{"/v1/traces", "traces", [2]string{"resourceSpans", "resource_spans"}, [2]string{"scopeSpans", "scope_spans"}, [2]string{"spans", "spans"}},
	{"/v1/metrics", "metrics", [2]string{"resourceMetrics", "resource_metrics"}, [2]string{"scopeMetrics", "scope_metrics"}, [2]string{"metrics", "metrics"}},
}

func (otlp) Name() string { return "otlp" }

func (otlp) Match(_, path, _ string) bool { return otlpSignalOf(path) != nil }

func otlpSignalOf(path string) *otlpSignal {
	for i := range otlpSignals {
		if under(path, otlpSignals[i].path) {
			return &otlpSignals[i]
		}
	}
	return nil
}

func (o otlp) Handle(r *Request) (*Response, []Record) {
	if r.Method != http.MethodPost {
		return allowPost(o.Fail(r, http.StatusMethodNotAllowed, "method not allowed")), nil
	}
	sig := otlpSignalOf(r.Path)
	if sig == nil {
		return o.Fail(r, http.StatusNotFound, "no such signal"), nil
	}
	switch t := mediaType(r.ContentType); {
	case t == typeJSON:
		body := trim(r.Body)
		if kind(body) != '{' || !json.Valid(body) {
			return o.Fail(r, http.StatusBadRequest, "body is not an export request"), nil
		}
		return answer(http.StatusOK, typeJSON, []byte("{}")), otlpRecords(sig, body)
	case strings.Contains(t, "protobuf"):
		body, err := otlpJSON(sig.name, r.Body)
		if err != nil {
			return o.Fail(r, http.StatusBadRequest, "body is not an export request"), nil
		}
		res := answer(http.StatusOK, "", nil)
		res.Header = append(res.Header, Header{"Content-Type", t}) // of an empty message
		return res, otlpRecords(sig, body)
	}
	return o.Fail(r, http.StatusUnsupportedMediaType, "application/x-protobuf or application/json expected"), nil
}

// otlpRecords takes a request in JSON apart.
func otlpRecords(sig *otlpSignal, body []byte) []Record {
	var records []Record
	elements(either(body, sig.resources), func(res []byte) {
		attrs := []Attr{text("signal", sig.name)}
		if v := member(res, "resource"); v != nil {
			attrs = append(attrs, raw("resource", v))
		}
		attrs = attrs[:len(attrs):len(attrs)]
		elements(either(res, sig.scopes), func(scope []byte) {
			attrs := attrs
			if v := member(scope, "scope"); v != nil {
				attrs = append(attrs, raw("scope", v))
			}
			elements(either(scope, sig.items), func(item []byte) {
				records = append(records, Record{Attrs: attrs, Data: item, JSON: true})
			})
		})
	})
	return records
}

func either(p []byte, names [2]string) []byte {
	if v := member(p, names[0]); v != nil {
		return v
	}
	return member(p, names[1])
}

// Fail answers with a Status message in the encoding of the request. Senders
// retry on 429, 502, 503 and 504 and drop their data on every other status.
func (otlp) Fail(r *Request, status int, reason string) *Response {
	code := grpcCode(status)
	if strings.Contains(mediaType(r.ContentType), "protobuf") {
		// google.rpc.Status: code is field 1, message is field 2.
		p := []byte{0x08, byte(code), 0x12}
		p = appendUvarint(p, uint64(len(reason)))
		return answer(status, "application/x-protobuf", append(p, reason...))
	}
	return jsonAnswer(status, struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	}{code, reason})
}

func appendUvarint(p []byte, n uint64) []byte {
	for n >= 0x80 {
		p = append(p, byte(n)|0x80)
		n >>= 7
	}
	return append(p, byte(n))
}

// grpcCode gives the code of google.rpc.Code that belongs to an HTTP status.
func grpcCode(status int) int {
	switch status {
	case http.StatusBadRequest:
		return 3 // INVALID_ARGUMENT
	case http.StatusUnauthorized:
		return 16 // UNAUTHENTICATED
	case http.StatusForbidden:
		return 7 // PERMISSION_DENIED
	case http.StatusNotFound:
		return 5 // NOT_FOUND
	case http.StatusTooManyRequests, http.StatusRequestEntityTooLarge:
		return 8 // RESOURCE_EXHAUSTED
	case http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return 12 // UNIMPLEMENTED
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return 14 // UNAVAILABLE
	}
	return 13 // INTERNAL
}
