package scrub

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/codec"
)

// origins are those of the hits of a payload, in order.
func originsOf(t *testing.T, stream bool, m Meta, payload string) (got []Origin) {
	t.Helper()
	s := Acquire(policy(t, "mask"), nil)
	defer s.Release()
	var res Result
	var err error
	if stream {
		res, err = s.Stream(io.Discard, strings.NewReader(payload), m)
	} else {
		res, err = s.Body([]byte(payload), m)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range res.Hits {
		got = append(got, h.Origin)
	}
	return got
}

func TestOrigins(t *testing.T) {
	full := Origin{"checkout", "1.8.2", "app.auth", "prod"}
	pad := strings.Repeat("x", 3000)
	attribute := func(name, value string) string { return protoString(1, protoPair(name, value)) }
	resource := protoString(1, attribute("service.name", "checkout")+attribute("service.version", "1.8.2")+attribute("deployment.environment.name", "prod"))
	scope := protoString(1, protoString(1, "app.auth"))
	record := protoString(2, protoString(5, protoString(1, "key "+secret)))
	for _, c := range []struct {
		name, contentType, path, payload string
		want                             []Origin
	}{
		{"plain members", "application/json", "/", `{"service":"checkout","version":"1.8.2","logger":"app.auth","env":"prod","msg":"` + secret + `"}`, []Origin{full}},
		{"behind the finding", "application/json", "/", `{"msg":"` + secret + `","app":"checkout","release":"1.8.2","logger_name":"app.auth","environment":"prod"}`, []Origin{full}},
		{"deeper than who wrote it", "application/json", "/", `{"a":{"b":[1,{"msg":"` + secret + `"}]},"dd.service":"checkout","dd.version":"1.8.2","dd.env":"prod","logger":"app.auth"}`, []Origin{full}},
		{"ECS nested", "application/json", "/", `{"service":{"name":"checkout","version":"1.8.2","environment":"prod"},"log":{"logger":"app.auth","level":"x"},"message":"` + secret + `"}`, []Origin{full}},
		{"ECS dotted", "application/json", "/", `{"service.name":"checkout","service.version":"1.8.2","service.environment":"prod","log.logger":"app.auth","message":"` + secret + `"}`, []Origin{full}},
		{"elements of an array", "application/json", "/", `[{"service":"a","msg":"` + secret + `"},{"service":"b","msg":"` + secret + `"},{"msg":"` + secret + `"}]`,
			[]Origin{{Service: "a"}, {Service: "b"}, {}}},
		{"far apart", "application/json", "/", `[{"service":"a","pad":"` + pad + `","msg":"` + secret + `"},{"pad":"` + pad + `","service":"b","msg":"` + secret + `"}]`,
			[]Origin{{Service: "a"}, {Service: "b"}}},
		{"lines", "application/x-ndjson", "/", `{"service":"a","msg":"` + secret + `"}` + "\n" + `{"service":"b","msg":"x"}` + "\n" + `{"service":"c","msg":"` + secret + `"}` + "\n" + secret + "\n",
			[]Origin{{Service: "a"}, {Service: "c"}, {}}},
		{"in a string", "application/json", "/", `{"service":"outer","env":"prod","log":"{\"service\":\"inner\",\"msg\":\"` + secret + `\"}"}`, []Origin{{Service: "inner", Environment: "prod"}}},
		{"GELF", "application/json", "/gelf", `{"version":"1.1","host":"h","short_message":"` + secret + `","_service":"checkout","facility":"app.auth"}`, []Origin{{Service: "checkout", Logger: "app.auth"}}},
		{"Splunk", "application/json", "/services/collector/event", `{"sourcetype":"app.auth","event":"` + secret + `","fields":{"service":"checkout"}}{"event":"` + secret + `"}`,
			[]Origin{{Service: "checkout", Logger: "app.auth"}, {}}},
		{"Datadog", "application/json", "/api/v2/logs", `[{"ddsource":"app.auth","ddtags":"env:prod,version:1.8.2,x","service":"checkout","message":"` + secret + `"}]`, []Origin{full}},
		{"New Relic", "application/json", "/log/v1", `[{"common":{"attributes":{"service":"checkout","environment":"prod"}},"logs":[{"message":"` + secret + `","attributes":{"logger":"app.auth"}}]}]`,
			[]Origin{{Service: "checkout", Environment: "prod", Logger: "app.auth"}}},
		{"Loki, JSON", "application/json", "/loki/api/v1/push", `{"streams":[{"stream":{"service_name":"checkout","env":"prod"},"values":[["1","` + secret + `"],["2","{\"logger\":\"app.auth\",\"m\":\"` + secret + `\"}"]]},{"stream":{"app":"b"},"values":[["1","` + secret + `"]]}]}`,
			[]Origin{{Service: "checkout", Environment: "prod"}, {Service: "checkout", Environment: "prod", Logger: "app.auth"}, {Service: "b"}}},
		{"Loki, protobuf", "application/x-protobuf", "/loki/api/v1/push", protoString(1, protoString(1, `{service_name="checkout", env="prod"}`)+protoString(2, protoString(2, secret))) +
			protoString(1, protoString(1, `{job="b"}`)+protoString(2, protoString(2, secret))), []Origin{{Service: "checkout", Environment: "prod"}, {Service: "b"}}},
		{"OTLP, JSON", "application/json", "/v1/logs", `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"checkout"}},{"key":"service.version","value":{"stringValue":"1.8.2"}},{"key":"deployment.environment","value":{"stringValue":"prod"}}]},
			"scopeLogs":[{"scope":{"name":"app.auth"},"logRecords":[{"body":{"stringValue":"` + secret + `"}}]}]},{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"` + secret + `"}}]}]}]}`, []Origin{full, {}}},
		{"OTLP, protobuf", "application/x-protobuf", "/v1/logs", protoString(1, resource+protoString(2, scope+record+record)) + protoString(1, protoString(2, record)), []Origin{full, full, {}}},
		{"logfmt", "application/logfmt", "/", `time=1 service=checkout version="1.8.2" logger=app.auth env=prod msg="key ` + secret + `"` + "\n" + `msg=` + secret + ` app=b` + "\n", []Origin{full, {Service: "b"}}},
		{"syslog of RFC 5424", "application/syslog", "/", "<13>1 2026-03-01T12:00:00Z host checkout 7 - [x@1 note=\"" + secret + "\"] key " + secret + "\n<13>1 2026-03-01T12:00:00Z host - 7 - - key " + secret + "\n",
			[]Origin{{Service: "checkout"}, {Service: "checkout"}, {}}},
		{"syslog of RFC 3164", "application/syslog", "/", "<13>Feb  5 17:32:18 host checkout[123]: {\"logger\":\"app.auth\",\"m\":\"" + secret + "\"}\n<13>Feb  5 17:32:18 b: " + secret + "\n",
			[]Origin{{Service: "checkout", Logger: "app.auth"}, {Service: "b"}}},
		{"a finding is no name", "application/json", "/", `{"service":"` + secret + `","msg":"x"}`, []Origin{{}}},
		{"nor is anything odd", "application/json", "/", `{"service":"a\nb","version":"` + strings.Repeat("9", 65) + `","logger":"<script>","env":7,"msg":"` + secret + `"}`, []Origin{{}}},
		{"text", "text/plain", "/", "service=a " + secret, []Origin{{}}},
	} {
		for _, stream := range []bool{false, true} {
			if got := originsOf(t, stream, Meta{ContentType: c.contentType, Path: c.path}, c.payload); fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%s, stream %v: got %q, want %q", c.name, stream, got, c.want)
			}
		}
	}
}

func TestOriginNames(t *testing.T) {
	for name := range originNames {
		if len(name) > longestOriginName || strings.ContainsAny(name, "_-") || strings.ToLower(name) != name {
			t.Errorf("%s is never met", name)
		}
	}
}

// alone is an Around of one thing.
type alone struct {
	form codec.Form
	raw  []byte
}

func (a alone) Enclosing(yield func(codec.Form, []byte)) { yield(a.form, a.raw) }

// What is read of an object ends with the payload, cut or broken wherever.
func FuzzOrigin(f *testing.F) {
	f.Add(`{"service":{"name":"a"},"b":[1,{"c":"d"}],"attributes":[{"key":"service.name","value":{"stringValue":"x"}}]}`)
	f.Add("\n\x05\n\x03abc")
	f.Add(`a=b service="c`)
	f.Add(`{app="x", job="`)
	f.Fuzz(func(t *testing.T, raw string) {
		s := Acquire(policy(t, "mask"), nil)
		defer s.Release()
		s.v.origins.set = s.v.set
		for form := codec.FormJSON; form <= codec.FormAppName; form++ {
			s.v.origins.around(alone{form, []byte(raw)})
			for _, name := range s.v.origins.all {
				if len(name) > maxOriginName || strings.Contains(name, secret) || !strings.Contains(raw, name) {
					t.Errorf("%q", name)
				}
			}
		}
	})
}

func BenchmarkOrigin(b *testing.B) {
	line := `{"time":"2026-03-01T12:00:00Z","level":"info","service":"checkout","version":"1.8.2","logger":"app.auth","msg":"key ` + secret + ` in use","n":12345}` + "\n"
	payload := []byte(strings.Repeat(line, 500))
	p := policy(b, "mask")
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		s := Acquire(p, nil)
		if res, err := s.Body(payload, Meta{ContentType: "application/x-ndjson"}); err != nil || len(res.Hits) != 500 {
			b.Fatal(err)
		}
		s.Release()
	}
}
