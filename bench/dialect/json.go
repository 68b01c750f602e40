package dialect

// Protocols whose body is JSON and no more.

const jsonType = "application/json"

var _ = register(Dialect{
	Name: "Elasticsearch _bulk", Path: "/_bulk", ContentType: "application/x-ndjson",
	Body: func(records []Record) (body []byte) {
		for i := range records {
			r := &records[i]
			body = append(appendJSON(body, object{"create": object{"_index": "logs-app-2026.11.22"}}), '\n')
			body = append(appendJSON(body, with(r.fields(), object{"@timestamp": r.rfc3339(), "message": r.Message})), '\n')
		}
		return body
	},
})

var _ = register(Dialect{
	Name: "Splunk HEC event", Path: "/services/collector/event", ContentType: jsonType,
	Body: func(records []Record) []byte {
		return lines(records, func(r *Record) any {
			return object{"time": r.seconds(), "host": r.Host, "source": "http:app", "sourcetype": "_json", "index": "main",
				"event": r.Message, "fields": object{"level": r.Level, "trace_id": r.Trace, "status": r.Status}}
		})
	},
})

var _ = register(Dialect{
	Name: "Splunk HEC raw", Path: "/services/collector/raw", ContentType: "text/plain",
	Body: func(records []Record) (body []byte) {
		for i := range records {
			body = append(append(body, records[i].Message...), '\n')
		}
		return body
	},
})

var _ = register(Dialect{
	Name: "Datadog", Path: "/api/v2/logs", ContentType: jsonType,
	Body: func(records []Record) []byte {
		return appendJSON(nil, list(records, func(r *Record) any {
			return object{"ddsource": "go", "ddtags": "env:prod,version:2.14.1,team:shop,pod:" + r.Host, "hostname": r.Host,
				"service": r.Service, "status": r.Level, "timestamp": r.Time.UnixMilli(), "message": r.Message, "trace_id": r.Trace}
		}))
	},
})

var _ = register(Dialect{
	Name: "GELF", Path: "/gelf", ContentType: jsonType,
	Body: func(records []Record) []byte { return lines(records, gelf) },
})

// gelf is a message of the Graylog Extended Log Format.
func gelf(r *Record) any {
	return object{"version": "1.1", "host": r.Host, "timestamp": r.seconds(), "level": 6, "short_message": r.Message,
		"_service": r.Service, "_trace_id": r.Trace, "_status": r.Status, "_duration_ms": r.Duration}
}

var _ = register(Dialect{
	Name: "New Relic", Path: "/log/v1", ContentType: jsonType,
	Body: func(records []Record) []byte {
		logs := list(records, func(r *Record) any {
			return object{"timestamp": r.Time.UnixMilli(), "message": r.Message, "attributes": r.fields()}
		})
		return appendJSON(nil, array{object{"common": object{"attributes": object{"logtype": "app", "env": "prod"}}, "logs": logs}})
	},
})

var _ = register(Dialect{
	Name: "GCP", Path: "/v2/entries:write", ContentType: jsonType,
	Body: func(records []Record) []byte {
		entries := list(records, func(r *Record) any {
			return object{"timestamp": r.rfc3339(), "severity": r.Level, "insertId": r.Span, "trace": "projects/shop/traces/" + r.Trace,
				"jsonPayload": with(r.fields(), object{"message": r.Message})}
		})
		return appendJSON(nil, object{"logName": "projects/shop/logs/app", "resource": object{"type": "k8s_container",
			"labels": object{"cluster_name": "prod", "namespace_name": "shop"}}, "entries": entries})
	},
})

var _ = register(Dialect{
	Name: "Azure", Path: "/dataCollectionRules/dcr-0123456789abcdef/streams/Custom-App", ContentType: jsonType,
	Body: func(records []Record) []byte {
		return appendJSON(nil, list(records, func(r *Record) any {
			return with(r.fields(), object{"TimeGenerated": r.rfc3339(), "RawData": r.Message})
		}))
	},
})

var _ = register(Dialect{
	Name: "Honeycomb", Path: "/1/batch/app", ContentType: jsonType,
	Body: func(records []Record) []byte {
		return appendJSON(nil, list(records, func(r *Record) any {
			return object{"time": r.rfc3339(), "samplerate": 1, "data": with(r.fields(), object{"message": r.Message})}
		}))
	},
})

var _ = register(Dialect{
	Name: "CloudEvents", Path: "/events", ContentType: "application/cloudevents-batch+json",
	Body: func(records []Record) []byte {
		return appendJSON(nil, list(records, func(r *Record) any {
			return object{"specversion": "1.0", "id": r.Span, "source": "/shop/" + r.Service, "type": "com.example.log", "time": r.rfc3339(),
				"datacontenttype": jsonType, "data": with(r.fields(), object{"message": r.Message})}
		}))
	},
})

var _ = register(Dialect{
	Name: "Fluent Bit JSON", Path: "/fluentbit", ContentType: jsonType,
	Body: func(records []Record) []byte {
		return appendJSON(nil, list(records, func(r *Record) any {
			return with(r.fields(), object{"date": r.seconds(), "log": r.Message})
		}))
	},
})
