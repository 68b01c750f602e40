package scrub

import (
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/redactd/redactd/patterns"
)

// What a value is, another member of its object may tell, or the object's name: wherever
// the two are, and however the payload is cut.
func TestBeside(t *testing.T) {
	const password = "hunter2-Zq81"
	part, _, err := patterns.Expand("{b64u:43}", 3)
	if err != nil {
		t.Fatal(err)
	}
	basic := "Basic YWxhZGRpbjpvcGVuc2VzYW1l"
	filler := `"n":[` + strings.Repeat(`{"level":"info","took":12,"text":"all is well"},`, 400) + `0]`
	for _, tt := range []struct {
		body, value string
		kept        bool
	}{
		{body: `{"env":[{"name":"LEVEL","value":"info"},{"name":"DB_PASSWORD","value":"%v"}]}`},
		{body: `{"env":[{"value":"%v","name":"DB_PASSWORD"}]}`},
		{body: `{"name":"DB_PASSWORD",%f,"value":"%v"}`},
		{body: `{%f,"name":"DB_PASSWORD",%f,"more":{"name":"x"},"value":"%v"}`},
		{body: `{"Key" : "client_secret" , "Value" : "%v" }`},
		{body: `{"ParameterKey":"DbPassword","ParameterValue":"%v"}`},
		{body: `{"n\u0061me":"DB\u005fPASSWORD","value":"%v"}`},
		{body: `{"\u006eame":"DB_PASSWORD","valu\u0065":"%v"}`},
		{body: `{"type":"field","value":"%v","msg":"Invalid value","path":"password","param":"password","location":"body"}`},
		{body: `{"objectName":"login","field":"password","rejectedValue":"%v","code":"Size"}`},
		{body: `{"field":"password","old_value":"","new_value":"%v"}`},
		{body: `{"name":"Authorization","value":"%v"}`, value: basic},
		{body: `{"name":"pin","value":%v}`, value: "482913"},
		{body: `{"password":{"value":"%v","error":null}}`},
		{body: `{"db_password":{"sensitive":true,"type":"string",%f,"value":"%v"}}`},
		{body: `{"Item":{"password":{"S":"%v"}}}`},
		{body: `{"passwords":[{"value":"%v"}]}`},
		{body: `{"text":"{\"name\":\"DB_PASSWORD\",\"value\":\"%v\"}"}`},
		{body: `{"password":"{\"value\":\"%v\"}"}`},
		{body: `{"kty":"EC","crv":"P-256","d":"%v"}`, value: part},
		{body: `{"crv":"P-256","d":"%v","kty":"EC"}`, value: part},
		{body: `{"kty":"oct",%f,"k":"%v"}`, value: part},

		{kept: true, body: `{"name":"LEVEL","value":"%v"}`},
		{kept: true, body: `{"name":{"a":"password"},"value":"%v"}`},
		{kept: true, body: `{"a":{"name":"password"},"value":"%v"}`},
		{kept: true, body: `{"name":"password","a":{"value":"%v"}}`},
		{kept: true, body: `{"secrets":[{"name":"LEVEL","value":"%v"}]}`},
		{kept: true, body: `{"password":{"hint":"%v"}}`},
		{kept: true, body: `{"value":"%v",%f,"name":"password"}`}, // too far
		{kept: true, body: `{"kty":"EC","x":"%v"}`, value: part},
		{kept: true, body: `{"name":"login","d":"%v"}`},
	} {
		if tt.value == "" {
			tt.value = password
		}
		in := strings.ReplaceAll(strings.ReplaceAll(tt.body, "%v", tt.value), "%f", filler)
		for _, contentType := range []string{"application/json", "application/x-ndjson"} {
			// The same value under another name before: it is not remembered as clean.
			var body string
			if before := `{"name":"LEVEL","value":` + strconv.Quote(tt.value) + `}`; contentType == "application/json" {
				body = "[" + strings.Repeat(before+",", 60) + in + ",{" + filler + "}]"
			} else {
				body = strings.Repeat(before+"\n", 60) + in + "\n{" + filler + "}\n"
			}
			at := len(body) - len(filler) - 4 - len(in) + strings.LastIndex(in, tt.value)
			check := func(how, out string, err error) {
				switch {
				case err != nil:
					t.Errorf("%s, %s: %s: %v", how, contentType, tt.body, err)
				case tt.kept && out != body:
					t.Errorf("%s, %s: %s is changed", how, contentType, tt.body)
				case tt.kept:
				case strings.Contains(out[min(at, len(out)):], tt.value) || out[:at] != body[:at]:
					t.Errorf("%s, %s: %s becomes …%q", how, contentType, tt.body, out[max(0, min(at, len(out))-60):min(at+60, len(out))])
				}
			}
			m := Meta{ContentType: contentType, Path: "/"}
			s := Acquire(builtin(), nil)
			res, err := s.Body([]byte(body), m)
			check("whole", string(res.Body), err)
			for _, size := range []int{300, 5000} {
				var out strings.Builder
				_, err := s.Stream(&out, &sips{strings.NewReader(body), size}, m)
				check("stream", out.String(), err)
			}
			s.Release()
		}
	}
}

// sips is a Reader that gives at most size bytes at a time.
type sips struct {
	io.Reader
	size int
}

func (s *sips) Read(b []byte) (int, error) { return s.Reader.Read(b[:min(len(b), s.size)]) }
