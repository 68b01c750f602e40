package codec

import "testing"

func TestDetect(t *testing.T) {
	const action = `{"index":{}}` + "\n{}\n"
	const envelope = `{"event_id":"x"}` + "\n" + `{"type":"event"}` + "\n{}"
	for _, tt := range []struct{ path, contentType, head, want string }{
		{"", "application/json", "", "json"},
		{"", "Application/Problem+JSON; charset=utf-8", "", "json"},
		{"", "application/vnd.api+json", "{", "json"},
		{"", "application/x-ndjson", "", "ndjson"},
		{"", "application/vnd.elasticsearch+x-ndjson; compatible-with=8", "", "ndjson"},
		{"", "application/x-www-form-urlencoded", "a=b", "form"},
		{"", "application/x-www-form-urlencoded", `{"a":"b"}`, "json"},
		{"", "application/logfmt", "", "logfmt"},
		{"", "text/html", "", "html"},
		{"", "text/csv; charset=utf-8; header=present", "", "csv"},
		{"", "text/tab-separated-values", "a\tb\n", "csv"},
		{"", "image/svg+xml", "<svg>", "xml"},
		{"", "text/event-stream", "", "sse"},
		{"", "text/event-stream", ": ping\n", "sse"},
		{"", "text/event-stream", "\n\ndata\n", "sse"},
		{"", "text/event-stream", "da", "sse"},
		{"", "text/event-stream", `{"error":"x"}`, "json"},
		{"", "text/event-stream", "<html><body>", "html"},
		{"", "text/event-stream", "Traceback (most recent call last):\n", "text"},
		{"", "multipart/form-data; boundary=x", "", "multipart"},
		{"", "text/plain", "hello", "text"},
		{"", "text/plain", `{"a":"b"}` + "\n" + `{"a":"c`, "ndjson"},
		{"", "text/plain", "{\n \"a\":", "json"},
		{"", "text/plain", "{curly} braces", "text"},
		{"", "text/plain", "[INFO] log line", "text"},
		{"", "text/plain", "\x00\x01", "text"},
		{"", "text/x-unheard-of", "abc", "text"},
		{"", "", "", "text"},
		{"", "", " <!DOCTYPE html><p>", "html"},
		{"", "", `a=b&c=d`, "text"},
		{"", "application/octet-stream", `{"a":"b"}`, "json"},
		{"", "application/octet-stream", "caf\xe9 au lait, a longer text", "text"},
		{"", "application/octet-stream", "\x1f\x8b\x08 and so on", ""},
		{"", "application/octet-stream", "\x00\x00\x00\x01", ""},
		{"", "application/x-protobuf", "\n\x05hello", ""},
		{"", "application/vnd.google.protobuf", "hello", ""},
		{"", "image/png", "\x89PNG\r\n", ""},
		{"", "image/png", "", ""},
		{"", "image/png", `{"error":"not found"}`, "json"},
		{"", "application/zip", "PK\x03\x04", ""},
		{"", "application/pdf", "plain words", "text"},
		{"/_bulk", "application/x-ndjson", "", "esbulk"},
		{"/idx/_bulk", "application/json", "", "esbulk"},
		{"/insert/elasticsearch/_bulk", "", action, "esbulk"},
		{"/_bulk", "application/vnd.elasticsearch+json;compatible-with=8", action, "esbulk"},
		{"/_bulk", "application/json", `{"took":3,"items":[]}`, "esanswer"},
		{"/_bulk", "application/vnd.elasticsearch+x-ndjson;compatible-with=8", `{"took":3}`, "esbulk"},
		{"/_monitoring/bulk", "application/json", action, "esbulk"},
		{"/logs/_doc/1", "application/vnd.elasticsearch+json; compatible-with=8", `{"a":1}`, "esdoc"},
		{"/logs/_create/1", "application/json", "", "esdoc"},
		{"/logs/_update/1", "application/json", `{"doc":{}}`, "esupdate"},
		{"/logs/_update_by_query", "application/json", `{"script":{}}`, "esupdate"},
		{"/logs/_doc/1", "application/smile", ":)\n", ""},
		{"/_bulk", "text/html", "<html>", "html"},
		{"/_search", "application/json", action, "json"},
		{"/api/1/envelope/", "application/x-sentry-envelope", "", "sentry"},
		{"/api/1/envelope/", "text/plain;charset=UTF-8", envelope, "sentry"},
		{"/x/api/1/envelope", "", envelope, "sentry"},
		{"/api/1/envelope/", "application/x-www-form-urlencoded", envelope, "sentry"},
		{"/api/1/envelope/", "application/json", `{"id":"9ec79c33ec9942ab8353589fcb2e04dc"}`, "json"},
		{"/api/users/envelope/", "application/json", envelope, "json"},
		{"/api/1/store/", "application/json", `{"event_id":"x"}`, "sentry-store"},
		{"/api/1/store/", "application/octet-stream", "eJyrVspNLS5OTE9VslLKLU5X", "sentry-store"},
		{"/api/1/store/", "text/html", "<html>", "html"},
		{"/api/v2/logs", "application/json", "", "datadog"},
		{"/v1/input/0123", "application/json", `[{"message":"m"}]`, "datadog"},
		{"/v1/input/0123", "text/plain", "line", "text"},
		{"/services/collector", "application/x-www-form-urlencoded", `{"event":"m"}`, "splunk"},
		{"/services/collector/event/1.0", "", `{"event":"m"}`, "splunk"},
		{"/services/collector/raw", "", "line", "text"},
		{"/log/v1", "application/gzip", `[{"message":"m"}]`, "newrelic"},
		{"/v2/entries:write", "application/json", "{}", "gcp"},
		{"/dataCollectionRules/dcr-1/streams/Custom-A", "application/json", "[", "azure"},
		{"/1/batch/web", "application/json", "[", "honeycomb"},
		{"/x", "application/cloudevents-batch+json", "[", "cloudevents"},
		{"/gelf", "", `{"version":"1.1"}`, "gelf"},
		{"/insert/jsonline", "application/stream+json", `{"_msg":"m"}`, "ndjson"},
		{"/any", "application/json", `{"requestId":"r","timestamp":1,"records":[{"data":""}]}`, "firehose"},
		{"/any", "application/json", `{"requestId":"r"}`, "json"},
		{"/upload", "application/vnd.fdo.journal", "", "journald"},
		{"/api/1/minidump/", "multipart/form-data; boundary=b", "--b", "sentry-minidump"},
		{"/api/1/security/", "application/csp-report", `{"csp-report":{}}`, "json"},
		{"/v1/logs", "application/x-protobuf", "\n\x05hello", "otlp-logs"},
		{"/insert/opentelemetry/v1/traces/", "application/json", "{", "otlp-traces"},
		{"/v1/metrics", "application/x-protobuf", "", "otlp-metrics"},
		{"/v1/metrics", "text/plain", "not found", "text"},
		{"/loki/api/v1/push", "", "\x10\x3c", "loki"},
		{"/loki/api/v1/push", "application/x-protobuf", "", "loki"},
		{"/insert/loki/api/v1/push", "application/json", "{", "loki"},
		{"/loki/api/v1/push", "text/plain", "entry out of order", "text"},
		{"/loki/api/v1/push", "", "ok\n", "text"},
		{"/loki/api/v1/push", "", "\n\x10\n\x04{a=\"", "loki"},
	} {
		got := ""
		if c := Detect(tt.path, tt.contentType, []byte(tt.head)); c != nil {
			got = c.Name()
		}
		if got != tt.want {
			t.Errorf("%q %q %q: %q, want %q", tt.path, tt.contentType, tt.head, got, tt.want)
		}
	}
}

func TestForMediaType(t *testing.T) {
	for _, name := range Names() {
		for _, mediaType := range Lookup(name).MediaTypes() {
			if c := ForMediaType(mediaType); c == nil || c.Name() != name {
				t.Errorf("%s is not found for %s", name, mediaType)
			}
		}
	}
}

func TestRegisterTwicePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Register(jsonCodec{})
}
