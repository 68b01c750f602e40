package canary

import (
	"bytes"
	"encoding/json"
	"io"
)

// jsonRecord is a record of most formats: a number, and the text under its name.
func jsonRecord(i int, c *Canary, more map[string]any) map[string]any {
	r := map[string]any{"seq": number(i), "level": "error", "data": map[string]any{c.key(): c.Text}}
	for name, v := range more {
		r[name] = v
	}
	return r
}

// marshal is json.Marshal without HTML's escapes, as loggers write.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// jsonRecords writes a document of records, in the form that wrap gives them.
func jsonRecords(more func(i int) map[string]any, wrap func(records []any) any) func([]Canary) ([]byte, error) {
	return func(list []Canary) ([]byte, error) {
		records := make([]any, len(list))
		for i := range list {
			var m map[string]any
			if more != nil {
				m = more(i)
			}
			records[i] = jsonRecord(i, &list[i], m)
		}
		return marshal(wrap(records))
	}
}

// jsonLines writes records as values one behind the other, each behind head, which may be
// nil, and followed by a line feed.
func jsonLines(head []byte, wrap func(record map[string]any) any) func([]Canary) ([]byte, error) {
	return func(list []Canary) ([]byte, error) {
		var b bytes.Buffer
		for i := range list {
			line, err := marshal(wrap(jsonRecord(i, &list[i], nil)))
			if err != nil {
				return nil, err
			}
			b.Write(head)
			b.Write(line)
			b.WriteByte('\n')
		}
		return b.Bytes(), nil
	}
}

// writeVariables writes a list that has names and values apart, for what a rule knows by
// its name alone.
func writeVariables(list []Canary) ([]byte, error) {
	records := make([]any, len(list))
	for i := range list {
		records[i] = map[string]any{"seq": number(i), "name": list[i].key(), "value": list[i].Text}
	}
	return marshal(map[string]any{"variables": records})
}

// readJSON finds records wherever they stand in JSON values one behind the other.
func readJSON(body []byte, list []Canary) ([]string, error) {
	t := newTexts(list)
	d := json.NewDecoder(bytes.NewReader(body))
	for {
		var v any
		err := d.Decode(&v)
		if err == io.EOF {
			return t.found, nil
		}
		if err != nil {
			return nil, errShape
		}
		t.walk(v)
	}
}

func (t *texts) walk(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			t.walk(e)
		}
	case map[string]any:
		if name, ok := v["seq"].(string); ok {
			t.set(name, flat(v))
			return
		}
		for _, e := range v {
			t.walk(e)
		}
	}
}

// flat returns all text in a value but the number of a record.
func flat(v any) (text string) {
	switch v := v.(type) {
	case string:
		return v + "\x00"
	case []any:
		for _, e := range v {
			text += flat(e)
		}
	case map[string]any:
		for name, e := range v {
			if name != "seq" {
				text += name + "\x00" + flat(e)
			}
		}
	}
	return text
}

func same(records []any) any { return records }

func init() {
	const ct = "application/json"
	Register(Format{Name: "http-json", ContentType: ct, Keyed: true, Write: jsonRecords(nil, same), Read: readJSON})
	Register(Format{Name: "answer-json", Answer: true, ContentType: "application/problem+json", Keyed: true, Read: readJSON,
		Write: jsonRecords(nil, func(records []any) any {
			return map[string]any{"type": "about:blank", "title": "Internal Server Error", "status": 500, "errors": records}
		})})
	Register(Format{Name: "http-json-list", ContentType: ct, Keyed: true, Read: readJSON, Write: writeVariables,
		Fits: func(c *Canary) bool { return c.Key != "" && c.Secrets[0] == c.Text }})
	Register(Format{Name: "http-ndjson", ContentType: "application/x-ndjson", Keyed: true, Read: readJSON,
		Write: jsonLines(nil, func(r map[string]any) any { return r })})
	Register(Format{Name: "elasticsearch-bulk", Path: "/logs/_bulk", ContentType: "application/x-ndjson", Keyed: true, Read: readJSON,
		Write: jsonLines([]byte("{\"create\":{}}\n"), func(r map[string]any) any { return r })})
	Register(Format{Name: "datadog", Path: "/api/v2/logs", ContentType: ct, Keyed: true, Read: readJSON,
		Write: jsonRecords(func(int) map[string]any { return map[string]any{"ddsource": "go", "service": "shop"} }, same)})
	Register(Format{Name: "splunk-event", Path: "/services/collector/event", ContentType: ct, Keyed: true, Read: readJSON,
		Write: jsonLines(nil, func(r map[string]any) any { return map[string]any{"host": "web1", "event": r} })})
	Register(Format{Name: "newrelic", Path: "/log/v1", ContentType: ct, Keyed: true, Read: readJSON,
		Write: jsonRecords(nil, func(records []any) any { return []any{map[string]any{"logs": records}} })})
	Register(Format{Name: "gcp", Path: "/v2/entries:write", ContentType: ct, Keyed: true, Read: readJSON,
		Write: jsonRecords(nil, func(records []any) any {
			for i, r := range records {
				records[i] = map[string]any{"severity": "ERROR", "jsonPayload": r}
			}
			return map[string]any{"logName": "projects/p/logs/shop", "entries": records}
		})})
	Register(Format{Name: "azure", Path: "/dataCollectionRules/dcr-1/streams/Custom-Shop_CL", ContentType: ct, Keyed: true, Read: readJSON,
		Write: jsonRecords(nil, same)})
	Register(Format{Name: "honeycomb", Path: "/1/batch/shop", ContentType: ct, Keyed: true, Read: readJSON,
		Write: jsonRecords(nil, func(records []any) any {
			for i, r := range records {
				records[i] = map[string]any{"data": r}
			}
			return records
		})})
	Register(Format{Name: "cloudevents", ContentType: "application/cloudevents-batch+json", Keyed: true, Read: readJSON,
		Write: jsonRecords(nil, func(records []any) any {
			for i, r := range records {
				records[i] = map[string]any{"specversion": "1.0", "id": number(i), "source": "/shop", "type": "log", "data": r}
			}
			return records
		})})
	Register(Format{Name: "otlp-logs-json", Path: "/v1/logs", ContentType: ct, Keyed: true, Write: writeOTLP, Read: readJSON})
	Register(Format{Name: "gelf", Protocol: "gelf", Keyed: true, Write: writeGELF("\x00"), Messages: gelfMessages,
		Read: func(body []byte, list []Canary) ([]string, error) {
			return readJSON(bytes.ReplaceAll(body, []byte{0}, []byte("\n")), list)
		}})
	Register(Format{Name: "gelf-http", Path: "/gelf", ContentType: ct, Keyed: true, Write: writeGELF("\n"), Read: readJSON})
}

// gelfMessages writes messages with their texts in the fields that GELF has for them.
func gelfMessages(list []Canary) ([][]byte, error) {
	var out [][]byte
	for i := range list {
		m := map[string]any{"version": "1.1", "host": "web1", "short_message": "failed", "seq": number(i)}
		if c := &list[i]; c.Key != "" {
			m["_"+c.Key] = c.Text
		} else {
			m["short_message"] = c.Text
		}
		message, err := marshal(m)
		if err != nil {
			return nil, err
		}
		out = append(out, message)
	}
	return out, nil
}

// writeGELF writes them one behind the other.
func writeGELF(end string) func([]Canary) ([]byte, error) {
	return func(list []Canary) ([]byte, error) {
		messages, err := gelfMessages(list)
		var b bytes.Buffer
		for _, m := range messages {
			b.Write(m)
			b.WriteString(end)
		}
		return b.Bytes(), err
	}
}

// writeOTLP writes attributes, as OTLP has fields.
func writeOTLP(list []Canary) ([]byte, error) {
	records := make([]any, len(list))
	for i := range list {
		r := map[string]any{"seq": number(i), "severityText": "ERROR"}
		if c := &list[i]; c.Key != "" {
			r["body"] = map[string]any{"stringValue": "failed"}
			r["attributes"] = []any{map[string]any{"key": c.Key, "value": map[string]any{"stringValue": c.Text}}}
		} else {
			r["body"] = map[string]any{"stringValue": c.Text}
		}
		records[i] = r
	}
	return marshal(map[string]any{"resourceLogs": []any{map[string]any{"scopeLogs": []any{map[string]any{"logRecords": records}}}}})
}
