package scrub

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/redactd/redactd/internal/codec"
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
		{body: `{"name":"pin","value":"%v"}`, value: "482913"},
		{body: `{"name":"pin","value":"[\"%v\"]"}`, value: "482913"},
		{body: `{"name":"password","value":["",["%v"]]}`},
		{body: `{"name":"DB_PASSWORD","value":{"stringValue":"%v"}}`},
		{body: `{"key":"550e8400-e29b-41d4-a716-446655440000","name":"DB_PASSWORD","value":"%v"}`},
		{body: `{"key":"a\/b","name":"DB_PASSWORD","value":"%v"}`},
		{body: `{"value":"%v","key":"a\/b","name":"DB_PASSWORD"}`},
		{body: `{"setting":"Password expiry","field":"password","value":"%v"}`},
		{body: `{"name":"signing-secret","kty":"oct","k":"%v"}`, value: part},
		{body: `{"kty":"EC","name":"DB_PASSWORD","value":"%v"}`},
		{body: `{"db_password":{"kty":"x","value":"%v"}}`},
		{body: `{"password":{"name":"f1","value":"%v"}}`},
		{body: `{"password":{"value":"%v","name":"f1"}}`},
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
		{kept: true, body: `{"secrets":[{"value":"%v","name":"LEVEL"}]}`},
		{kept: true, body: `{"name":"auth_tokens","value":%v}`, value: "482913"},
		{kept: true, body: `{"name":"password","s":"%v"}`},
		{kept: true, body: `{"password":{"s":"%v"}}`},
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

// besideWords are what documents of FuzzBeside are made of: names and values that say
// something and that do not, spaces, and what keeps members apart.
var besideWords = struct{ names, values, spaces []string }{
	[]string{
		"name", "Key", "field", "param", "value", "Value", "val", "new_value", "S", "kty", "d", "k", "note", "password", "env",
		"db_password", "secrets", "token", `n\u0061me`, `valu\u0065`, "x",
	},
	[]string{
		`"DB_PASSWORD"`, `"api_key"`, `"token"`, `"LEVEL"`, `"DB\u005fPASSWORD"`, `"hunter2-Zq81"`, `"a\/b"`, `"EC"`, `"{\"value\":\"hunter2-Zq81\"}"`,
		`"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"`, `"550e8400-e29b-41d4-a716-446655440000"`, "482913", "null", `""`, `"redis://:hunter2@h/0"`,
	},
	[]string{"", " ", "\n", "\r\n  ", "\t"},
}

// besideDocument makes a document of choices.
func besideDocument(choices []byte) string {
	var b strings.Builder
	next := func(n int) int {
		if len(choices) == 0 {
			return 0
		}
		c := int(choices[0])
		choices = choices[1:]
		return c % n
	}
	space := func() { b.WriteString(besideWords.spaces[[8]int{0, 0, 0, 0, 1, 2, 3, 4}[next(8)]]) }
	var value func(depth int)
	list := func(n int, open, end string, one func()) {
		b.WriteString(open)
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			space()
			one()
			space()
		}
		b.WriteString(end)
	}
	value = func(depth int) {
		switch c := next(10); {
		case c < 3 && depth > 0 && len(choices) > 0:
			list(next(5), "{", "}", func() {
				b.WriteString(`"` + besideWords.names[next(len(besideWords.names))] + `"`)
				space()
				b.WriteByte(':')
				space()
				value(depth - 1)
			})
		case c == 3 && depth > 0 && len(choices) > 0:
			list(next(4), "[", "]", func() { value(depth - 1) })
		case c == 4:
			b.WriteString(`"` + strings.Repeat("all is well ", 1<<next(11)) + `"`)
		default:
			b.WriteString(besideWords.values[next(len(besideWords.values))])
		}
	}
	list(1+next(6), "[", "]", func() { value(5) })
	return b.String()
}

// FuzzBeside holds what becomes of documents, whole and in pieces, with all stretches asked
// about or none, to what becomes of them where every field is visited.
func FuzzBeside(f *testing.F) {
	f.Add([]byte("\x01\x00\x02\x00\x00\x00\x00\x00\x09\x00\x00\x00\x04\x00\x00\x09\x05"), uint16(300))
	f.Add([]byte("0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz"), uint16(4000))
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		choices := make([]byte, 40+rnd.IntN(200))
		for i := range choices {
			choices[i] = byte(rnd.Uint32())
		}
		f.Add(choices, uint16(1+rnd.IntN(9000)))
	}
	f.Fuzz(func(t *testing.T, choices []byte, size uint16) {
		doc := besideDocument(choices[:min(len(choices), 400)])
		c := codec.Lookup("json")
		want, _, err := walked(c, []byte(doc), true)
		if err != nil {
			t.Fatalf("%v: %q", err, doc)
		}
		if got, _, err := walked(c, []byte(doc), false); err != nil || string(got) != string(want) {
			t.Fatalf("%q becomes\n%q, %v, where every field is visited\n%q", doc, got, err, want)
		}
		if !json.Valid(want) {
			t.Fatalf("%q becomes %q", doc, want)
		}
		s := Acquire(builtin(), nil)
		defer s.Release()
		m := Meta{ContentType: "application/json", Path: "/"}
		var out strings.Builder
		if _, err := s.Stream(&out, &sips{strings.NewReader(doc), 1 + int(size)}, m); err != nil || out.String() != string(want) {
			t.Fatalf("%q in pieces of %d becomes\n%q, %v, and whole\n%q", doc, 1+int(size), out.String(), err, want)
		}
	})
}

// sips is a Reader that gives at most size bytes at a time.
type sips struct {
	io.Reader
	size int
}

func (s *sips) Read(b []byte) (int, error) { return s.Reader.Read(b[:min(len(b), s.size)]) }
