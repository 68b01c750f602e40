package codec

import "strings"

// Log intakes that take JSON and need no more than that some of its members stay as
// they are.
func init() {
	// New Relic, Log API: https://docs.newrelic.com/docs/logs/log-api/introduction-log-api/
	registerJSONLogs(&jsonLogs{
		name: "newrelic",
		at:   func(path string) bool { return endsIn(path, "/log/v1") },
		kept: []string{"timestamp", "logs[].timestamp", "common.timestamp", "trace.id", "span.id", "entity.guid",
			"logs[].trace.id", "logs[].span.id", "logs[].attributes.trace.id", "logs[].attributes.span.id",
			"common.attributes.entity.guid", "common.attributes.entity.guids", "requestId"},
	})
	// Google Cloud Logging, entries.write: https://cloud.google.com/logging/docs/reference/v2/rest/v2/entries/write
	registerJSONLogs(&jsonLogs{
		name: "gcp",
		at: func(path string) bool {
			return endsIn(path, "/v2/entries:write", "/v2/entries%3Awrite", "/v2/entries%3awrite")
		},
		kept: []string{"logName", "resource.type", "resource.labels.*", "entries[].logName", "entries[].insertId",
			"entries[].timestamp", "entries[].receiveTimestamp", "entries[].severity", "entries[].trace", "entries[].spanId",
			"entries[].resource.type", "entries[].resource.labels.*", "entries[].operation.id", "entries[].protoPayload.@type"},
	})
	// Azure Monitor, Logs Ingestion API: https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview
	registerJSONLogs(&jsonLogs{
		name: "azure",
		at: func(path string) bool {
			rest, ok := strings.CutPrefix(path[max(0, strings.Index(path, azureRules)):], azureRules)
			return ok && strings.Contains(rest, "/streams/")
		},
		kept: []string{"TimeGenerated"},
	})
	// Honeycomb: https://api-docs.honeycomb.io/api/events
	registerJSONLogs(&jsonLogs{
		name: "honeycomb",
		at:   func(path string) bool { return parentOf(path, "/1/batch") || parentOf(path, "/1/events") },
		kept: []string{"time", "samplerate", "trace.trace_id", "trace.span_id", "trace.parent_id",
			"data.trace.trace_id", "data.trace.span_id", "data.trace.parent_id"},
	})
	// CloudEvents, JSON format 1.0, single and in batches: https://github.com/cloudevents/spec
	registerJSONLogs(&jsonLogs{
		name:  "cloudevents",
		types: []string{"application/cloudevents+json", "application/cloudevents-batch+json"},
		kept: []string{"id", "source", "specversion", "type", "time", "datacontenttype", "dataschema", "traceparent",
			"tracestate", "partitionkey", "sequence"},
	})
}

const azureRules = "/dataCollectionRules/"
