package dialect_test

import (
	"bytes"
	"testing"

	"github.com/redactd/redactd/bench/corpus"
	"github.com/redactd/redactd/bench/dialect"
	"github.com/redactd/redactd/internal/scrub"
	"github.com/redactd/redactd/patterns"
	"github.com/redactd/redactd/redact"
)

// codecs are what bodies are to be known as, or JSON would be measured under the name
// of every protocol that looks like it.
var codecs = map[string]string{
	"Azure": "azure", "CloudEvents": "cloudevents", "Datadog": "datadog", "Elasticsearch _bulk": "esbulk", "Firehose": "firehose",
	"Fluent Bit JSON": "json", "Fluent Bit msgpack": "msgpack", "GCP": "gcp", "GELF": "gelf", "Honeycomb": "honeycomb", "journald": "journald",
	"Loki JSON": "loki", "Loki protobuf": "loki", "New Relic": "newrelic", "OTLP logs JSON": "otlp-logs", "OTLP logs protobuf": "otlp-logs",
	"OTLP metrics JSON": "otlp-metrics", "OTLP metrics protobuf": "otlp-metrics", "OTLP traces JSON": "otlp-traces",
	"OTLP traces protobuf": "otlp-traces", "Sentry event": "sentry", "Sentry logs": "sentry", "Splunk HEC event": "splunk",
	"Splunk HEC raw": "text", "syslog": "syslog",
}

// A body is known as what it is, passes untouched without secrets, and loses those
// that it has.
func TestBodies(t *testing.T) {
	set, err := redact.Compile(patterns.Rules(patterns.Default()), redact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	policy := &scrub.Policy{Set: set}
	const size = 64 << 10
	clean := dialect.Records(corpus.Clean(9, size, corpus.Kinds()...))
	dirty := dialect.Records(corpus.Dirty(9, size, .02, corpus.Kinds()...))
	for _, d := range dialect.All() {
		t.Run(d.Name, func(t *testing.T) {
			meta := scrub.Meta{ContentType: d.ContentType, Path: d.Path}
			sc := scrub.Acquire(policy, nil)
			defer sc.Release()
			res, err := sc.Body(d.Body(clean), meta)
			if err != nil || res.Changed || res.Fallback || res.Codec != codecs[d.Name] {
				t.Fatalf("clean: changed %t, fallback %t, codec %q, %v", res.Changed, res.Fallback, res.Codec, err)
			}
			body := d.Body(dirty)
			before, err := dialect.Decoded(body, d.Text)
			if err != nil {
				t.Fatal(err)
			}
			if res, err = sc.Body(body, meta); err != nil {
				t.Fatal(err)
			}
			after, err := dialect.Decoded(res.Body, d.Text)
			if err != nil {
				t.Fatal(err)
			}
			planted := 0
			for _, r := range dirty {
				if secret := []byte(r.Secret); len(secret) > 0 && bytes.Contains(before, secret) {
					planted++
					if bytes.Contains(after, secret) {
						t.Error("a planted secret comes through")
					}
				}
			}
			if planted == 0 {
				t.Error("no secret in the dirty batch")
			}
		})
	}
}
