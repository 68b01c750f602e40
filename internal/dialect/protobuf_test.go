package dialect

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

const captured = "../codec/testdata/samples"

func handle(t testing.TB, path, contentType, file string) (*Response, []Record) {
	t.Helper()
	body, err := os.ReadFile(filepath.Join(captured, file))
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Method: "POST", Path: path, ContentType: contentType, Body: body}
	return Of(r).Handle(r)
}

func decoded(t testing.TB, data []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
	return v
}

// TestProtobufAsJSON compares the records of captured requests with those of what the
// OpenTelemetry Collector has written of the same in JSON.
func TestProtobufAsJSON(t *testing.T) {
	for signal, file := range map[string]string{"logs": "sdk.pb", "traces": "sdk.pb", "metrics": "summary.pb"} {
		res, got := handle(t, "/v1/"+signal, "application/x-protobuf", "otlp-"+signal+"/"+file)
		_, want := handle(t, "/v1/"+signal, "application/json", "otlp-"+signal+"/collector.json")
		if res.Status != 200 || res.Get("Content-Type") != "application/x-protobuf" || len(res.Body) != 0 {
			t.Errorf("%s: answer %+v", signal, res)
		}
		if len(got) != len(want) || len(got) == 0 {
			t.Fatalf("%s: %d records, want %d", signal, len(got), len(want))
		}
		for i := range got {
			if !reflect.DeepEqual(decoded(t, got[i].Data), decoded(t, want[i].Data)) {
				t.Errorf("%s %d:\n got %s\nwant %s", signal, i, got[i].Data, want[i].Data)
			}
			for j := range got[i].Attrs {
				if !reflect.DeepEqual(decoded(t, got[i].Attrs[j].Value), decoded(t, want[i].Attrs[j].Value)) {
					t.Errorf("%s %d:\n got %s\nwant %s", signal, i, got[i].Attrs[j].Value, want[i].Attrs[j].Value)
				}
			}
		}
	}
}

func TestLokiProtobuf(t *testing.T) {
	for _, file := range []string{"loki/push.snappy", "loki/bare.pb"} {
		res, records := handle(t, "/loki/api/v1/push", "application/x-protobuf", file)
		if res.Status != 204 || len(records) != 4 {
			t.Fatalf("%s: %d with %d records", file, res.Status, len(records))
		}
		got := map[string]string{}
		for _, a := range records[0].Attrs {
			got[a.Name] = string(a.Value)
		}
		want := map[string]string{
			"labels": `{"app":"checkout","env":"prod","path":"C:\\temp\\\"x\""}`, "timestamp": `"1700000000123456789"`,
			"metadata": `{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","user":"ada"}`,
		}
		if !reflect.DeepEqual(got, want) || string(records[0].Data) != `"level=info msg=\"order 17 paid\""` {
			t.Errorf("%s: %s of %v", file, records[0].Data, got)
		}
	}
	if got := string(labelsJSON(`{a=b}`)); got != `"{a=b}"` {
		t.Error(got)
	}
}

// FuzzProtobuf asks that whatever comes is refused or becomes JSON.
func FuzzProtobuf(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(captured, "*", "*.pb"))
	if err != nil || len(files) == 0 {
		f.Fatal("no samples: ", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"/v1/logs", "/v1/traces", "/v1/metrics", "/loki/api/v1/push"} {
			r := &Request{Method: "POST", Path: path, ContentType: "application/x-protobuf", Body: body}
			res, records := Of(r).Handle(r)
			if res.Status >= 300 && len(records) > 0 {
				t.Fatalf("%d with %d records", res.Status, len(records))
			}
			for _, rec := range records {
				decoded(t, rec.Data)
				for _, a := range rec.Attrs {
					decoded(t, a.Value)
				}
			}
		}
	})
}
