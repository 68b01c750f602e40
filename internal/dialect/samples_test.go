package dialect

const (
	jsonType = "application/json"
	formType = "application/x-www-form-urlencoded"
)

func init() {
	samples["http"] = []sample{
		{name: "array", path: "/", ct: jsonType, body: ` [{"msg":1.50}, "b",
			[2] ]`, status: 200, records: []string{`{"msg":1.50}`, `"b"`, `[2]`}, answer: `{"stored":3}`, attrs: `{}`},
		{name: "tagged", path: "/app/web", ct: jsonType, body: `{"msg":1}`, status: 200, records: []string{`{"msg":1}`}, attrs: `{"tag":"app/web"}`},
		{name: "fluent tag", path: "/app", ct: jsonType, header: map[string]string{"X-Fluent-Tag": "kube"}, body: `{"msg":1}`, status: 200, records: []string{`{"msg":1}`}, attrs: `{"tag":"kube"}`},
		{name: "ndjson", path: "/x", ct: "application/x-ndjson", body: "{\"msg\":1}\r\n\n{\"b\":2}", status: 200, records: []string{`{"msg":1}`, `{"b":2}`}, answer: `{"stored":2}`},
		{name: "concatenated", path: "/x", ct: jsonType, body: `{"msg":"}{"}{"b":2}`, status: 200, records: []string{`{"msg":"}{"}`, `{"b":2}`}},
		{name: "broken line", path: "/x", ct: "application/x-ndjson", body: "{\"msg\":1}\n{\"b\":\n{\"c\":3}", status: 200, records: []string{`{"msg":1}`, `{"b":`, `{"c":3}`}},
		{name: "text", path: "/x", ct: "text/plain", body: "msg one\n\n  two\r\n3\n", status: 200, records: []string{"msg one", "  two", "3"}},
		{name: "form", path: "/x", ct: formType, body: "msg=a+b%26&levelname=INFO&x=1&x=2&e=", status: 200, records: []string{`{"msg":"a b&","levelname":"INFO","x":["1","2"],"e":""}`}},
		{name: "json called a form", path: "/x", ct: formType, body: `{"msg":"a=b"}`, status: 200, records: []string{`{"msg":"a=b"}`}},
		{name: "text called a form", path: "/x", ct: formType, body: "msg 100%", status: 200, records: []string{"msg 100%"}},
		{name: "no type", path: "/x", body: "\xef\xbb\xbf{\"msg\":1}", status: 200, records: []string{`{"msg":1}`}},
		{name: "binary", path: "/x", ct: "application/msgpack", body: "\x81\xa1a\x01\n\x00", status: 200, records: []string{"\x81\xa1a\x01\n\x00"}},
		{name: "empty", path: "/x", ct: jsonType, body: " \n", status: 200, answer: `{"stored":0}`},
		{name: "status", method: "GET", path: "/x", status: 200, answer: `{"status":"ok"}`},
		{name: "python handler", method: "GET", path: "/log", query: "levelname=INFO&msg=hi+there", status: 200, records: []string{`{"levelname":"INFO","msg":"hi there"}`}, answer: `{"stored":1}`},
		{name: "python handler at the root", method: "GET", path: "/", query: "levelname=INFO&msg=hi", status: 200, records: []string{`{"levelname":"INFO","msg":"hi"}`}, answer: `{"stored":1}`},
		{name: "query of something else", method: "GET", path: "/log", query: "msg=hi", status: 200, answer: `{"status":"ok"}`},
		{name: "other method", method: "DELETE", path: "/x", status: 405},
	}
	samples["loki"] = []sample{
		{name: "push", path: "/loki/api/v1/push", ct: "application/json; charset=utf-8", header: map[string]string{"X-Scope-Orgid": "t1"},
			body:   `{"streams":[{"stream":{"app":"a"},"values":[["17","msg"],["18","two",{"k":"v"}]]},{"stream":{"app":"b"},"values":[["19","three"]]}]}`,
			status: 204, records: []string{`"msg"`, `"two"`, `"three"`}, attrs: `{"tenant":"t1","labels":{"app":"a"},"timestamp":"17"}`},
		{name: "metadata", path: "/insert/loki/api/v1/push", ct: jsonType, body: `{"streams":[{"values":[["18","msg",{"k":"v"}]]}]}`,
			status: 204, records: []string{`"msg"`}, attrs: `{"timestamp":"18","metadata":{"k":"v"}}`},
		{name: "version 0", path: "/api/prom/push", ct: jsonType, body: `{"streams":[{"labels":"{a=\"b\"}","entries":[{"ts":"2026-01-01T00:00:00Z","line":"msg"}]}]}`,
			status: 204, records: []string{`"msg"`}, attrs: `{"labels":"{a=\"b\"}","timestamp":"2026-01-01T00:00:00Z"}`},
		{name: "odd values", path: "/loki/api/v1/push", ct: jsonType, body: `{"streams":[{"values":[["1"],{"x":1},["1","a",{},4]]}]}`,
			status: 204, records: []string{`["1"]`, `{"x":1}`, `["1","a",{},4]`}},
		{name: "no protobuf", path: "/loki/api/v1/push", ct: "application/x-protobuf", body: "\x00msg", status: 400},
		{name: "no type", path: "/loki/api/v1/push", body: "\x0a\x16\x0a\x09{a=\"b\\n\"}\x12\x09\x0a\x02\x08\x02\x12\x03msg", status: 204,
			records: []string{`"msg"`}, attrs: `{"labels":{"a":"b\n"},"timestamp":"2000000000"}`},
		{name: "broken", path: "/loki/api/v1/push", ct: jsonType, body: `{"streams":[`, status: 400},
		{name: "get", method: "GET", path: "/loki/api/v1/push", status: 405},
		{name: "version", method: "GET", path: "/loki/api/v1/status/buildinfo", status: 200},
	}
	samples["gelf"] = []sample{
		{name: "message", path: "/gelf", ct: jsonType, body: `{"version":"1.1","short_message":"msg"}`, status: 202, records: []string{`{"version":"1.1","short_message":"msg"}`}},
		{name: "several", path: "/gelf", body: `{"short_message":"msg"}` + "\n" + `{"short_message":"b"}`, status: 202, records: []string{`{"short_message":"msg"}`, `{"short_message":"b"}`}},
		{name: "gzip", path: "/gelf", body: "\x1f\x8bmsg", status: 503},
		{name: "zlib", path: "/gelf", body: "\x78\x9cmsg", status: 503},
		{name: "broken", path: "/gelf", body: `{"short_message":`, status: 400},
		{name: "get", method: "GET", path: "/gelf", status: 405},
	}
	samples["datadog"] = []sample{
		{name: "v2", path: "/api/v2/logs", ct: jsonType, query: "ddsource=go&ddtags=env:x,a:b&dd-api-key=k", body: `[{"message":"msg"},{"message":"b"}]`,
			status: 202, records: []string{`{"message":"msg"}`, `{"message":"b"}`}, answer: `{}`, attrs: `{"ddsource":"go","ddtags":"env:x,a:b"}`},
		{name: "v1", path: "/v1/input", ct: jsonType, body: `{"message":"msg"}`, status: 200, records: []string{`{"message":"msg"}`}, answer: `{}`},
		{name: "v1 with key", path: "/v1/input/abc", ct: "text/plain", body: "msg\nb", status: 200, records: []string{"msg", "b"}, attrs: `{}`},
		{name: "probe", path: "/api/v1/validate", method: "GET", status: 200, answer: `{"valid":true}`},
		{name: "empty probe", path: "/api/v2/logs", ct: jsonType, body: `[]`, status: 202, answer: `{}`},
		{name: "probe of an Agent", path: "/api/v2/logs", ct: jsonType, body: `{}`, status: 202, answer: `{}`},
		{name: "get", method: "GET", path: "/api/v2/logs", status: 405},
	}
	samples["otlp"] = []sample{
		{name: "logs", path: "/v1/logs", ct: jsonType,
			body:   `{"resourceLogs":[{"resource":{"attributes":[]},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{"body":{"stringValue":"msg"},"timeUnixNano":"18446744073709551615"},{"b":1}]},{"logRecords":[{"c":1}]}]}]}`,
			status: 200, records: []string{`{"body":{"stringValue":"msg"},"timeUnixNano":"18446744073709551615"}`, `{"b":1}`, `{"c":1}`},
			answer: `{}`, attrs: `{"signal":"logs","resource":{"attributes":[]},"scope":{"name":"s"}}`},
		{name: "traces", path: "/otlp/v1/traces", ct: jsonType, body: `{"resourceSpans":[{"scopeSpans":[{"spans":[{"name":"msg"}]}]}]}`, status: 200, records: []string{`{"name":"msg"}`}, attrs: `{"signal":"traces"}`},
		{name: "metrics", path: "/v1/metrics", ct: jsonType, body: `{"resource_metrics":[{"scope_metrics":[{"metrics":[{"name":"msg"}]}]}]}`, status: 200, records: []string{`{"name":"msg"}`}},
		{name: "nothing", path: "/v1/logs", ct: jsonType, body: `{}`, status: 200, answer: `{}`},
		{name: "broken", path: "/v1/logs", ct: jsonType, body: `{"resourceLogs":`, status: 400},
		{name: "protobuf", path: "/v1/logs", ct: "application/x-protobuf", body: "\x0a\x0b\x12\x09\x12\x07\x2a\x05\x0a\x03msg", status: 200,
			records: []string{`{"body":{"stringValue":"msg"}}`}, attrs: `{"signal":"logs"}`},
		{name: "no protobuf", path: "/v1/logs", ct: "application/x-protobuf", body: "\x0amsg", status: 400},
		{name: "another type", path: "/v1/logs", ct: "text/plain", body: "msg", status: 415},
		{name: "get", method: "GET", path: "/v1/logs", status: 405},
	}
	samples["splunk"] = []sample{
		{name: "events", path: "/services/collector/event", body: `{"time":1.5,"host":"h","fields":{"a":"b"},"event":"msg"}{"event":{"a":1}}` + "\n" + `{"event":2}`,
			status: 200, records: []string{`"msg"`, `{"a":1}`, `2`}, answer: `{"code":0,"text":"Success"}`, attrs: `{"timestamp":1.5,"host":"h","fields":{"a":"b"}}`},
		{name: "array", path: "/services/collector", body: `[{"event":"msg"},{"event":"b"}]`, status: 200, records: []string{`"msg"`, `"b"`}},
		{name: "raw", path: "/services/collector/raw/1.0", query: "source=s&index=i", body: "msg\n{\"b\":1}\n", status: 200, records: []string{"msg", `{"b":1}`}, attrs: `{"source":"s","index":"i"}`},
		{name: "missing event", path: "/services/collector/event/1.0", body: `{"event":"msg"}{"host":"x"}{"event":"c"}`,
			status: 400, records: []string{`"msg"`, `"c"`}, answer: `{"code":12,"invalid-event-number":1,"text":"Event field is required"}`},
		{name: "blank event", path: "/services/collector/event", body: `{"event":""}`, status: 400, answer: `{"code":13,"invalid-event-number":0,"text":"Event field cannot be blank"}`},
		{name: "broken", path: "/services/collector/event", body: `{"event":"msg"}{"event":`, status: 400, records: []string{`"msg"`}, answer: `{"code":6,"invalid-event-number":1,"text":"Invalid data format"}`},
		{name: "no data", path: "/services/collector/event", status: 400, answer: `{"code":5,"text":"No data"}`},
		{name: "health", method: "GET", path: "/services/collector/health/1.0", status: 200, answer: `{"code":17,"text":"HEC is healthy"}`},
		{name: "channel", path: "/services/collector/event", query: "channel=1", body: `{"event":"msg"}`, status: 200, records: []string{`"msg"`}},
		{name: "ack", path: "/services/collector/ack", query: "channel=1", body: `{"acks":[1,12,"msg"]}`, status: 200, answer: `{"acks":{"1":true,"12":true}}`},
		{name: "ack without channel", path: "/services/collector/ack", body: `{"acks":[1]}`, status: 400, answer: `{"code":10,"text":"Data channel is missing"}`},
		{name: "ack of nothing", path: "/services/collector/ack", query: "channel=1", body: `msg`, status: 400},
		{name: "get", method: "GET", path: "/services/collector/event", status: 405},
	}
	elasticSamples()
	sentrySamples()
	firehoseSamples()
	intakeSamples()
}

// firehoseSamples uses records in base64, of which "msg" is bXNn.
func firehoseSamples() {
	head := map[string]string{firehoseID: "ed4acda5-034f-9f42-bba1-f29aea6d7d8f", firehoseAttributes: `{"commonAttributes":{"env":"x"}}`}
	const lines = "eyJhIjoibXNnIn0KeyJhIjoyfQo=" // {"a":"msg"}, {"a":2}
	const events = "eyJtZXNzYWdlVHlwZSI6IkRBVEFfTUVTU0FHRSIsImxvZ0dyb3VwIjoiZyIsImxvZ1N0cmVhbSI6InMiLCJsb2dFdmVudHMiOlt7ImlkIjoiMSIsInRpbWVzdGFtcCI6NSwibWVzc2FnZSI6Im1zZyJ9XX0="
	const control = "eyJtZXNzYWdlVHlwZSI6IkNPTlRST0xfTUVTU0FHRSIsImxvZ0V2ZW50cyI6W3siaWQiOiIiLCJtZXNzYWdlIjoibXNnIn1dfQ=="
	samples["firehose"] = []sample{
		{name: "delivery", path: "/any", ct: jsonType, header: head, body: `{"requestId":"r","timestamp":1,"records":[{"data":"bXNnCmI="},{"data":"` + lines + `"},{"data":"AAE="},{"data":"?msg"}]}`,
			status: 200, records: []string{"msg", "b", `{"a":"msg"}`, `{"a":2}`, "\x00\x01", `{"data":"?msg"}`}, attrs: `{"attributes":{"commonAttributes":{"env":"x"}}}`},
		{name: "CloudWatch", path: "/", ct: jsonType, header: map[string]string{firehoseID: "r"}, body: `{"records":[{"data":"` + events + `"},{"data":"` + control + `"}]}`,
			status: 200, records: []string{`"msg"`}, attrs: `{"logGroup":"g","logStream":"s","timestamp":5}`},
		{name: "broken", path: "/any", ct: jsonType, header: head, body: `{"records":`, status: 400},
		{name: "get", method: "GET", path: "/any", header: head, status: 405},
	}
}

func intakeSamples() {
	samples["journald"] = []sample{
		{name: "entries", path: "/upload", ct: typeJournal, body: "__CURSOR=c\nMESSAGE=msg=1\n\n\nMESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00a\nmsg\nB\n\x02\x00\x00\x00\x00\x00\x00\x00\xff\x00\nF=1\nF=2",
			status: 202, records: []string{`{"__CURSOR":"c","MESSAGE":"msg=1"}`, `{"MESSAGE":"a\nmsg","B":[255,0],"F":["1","2"]}`}},
		{name: "nothing", path: "/upload", ct: typeJournal, status: 202},
		{name: "cut", path: "/upload", ct: typeJournal, body: "MESSAGE\n\x05\x00\x00\x00\x00\x00\x00\x00msg", status: 400},
		{name: "get", method: "GET", path: "/upload", ct: typeJournal, status: 405},
	}
	samples["newrelic"] = []sample{
		{name: "detailed", path: "/log/v1", ct: jsonType, body: `[{"common":{"attributes":{"a":"b"}},"logs":[{"message":"msg"},{"message":"b"}]},{"message":"c"}]`,
			status: 202, records: []string{`{"message":"msg"}`, `{"message":"b"}`, `{"message":"c"}`}, attrs: `{"common":{"attributes":{"a":"b"}}}`},
		{name: "text", path: "/log/v1", ct: "text/plain", body: "msg\n", status: 202, records: []string{"msg"}},
		{name: "get", method: "GET", path: "/log/v1", status: 405},
	}
	samples["gcp"] = []sample{
		{name: "entries", path: "/v2/entries:write", ct: jsonType, body: `{"logName":"l","labels":{"a":"b"},"entries":[{"textPayload":"msg"},{"jsonPayload":{}}]}`,
			status: 200, records: []string{`{"textPayload":"msg"}`, `{"jsonPayload":{}}`}, answer: `{}`, attrs: `{"logName":"l","labels":{"a":"b"}}`},
		{name: "broken", path: "/v2/entries%3Awrite", ct: jsonType, body: `{"entries":1}`, status: 400},
		{name: "get", method: "GET", path: "/v2/entries:write", status: 405},
	}
	samples["azure"] = []sample{
		{name: "array", path: "/dataCollectionRules/dcr-1/streams/Custom-A_CL", ct: jsonType, query: "api-version=2023-01-01", body: `[{"M":"msg"},{"M":1}]`,
			status: 204, records: []string{`{"M":"msg"}`, `{"M":1}`}, attrs: `{"stream":"Custom-A_CL"}`},
		{name: "broken", path: "/dataCollectionRules/dcr-1/streams/Custom-A_CL", ct: jsonType, body: `{"M":"msg"}`, status: 400},
		{name: "get", method: "GET", path: "/dataCollectionRules/dcr-1/streams/Custom-A_CL", status: 405},
	}
	binary := map[string]string{"Ce-Specversion": "1.0", "Ce-id": "1", "Ce-type": "t", "Ce-Time": "2026-01-01T00:00:00Z"}
	samples["cloudevents"] = []sample{
		{name: "structured", path: "/x", ct: typeCloudEvent, body: `{"id":"1","data":"msg"}`, status: 202, records: []string{`{"id":"1","data":"msg"}`}},
		{name: "batch", path: "/x", ct: typeCloudEvents, body: `[{"data":"msg"},{}]`, status: 202, records: []string{`{"data":"msg"}`, `{}`}},
		{name: "broken", path: "/x", ct: typeCloudEvents, body: `[{"data":`, status: 400},
		{name: "binary", path: "/x", ct: jsonType, header: binary, body: ` {"m":"msg"}`, status: 202, records: []string{`{"m":"msg"}`},
			attrs: `{"id":"1","type":"t","timestamp":"2026-01-01T00:00:00Z"}`},
		{name: "binary text", path: "/x", ct: "text/plain", header: binary, body: "a\nmsg", status: 202, records: []string{"a\nmsg"}},
		{name: "handshake", method: "OPTIONS", path: "/x", header: map[string]string{"Webhook-Request-Origin": "e.example"}, status: 200},
		{name: "get", method: "GET", path: "/x", header: binary, status: 405},
	}
	samples["honeycomb"] = []sample{
		{name: "batch", path: "/1/batch/a%20b", ct: jsonType, body: `[{"time":"t","samplerate":2,"data":{"m":"msg"}},{"m":1}]`,
			status: 200, records: []string{`{"m":"msg"}`, `{"m":1}`}, answer: `[{"status":202},{"status":202}]`, attrs: `{"dataset":"a b","timestamp":"t","samplerate":2}`},
		{name: "event", path: "/1/events/web", ct: jsonType, body: `{"m":"msg"}`, status: 200, records: []string{`{"m":"msg"}`}, attrs: `{"dataset":"web"}`},
		{name: "msgpack", path: "/1/batch/web", ct: "application/msgpack", body: "\x91\x80", status: 503},
		{name: "no array", path: "/1/batch/web", ct: jsonType, body: `{}`, status: 400},
		{name: "broken", path: "/1/events/web", ct: jsonType, body: `{"m":`, status: 400},
		{name: "get", method: "GET", path: "/1/batch/web", status: 405},
	}
}

func sentrySamples() {
	const id = "9ec79c33ec9942ab8353589fcb2e04dc"
	const ct = "application/x-sentry-envelope"
	const head = `{"event_id":"` + id + `","dsn":"https://k@h/1"}` + "\n"
	samples["sentry"] = []sample{
		{name: "envelope", path: "/api/42/envelope/", ct: ct, query: "sentry_key=k", body: head + `{"type":"event","length":15}` + "\n" + `{"message":"m"}` + "\n" +
			`{"type":"attachment","length":5,"filename":"f"}` + "\n" + "a\nb\x00\n\n" + "\n\n" + `{"type":"session"}` + "\n" + `{"sid":"s"}`,
			status: 200, records: []string{`{"message":"m"}`, "a\nb\x00\n", `{"sid":"s"}`}, answer: `{"id":"` + id + `"}`,
			attrs: `{"project":"42","event_id":"` + id + `","type":"event"}`},
		{name: "logs", path: "/relay/api/1/envelope", body: "{}\n" + `{"type":"log","item_count":2,"content_type":"application/vnd.sentry.items.log+json"}` + "\n" + `{"items":[{"body":"msg"},{"body":"b"}]}`,
			status: 200, records: []string{`{"body":"msg"}`, `{"body":"b"}`}, answer: `{}`, attrs: `{"project":"1","type":"log","content_type":"application/vnd.sentry.items.log+json"}`},
		{name: "no items", path: "/api/42/envelope/", ct: ct, body: head, status: 200, answer: `{"id":"` + id + `"}`},
		{name: "wrong id", path: "/api/42/envelope/", ct: ct, body: `{"event_id":"msg"}`, status: 200, answer: `{}`},
		{name: "broken header", path: "/api/42/envelope/", ct: ct, body: "msg", status: 400},
		{name: "broken item", path: "/api/42/envelope/", ct: ct, body: head + "msg", status: 400},
		{name: "wrong length", path: "/api/42/envelope/", ct: ct, body: head + `{"type":"event","length":3}` + "\n{}", status: 400},
		{name: "store", path: "/api/42/store/", ct: jsonType, body: `{"event_id":"` + id + `","message":"msg"}`, status: 200,
			records: []string{`{"event_id":"` + id + `","message":"msg"}`}, answer: `{"id":"` + id + `"}`, attrs: `{"project":"42","type":"event"}`},
		{name: "store in base64", path: "/api/42/store/", body: "eJyrVspNLS5OTE9VslLKLU5XqgUANpMF5w==", status: 200, records: []string{`{"message":"msg"}`}, answer: `{}`},
		{name: "store broken", path: "/api/42/store/", body: `{"message":`, status: 400},
		{name: "minidump", path: "/api/42/minidump/", ct: "multipart/form-data; boundary=b", body: "--b\r\n\r\nMDMP\r\n--b--", status: 200, records: []string{"--b\r\n\r\nMDMP\r\n--b--"}},
		{name: "unreal", path: "/api/42/unreal/k/", body: "\x00msg", status: 200, records: []string{"\x00msg"}},
		{name: "security", path: "/api/42/security/", ct: "application/csp-report", body: `{"csp-report":{"blocked-uri":"msg"}}`, status: 200, records: []string{`{"csp-report":{"blocked-uri":"msg"}}`}},
		{name: "no report", path: "/api/42/security/", status: 400},
		{name: "preflight", method: "OPTIONS", path: "/api/42/envelope/", status: 200},
		{name: "get", method: "GET", path: "/api/42/envelope/", status: 405},
	}
}

func elasticSamples() {
	const vnd = "application/vnd.elasticsearch+x-ndjson; compatible-with=8"
	const created = `"_version":1,"result":"created","_shards":{"failed":0,"successful":1,"total":1}`
	samples["elasticsearch"] = []sample{
		{name: "bulk", path: "/_bulk", ct: vnd, query: "pipeline=p",
			body: "{\"index\":{\"_index\":\"a\",\"_id\":7,\"routing\":\"r\"}}\n{\"m\":\"msg\"}\r\n\n{\"create\":{\"_index\":\"b\",\"_id\":\"2\"}}\n not json\n" +
				"{\"update\":{\"_index\":\"a\",\"_id\":\"3\"}}\n{\"doc\":{\"x\":1.0}}\n{\"delete\":{\"_index\":\"a\",\"_id\":\"4\"}}\n",
			status: 200, records: []string{`{"m":"msg"}`, `{"doc":{"x":1.0}}`, `null`},
			answer: `{"took":1,"errors":true,"items":[{"index":{"_index":"a","_id":"7",` + created + `,"_seq_no":0,"_primary_term":1,"status":201}},` +
				`{"create":{"_id":"2","_index":"b","error":{"reason":"failed to parse: the source is not an object","type":"document_parsing_exception"},"status":400}},` +
				`{"update":{"_index":"a","_id":"3","_version":1,"result":"updated","_shards":{"failed":0,"successful":1,"total":1},"_seq_no":2,"_primary_term":1,"status":200}},` +
				`{"delete":{"_index":"a","_id":"4","_version":1,"result":"deleted","_shards":{"failed":0,"successful":1,"total":1},"_seq_no":3,"_primary_term":1,"status":200}}]}`,
			attrs: `{"op":"index","index":"a","id":"7","routing":"r","pipeline":"p"}`},
		{name: "bulk of Beats", path: "/_bulk", ct: jsonType, query: "filter_path=errors%2Citems.%2A.error%2Citems.%2A.status",
			body:   "{\"create\":{\"_index\":\"a\",\"_id\":\"1\"}}\n{\"m\":\"msg\"}\n{\"create\":{\"_index\":\"a\",\"_id\":\"2\"}}\n[]\n",
			status: 200, records: []string{`{"m":"msg"}`},
			answer: `{"errors":true,"items":[{"create":{"status":201}},{"create":{"error":{"reason":"failed to parse: the source is not an object","type":"document_parsing_exception"},"status":400}}]}`},
		{name: "bulk of an index", method: "PUT", path: "/logs-%61/_bulk/", ct: jsonType, body: "{\"create\":{}}\n{\"m\":\"msg\"}", status: 200, records: []string{`{"m":"msg"}`}},
		{name: "bulk without last source", path: "/a/_bulk", body: "{\"index\":{}}\n{\"m\":\"msg\"}\n{\"index\":{}}\n", status: 200, records: []string{`{"m":"msg"}`}},
		{name: "bulk with a bad action", path: "/a/_bulk", body: "{\"index\":{}}\n{\"m\":\"msg\"}\n{\"upsert\":{}}\n{}\n", status: 400},
		{name: "bulk with no index", path: "/_bulk", body: "{\"index\":{}}\n{\"m\":\"msg\"}\n", status: 400},
		{name: "bulk without body", path: "/_bulk", status: 400},
		{name: "bulk get", method: "GET", path: "/_bulk", status: 405},
		{name: "monitoring", path: "/_monitoring/bulk", body: "{\"index\":{\"_type\":\"x\"}}\n{\"m\":\"msg\"}\n", status: 200, records: []string{`{"m":"msg"}`}},
		{name: "doc", path: "/logs/_doc", ct: jsonType, body: "{\n\"m\":\"msg\"}", status: 201, records: []string{"{\n\"m\":\"msg\"}"}},
		{name: "doc with id", method: "PUT", path: "/logs/_doc/1", query: "routing=x", body: `{"m":"msg"}`, status: 201, records: []string{`{"m":"msg"}`},
			answer: `{"_index":"logs","_id":"1",` + created + `,"_seq_no":0,"_primary_term":1}`, attrs: `{"op":"index","index":"logs","id":"1","routing":"x"}`},
		{name: "create", method: "PUT", path: "/logs/_create/1", body: `{"m":"msg"}`, status: 201, records: []string{`{"m":"msg"}`}, attrs: `{"op":"create","index":"logs","id":"1"}`},
		{name: "update", path: "/logs/_update/1", body: `{"doc":{"m":"msg"}}`, status: 200, records: []string{`{"doc":{"m":"msg"}}`}},
		{name: "delete", method: "DELETE", path: "/logs/_doc/1", status: 200, records: []string{`null`}},
		{name: "doc get", method: "GET", path: "/logs/_doc/1", status: 404, answer: `{"_id":"1","_index":"logs","found":false}`},
		{name: "doc broken", path: "/logs/_doc", body: `{"m":"msg"`, status: 400},
		{name: "doc without index", path: "/_doc", body: `{}`, status: 400},
		{name: "create without id", path: "/logs/_create", body: `{}`, status: 400},
		{name: "info", method: "GET", path: "/", status: 200},
		{name: "ping", method: "HEAD", path: "/", status: 200},
		{name: "licence", method: "GET", path: "/_license", status: 200},
		{name: "xpack", method: "GET", path: "/_xpack", status: 200},
		{name: "health", method: "GET", path: "/_cluster/health", status: 200},
		{name: "settings", method: "GET", path: "/_cluster/settings", status: 200},
		{name: "template", method: "PUT", path: "/_index_template/logs", ct: jsonType, body: `{"x":"msg"}`, status: 200, answer: `{"acknowledged":true}`},
		{name: "template wanted", method: "GET", path: "/_index_template/logs", status: 404},
		{name: "policy", method: "PUT", path: "/_ilm/policy/logs", body: `{}`, status: 200, answer: `{"acknowledged":true}`},
		{name: "pipeline", method: "PUT", path: "/_ingest/pipeline/p", body: `{}`, status: 200, answer: `{"acknowledged":true}`},
		{name: "index", method: "PUT", path: "/logs", ct: "application/vnd.elasticsearch+json; compatible-with=8", body: `{}`, status: 200, answer: `{"acknowledged":true,"index":"logs","shards_acknowledged":true}`},
		{name: "refresh", path: "/logs/_refresh", status: 200},
		{name: "search", path: "/logs/_search", body: `{"query":"msg"}`, status: 501},
		{name: "update by query", path: "/logs/_update_by_query", body: `{"script":"msg"}`, status: 501},
		{name: "pipelines of nodes", method: "GET", path: "/_nodes/ingest", status: 200},
		{name: "alias wanted", method: "HEAD", path: "/_alias/logs", status: 404},
		{name: "nodes", method: "GET", path: "/_nodes/http", status: 200},
	}
}
