package codec

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
)

// everywhere finds "S" in every value and name and writes "[R]".
func everywhere() *recorder {
	return &recorder{edit: func(f *Field) ([]Splice, bool) {
		edits, _, _ := (&planter{secret: "S"}).Visit(f)
		return edits, false
	}}
}

// gone removes every value that holds "S".
func gone() *recorder {
	return &recorder{edit: func(f *Field) ([]Splice, bool) {
		return nil, f.Kind != Name && bytes.Contains(f.Value, []byte("S"))
	}}
}

func TestLogProtocolEdits(t *testing.T) {
	runEdits(t, "datadog", []editCase{
		{"kept", `[{"message":"S","ddsource":"S","service":"S","hostname":"S","status":"S","ddtags":"a:S"}]`, everywhere(),
			`[{"message":"[R]","ddsource":"S","service":"S","hostname":"S","status":"S","ddtags":"a:[R]"}]`},
		{"kept at the top only", `{"x":{"service":"S"}}`, everywhere(), `{"x":{"service":"[R]"}}`},
		{"tag by its name", `{"ddtags":"env:prod,password:pw,a:b:c,x"}`, keyed("password", "y"), `{"ddtags":"env:prod,password:y,a:b:c,x"}`},
		{"tag with colons", `{"ddtags":"a:b:c,k: d"}`, keyed("a", "y"), `{"ddtags":"a:y,k: d"}`},
		{"document in the message", `{"message":"{\"password\":\"pw\"}"}`, keyed("password", "y"), `{"message":"{\"password\":\"y\"}"}`},
	})
	runEdits(t, "splunk", []editCase{
		{"kept", `{"time":1,"index":"S","sourcetype":"S","event":"a S"}{"event":{"index":"S"}}`, everywhere(), `{"time":1,"index":"S","sourcetype":"S","event":"a [R]"}{"event":{"index":"[R]"}}`},
		{"removed", `{"event":"S"}{"event":{"k":"S"}}[{"event":"S"}]`, gone(), `{"event":"[REDACTED]"}{"event":{}}[{"event":"[REDACTED]"}]`},
		{"emptied", `{"event":" S "}`, editor(all(" S ", "")), `{"event":"[REDACTED]"}`},
	})
	runEdits(t, "gcp", []editCase{
		{"kept", `{"logName":"S","entries":[{"insertId":"S","trace":"S","textPayload":"S","labels":{"k":"S"},"resource":{"type":"S","labels":{"project_id":"S"}}}]}`, everywhere(),
			`{"logName":"S","entries":[{"insertId":"S","trace":"S","textPayload":"[R]","labels":{"k":"[R]"},"resource":{"type":"S","labels":{"project_id":"S"}}}]}`},
	})
	runEdits(t, "honeycomb", []editCase{
		{"kept", `[{"time":"S","data":{"trace.trace_id":"S","k":"S"}}]`, everywhere(), `[{"time":"S","data":{"trace.trace_id":"S","k":"[R]"}}]`},
	})
	runEdits(t, "azure", []editCase{{"kept", `[{"TimeGenerated":"S","M":"S"}]`, everywhere(), `[{"TimeGenerated":"S","M":"[R]"}]`}})
	runEdits(t, "cloudevents", []editCase{{"kept", `[{"id":"S","source":"S","type":"S","subject":"S","data":{"id":"S"}}]`, everywhere(),
		`[{"id":"S","source":"S","type":"S","subject":"[R]","data":{"id":"[R]"}}]`}})
	runEdits(t, "newrelic", []editCase{{"kept", `[{"common":{"attributes":{"entity.guid":"S","k":"S"}},"logs":[{"timestamp":1,"message":"S","attributes":{"trace.id":"S"}}]}]`, everywhere(),
		`[{"common":{"attributes":{"entity.guid":"S","k":"[R]"}},"logs":[{"timestamp":1,"message":"[R]","attributes":{"trace.id":"S"}}]}]`}})
}

func TestMinidumpEdits(t *testing.T) {
	const form = "--b\r\nContent-Disposition: form-data; name=\"sentry\"\r\n\r\n%\r\n--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nS\r\n--b--\r\n"
	with := func(event, note string) string {
		return strings.NewReplacer("%", event, "\nS", "\n"+note).Replace(form)
	}
	runEdits(t, "sentry-minidump", []editCase{
		{"event", with(`{"event_id":"S","message":"a S","extra":{"event_id":"S"}}`, "S"), everywhere(), with(`{"event_id":"S","message":"a [R]","extra":{"event_id":"[R]"}}`, "[R]")},
		{"a part of an event", with(`{"message":"S`, "S"), everywhere(), with(`{"message":"[R]`, "[R]")},
	})
}

func TestJournaldEdits(t *testing.T) {
	long := strings.Repeat("word ", 120)
	runEdits(t, "journald", []editCase{
		{"line", "__CURSOR=S\nMESSAGE=a S=b\n_BOOT_ID=S\n\nMESSAGE=S", everywhere(), "__CURSOR=S\nMESSAGE=a [R]=b\n_BOOT_ID=S\n\nMESSAGE=[R]"},
		{"length", "M\n\x04\x00\x00\x00\x00\x00\x00\x00S\n S\nN=S\n", everywhere(), "M\n\x08\x00\x00\x00\x00\x00\x00\x00[R]\n [R]\nN=[R]\n"},
		{"length of two bytes", "M\n\x59\x02\x00\x00\x00\x00\x00\x00" + long + "S\n", everywhere(), "M\n\x5b\x02\x00\x00\x00\x00\x00\x00" + long + "[R]\n"},
		{"control characters", "M\n\x03\x00\x00\x00\x00\x00\x00\x00S\x00\x01\nN=S\n", everywhere(), "M\n\x05\x00\x00\x00\x00\x00\x00\x00[R]\x00\x01\nN=[R]\n"},
		{"id", "__X\n\x01\x00\x00\x00\x00\x00\x00\x00S\n", everywhere(), "__X\n\x01\x00\x00\x00\x00\x00\x00\x00S\n"},
		{"removed", "A=1\nM=S\nN\n\x01\x00\x00\x00\x00\x00\x00\x00S\nB=2\n\n", gone(), "A=1\nB=2\n\n"},
		{"line break in a replacement", "M=S\n", editor(all("S", "a\nb")), "M=a b\n"},
		{"by key", "PASSWORD=x\nM=x\n", keyed("PASSWORD", "y"), "PASSWORD=y\nM=x\n"},
		{"document", `M={"password":"x"}` + "\n", keyed("password", "y"), `M={"password":"y"}` + "\n"},
	})
	for _, src := range []string{"=x\n", "M\n\x01\x00\x00", "M\n\xff\xff\xff\xff\xff\xff\xff\xffx", "M\n\x01\x00\x00\x00\x00\x00\x00\x00SS\n", "M\n\x09\x00\x00\x00\x00\x00\x00\x00S\n"} {
		if _, _, err := walkWhole(Lookup("journald"), []byte(src), everywhere()); !IsSyntax(err) {
			t.Errorf("%q: %v", src, err)
		}
	}
}

// TestFirehoseEdits decodes what records become.
func TestFirehoseEdits(t *testing.T) {
	zip := func(text string) string { return string(must(Encode(nil, []byte(text), "gzip"))) }
	logs := `{"messageType":"DATA_MESSAGE","owner":"S","logEvents":[{"id":"S","timestamp":1,"message":"{\"k\":\"S\"}"},{"id":"2","message":"a S"}]}`
	for _, tt := range []struct{ data, want string }{
		{"a S b\nS", "a [R] b\n[R]"},
		{`{"k":"S","n":1}`, `{"k":"[R]","n":1}`},
		{`{"k":"S"}` + "\n" + `{"k":"S"}` + "\n", `{"k":"[R]"}` + "\n" + `{"k":"[R]"}` + "\n"},
		{zip(logs), strings.NewReplacer(`\"S\"`, `\"[R]\"`, "a S", "a [R]").Replace(logs)},
		{"clean", "clean"},
		{"\x00\x01\x02S", "\x00\x01\x02S"},
		{"", ""},
	} {
		doc := `{"requestId":"S","timestamp":1,"records":[{"data":"` + base64.StdEncoding.EncodeToString([]byte(tt.data)) + `"},{"data":"QQ=="}]}`
		splices, _, err := walkWhole(Lookup("firehose"), []byte(doc), everywhere())
		if err != nil {
			t.Fatal(err)
		}
		out := Apply(nil, []byte(doc), splices)
		var got struct {
			RequestID string `json:"requestId"`
			Records   []struct{ Data []byte }
		}
		if err := json.Unmarshal(out, &got); err != nil {
			t.Fatal(err)
		}
		data := got.Records[0].Data
		if coding := HiddenCoding(data); coding != "" {
			data = must(Decode(nil, data, coding, 1<<20))
		}
		if string(data) != tt.want || got.RequestID != "S" || string(got.Records[1].Data) != "A" {
			t.Errorf("%q became %q", tt.data, data)
		}
		if tt.data == tt.want && len(splices) > 0 {
			t.Errorf("%q: changed", tt.data)
		}
	}
}

// TestSkipped asks that parts which are no text are counted.
func TestSkipped(t *testing.T) {
	for _, tt := range []struct {
		codec, src string
		want       int
	}{
		{"journald", "M\n\x03\x00\x01\x00\x00\x00\x00\x00S\x00\x01" + strings.Repeat("\x00", 1<<16) + "\n", 3 + 1<<16},
		{"firehose", `{"requestId":"r","records":[{"data":"AAEC"}]}`, 3},
		{"sentry", "{}\n{\"type\":\"attachment\",\"length\":4}\n\x00\x01\x02\n\n{\"type\":\"x\",\"length\":1}\na", 4},
		{"multipart", "--b\r\nContent-Type: image/png\r\n\r\n\x89PNG\x00\r\n--b--", 5},
	} {
		c := &counter{}
		if _, _, err := walkWhole(Lookup(tt.codec), []byte(tt.src), c); err != nil || c.n != tt.want {
			t.Errorf("%s: %d, %v", tt.codec, c.n, err)
		}
	}
}

type counter struct {
	recorder
	n int
}

func (c *counter) Skipped(n int) { c.n += n }
